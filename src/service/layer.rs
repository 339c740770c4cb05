//! The layer, and the service that it makes.

use core::fmt;
use core::future::Future;
use core::mem;
use core::task::{Context, Poll};
use core::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::clock::AsyncClock;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
#[cfg(feature = "tracing")]
use crate::run::Traced;
use crate::run::future::Retrying;
use crate::run::operation::Operation;
use crate::run::returns::AsIs;
use crate::run::timeout::{AttemptTimeout, Bound, By, OrAtDeadline, TimedOut, Unbounded};
use crate::service::clone::{ByClone, ByFn, CloneRequest};
use crate::service::request::Requests;

/// # Run as a service
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Returns a layer whose services retry their requests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::Ready;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// use std::task::{Context, Poll};
    /// use relent::Retry;
    /// use tower_layer::Layer;
    /// use tower_service::Service;
    ///
    /// /// Is busy at first.
    /// #[derive(Clone, Default)]
    /// struct Users(Arc<AtomicU32>);
    ///
    /// impl Service<u32> for Users {
    ///     type Response = String;
    ///     type Error = &'static str;
    ///     type Future = Ready<Result<String, &'static str>>;
    ///
    ///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
    ///         Poll::Ready(Ok(()))
    ///     }
    ///
    ///     fn call(&mut self, id: u32) -> Self::Future {
    ///         let is_busy = self.0.fetch_add(1, Relaxed) < 2;
    ///         std::future::ready(if is_busy { Err("busy") } else { Ok(format!("user {id}")) })
    ///     }
    /// }
    ///
    /// static API: Retry = Retry::expo().max_tries(5);
    ///
    /// let mut users = API.into_layer().layer(Users::default());
    /// assert_eq!(users.call(7).await.as_deref(), Ok("user 7"));
    /// # }
    /// ```
    ///
    /// With `tower`: `ServiceBuilder::new().layer(API.into_layer()).service(users)`. See [`RetryLayer`].
    pub const fn into_layer(self) -> RetryLayer<Self> {
        RetryLayer::new(self)
    }
}

/// A layer whose services retry their requests: see [`Retry::into_layer`].
///
/// Each request is one run of the policy. Its outcome is the service's `Result`. Handlers,
/// [`retry_if`](Retry::retry_if) and [`retry_after`](Retry::retry_after) see the service's error, and
/// [`until`](Retry::until) and [`retry_after_value`](Retry::retry_after_value) see its response. For most clients, the
/// answer of an overloaded server is a response, so it is retried only if `until` rejects it.
///
/// `P` is a `&'static Retry`, a `Retry` that is `Clone`, or an `Arc` of one, since each request gets a clone. Put a
/// policy with handlers into an `Arc`, or share the handlers with [`share_observers`](Retry::share_observers):
///
/// ```
/// use std::sync::Arc;
/// use relent::Retry;
/// use relent::service::RetryLayer;
///
/// let policy = Retry::expo().on_giveup(|d: &relent::Details<'_, String, std::io::Error>| eprintln!("{d}"));
/// let layer = RetryLayer::new(Arc::new(policy));
/// let for_another_service = layer.clone();
/// # drop(for_another_service);
/// ```
///
/// # Services that must be ready
///
/// The first attempt calls the instance on which `poll_ready` was called. Each retry calls `poll_ready` on a clone, and
/// then calls that clone. So limits on concurrency and rates, load balancers and buffers inside the layer count every
/// attempt. Put layers that should count requests outside, and layers that should apply to attempts, such as a timeout,
/// inside. If a clone fails to become ready, the attempt has failed.
///
/// # Requests that cannot be cloned
///
/// A request is cloned before each attempt, since a failed attempt leaves nothing to clone. If requests are not
/// `Clone`, or only some should be repeated, see [`clone_by`](Self::clone_by).
///
/// # Feature requests for `tower`
///
/// `tower` has no ready-made policy: [#682](https://github.com/tower-rs/tower/issues/682) requests one, and
/// [#698](https://github.com/tower-rs/tower/pull/698) proposes one with back-off and a budget. These are the
/// counterparts:
///
/// | feature | here |
/// |---|---|
/// | a standard policy with back-off and a budget | [`standard`](crate::service::standard), and any other [`Retry`] |
/// | back-off that works with any timer | [`Retry::clock`] |
/// | a budget without time, and your own budgets | [`Budget`](crate::Budget), [`Condition`](crate::Condition) |
/// | a closure that decides what to retry | [`retry_if`](Retry::retry_if), [`until`](Retry::until) |
/// | a closure that clones requests, for bodies that can be replayed | [`clone_by`](Self::clone_by) |
#[derive(Clone, Copy)]
#[must_use = "a layer does nothing until it is given a service"]
pub struct RetryLayer<P, C = ByClone, B = Unbounded> {
    policy: P,
    clone: C,
    bound: B,
}

impl<P> RetryLayer<P> {
    /// Creates a layer from a policy, a reference, an `Arc` or a `Box`.
    pub const fn new(policy: P) -> Self {
        Self { policy, clone: ByClone, bound: Unbounded }
    }
}

impl<P, C, B> RetryLayer<P, C, B> {
    /// Sets how requests are cloned. `None`: this request is not repeated.
    ///
    /// ```
    /// use relent::Retry;
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum Request {
    ///     Get(&'static str),
    ///     Post(&'static str),
    /// }
    ///
    /// let layer = Retry::expo().into_layer().clone_by(|request: &Request| match request {
    ///     Request::Get(path) => Some(Request::Get(path)),
    ///     Request::Post(_) => None,
    /// });
    /// # drop(layer);
    /// ```
    ///
    /// A request without a clone is sent once. If it fails, the run gives up with
    /// [`NotRetryable`](crate::StopReason::NotRetryable).
    pub fn clone_by<R, F>(self, clone: F) -> RetryLayer<P, ByFn<F>, B>
    where
        F: Fn(&R) -> Option<R>,
    {
        let Self { policy, bound, .. } = self;
        RetryLayer { policy, clone: ByFn(clone), bound }
    }
}

impl<P, C> RetryLayer<P, C> {
    /// Ends each attempt that takes longer than `most`, and treats it as failed: see [`Retry::attempt_timeout`].
    ///
    /// The time includes the wait until the service is ready for a retry.
    pub fn attempt_timeout(self, most: Duration) -> RetryLayer<P, C, AttemptTimeout> {
        self.with_bound(AttemptTimeout::new(most))
    }

    /// Same as [`attempt_timeout`](Self::attempt_timeout), with an error made by a function.
    pub fn attempt_timeout_with<E, F>(
        self,
        most: Duration,
        error: F,
    ) -> RetryLayer<P, C, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(AttemptTimeout::with(most, By(error)))
    }

    /// Ends a request at the deadline of [`max_time`](Retry::max_time): see [`Retry::interrupt_at_deadline`].
    pub fn interrupt_at_deadline<E, F>(self, error: F) -> RetryLayer<P, C, AttemptTimeout<By<F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(AttemptTimeout::until_deadline(By(error)))
    }

    fn with_bound<D>(self, bound: D) -> RetryLayer<P, C, D> {
        let Self { policy, clone, .. } = self;
        RetryLayer { policy, clone, bound }
    }
}

impl<P, C, M> RetryLayer<P, C, AttemptTimeout<M>> {
    /// Ends attempts at the deadline of [`max_time`](Retry::max_time) too, so that no request outlives it: see
    /// [`Retry::interrupt_at_deadline`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::future::pending;
    /// use std::time::Duration;
    /// use relent::{Jitter, Retry};
    /// use tokio::time::Instant;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// static API: Retry = Retry::expo().max_time(Duration::from_secs(10)).jitter(Jitter::None);
    ///
    /// let layer = API
    ///     .into_layer()
    ///     .attempt_timeout_with(Duration::from_secs(8), |_| "hangs")
    ///     .interrupt_at_deadline(|_| "too slow");
    /// let service = ServiceBuilder::new().layer(layer).service(service_fn(|(): ()| pending::<Result<(), _>>()));
    ///
    /// let began = Instant::now();
    /// assert_eq!(service.oneshot(()).await, Err("too slow"));
    /// assert_eq!(began.elapsed(), Duration::from_secs(10)); // 8, a wait of 1, and what was left
    /// # }
    /// ```
    pub fn interrupt_at_deadline<E, F>(
        self,
        error: F,
    ) -> RetryLayer<P, C, AttemptTimeout<OrAtDeadline<M, F>>>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        let Self { policy, clone, bound } = self;
        RetryLayer { policy, clone, bound: bound.or_at_deadline(error) }
    }
}

#[cfg(feature = "tracing")]
impl<P, C, B> RetryLayer<P, C, B> {
    /// Puts each request and each of its attempts into spans of the `tracing` crate: see [`Retry::traced`].
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # futures::executor::block_on(async {
    /// let policy = Retry::expo().target("users").clock(TestClock::new());
    /// let users = ServiceBuilder::new().layer(policy.into_layer().traced()).service(service_fn(async |id: u32| {
    ///     tracing::info!("sending"); // in the span `attempt`
    ///     Ok::<_, &str>(id)
    /// }));
    /// assert_eq!(users.oneshot(7).await, Ok(7));
    /// # });
    /// ```
    ///
    /// Call it last: limits on the time of an attempt belong into its span.
    pub fn traced(self) -> RetryLayer<P, C, Traced<B>> {
        let Self { policy, clone, bound } = self;
        RetryLayer { policy, clone, bound: Traced(bound) }
    }
}

impl<S, P: Clone, C: Clone, B: Clone> Layer<S> for RetryLayer<P, C, B> {
    type Service = RetryService<S, P, C, B>;

    fn layer(&self, service: S) -> Self::Service {
        RetryService { service, layer: self.clone() }
    }
}

/// A service that retries its requests, made by a [`RetryLayer`].
#[derive(Clone, Copy)]
pub struct RetryService<S, P, C = ByClone, B = Unbounded> {
    service: S,
    layer: RetryLayer<P, C, B>,
}

impl<S, P, C, B> RetryService<S, P, C, B> {
    /// Returns the service inside.
    pub const fn get_ref(&self) -> &S {
        &self.service
    }

    /// Returns the service inside, to change it.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.service
    }

    /// Returns the service inside, without the retries.
    pub fn into_inner(self) -> S {
        self.service
    }
}

/// The future of a request to a [`RetryService`].
pub type ResponseFuture<S, R, P, C = ByClone, B = Unbounded> =
    Retrying<P, <B as Bound>::Operation<Requests<S, R, C>>>;

impl<S, R, P, C, B> Service<R> for RetryService<S, P, C, B>
where
    S: Service<R> + Clone,
    P: PolicyFor<S::Response, S::Error, Clock: AsyncClock> + Clone,
    C: CloneRequest<R> + Clone,
    B: Bound,
    B::Operation<Requests<S, R, C>>:
        Operation<P::Clock, Output: Future<Output = Result<S::Response, S::Error>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, R, P, C, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let RetryLayer { policy, clone, bound } = self.layer.clone();
        // Call the service that is ready: a clone may not be.
        let next = self.service.clone();
        let service = mem::replace(&mut self.service, next);
        Retrying::new(policy, bound.bind(Requests::new(service, request, clone)), AsIs)
    }
}

impl<P: Policy, C, B> fmt::Debug for RetryLayer<P, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, P: Policy, C, B> fmt::Debug for RetryService<S, P, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService").field("service", &self.service).finish_non_exhaustive()
    }
}
