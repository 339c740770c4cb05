//! What `#[retry]` expands to. Not for other code: it changes without notice.

mod attempt;
#[cfg(feature = "std")]
mod handler;
mod need;
mod shown;
mod signature;
mod wait;

pub use attempt::{awaited, awaited_traced, call, call_traced, spans, traced};

#[cfg(feature = "std")]
pub use handler::{On, on};
pub use need::{Need, Timed, UntilDeadline, Untimed};
pub use shown::{Field, Fields, NoFields, Shown};
pub use signature::{Polled, ReturnsResult, Signature, any, fallible};
pub use wait::{Between, Wait, nothing};

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::clock::{AsyncClock, BlockingClock};
use crate::event::{EventKind, Target};
use crate::observe::chain::{Chain, NotifyBlocking};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::future::{Ahead, Retrying};
use crate::run::in_line::ShowArgs;
use crate::run::operation::{Attempt, Attempted, Needs, Operation};
use crate::run::returns::Return;
use crate::run::session::{RunOf, Session};
use crate::run::side::{Async, Blocking, Side};
use crate::run::timeout::InTime;
use crate::run::{Run, Step, plan};
use crate::sealed::Sealed;
use crate::testing::scope;
use crate::testing::scope::Sleeping;
use crate::trace::Trace;
use crate::wait::Wait as _;

// What expansions name, so that they work where the prelude is shadowed or there is no `std`.
pub use crate::condition::AnyError;
pub use core::clone::Clone;
pub use core::ops::ControlFlow::{self, Break, Continue};
pub use core::option::Option::{self, None, Some};
pub use core::result::Result;
pub use core::time::Duration;

/// Refuses an argument that the body moves, unless it is `Copy`.
pub fn used_again<A: UsedAgain>(_: &A) {}

/// An argument that every attempt can use.
#[diagnostic::on_unimplemented(
    message = "the function's body moves an argument of the type `{Self}`, and the next attempt needs it again",
    label = "moved by the body",
    note = "clone it for each attempt, `#[retry(.., clone(argument))]`, or let the body borrow it"
)]
pub trait UsedAgain {}

#[diagnostic::do_not_recommend]
impl<A: Copy> UsedAgain for A {}

/// The operation: the rest of the function makes the attempts. `A` is what observers see of this one.
pub struct Body<R, N, F, A> {
    args: A,
    returns: PhantomData<fn() -> (R, N, F)>,
}

impl<R, N, F, A> Sealed for Body<R, N, F, A> {}

impl<R, N, F, A, Z> Attempted<Z> for Body<R, N, F, A> {
    type Output = Elsewhere<R>;
}

impl<R, N: Need, F, A: ShowArgs, Z> Operation<Z> for Body<R, N, F, A> {
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> Elsewhere<R> {
        Elsewhere(PhantomData)
    }

    fn needs(&self) -> Needs {
        N::NEEDS
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.args.args()
    }

    fn trace(&self) -> Option<&Trace> {
        self.args.trace()
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        self.args.trace_mut()
    }

    fn target(&self) -> Target {
        Target::of::<F>()
    }
}

/// An attempt that the function makes: never ready.
#[derive(Debug)]
pub struct Elsewhere<R>(PhantomData<fn() -> R>);

impl<R> Future for Elsewhere<R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        Poll::Pending
    }
}

/// The run of a decorated function.
pub struct Decorated<'p, P: Policy, R, X, N, F> {
    policy: &'p P,
    returns: X,
    run: RunOf<P>,
    /// `F` is a closure in the function, by whose type the run is named: nothing is kept for it.
    types: PhantomData<fn() -> (R, N, F)>,
}

/// A session for one step: the arguments are borrowed no longer than that.
type SessionOf<'p, P, R, X, N, F, A, M> = Session<&'p P, Body<R, N, F, A>, X, M>;

impl<'p, P: Policy, R, X: Copy, N: Need, F> Decorated<'p, P, R, X, N, F> {
    /// A run that blocks, whose target is the function in which this closure is.
    #[inline]
    pub fn blocking(policy: &'p P, _: Signature<R>, returns: X, _: N, _: &F) -> Self
    where
        X: Return<R>,
    {
        Self { policy, returns, run: Run::NEW, types: PhantomData }
    }

    /// A run that is awaited.
    #[inline]
    pub fn awaited(policy: &'p P, _: Signature<R>, returns: X, _: N, _: &F) -> Self
    where
        X: Return<R>,
    {
        Self { policy, returns, run: Run::NEW, types: PhantomData }
    }

    /// The number of the attempt that comes next.
    pub fn tries(&self) -> u32 {
        self.run.tries()
    }

    #[inline]
    fn session<A, M>(&self, args: A) -> SessionOf<'p, P, R, X, N, F, A, M> {
        let body = Body { args, returns: PhantomData };
        Session::resume(self.policy, body, self.returns, self.run)
    }
}

impl<P, R, X, N, F> Decorated<'_, P, R, X, N, F>
where
    X: Return<R> + Copy,
    P: PolicyFor<X::Value, X::Error, Observer: NotifyBlocking, Clock: BlockingClock>,
    N: Need,
{
    /// Begins the run.
    #[inline]
    pub fn begin(&mut self, args: impl ShowArgs) {
        let mut session = self.session::<_, Blocking>(args);
        let step = session.begin::<X::Value, X::Error>();
        session.notify_all::<X::Value, X::Error>(&step, None);
        session.begin_attempt::<X::Value, X::Error>(true);
        self.run = session.run;
    }

    /// The attempt that comes next.
    pub fn attempt(&self) -> Attempt {
        self.this_attempt::<Blocking>()
    }

    /// Takes what an attempt returned, and waits if it is to be retried.
    #[expect(clippy::inline_always, reason = "a call costs as much as a first try that succeeds")]
    #[inline(always)]
    pub fn after(&mut self, returned: R, args: impl ShowArgs) -> ControlFlow<X::Output> {
        let outcome = self.returns.outcome(returned);
        let mut session = self.session::<_, Blocking>(args);
        match session.judge(&outcome) {
            Some(step) => self.follow(session.operation.args, &step, outcome),
            None => Break(self.returns.output(outcome, self.run.end_unobserved())),
        }
    }

    #[inline]
    fn follow(
        &mut self,
        args: impl ShowArgs,
        step: &Step,
        outcome: Result<X::Value, X::Error>,
    ) -> ControlFlow<X::Output> {
        let mut session = self.session::<_, Blocking>(args);
        session.notify_all(step, Some(&outcome));
        if step.event != EventKind::Backoff {
            return Break(session.returns.output(outcome, session.run.end(step)));
        }
        session.run.back_off(step);
        if let Break((outcome, end)) = session.sleep(step.wait(), outcome) {
            return Break(session.returns.output(outcome, end));
        }
        session.begin_attempt::<X::Value, X::Error>(false);
        self.run = session.run;
        Continue(())
    }
}

impl<P, R, X, N, F> Decorated<'_, P, R, X, N, F>
where
    X: Return<R> + Copy,
    P: PolicyFor<X::Value, X::Error, Clock: AsyncClock>,
    N: Need,
{
    /// Begins the run. Returns what is to be awaited before the first attempt, if there is anything.
    #[inline]
    pub fn begin_async<A: ShowArgs>(&mut self, args: A) -> Option<WaitOf<'_, P, R, X, N, F, A>> {
        let mut session = self.session::<_, Async>(args);
        let step = session.begin::<X::Value, X::Error>();
        self.run = session.run;
        if P::Observer::HAS_OBSERVERS {
            match self.ahead(session.operation.args, step, None) {
                Ahead::Wait(wait) => return Some(wait),
                Ahead::Attempt(()) | Ahead::End(_) => {}
            }
        }
        None
    }

    /// The attempt that comes next.
    pub fn attempt_async(&self) -> Attempt {
        self.this_attempt::<Async>()
    }

    /// Limits the time of an attempt.
    pub fn within<B, M>(
        &self,
        attempt: B,
        most: Duration,
        error: M,
    ) -> InTime<B, Sleeping<<P::Clock as AsyncClock>::Timer>, M>
    where
        B: Future<Output = R>,
    {
        let clock = &self.policy.policy().clock;
        if !N::NEEDS.time_for_attempt {
            return InTime::new(attempt, scope::timeout(clock, most), most, error);
        }
        let left = self.this_attempt::<Async>().remaining.unwrap_or(Duration::MAX);
        let timer = scope::timeout(clock, most.min(left));
        InTime::new(attempt, timer, most.min(left), error).at_deadline(left <= most)
    }

    /// Takes what an attempt returned. Returns what is to be awaited before the next one.
    #[inline]
    pub fn after_async<A: ShowArgs>(
        &mut self,
        returned: R,
        args: A,
    ) -> NextOf<'_, P, R, X, N, F, A> {
        let outcome = self.returns.outcome(returned);
        let session = self.session::<_, Async>(args);
        if session.accepts_unseen(&outcome, session.wants_success::<X::Value, X::Error>()) {
            return Break(self.returns.output(outcome, self.run.end_unobserved()));
        }
        self.decide(session.operation.args, outcome)
    }

    /// Not in the function of the user, of whose `poll` there may be several copies.
    #[inline(never)]
    fn decide<A: ShowArgs>(
        &mut self,
        args: A,
        outcome: Result<X::Value, X::Error>,
    ) -> NextOf<'_, P, R, X, N, F, A> {
        let mut session = self.session::<_, Async>(args);
        let Some(step) = session.judge(&outcome) else {
            return Break(self.returns.output(outcome, self.run.end_unobserved()));
        };
        match self.ahead(session.operation.args, step, Some(outcome)) {
            Ahead::Wait(wait) => Continue(Some(wait)),
            Ahead::Attempt(()) => Continue(None),
            Ahead::End(output) => Break(output),
        }
    }

    #[inline]
    fn ahead<A: ShowArgs>(
        &mut self,
        args: A,
        step: Step,
        outcome: Option<Result<X::Value, X::Error>>,
    ) -> Ahead<(), WaitOf<'_, P, R, X, N, F, A>, X::Output> {
        match Retrying::ahead(self.session(args), step, outcome) {
            Ahead::Attempt(session) => {
                self.run = session.run;
                Ahead::Attempt(())
            }
            Ahead::Wait(retrying) => Ahead::Wait(Wait::new(&mut self.run, retrying)),
            Ahead::End(output) => Ahead::End(output),
        }
    }
}

impl<P: Policy, R, X: Return<R> + Copy, N: Need, F> Decorated<'_, P, R, X, N, F>
where
    P: PolicyFor<X::Value, X::Error>,
{
    fn this_attempt<M: Side<P::Clock>>(&self) -> Attempt {
        let Retry { strategy, settings, clock, .. } = self.policy.policy();
        let (tries, elapsed) = (self.run.tries(), self.run.elapsed(|| M::now(clock)));
        let (numeric, ends) = (strategy.numeric(), strategy.ends());
        let is_last = settings.makes_one_attempt(M::depth())
            || plan::is_last(numeric, ends, settings, tries, elapsed);
        Attempt::of(tries, elapsed, settings, is_last)
    }
}

/// What follows an attempt: the end, or the next one, perhaps after something that is to be awaited.
pub type NextOf<'a, P, R, X, N, F, A> =
    ControlFlow<<X as Return<R>>::Output, Option<WaitOf<'a, P, R, X, N, F, A>>>;

/// What is to be awaited between two attempts.
pub type WaitOf<'a, P, R, X, N, F, A> = Wait<'a, &'a P, Body<R, N, F, A>, X, R>;
