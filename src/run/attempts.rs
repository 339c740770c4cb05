//! Runs that other code drives: its loop, stream, queue or middleware makes the attempts.

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
/// The attempts are made by code of your own: a loop, a stream, a queue, a middleware.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Begins a run whose attempts are made in a loop of your own, where `?`, `break`, `continue` and `&mut` state
    /// all work.
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
    /// [`after`](Attempts::after) waits; [`decide`](Attempts::decide) leaves the wait to you. The waits of `after` block
    /// the thread: in async code use [`attempts_async`](Self::attempts_async). Handlers and observers are notified of
    /// the same events in the same order as by [`run`](Self::run).
    ///
    /// The run, and the time for [`max_time`](Self::max_time), begin with this call. Where attempts may be far apart, as
    /// those of a stream are, call [`reset`](Attempts::reset) when one begins after a long silence.
    ///
    /// The target is the file and line of this call unless one is set. Dropping it early calls no handlers. Run options do
    /// not apply.
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

    /// Same as [`attempts`](Self::attempts), with a policy that is owned: to keep both in a struct.
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
    /// A policy in an `Arc` or a `Box` is held by [`Attempts::new`].
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

    /// Begins a run whose attempts are made in an async loop of your own.
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
    /// See [`attempts`](Self::attempts). A policy with async handlers of any kind begins with
    /// [`begin_async`](Self::begin_async), which awaits them.
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

    /// Same as [`attempts_async`](Self::attempts_async), with a policy that is owned: to keep both in a struct.
    ///
    /// A policy in an `Arc` or a `Box` is held by [`AttemptsAsync::new`].
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

    /// Same as [`attempts_async`](Self::attempts_async), for policies with async handlers: awaits those of `on_try`
    /// before the first attempt.
    ///
    /// Of the methods that notify, such a run has only [`after`](AttemptsAsync::after).
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

    /// Goes on with a run whose [`Progress`] was kept elsewhere.
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
    /// The time in between does not count: add it to [`Progress::elapsed`] if [`max_time`](Self::max_time) is to include
    /// it.
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

    /// Decides what follows one attempt of a run that is kept elsewhere: in a queue's message, in a database row.
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
    /// `progress` is that of the attempts before this one. This call counts the attempt in it, and notes the wait. Set
    /// [`Progress::elapsed`] before the call if the policy has a [`max_time`](Self::max_time): it should include the
    /// time in the queue. No clock is read, although the policy needs one that can block; a
    /// [`Cancel`](crate::Cancel) is asked.
    ///
    /// When the run is over, `progress` goes on counting: begin the next run with `Progress::default()`.
    ///
    /// Handlers and observers are notified of the back-off, the success or the give-up, and not of the try, which has
    /// been made elsewhere.
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

    /// Same as [`decide`](Self::decide), with arguments that observers see as
    /// [`Details::args`](crate::Details::args): such as the id of a message.
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

/// A run whose attempts are made by code of your own: see [`Retry::attempts`].
///
/// `P` is the policy as it is held: `&Retry`, `Retry`, an `Arc` or a `Box` of one.
#[must_use = "the outcome of each attempt must be passed on: `.after(outcome)` or `.decide(&outcome)`"]
pub struct Attempts<P: Policy, T, E, A = ()> {
    pub(crate) run: ByHand<P, T, E, A, Blocking>,
}

/// A run whose attempts are made by async code of your own: see [`Retry::attempts_async`].
///
/// `P` is the policy as it is held: `&Retry`, `Retry`, an `Arc` or a `Box` of one. It is `Send` and `'static` if the
/// policy is, and can be spawned or kept in a stream's struct.
#[must_use = "the outcome of each attempt must be passed on: `.after(outcome).await` or `.decide(&outcome)`"]
pub struct AttemptsAsync<P: Policy, T, E, A = ()> {
    pub(crate) run: ByHand<P, T, E, A, Async>,
}

/// The methods that do not wait, which both have.
macro_rules! attempts {
    ($attempts:ident, $side:ident, $clock:ident, $wait:literal, $new:literal) => {
        impl<P, T, E> $attempts<P, T, E>
        where
            P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: $clock>,
        {
            /// Begins a run of a policy that is held in any way: by reference, by value, in an `Arc` or a `Box`.
            ///
            /// # Panics
            ///
            /// Panics if an `on_try` handler panics.
            #[track_caller]
            pub fn new(policy: P) -> Self {
                let operation = InLine::new(Target::at(Location::caller()), ());
                Self { run: ByHand::begin(policy, operation) }
            }

            /// Goes on with a run whose [`Progress`] was kept elsewhere.
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
            /// Begins a run with arguments that observers see as [`Details::args`](crate::Details::args). `target` is its
            /// name, unless the policy sets [`Retry::target`].
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
            /// Returns the number of the attempt that is being made or comes next. The first is 1.
            ///
            /// After the run it is the number of attempts that were made.
            #[must_use]
            pub fn tries(&self) -> u32 {
                self.run.tries()
            }

            /// Returns the time since the run began. After the run it is the time that it took.
            ///
            /// `None` if it is not measured. The clock is read only if the policy, its observers or [`timed`](Self::timed)
            /// need it, and in a run that [`resume`](Self::resume) continues.
            #[must_use]
            pub fn elapsed(&self) -> Option<Duration> {
                self.run.elapsed()
            }

            /// Measures the time of this run from now on, and of all that follow, whether or not the policy or its
            /// observers need it.
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

            /// Makes no attempt at the deadline of [`max_time`](Retry::max_time): a wait that would reach it is skipped, and
            /// the run gives up. For code that ends each attempt when nothing of [`remaining`](Self::remaining) is left.
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
            /// So does [`interrupt_at_deadline`](Retry::interrupt_at_deadline), which ends the attempts too. Without
            /// `max_time` it changes nothing.
            pub fn leave_time_for_attempts(mut self) -> Self {
                self.run.leave_time();
                self
            }

            /// Returns what is left of [`max_time`](Retry::max_time), if that is set: for example for a timeout of the
            /// attempt's own.
            #[must_use]
            pub fn remaining(&self) -> Option<Duration> {
                self.run.remaining()
            }

            /// Returns the policy, as it is held.
            #[must_use]
            pub fn policy(&self) -> &P {
                &self.run.session.policy
            }

            /// Returns why the run gave up, if it did.
            #[must_use]
            pub fn stopped(&self) -> Option<StopReason> {
                self.run.stopped()
            }

            /// Returns what must be kept to go on later, with [`resume`](Self::resume) or [`Retry::decide`].
            ///
            /// It counts the attempts that were made, and not the one that is being made. After a success it is that of a
            /// new run. Its `elapsed` is zero if the time is not measured: see [`timed`](Self::timed).
            #[must_use]
            pub fn progress(&self) -> Progress {
                self.run.progress()
            }

            /// Starts anew: for a loop that lives long, such as a stream that reconnects, when it has worked again.
            ///
            /// If an attempt is being made, it becomes the first one of the new run, without another `on_try`. Otherwise
            /// the next attempt begins the new run. No observer is notified of a success: to notify of one for each item
            /// of a stream, pass the items to [`decide`](Self::decide) instead.
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
            /// Call it when the wait is over, right before the attempt. If it is not called, the next outcome does it.
            /// After a success it begins a new run.
            ///
            /// # Errors
            ///
            /// Returns why the run gave up, if it did: before, or now, because it was cancelled during the wait, or
            /// because the deadline has passed under [`no_attempt_after_deadline`](Retry::no_attempt_after_deadline).
            /// No attempt is counted then.
            ///
            /// # Panics
            ///
            /// Panics if a handler panics.
            pub fn next_try(&mut self) -> Result<(), StopReason> {
                self.run.next_try()
            }

            /// Decides what follows the outcome of an attempt, and notifies observers of it. The wait is yours:
            #[doc = concat!("[`", $wait, "`](Self::", $wait, ") is one on the policy's clock. On another clock, a")]
            /// [`Cancel`](crate::Cancel) is noticed when the wait is over, by [`next_try`](Self::next_try).
            ///
            /// After [`Done`](Decision::Done) the next outcome is that of a new run, which begins at that moment.
            ///
            /// After [`GiveUp`](Decision::GiveUp), an outcome that the policy accepts is `Done`, and any other repeats the
            /// reason. Observers are not notified of these, budgets are not charged, and no run begins before
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
            /// Adds to the last outcome how and why the run ended: see [`Retry::explain`].
            ///
            /// Call it when the run is over. Before that, the reason is
            /// [`NotRetryable`](StopReason::NotRetryable): other code has decided to stop. The time is zero unless it is
            /// measured: see [`timed`](Self::timed).
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
    /// Takes the outcome of an attempt, and waits if it is to be retried. `Continue`: make the next attempt. `Break`:
    /// the run is over, and this is its result.
    ///
    /// The wait blocks the thread. In async code begin the run with [`attempts_async`](Retry::attempts_async): if the
    /// compiler says that a `ControlFlow` is not a future, "remove the `.await`" is the wrong advice.
    ///
    /// # Panics
    ///
    /// Panics if a handler panics.
    pub fn after(&mut self, outcome: Result<T, E>) -> ControlFlow<Result<T, E>> {
        self.run.after(outcome)
    }

    /// Waits on the policy's clock, until `wait` is over or the run is cancelled: for the wait of a
    /// [`Decision::Backoff`].
    pub fn sleep(&self, wait: Duration) {
        scope::sleep(&self.run.session.policy.policy().clock, wait);
    }

    /// Makes one attempt. Calls [`next_try`](Self::next_try) first, and makes the attempt even if that returns an error.
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
    /// Returns the operation's own error.
    ///
    /// # Panics
    ///
    /// Panics if a handler or the operation panics.
    pub fn attempt(&mut self, operation: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // Where the run has given up, the attempt is made all the same: it has to return something.
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
    /// Takes the outcome of an attempt, and awaits what follows. `Continue`: the wait is over, make the next attempt.
    /// `Break`: the run is over, and this is its result.
    ///
    /// Dropped before it is ready, as by a `select!`, it notifies observers of nothing more. The attempt counts: the
    /// next outcome is that of the next attempt.
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
    /// Returns a timer of the policy's clock that is ready when `wait` is over or the run is cancelled: for the wait of a
    /// [`Decision::Backoff`].
    pub fn timer(&self, wait: Duration) -> Timer<<P::Clock as AsyncClock>::Timer> {
        Timer::new(scope::sleeping(&self.run.session.policy.policy().clock, wait))
    }

    /// Awaits one attempt. Calls [`next_try`](Self::next_try) first, at once, and makes the attempt even if that returns an
    /// error.
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
