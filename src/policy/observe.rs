//! Observers of any operation, and the name that they see.

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
    /// Unlike a handler, an observer can serve operations of different types. Pass it by value or by reference: see
    /// [`Observe`](crate::Observe).
    pub fn observe<O>(self, observer: O) -> Retry<S, C, Observed<H, O>, Z> {
        self.map_observer(|previous| Observed { previous, observer })
    }

    /// Sets the name of the operation, as events show it.
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
    /// The default is the name of the operation's function, or of the function in which its closure was written. For
    /// a run [in line](Self::attempts) it is the file and line of that call. Handlers and observers read it from
    /// [`Details::target`](crate::Details::target).
    pub const fn target(mut self, target: &'static str) -> Self {
        self.settings.target = Some(target);
        self
    }
}
