//! Setters of observers, and of the name that they see.

use crate::observe::Observed;
use crate::policy::Retry;

/// # Observers
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// Notifies this observer of every event, after the handlers and observers that were added before it.
    ///
    /// ```
    /// use std::fmt::Display;
    /// use relent::{Details, Observe, Retry, TestClock};
    ///
    /// struct Print;
    ///
    /// impl<T, E: Display> Observe<T, E> for Print {
    ///     fn on_backoff(&self, details: &Details<'_, T, E>) {
    ///         eprintln!("{details}");
    ///     }
    /// }
    ///
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new()).observe(Print);
    /// assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    /// assert_eq!(policy.run(|| "seven".parse::<i32>()).ok(), None);
    /// ```
    ///
    /// Unlike a handler, an observer can serve operations of different types, and need not be `Send`. Pass it by value
    /// or by reference: see [`Observe`](crate::Observe).
    ///
    /// A policy with this observer is `Clone` if the observer is. Pass a reference or an `Arc`, or call
    /// [`share_observers`](Self::share_observers). In a field, the type of the policy above is `Retry<Expo, AnyError,
    /// Observed<(), Print>, TestClock>`. [`boxed`](Self::boxed) names any policy's type, and the bounds
    /// [`RunBlocking`](crate::run::RunBlocking) and [`RunAsync`](crate::run::RunAsync) accept any policy. To replace
    /// the observer, call [`without_observers`](Self::without_observers) first. To add another for a single call,
    /// borrow the policy with [`by_ref`](Self::by_ref).
    pub fn observe<O>(self, observer: O) -> Retry<S, C, Observed<H, O>, Z> {
        self.map_observer(|previous| Observed { previous, observer })
    }

    /// Removes all handlers and observers, so that you can replace them.
    ///
    /// ```
    /// use relent::{Details, Retry, TestClock};
    ///
    /// let replaced = |_: &Details<'_, (), &str>| panic!("replaced");
    /// let noisy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff(replaced);
    /// let mut lines = 0;
    /// noisy.without_observers().on_backoff(|_| lines += 1).run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(lines, 1);
    /// ```
    pub fn without_observers(self) -> Retry<S, C, (), Z> {
        self.map_observer(|_| ())
    }

    /// Borrows the policy, so that you can add handlers or conditions for a single call.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut seen = Vec::new();
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new()).on_backoff(|_| println!("always"));
    /// policy.by_ref().on_backoff(|d| seen.push(d.tries)).run(|| Err::<(), _>("down")).unwrap_err();
    /// policy.run(|| Err::<(), _>("down")).unwrap_err(); // only "always"
    /// assert_eq!(seen, [1]);
    /// ```
    ///
    /// The handlers of the borrowed policy come first.
    pub const fn by_ref(&self) -> Retry<&S, &C, &H, &Z> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition, observer, clock, settings: *settings }
    }

    /// Puts the handlers and observers into an `Arc`, so that clones of the policy share them.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use relent::{Retry, TestClock};
    ///
    /// let retries = AtomicU32::new(0);
    /// let policy = Retry::expo()
    ///     .max_tries(2)
    ///     .clock(TestClock::new())
    ///     .on_backoff(|_| drop(retries.fetch_add(1, Ordering::Relaxed)))
    ///     .share_observers();
    /// let patient = policy.clone().max_tries(4);
    /// policy.run(|| Err::<(), _>("down")).unwrap_err();
    /// patient.run(|| Err::<(), _>("down")).unwrap_err();
    /// assert_eq!(retries.load(Ordering::Relaxed), 1 + 3);
    /// ```
    ///
    /// Otherwise, a policy with handlers is not `Clone`. To share the whole policy, put it into an `Arc` instead.
    #[cfg(feature = "std")]
    pub fn share_observers(self) -> Retry<S, C, std::sync::Arc<H>, Z> {
        self.map_observer(std::sync::Arc::new)
    }

    /// Sets the name of the operation that events show.
    ///
    /// ```
    /// use relent::{Retry, TestClock};
    ///
    /// let mut line = String::new();
    /// let policy = Retry::expo().target("fetch_user").max_tries(3).clock(TestClock::new());
    /// policy.on_giveup(|d| line = d.to_string()).run(|| Err::<(), _>("boom")).unwrap_err();
    /// assert_eq!(line, "Giving up fetch_user after 3 tries (boom)");
    /// ```
    ///
    /// The default is the name of the operation's function, or of the function that contains its closure, without
    /// generic arguments. For a run [in line](Self::attempts), it is the file and line of that call. For an operation
    /// without a name, such as a function pointer, it is `operation`. Handlers and observers read it from
    /// [`Details::target`](crate::Details::target).
    pub const fn target(mut self, target: &'static str) -> Self {
        self.settings.target = Some(target);
        self
    }
}
