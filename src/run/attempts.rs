//! Runs that other code drives: a loop, stream, queue or middleware makes the attempts.

use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::panic::Location;
use core::time::Duration;

use crate::clock::{AsyncClock, BlockingClock};
use crate::condition::Condition;
use crate::event::{Progress, StopReason, Target};
use crate::observe::chain::{Notify, NotifyBlocking};
use crate::policy::Retry;
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::after::{After, Begin};
use crate::run::by_hand::ByHand;
use crate::run::decision::Decision;
#[cfg(feature = "explain")]
use crate::run::explain::{RetryError, Succeeded};
use crate::run::in_attempt::{InAttempt, Timer};
use crate::run::in_line::{InLine, ShowArgs, ShownArgs};
use crate::run::nesting::Inside;
use crate::run::session::Session;
use crate::run::side::{Async, Blocking};
use crate::testing::scope;
use crate::wait::Wait;

/// # Run it in line
///
/// Your own code makes the attempts: a loop, a stream, a queue, a middleware.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Begins a run whose attempts you make in a loop, where `?`, `break`, `continue` and `&mut` state all work.
    ///
    /// ```
    /// use std::ops::ControlFlow::Break;
    /// use relent::{Retry, TestClock};
    ///
    /// struct Connection { queries: u32 }
    ///
    /// impl Connection {
    ///     fn query(&mut self) -> Result<u32, &'static str> {
    ///         self.queries += 1;
    ///         if self.queries < 3 { Err("deadlock") } else { Ok(self.queries) }
    ///     }
    /// }
    ///
    /// let policy = Retry::expo().clock(TestClock::new());
    /// let mut connection = Connection { queries: 0 };
    /// let mut attempts = policy.attempts();
    /// let rows = loop {
    ///     let outcome = connection.query();
    ///     if let Break(end) = attempts.after(outcome) {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(rows, Ok(3));
    /// ```
    ///
    /// [`after`](Attempts::after) waits; [`decide`](Attempts::decide) leaves the wait to you. The waits of `after`
    /// block the thread, so in async code use [`attempts_async`](Self::attempts_async). Handlers and observers are
    /// notified of the same events, in the same order, as in [`run`](Self::run).
    ///
    /// The run, and the time for [`max_time`](Self::max_time), begin with this call. If attempts may be far apart, as
    /// in a stream, call [`reset`](Attempts::reset) when an attempt begins after a long pause.
    ///
    /// Unless you set a target, it is the file and line of this call. Dropping the run early calls no handlers. Run
    /// options do not apply.
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn attempts<T, E>(&self) -> Attempts<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        Attempts::new(self)
    }

    /// Same as [`attempts`](Self::attempts), but owns the policy, so that a struct can contain both.
    ///
    /// ```
    /// use relent::run::{Attempts, Decision};
    /// use relent::{Retry, StopReason};
    ///
    /// struct Poller {
    ///     attempts: Attempts<Retry, u32, &'static str>,
    /// }
    ///
    /// let mut poller = Poller { attempts: Retry::expo().max_tries(2).into_attempts() };
    /// assert!(matches!(poller.attempts.decide(&Err("down")), Decision::Backoff(_)));
    /// assert_eq!(poller.attempts.decide(&Err("down")), Decision::GiveUp(StopReason::MaxTries));
    /// ```
    ///
    /// For a policy in an `Arc` or a `Box`, use [`Attempts::new`].
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn into_attempts<T, E>(self) -> Attempts<Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        Attempts::new(self)
    }

    /// Begins a run whose attempts you make in an async loop.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use relent::Retry;
    ///
    /// struct Connection { queries: u32 }
    ///
    /// impl Connection {
    ///     async fn query(&mut self) -> Result<u32, &'static str> {
    ///         self.queries += 1;
    ///         if self.queries < 3 { Err("deadlock") } else { Ok(self.queries) }
    ///     }
    /// }
    ///
    /// static DATABASE: Retry = Retry::expo().max_tries(5);
    ///
    /// let task = tokio::spawn(async {
    ///     let mut connection = Connection { queries: 0 };
    ///     let mut attempts = DATABASE.attempts_async();
    ///     loop {
    ///         let outcome = connection.query().await;
    ///         if let Break(end) = attempts.after(outcome).await {
    ///             break end;
    ///         }
    ///     }
    /// });
    /// assert_eq!(task.await.unwrap(), Ok(3));
    /// # }
    /// ```
    ///
    /// See [`attempts`](Self::attempts). If the policy has async handlers, use [`begin_async`](Self::begin_async),
    /// which awaits them.
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn attempts_async<T, E>(&self) -> AttemptsAsync<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: AsyncClock,
    {
        AttemptsAsync::new(self)
    }

    /// Same as [`attempts_async`](Self::attempts_async), but owns the policy, so that a struct can contain both.
    ///
    /// For a policy in an `Arc` or a `Box`, use [`AttemptsAsync::new`].
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn into_attempts_async<T, E>(self) -> AttemptsAsync<Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: AsyncClock,
    {
        AttemptsAsync::new(self)
    }

    /// Same as [`attempts_async`](Self::attempts_async), for policies with async handlers. It awaits those of `on_try`
    /// before the first attempt.
    ///
    /// Of the methods that notify, only [`after`](AttemptsAsync::after) is available in such a run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().on_try_async(|d| {
    ///     let tries = d.tries;
    ///     async move { println!("try {tries}") }
    /// });
    /// let mut attempts = policy.begin_async().await;
    /// let outcome: Result<u8, &str> = loop {
    ///     let outcome = if attempts.tries() < 3 { Err("busy") } else { Ok(7) };
    ///     if let Break(end) = attempts.after(outcome).await {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(outcome, Ok(7));
    /// # }
    /// ```
    #[track_caller]
    pub fn begin_async<T, E>(&self) -> Begin<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E>,
        Z: AsyncClock,
    {
        Begin::new(self, Target::at(Location::caller()))
    }

    /// Continues a run whose [`Progress`] was stored elsewhere.
    ///
    /// ```
    /// use relent::Retry;
    /// use relent::run::Decision;
    ///
    /// let policy = Retry::expo().max_tries(5);
    /// let kept = {
    ///     let mut attempts = policy.attempts();
    ///     assert!(matches!(attempts.decide(&Err::<(), _>("down")), Decision::Backoff(_)));
    ///     attempts.progress()
    /// };
    /// // Later, perhaps in another process:
    /// let mut attempts = policy.attempts_from::<(), &str>(kept);
    /// assert_eq!(attempts.tries(), 2);
    /// ```
    ///
    /// The time in between does not count. Add it to [`Progress::elapsed`] if [`max_time`](Self::max_time) should
    /// include it.
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn attempts_from<T, E>(&self, progress: Progress) -> Attempts<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        Attempts::resume(self, progress)
    }

    /// Same as [`attempts_from`](Self::attempts_from), for async code.
    ///
    /// # Panics
    ///
    /// Panics if an `on_try` handler panics.
    #[track_caller]
    pub fn attempts_from_async<T, E>(&self, progress: Progress) -> AttemptsAsync<&Self, T, E>
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: AsyncClock,
    {
        AttemptsAsync::resume(self, progress)
    }

    /// Decides what follows one attempt of a run that is stored elsewhere: in a queue's message or a database row.
    ///
    /// ```
    /// use relent::run::Decision;
    /// use relent::{Progress, Retry};
    ///
    /// static JOBS: Retry = Retry::expo().max_tries(3);
    ///
    /// struct Message { progress: Progress }
    ///
    /// let mut message = Message { progress: Progress::default() };
    /// let mut decisions = Vec::new();
    /// loop {
    ///     let outcome: Result<(), &str> = Err("down");
    ///     match JOBS.decide(&mut message.progress, &outcome) {
    ///         Decision::Backoff(wait) => decisions.push("put back"), // with this delay
    ///         Decision::Done => break decisions.push("acknowledge"),
    ///         Decision::GiveUp(_) => break decisions.push("drop"),
    ///     }
    /// }
    /// assert_eq!(decisions, ["put back", "put back", "drop"]);
    /// assert_eq!(message.progress.tries, 3);
    /// ```
    ///
    /// Pass the progress before this attempt. The call counts the attempt in it, and stores the wait. If the policy has
    /// a [`max_time`](Self::max_time), set [`Progress::elapsed`] before the call, including the time in the queue. No
    /// clock is read, although the policy needs a clock that can block. A [`Cancel`](crate::Cancel) is checked.
    ///
    /// When the run is over, `progress` continues to count: begin the next run with `Progress::default()`.
    ///
    /// Handlers and observers are notified of the back-off, the success or the give-up, but not of the try, since other
    /// code made it.
    ///
    /// Without the feature `std` and without a [`seed`](Self::seed), jitter draws the same number each time.
    ///
    /// # Panics
    ///
    /// Panics if a handler panics.
    #[track_caller]
    pub fn decide<T, E>(&self, progress: &mut Progress, outcome: &Result<T, E>) -> Decision
    where
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        let operation = InLine::new(Target::at(Location::caller()), ());
        ByHand::decide_once(self, operation, progress, outcome)
    }

    /// Same as [`decide`](Self::decide), with arguments that observers see as [`Details::args`](crate::Details::args),
    /// such as the id of a message.
    ///
    /// # Panics
    ///
    /// Panics if a handler panics.
    #[track_caller]
    pub fn decide_with<T, E, A>(
        &self,
        progress: &mut Progress,
        args: A,
        outcome: &Result<T, E>,
    ) -> Decision
    where
        A: fmt::Debug,
        S: Wait<T, E>,
        C: Condition<T, E>,
        H: Notify<T, E> + NotifyBlocking,
        Z: BlockingClock,
    {
        let operation = InLine::new(Target::at(Location::caller()), ShownArgs(args));
        ByHand::decide_once(self, operation, progress, outcome)
    }
}

/// A run whose attempts your own code makes: see [`Retry::attempts`].
///
/// `P` is `&Retry`, `Retry`, or an `Arc` or `Box` of one.
#[must_use = "the outcome of each attempt must be passed on: `.after(outcome)` or `.decide(&outcome)`"]
pub struct Attempts<P: Policy, T, E, A = ()> {
    pub(crate) run: ByHand<P, T, E, A, Blocking>,
}

/// A run whose attempts your own async code makes: see [`Retry::attempts_async`].
///
/// `P` is `&Retry`, `Retry`, or an `Arc` or `Box` of one. The run is `Send` and `'static` if the policy is, so you can
/// spawn it or keep it in a stream's struct.
#[must_use = "the outcome of each attempt must be passed on: `.after(outcome).await` or `.decide(&outcome)`"]
pub struct AttemptsAsync<P: Policy, T, E, A = ()> {
    pub(crate) run: ByHand<P, T, E, A, Async>,
}

/// The methods that do not wait, which both types have.
macro_rules! attempts {
    ($attempts:ident, $side:ident, $clock:ident, $wait:literal, $new:literal) => {
        impl<P, T, E> $attempts<P, T, E>
        where
            P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: $clock>,
        {
            /// Begins a run of a policy, a reference, an `Arc` or a `Box`.
            ///
            /// # Panics
            ///
            /// Panics if an `on_try` handler panics.
            #[track_caller]
            pub fn new(policy: P) -> Self {
                let operation = InLine::new(Target::at(Location::caller()), ());
                Self { run: ByHand::begin(policy, operation) }
            }

            /// Continues a run whose [`Progress`] was stored elsewhere.
            ///
            /// # Panics
            ///
            /// Panics if an `on_try` handler panics.
            #[track_caller]
            pub fn resume(policy: P, progress: Progress) -> Self {
                let operation = InLine::new(Target::at(Location::caller()), ());
                Self { run: ByHand::resume(policy, operation, progress) }
            }
        }

        impl<P, T, E, A> $attempts<P, T, E, ShownArgs<A>>
        where
            P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: $clock>,
            A: fmt::Debug,
        {
            /// Begins a run with arguments that observers see as [`Details::args`](crate::Details::args). `target` is
            /// its name, unless the policy sets [`Retry::target`].
            ///
            /// # Panics
            ///
            /// Panics if an `on_try` handler panics.
            pub fn describing(policy: P, target: &'static str, args: A) -> Self {
                let operation = InLine::new(Target::new(target), ShownArgs(args));
                Self { run: ByHand::begin(policy, operation) }
            }
        }

        impl<P: Policy<Clock: $clock>, T, E, A: ShowArgs> $attempts<P, T, E, A> {
            /// Returns the number of the current or next attempt. The first is 1.
            ///
            /// After the run, it returns the number of attempts made.
            #[must_use]
            pub fn tries(&self) -> u32 {
                self.run.tries()
            }

            /// Returns the time since the run began, or after the run, its duration.
            ///
            /// `None` if the time is not measured. The clock is read only if the policy, its observers or
            /// [`timed`](Self::timed) need it, and in a run continued by [`resume`](Self::resume).
            #[must_use]
            pub fn elapsed(&self) -> Option<Duration> {
                self.run.elapsed()
            }

            /// Measures the time of this run from now on, and of all later runs, even if the policy and its observers
            /// do not need it.
            ///
            /// ```
            /// use std::time::Duration;
            /// use relent::{Retry, TestClock};
            ///
            /// let clock = TestClock::new();
            /// let policy = Retry::expo().clock(&clock);
            #[doc = concat!("let mut attempts = ", $new, "::<_, (), &str>::new(&policy).timed();")]
            /// clock.advance(Duration::from_secs(3));
            /// assert_eq!(attempts.elapsed(), Some(Duration::from_secs(3)));
            /// ```
            pub fn timed(mut self) -> Self {
                self.run.time();
                self
            }

            /// Makes no attempt at the deadline of [`max_time`](Retry::max_time): a wait that would reach it is
            /// skipped, and the run gives up. Use it if your code ends each attempt when no time of
            /// [`remaining`](Self::remaining) is left.
            ///
            /// ```
            /// use std::time::Duration;
            /// use relent::run::Decision;
            /// use relent::{Jitter, Retry, StopReason, TestClock};
            ///
            /// let policy = Retry::constant(Duration::from_secs(4)).max_time(Duration::from_secs(3));
            /// let policy = policy.jitter(Jitter::None).clock(TestClock::new());
            #[doc = concat!("let mut attempts = ", $new, "::<_, (), &str>::new(&policy);")]
            /// assert_eq!(attempts.decide(&Err("down")), Decision::Backoff(Duration::from_secs(3)));
            ///
            #[doc = concat!("let mut attempts = ", $new, "::<_, (), &str>::new(&policy).leave_time_for_attempts();")]
            /// assert_eq!(attempts.decide(&Err("down")), Decision::GiveUp(StopReason::MaxTime));
            /// ```
            ///
            /// [`interrupt_at_deadline`](Retry::interrupt_at_deadline) does this too, and also ends the attempts.
            /// Without `max_time`, this setting has no effect.
            pub fn leave_time_for_attempts(mut self) -> Self {
                self.run.leave_time();
                self
            }

            /// Returns the time left of [`max_time`](Retry::max_time), if set: for example for a timeout of the
            /// attempt.
            #[must_use]
            pub fn remaining(&self) -> Option<Duration> {
                self.run.remaining()
            }

            /// Returns the policy in the form in which the run holds it.
            #[must_use]
            pub fn policy(&self) -> &P {
                &self.run.session.policy
            }

            /// Returns why the run gave up, if it did.
            #[must_use]
            pub fn stopped(&self) -> Option<StopReason> {
                self.run.stopped()
            }

            /// Returns the progress to store, so that [`resume`](Self::resume) or [`Retry::decide`] can continue the
            /// run later.
            ///
            /// It counts the finished attempts, but not the current one. After a success, it is the progress of a new
            /// run. Its `elapsed` is zero if the time is not measured: see [`timed`](Self::timed).
            #[must_use]
            pub fn progress(&self) -> Progress {
                self.run.progress()
            }

            /// Starts a new run. Use it in a long-lived loop, such as a stream that reconnects, when the operation
            /// works again.
            ///
            /// The current attempt, if any, becomes the first one of the new run, without another `on_try`. Otherwise
            /// the next attempt begins the new run. No observer is notified of a success. To notify of a success for
            /// each item of a stream, pass the items to [`decide`](Self::decide) instead.
            pub fn reset(&mut self) {
                self.run.reset();
            }
        }

        impl<P, T, E, A> $attempts<P, T, E, A>
        where
            P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: $clock>,
            A: ShowArgs,
        {
            /// Notifies observers that the next attempt begins.
            ///
            /// Call it after the wait, right before the attempt. If you do not, the next outcome does it. After a
            /// success, it begins a new run.
            ///
            /// # Errors
            ///
            /// Returns the reason if the run gave up: before, or now because of a cancel during the wait, or because
            /// the deadline has passed under [`no_attempt_after_deadline`](Retry::no_attempt_after_deadline). No
            /// attempt is counted then.
            ///
            /// # Panics
            ///
            /// Panics if a handler panics.
            pub fn next_try(&mut self) -> Result<(), StopReason> {
                self.run.next_try()
            }

            /// Decides what follows the outcome of an attempt, and notifies observers of it. You do the waiting:
            #[doc = concat!("[`", $wait, "`](Self::", $wait, ") is one on the policy's clock. On another clock, a")]
            /// [`next_try`](Self::next_try) notices a [`Cancel`](crate::Cancel) after the wait.
            ///
            /// After [`Done`](Decision::Done), the next outcome belongs to a new run, which begins at that moment.
            ///
            /// After [`GiveUp`](Decision::GiveUp), an outcome that the policy accepts returns `Done`, and any other
            /// repeats the reason. These do not notify observers or charge budgets, and no run begins before
            /// [`reset`](Self::reset).
            ///
            /// # Panics
            ///
            /// Panics if a handler panics.
            pub fn decide(&mut self, outcome: &Result<T, E>) -> Decision {
                self.run.decide(outcome)
            }
        }

        #[cfg(feature = "explain")]
        impl<P: PolicyFor<T, E, Clock: $clock>, T, E, A: ShowArgs> $attempts<P, T, E, A> {
            /// Adds how and why the run ended to the last outcome: see [`Retry::explain`].
            ///
            /// Call it after the run. Before that, the reason is [`NotRetryable`](StopReason::NotRetryable), since
            /// other code has decided to stop. The time is zero unless it is measured: see [`timed`](Self::timed).
            ///
            /// # Errors
            ///
            /// Returns the error, or the value that was not accepted, with the reason.
            pub fn explain(&self, end: Result<T, E>) -> Result<Succeeded<T>, RetryError<T, E>> {
                self.run.explain(end)
            }
        }

        impl<P: Policy, T, E, A: ShowArgs> fmt::Debug for $attempts<P, T, E, A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.run.debug(stringify!($attempts), f)
            }
        }
    };
}

attempts!(Attempts, Blocking, BlockingClock, "sleep", "relent::run::Attempts");
attempts!(AttemptsAsync, Async, AsyncClock, "timer", "relent::run::AttemptsAsync");

impl<P, T, E, A> Attempts<P, T, E, A>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
    A: ShowArgs,
{
    /// Takes the outcome of an attempt, and waits if it will be retried. `Continue`: make the next attempt. `Break`:
    /// the run is over, and this is its result.
    ///
    /// The wait blocks the thread. In async code, begin the run with [`attempts_async`](Retry::attempts_async). If the
    /// compiler reports that a `ControlFlow` is not a future, its advice "remove the `.await`" is wrong.
    ///
    /// # Panics
    ///
    /// Panics if a handler panics.
    pub fn after(&mut self, outcome: Result<T, E>) -> ControlFlow<Result<T, E>> {
        self.run.after(outcome)
    }

    /// Waits on the policy's clock until `wait` is over or the run is cancelled. Use it for the wait of a
    /// [`Decision::Backoff`].
    pub fn sleep(&self, wait: Duration) {
        scope::sleep(&self.run.session.policy.policy().clock, wait);
    }

    /// Makes one attempt. Calls [`next_try`](Self::next_try) first, and makes the attempt even if this returns an
    /// error.
    ///
    /// ```
    /// use std::ops::ControlFlow::Break;
    /// use relent::{Retry, TestClock};
    ///
    /// let policy = Retry::expo().clock(TestClock::new());
    /// let mut attempts = policy.attempts();
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
    /// # Errors
    ///
    /// Returns the operation's error.
    ///
    /// # Panics
    ///
    /// Panics if a handler or the operation panics.
    pub fn attempt(&mut self, operation: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // Makes the attempt even if the run has given up, since the method must return an outcome.
        self.run.next_try().ok();
        let _inside = Inside::enter();
        let tries = self.run.tries();
        match self.run.trace() {
            Some(trace) => {
                trace.begin_attempt(tries);
                trace.within_attempt(operation)
            }
            None => operation(),
        }
    }
}

impl<P, T, E, A> AttemptsAsync<P, T, E, A>
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
    A: ShowArgs,
{
    /// Takes the outcome of an attempt, and awaits the next step. `Continue`: the wait is over, make the next attempt.
    /// `Break`: the run is over, and this is its result.
    ///
    /// If the future is dropped early, as by a `select!`, it notifies observers of nothing more. The attempt counts:
    /// the next outcome belongs to the next attempt.
    ///
    /// # Panics
    ///
    /// The future panics if a handler panics, and if it is polled after it was ready.
    pub fn after(&mut self, outcome: Result<T, E>) -> After<'_, P, T, E, A> {
        After::new(&mut self.run, outcome)
    }
}

impl<P, T, E, A> AttemptsAsync<P, T, E, A>
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: AsyncClock>,
    A: ShowArgs,
{
    /// Returns a timer of the policy's clock that is ready when `wait` is over or the run is cancelled. Use it for the
    /// wait of a [`Decision::Backoff`].
    pub fn timer(&self, wait: Duration) -> Timer<<P::Clock as AsyncClock>::Timer> {
        Timer::new(scope::sleeping(&self.run.session.policy.policy().clock, wait))
    }

    /// Awaits one attempt. Calls [`next_try`](Self::next_try) first, at once, and makes the attempt even if this
    /// returns an error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::ops::ControlFlow::Break;
    /// use std::time::Duration;
    /// use std::{future, io};
    /// use relent::Retry;
    ///
    /// /// Hangs at first.
    /// async fn get(tries: u32) -> io::Result<&'static str> {
    ///     if tries < 3 { future::pending().await } else { Ok("body") }
    /// }
    ///
    /// let policy = Retry::expo();
    /// let mut attempts = policy.attempts_async();
    /// let body = loop {
    ///     let tries = attempts.tries();
    ///     let outcome = attempts.attempt(get(tries)).within(Duration::from_secs(5)).await;
    ///     if let Break(end) = attempts.after(outcome).await {
    ///         break end;
    ///     }
    /// };
    /// assert_eq!(body.unwrap(), "body");
    /// # }
    /// ```
    ///
    /// [`within`](InAttempt::within) limits its time.
    ///
    /// # Panics
    ///
    /// Panics if a handler panics.
    pub fn attempt<F>(&mut self, operation: F) -> InAttempt<'_, P, F>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run.next_try().ok();
        let tries = self.run.tries();
        let Session { policy, operation: InLine { args, .. }, .. } = &mut self.run.session;
        InAttempt::new(policy, args.trace_mut(), tries, operation)
    }
}
