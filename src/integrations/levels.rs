//! What `Log` and `Tracing` share: levels, and how they show errors.

use core::fmt;

use crate::event::{Displayed, EventKind, Line, StopReason, Text};
use crate::sealed::Sealed;

/// One level per kind of event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Severity<L> {
    by_event: [L; EventKind::ALL.len()],
    /// For a give-up after a first attempt that was not retryable: nothing was retried.
    not_retryable: L,
}

impl<L: Copy> Severity<L> {
    /// Uses the same level for all events.
    pub(crate) const fn all(level: L) -> Self {
        Self { by_event: [level; EventKind::ALL.len()], not_retryable: level }
    }

    /// Sets the level of one kind of event.
    pub(crate) const fn with(mut self, event: EventKind, level: L) -> Self {
        self.by_event[event.index()] = level;
        self
    }

    /// Sets the level of give-ups after a first attempt that was not retryable.
    pub(crate) const fn with_not_retryable(mut self, level: L) -> Self {
        self.not_retryable = level;
        self
    }

    /// Returns the level of the event that a line describes.
    pub(crate) fn of(&self, line: &Line<'_>) -> L {
        match (line.reason, line.tries) {
            (Some(StopReason::NotRetryable), 1) => self.not_retryable,
            _ => self.by_event[line.event.index()],
        }
    }

    /// Returns whether `is_on` holds for any level that events of this kind can have.
    pub(crate) fn any(&self, event: EventKind, is_on: impl Fn(&L) -> bool) -> bool {
        is_on(&self.by_event[event.index()])
            || event == EventKind::GiveUp && is_on(&self.not_retryable)
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
                self.levels = self.levels.with(crate::event::EventKind::Try, level);
                self
            }

            #[doc = concat!("Sets the level of successes. The default is ", $success, ".")]
            pub const fn success_level(mut self, level: $level) -> Self {
                self.levels = self.levels.with(crate::event::EventKind::Success, level);
                self
            }

            /// Sets the level of back-offs. The default is info.
            pub const fn backoff_level(mut self, level: $level) -> Self {
                self.levels = self.levels.with(crate::event::EventKind::Backoff, level);
                self
            }

            /// Sets the level of give-ups. The default is error.
            pub const fn giveup_level(mut self, level: $level) -> Self {
                self.levels = self.levels.with(crate::event::EventKind::GiveUp, level);
                self
            }

            /// Sets the level of give-ups after a first attempt that was not retryable. The default is debug.
            pub const fn not_retryable_level(mut self, level: $level) -> Self {
                self.levels = self.levels.with_not_retryable(level);
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
    #[doc(hidden)]
    fn text(error: &E) -> Text<'_>;
}

impl Sealed for ByDisplay {}

impl<E: Displayed> ShowError<E> for ByDisplay {
    fn text(error: &E) -> Text<'_> {
        Text::Display(error)
    }
}

impl Sealed for ByDebug {}

impl<E: fmt::Debug> ShowError<E> for ByDebug {
    fn text(error: &E) -> Text<'_> {
        Text::Debug(error)
    }
}

pub(crate) use levels_of;
