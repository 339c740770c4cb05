//! A policy for `tower`'s own retry.

use core::fmt;

use ::tower::retry::Policy as TowerTrait;

use crate::clock::AsyncClock;
use crate::event::Target;
use crate::observe::chain::NotifyBlocking;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::Decision;
use crate::run::Run;
use crate::run::by_hand::{ByHand, Phase};
use crate::run::in_attempt::Timer;
use crate::run::session::RunOf;
use crate::run::side::Async;
use crate::service::clone::{ByClone, ByFn, CloneRequest};
use crate::testing::scope;

/// # Run as a service
impl<S, C, H: crate::observe::chain::Chain, Z> Retry<S, C, H, Z> {
    /// Returns the policy for places that take a [`tower::retry::Policy`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::cell::Cell;
    /// use relent::Retry;
    /// use tower::retry::RetryLayer;
    /// use tower::{Service, ServiceBuilder, service_fn};
    ///
    /// static API: Retry = Retry::expo().max_tries(5);
    ///
    /// let calls = Cell::new(0);
    /// let mut users = ServiceBuilder::new()
    ///     .layer(RetryLayer::new(API.into_tower_policy()))
    ///     .service(service_fn(|id: u32| {
    ///         calls.set(calls.get() + 1);
    ///         std::future::ready(if calls.get() < 3 { Err("busy") } else { Ok(id) })
    ///     }));
    /// assert_eq!((users.call(7).await, calls.get()), (Ok(7), 3));
    /// # }
    /// ```
    ///
    /// [`into_layer`](Self::into_layer) does more: see [the table](crate::service).
    pub fn into_tower_policy(self) -> TowerPolicy<Self> {
        TowerPolicy::new(self)
    }
}

/// A policy for `tower`'s own retry: implements [`tower::retry::Policy`]. See
/// [`Retry::into_tower_policy`].
///
/// `P` is a `&'static Retry`, a `Retry` that is `Clone`, or an `Arc` of one.
///
/// # One run for each request
///
/// Before the first attempt, `tower` requests a clone of the request from the policy of a service, and then clones the
/// policy for that request. The run begins with the clone of the request, and the cloned policy holds it. Requests
/// share the budget, the handlers and the cancel handle, but not the number of attempts or the jitter. Other code that
/// drives this policy must clone in the same order, or serve one request at a time.
///
/// A request without a clone is not a run: `tower` never passes its outcome to the policy.
#[derive(Clone)]
pub struct TowerPolicy<P: Policy, C = ByClone> {
    policy: P,
    clone: C,
    run: RunOf<P>,
    phase: Phase,
}

impl<P: Policy> TowerPolicy<P> {
    /// Creates a policy for `tower` from a policy, a reference, an `Arc` or a `Box`.
    pub fn new(policy: P) -> Self {
        Self { policy, clone: ByClone, run: Run::NEW, phase: Phase::New }
    }
}

impl<P: Policy, C> TowerPolicy<P, C> {
    /// Sets how requests are cloned. `None`: this request is not repeated.
    pub fn clone_by<R, F>(self, clone: F) -> TowerPolicy<P, ByFn<F>>
    where
        F: Fn(&R) -> Option<R>,
    {
        let Self { policy, run, phase, .. } = self;
        TowerPolicy { policy, clone: ByFn(clone), run, phase }
    }

    /// Continues the run for a moment.
    fn with_run<T, E, R>(&mut self, go_on: impl FnOnce(&mut ByHand<&P, T, E, (), Async>) -> R) -> R
    where
        P: PolicyFor<T, E, Clock: AsyncClock>,
    {
        let mut run = ByHand::not_begun(&self.policy, Target::new("request"));
        run.session.run = self.run;
        run.phase = self.phase;
        let returned = go_on(&mut run);
        self.run = run.session.run;
        self.phase = run.phase;
        returned
    }
}

impl<R, T, E, P, C> TowerTrait<R, T, E> for TowerPolicy<P, C>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: AsyncClock>,
    C: CloneRequest<R>,
{
    type Future = Timer<<P::Clock as AsyncClock>::Timer>;

    fn retry(&mut self, _: &mut R, result: &mut Result<T, E>) -> Option<Self::Future> {
        match self.with_run(|run| run.decide(result)) {
            Decision::Backoff(wait) => {
                Some(Timer::new(scope::sleeping(&self.policy.policy().clock, wait)))
            }
            Decision::Done | Decision::GiveUp(_) => None,
        }
    }

    fn clone_request(&mut self, request: &R) -> Option<R> {
        let clone = self.clone.clone_request(request)?;
        if !matches!(self.phase, Phase::Waiting { .. }) {
            // It holds the run of an earlier request, which has a clone of this policy.
            (self.run, self.phase) = (Run::NEW, Phase::New);
        }
        // A cancelled run gives up here. The attempt is made anyway, since `tower` does not check.
        self.with_run::<T, E, _>(|run| run.next_try().ok());
        Some(clone)
    }
}

impl<P: Policy, C> fmt::Debug for TowerPolicy<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerPolicy").field("tries", &self.run.tries()).finish_non_exhaustive()
    }
}
