//! What `Log` and `Tracing` share: levels, and how they show errors.

use core::fmt;

use crate::event::{Details, EventKind, StopReason};
use crate::sealed::Sealed;

/// One level per kind of event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Severity<L> {
    pub(crate) on_try: L,
    pub(crate) success: L,
    pub(crate) backoff: L,
    pub(crate) giveup: L,
    /// For a give-up after a first attempt that was not retryable: nothing was retried.
    pub(crate) not_retryable: L,
}

impl<L: Copy> Severity<L> {
    pub(crate) fn of<T, E>(&self, details: &Details<'_, T, E>) -> L {
        match (details.event, details.reason, details.tries) {
            (EventKind::Try, ..) => self.on_try,
            (EventKind::Success, ..) => self.success,
            (EventKind::Backoff, ..) => self.backoff,
            (EventKind::GiveUp, Some(StopReason::NotRetryable), 1) => self.not_retryable,
            (EventKind::GiveUp, ..) => self.giveup,
        }
    }

    /// Returns whether `is_on` holds for any level that events of this kind can have.
    pub(crate) fn any(&self, event: EventKind, is_on: impl Fn(&L) -> bool) -> bool {
        match event {
            EventKind::Try => is_on(&self.on_try),
            EventKind::Success => is_on(&self.success),
            EventKind::Backoff => is_on(&self.backoff),
            EventKind::GiveUp => is_on(&self.giveup) || is_on(&self.not_retryable),
        }
    }
}

/// Defines the setters that `Log` and `Tracing` share.
macro_rules! levels_of {
    ($observer:ident, $level:ty, defaults: $on_try:literal, $success:literal) => {
        impl $observer {
            /// Shows errors with `Debug`, for errors that do not implement `Display`.
            ///
            /// ```
            #[doc = concat!("use relent::{Retry, ", stringify!($observer), "};")]
            ///
            /// #[derive(Debug)]
            /// struct Busy;
            ///
            #[doc = concat!("let policy = Retry::expo().observe(", stringify!($observer), "::new().by_debug());")]
            /// assert!(policy.run(|| Ok::<_, Busy>(())).is_ok());
            /// ```
            pub const fn by_debug(self) -> $observer<crate::integrations::levels::ByDebug> {
                $observer { levels: self.levels, show: core::marker::PhantomData }
            }
        }

        impl<W> $observer<W> {
            #[doc = concat!("Sets the level of tries. The default is ", $on_try, ".")]
            pub const fn try_level(mut self, level: $level) -> Self {
                self.levels.on_try = level;
                self
            }

            #[doc = concat!("Sets the level of successes. The default is ", $success, ".")]
            pub const fn success_level(mut self, level: $level) -> Self {
                self.levels.success = level;
                self
            }

            /// Sets the level of back-offs. The default is info.
            pub const fn backoff_level(mut self, level: $level) -> Self {
                self.levels.backoff = level;
                self
            }

            /// Sets the level of give-ups. The default is error.
            pub const fn giveup_level(mut self, level: $level) -> Self {
                self.levels.giveup = level;
                self
            }

            /// Sets the level of give-ups after a first attempt that was not retryable. The default is debug.
            pub const fn not_retryable_level(mut self, level: $level) -> Self {
                self.levels.not_retryable = level;
                self
            }
        }
    };
}

/// Shows errors with `Display`: the default of `Log` and `Tracing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDisplay;

/// Shows errors with `Debug`: set by the method `by_debug` of `Log` and `Tracing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDebug;

/// How errors are shown: [`ByDisplay`] or [`ByDebug`]. Sealed; appears in the bounds of `Log` and `Tracing`.
pub trait ShowError<E>: Sealed {
    /// Writes the error.
    ///
    /// # Errors
    ///
    /// If the formatter fails.
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Sealed for ByDisplay {}

impl<E: fmt::Display> ShowError<E> for ByDisplay {
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error.fmt(f)
    }
}

impl Sealed for ByDebug {}

impl<E: fmt::Debug> ShowError<E> for ByDebug {
    fn show(error: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error.fmt(f)
    }
}

pub(crate) use levels_of;
