//! Runs and attempts in spans of the `tracing` crate.

use core::fmt;
use core::marker::PhantomData;

use crate::clock::{AsyncClock, BlockingClock};
use crate::event::Target;
use crate::observe::chain::NotifyBlocking;
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::attempts::{Attempts, AttemptsAsync};
use crate::run::blocking::drive;
use crate::run::bounds::RunBlocking;
use crate::run::by_hand::{ByHand, Phase};
use crate::run::in_line::{InLine, ShowArgs};
use crate::run::operation::{Attempt, Attempted, Call, Hidden, Needs, Operation};
use crate::run::options::Runner;
use crate::run::returns::{AsIs, Ending};
use crate::run::session::Session;
use crate::run::side::{Async, Blocking, Side};
use crate::run::timeout::{
    AttemptTimeout, Bound, BoundBlocking, OrAtDeadline, TimedOut, Unbounded, Unlimited,
};
use crate::run::traced_args::TracedArgs;
use crate::sealed::Sealed;
use crate::trace::{InSpan, Trace};

/// Attempts in spans, in the type of a [`Runner`]. `B` is the limit on the time of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Traced<B = Unbounded>(pub(crate) B);

impl<B> Sealed for Traced<B> {}

impl<B: Bound> Bound for Traced<B> {
    type Operation<O> = InSpans<B::Operation<O>, Async>;

    fn bind<O>(self, operation: O) -> InSpans<B::Operation<O>, Async> {
        InSpans::new(self.0.bind(operation))
    }
}

impl BoundBlocking for Traced {
    type Blocking<O> = InSpans<O, Blocking>;

    fn bind_blocking<O>(self, operation: O) -> InSpans<O, Blocking> {
        InSpans::new(operation)
    }
}

impl Unlimited for Traced {
    type With<L> = Traced<L>;

    fn with<L>(self, limit: L) -> Traced<L> {
        Traced(limit)
    }
}

/// How an attempt is in its span: as a call, or as a future that is entered around each poll. Sealed: [`Blocking`] and
/// [`Async`].
pub trait SpanOn<A>: Sealed {
    /// The attempt in its span.
    type Output;

    /// Makes an attempt whose span has begun.
    fn make(trace: &mut Trace, attempt: impl FnOnce() -> A) -> Self::Output;
}

impl<A> SpanOn<A> for Blocking {
    type Output = A;

    fn make(trace: &mut Trace, attempt: impl FnOnce() -> A) -> A {
        trace.within_attempt(attempt)
    }
}

impl<A> SpanOn<A> for Async {
    type Output = InSpan<A>;

    fn make(trace: &mut Trace, attempt: impl FnOnce() -> A) -> InSpan<A> {
        let future = trace.within_attempt(attempt);
        trace.instrument(future)
    }
}

/// An operation whose attempts are in spans, in the type of a [`Retrying`](crate::future::Retrying). `M` is [`Blocking`]
/// or [`Async`].
#[derive(Debug)]
pub struct InSpans<O, M> {
    operation: O,
    trace: Trace,
    side: PhantomData<fn() -> M>,
}

impl<O, M> InSpans<O, M> {
    const fn new(operation: O) -> Self {
        Self { operation, trace: Trace::new(), side: PhantomData }
    }
}

impl<O, M> Sealed for InSpans<O, M> {}

impl<O: Attempted<Z>, M: SpanOn<O::Output>, Z> Attempted<Z> for InSpans<O, M> {
    type Output = M::Output;
}

impl<O: Operation<Z>, M: SpanOn<O::Output>, Z> Operation<Z> for InSpans<O, M> {
    fn attempt(&mut self, clock: &Z, attempt: impl FnOnce() -> Attempt) -> M::Output {
        let Self { operation, trace, .. } = self;
        let attempt = attempt();
        trace.begin_attempt(attempt.tries);
        M::make(trace, || operation.attempt(clock, || attempt))
    }

    fn needs(&self) -> Needs {
        // This way the run begins with its span.
        Needs { elapsed: true, ..self.operation.needs() }
    }

    fn args(&self) -> Option<&dyn fmt::Debug> {
        self.operation.args()
    }

    fn can_repeat(&self) -> bool {
        self.operation.can_repeat()
    }

    fn target(&self) -> Target {
        self.operation.target()
    }

    fn trace(&self) -> Option<&Trace> {
        Some(&self.trace)
    }

    fn trace_mut(&mut self) -> Option<&mut Trace> {
        Some(&mut self.trace)
    }
}

/// # Run options: spans
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Puts each run and each of its attempts into spans of the `tracing` crate.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let policy = Retry::expo().target("fetch_user").clock(TestClock::new());
    /// let mut answers = [Err("busy"), Ok(7)].into_iter();
    /// let outcome = policy.traced().run(|| {
    ///     tracing::info!("sending"); // in the span `attempt`
    ///     answers.next().unwrap()
    /// });
    /// assert_eq!(outcome, Ok(7));
    /// ```
    ///
    /// In a trace, a call that its third attempt saved looks like one slow call, unless its attempts have their own
    /// spans. The spans have the `tracing` target `relent` and the level `INFO`:
    ///
    /// | span | field | value |
    /// |---|---|---|
    /// | `retry` | `operation` | the name of the operation: [`Details::target`](crate::Details::target) |
    /// | | `depth` | [`Details::depth`](crate::Details::depth), if it is not 0 |
    /// | | `tries` | the number of attempts |
    /// | | `reason` | why the run gave up, such as `max_tries`; or `dropped`, `panicked`, `reset` |
    /// | | `otel.status_code` | `OK`, `ERROR`, or nothing for a run that was dropped or reset |
    /// | `attempt`, a child of `retry` | `attempt` | its number; the first is 1 |
    /// | | `resend_count` | the number of attempts before it, if any; as `http.request.resend_count` |
    /// | | `wait_ms` | the wait before it, if any |
    /// | | `outcome` | `success`, `failure`, `dropped`, `panicked` or `reset` |
    /// | | `otel.status_code` | `ERROR` for a failure or a panic |
    ///
    /// The span `retry` begins with the run, as a child of the current span. The span `attempt` is entered while the
    /// operation runs, and around each poll of its future. Handlers and observers run in `retry`. The
    /// [guide](crate::guide::handlers#traces) has the line that connects the spans to OpenTelemetry.
    ///
    /// For runs in line, see [`Attempts::traced`](crate::run::Attempts::traced). The layer of a service has a method of
    /// the same name.
    pub const fn traced(&self) -> Runner<&Self, Hidden, Traced> {
        Runner { policy: self, visibility: Hidden, bound: Traced(Unbounded), returns: AsIs }
    }

    /// Same as [`traced`](Self::traced), but owns the policy: for a `static` or a field.
    ///
    /// ```
    /// use relent::Retry;
    /// use relent::run::{Hidden, Runner, Traced};
    ///
    /// static API: Runner<Retry, Hidden, Traced> = Retry::expo().max_tries(5).into_traced();
    /// ```
    pub const fn into_traced(self) -> Runner<Self, Hidden, Traced> {
        Runner { policy: self, visibility: Hidden, bound: Traced(Unbounded), returns: AsIs }
    }
}

impl<P, V, X> Runner<P, V, Unbounded, X> {
    /// Same as [`Retry::traced`].
    pub fn traced(self) -> Runner<P, V, Traced, X> {
        self.with_bound(Traced)
    }
}

impl<P, V, M, X> Runner<P, V, AttemptTimeout<M>, X> {
    /// Same as [`Retry::traced`]. The timer of an attempt runs in its span.
    pub fn traced(self) -> Runner<P, V, Traced<AttemptTimeout<M>>, X> {
        self.with_bound(Traced)
    }
}

impl<P, V, M, X> Runner<P, V, Traced<AttemptTimeout<M>>, X> {
    /// Same as [`Runner::interrupt_at_deadline`] without spans.
    #[expect(
        clippy::type_complexity,
        reason = "each parameter is one of the policy's or the call's"
    )]
    pub fn interrupt_at_deadline<E, F>(
        self,
        error: F,
    ) -> Runner<P, V, Traced<AttemptTimeout<OrAtDeadline<M, F>>>, X>
    where
        F: Fn(TimedOut) -> E + Clone,
    {
        self.with_bound(|Traced(limit)| Traced(limit.or_at_deadline(error)))
    }
}

/// Same as without spans.
impl<T, E, P, V> RunBlocking<T, E> for Runner<P, V, Traced>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
{
    fn run<F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
    {
        drive(&self.policy, self.bound.bind_blocking(Call(operation)), AsIs)
    }
}

impl<P: Policy, T, E, A: ShowArgs, M: Side<P::Clock>> ByHand<P, T, E, A, M> {
    fn traced(self) -> ByHand<P, T, E, TracedArgs<A>, M> {
        let Self { session: Session { policy, operation, run, .. }, phase } = self;
        let InLine { target, args, leaves_time, .. } = operation;
        let args = TracedArgs::new(args, Trace::new());
        let mut operation = InLine::new(target, args);
        operation.leaves_time = leaves_time;
        let session = Session::resume(policy, operation, Ending, run);
        let mut traced = ByHand { session, phase };
        // A run that is timed passes through its beginning in each driver, and the span begins there.
        traced.time();
        if let Phase::Attempting = phase {
            traced.session.begin_trace();
        }
        traced
    }
}

/// # Spans
impl<P: Policy<Clock: BlockingClock>, T, E, A: ShowArgs> Attempts<P, T, E, A> {
    /// Puts this run, all later ones, and the attempts made by [`attempt`](Self::attempt) into spans of the `tracing`
    /// crate: see [`Retry::traced`].
    ///
    /// ```
    /// use std::ops::ControlFlow::Break;
    /// use relent::{Retry, TestClock};
    ///
    /// let policy = Retry::expo().target("fetch_user").clock(TestClock::new());
    /// let mut attempts = policy.attempts().traced();
    /// let value = loop {
    ///     let tries = attempts.tries();
    ///     let outcome = attempts.attempt(|| if tries < 3 { Err("busy") } else { Ok(tries) });
    ///     if let Break(end) = attempts.after(outcome) {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(value, Ok(3));
    /// ```
    ///
    /// Call it before the first attempt. It also measures the time, as [`timed`](Self::timed) does. Attempts made
    /// without [`attempt`](Self::attempt) have no span. If the loop leaves a run before its end, the span of this run
    /// has the reason `dropped`.
    pub fn traced(self) -> Attempts<P, T, E, TracedArgs<A>> {
        Attempts { run: self.run.traced() }
    }
}

/// # Spans
impl<P: Policy<Clock: AsyncClock>, T, E, A: ShowArgs> AttemptsAsync<P, T, E, A> {
    /// Puts this run, all later ones, and the attempts made by [`attempt`](Self::attempt) into spans of the `tracing`
    /// crate: see [`Attempts::traced`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::io;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().target("fetch_user");
    /// let mut attempts = policy.attempts_async().traced();
    /// let outcome = attempts.attempt(async { Ok::<_, io::Error>(7) }).await;
    /// assert!(attempts.after(outcome).await.is_break());
    /// # }
    /// ```
    pub fn traced(self) -> AttemptsAsync<P, T, E, TracedArgs<A>> {
        AttemptsAsync { run: self.run.traced() }
    }
}
