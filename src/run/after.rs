//! The futures of a run that other code drives.

use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use pin_project_lite::pin_project;

use crate::clock::AsyncClock;
use crate::event::Target;
use crate::observe::chain::{Chain, Cursor};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::attempts::AttemptsAsync;
use crate::run::by_hand::{ByHand, Phase};
use crate::run::future::Retrying;
use crate::run::in_line::{InLine, ShowArgs};
use crate::run::operation::{Attempt, Attempted, Needs, Operation};
use crate::run::returns::Ending;
use crate::run::session::{RunOf, Session};
use crate::run::side::{Async, Side};
use crate::run::{Run, Step};
use crate::sealed::Sealed;
use crate::trace::Trace;

/// An outcome that other code passes on: the future of an attempt in an [`After`].
#[derive(Debug)]
pub struct Given<T, E>(Option<Result<T, E>>);

// The outcome is never pinned.
impl<T, E> Unpin for Given<T, E> {}

impl<T, E> Future for Given<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// An operation of which one outcome is given: that of an [`After`].
#[derive(Debug)]
pub struct Passed<T, E, A> {
    target: Target,
    args: A,
    needs: Needs,
    /// The outcome of the next attempt, if observers do not know of that one yet.
    given: Option<Result<T, E>>,
}

impl<T, E, A> Sealed for Passed<T, E, A> {}

impl<T, E, A, Z> Attempted<Z> for Passed<T, E, A> {
    type Output = Given<T, E>;
}

impl<T, E, A: ShowArgs, Z> Operation<Z> for Passed<T, E, A> {
    /// Never ready after the given outcome: it is the other code's turn.
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> Given<T, E> {
        Given(self.given.take())
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.args.args()
    }

    fn target(&self) -> Target {
        self.target
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn is_made_by_run(&self) -> bool {
        self.given.is_none()
    }

    fn trace(&self) -> Option<&Trace> {
        self.args.trace()
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        self.args.trace_mut()
    }
}

/// The future of [`Retry::begin_async`](crate::Retry::begin_async).
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct Begin<P: Policy, T, E> {
    attempts: Option<AttemptsAsync<P, T, E>>,
    notice: Option<(Step, Cursor)>,
    pending: Option<<P::Observer as Chain>::Pending>,
}

impl<P: Policy, T, E> Begin<P, T, E> {
    pub(crate) fn new(policy: P, target: Target) -> Self {
        let session = Session::new(policy, InLine::new(target, ()), Ending);
        let run = ByHand { session, phase: Phase::Attempting };
        Self { attempts: Some(AttemptsAsync { run }), notice: None, pending: None }
    }
}

// Nothing of it is pinned.
impl<P: Policy, T, E> Unpin for Begin<P, T, E> {}

impl<P, T, E> Future for Begin<P, T, E>
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
{
    type Output = AttemptsAsync<P, T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { attempts, notice, pending } = &mut *self;
        let Some(AttemptsAsync { run: ByHand { session, .. } }) = attempts else {
            panic!("relent: a `Begin` was polled after it had ended")
        };
        loop {
            if let Some(handler) = pending {
                ready!(Pin::new(handler).poll(context));
                *pending = None;
            }
            let (step, cursor) =
                notice.get_or_insert_with(|| (session.begin::<T, E>(), Cursor::default()));
            *pending = session.notify::<T, E>(step, None, cursor);
            *cursor = cursor.resume();
            if pending.is_none() {
                break;
            }
        }
        session.operation.is_timed = session.run.has_begun();
        session.begin_attempt::<T, E>(true);
        attempts.take().map_or(Poll::Pending, Poll::Ready)
    }
}

pin_project! {
    /// The future of [`AttemptsAsync::after`].
    #[must_use = "futures do nothing unless they are awaited or polled"]
    pub struct After<'a, P, T, E, A = ()>
    where
        P: Policy,
        P::Clock: AsyncClock,
    {
        run: &'a mut RunOf<P>,
        phase: &'a mut Phase,
        // Whether the run gave up before this outcome.
        is_over: bool,
        is_ready: bool,
        #[pin]
        retrying: Retrying<&'a P, Passed<T, E, &'a mut A>, Ending>,
        // The number of the attempt whose outcome this is, until it is known what follows.
        given: Option<u32>,
    }

    impl<P, T, E, A> PinnedDrop for After<'_, P, T, E, A>
    where
        P: Policy,
        P::Clock: AsyncClock,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(given) = *this.given {
                keep(&this.retrying, this.run, this.phase, given);
            }
        }
    }
}

/// Keeps how far a run is whose future is dropped, or may be.
fn keep<P: Policy<Clock: AsyncClock>, T, E, A>(
    retrying: &Retrying<&P, Passed<T, E, &mut A>, Ending>,
    run: &mut RunOf<P>,
    phase: &mut Phase,
    given: u32,
) {
    *run = retrying.session().run;
    if let Some(end) = retrying.ended() {
        *phase = Phase::after(end);
    } else if run.tries() > given {
        // Observers have been notified of the next attempt already.
        *phase = Phase::Attempting;
    } else {
        run.count_up_to(given);
        *phase = Phase::Waiting { for_retry: retrying.is_sleeping() };
    }
}

impl<'a, P: Policy<Clock: AsyncClock>, T, E, A> After<'a, P, T, E, A> {
    pub(crate) fn new(run: &'a mut ByHand<P, T, E, A, Async>, outcome: Result<T, E>) -> Self {
        let ByHand { session: Session { policy, operation, run, .. }, phase } = run;
        let InLine { target, args, is_timed, leaves_time, .. } = operation;
        if let Phase::New | Phase::Succeeded(_) = phase {
            *run = Run::NEW;
            if *is_timed {
                // Not only when it is polled: should it be forgotten, the run has begun all the same.
                run.begin(Async::now(&policy.policy().clock));
            }
        }
        let session = move |run: RunOf<P>, given| {
            let needs = Needs { elapsed: *is_timed, time_for_attempt: *leaves_time };
            let operation = Passed { target: *target, args, needs, given };
            Session::resume(&*policy, operation, Ending, run)
        };
        let is_over = matches!(phase, Phase::GaveUp(..));
        let (retrying, given) = match phase {
            Phase::GaveUp(..) => (Retrying::resume(session(*run, Some(outcome))), None),
            Phase::Attempting => {
                let attempt = Given(Some(outcome));
                (Retrying::attempting(session(*run, None), attempt), Some(run.tries()))
            }
            Phase::New | Phase::Waiting { .. } | Phase::Succeeded(_) => {
                let retrying = Retrying::resume(session(*run, Some(outcome)));
                run.count_try();
                (retrying, Some(run.tries()))
            }
        };
        if given.is_some() {
            // Until it is ready: should it be forgotten, the attempt counts all the same.
            *phase = Phase::Waiting { for_retry: false };
        }
        Self { run, phase, is_over, is_ready: false, retrying, given }
    }
}

impl<P, T, E, A> Future for After<'_, P, T, E, A>
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
    A: ShowArgs,
{
    type Output = ControlFlow<Result<T, E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        assert!(!*this.is_ready, "relent: an `After` was polled after it had ended");
        if *this.is_over {
            if let Some(outcome) = this.retrying.as_mut().operation_mut().given.take() {
                *this.is_ready = true;
                return Poll::Ready(ControlFlow::Break(outcome));
            }
        }
        let follows = match this.retrying.as_mut().poll(context) {
            Poll::Ready((outcome, mut end)) => {
                let session = this.retrying.session();
                // No time is measured for a success that no observer wants.
                if end.reason.is_none() && !session.operation.needs.elapsed {
                    end.elapsed = Duration::from_nanos(session.elapsed());
                }
                **this.phase = Phase::after(end);
                ControlFlow::Break(outcome)
            }
            Poll::Pending if this.retrying.is_attempting() => {
                **this.phase = Phase::Attempting;
                ControlFlow::Continue(())
            }
            Poll::Pending => {
                if let Some(given) = *this.given {
                    // Should it be forgotten, the run is as far as this all the same.
                    keep(&this.retrying, this.run, this.phase, given);
                }
                return Poll::Pending;
            }
        };
        *this.is_ready = true;
        **this.run = this.retrying.session().run;
        *this.given = None;
        Poll::Ready(follows)
    }
}

impl<P: Policy, T, E> fmt::Debug for Begin<P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Begin");
        if let Some(AttemptsAsync { run }) = &self.attempts {
            f.field("target", &run.session.target());
        }
        f.finish_non_exhaustive()
    }
}

impl<P: Policy<Clock: AsyncClock>, T, E, A: ShowArgs> fmt::Debug for After<'_, P, T, E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.retrying.session();
        let (target, tries) = (session.target(), session.run.tries());
        f.debug_struct("After")
            .field(
                "attempts",
                &format_args!("AttemptsAsync {{ target: {target:?}, tries: {tries}, .. }}"),
            )
            .finish_non_exhaustive()
    }
}
