//! Observers and handlers, which are notified of the events of a run.
//!
//! * An observer is a type that implements [`Observe`]. It can serve operations of different types. Add it with
//!   [`Retry::observe`](crate::Retry::observe).
//! * A handler is a closure for one pair of types `T` and `E`. Add it with one of the `on_*` methods, such as
//!   [`Retry::on_backoff`](crate::Retry::on_backoff), or [`Retry::on_backoff_async`](crate::Retry::on_backoff_async) if
//!   it is async.
//! * [`Observed`], [`Handlers`] and [`HandlersAsync`] are part of a policy's type. Name them if you have to write that
//!   type, for example for a `static` or a field.
//!
//! The other items appear in bounds and error messages. Their traits are sealed. The guide has a page on
//! [handlers](crate::guide::handlers).

pub(crate) mod chain;
#[cfg(feature = "std")]
pub(crate) mod handlers;
#[cfg(feature = "std")]
mod lists;
pub(crate) mod record;

pub use chain::{Chain, Cursor, Never, Notify, NotifyBlocking, Pending};
#[cfg(feature = "std")]
pub use handlers::{
    Append, AsyncHandler, Either, Handle, Handler, HandlerFuture, HandlerKind, HandlerList,
    HandlerReturn, Handlers, HandlersAsync,
};
pub use record::{Record, Recorded};

use core::fmt;

use crate::event::{Details, EventKind};
use crate::sealed::Sealed;

/// An observer, notified of the events of any operation whose types it supports.
///
/// ```
/// use std::fmt::Display;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use relent::{Details, Observe, Retry, TestClock};
///
/// #[derive(Debug, Default)]
/// struct Retries(AtomicU32);
///
/// impl<T, E: Display> Observe<T, E> for Retries {
///     fn on_backoff(&self, details: &Details<'_, T, E>) {
///         println!("{details}");
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let retries = Retries::default();
/// let policy = Retry::expo().max_tries(3).clock(TestClock::new()).observe(&retries);
/// policy.run(|| Err::<(), _>("a string")).unwrap_err();
/// policy.run(|| Err::<u8, _>(std::fmt::Error)).unwrap_err();
/// assert_eq!(retries.0.into_inner(), 4);
/// ```
///
/// An observer that treats all events alike implements only [`on_event`](Self::on_event). Others implement the methods
/// for the kinds they need; by default, those do nothing.
///
/// A handler ([`Retry::on_backoff`](crate::Retry::on_backoff) and its like) is a closure for one pair of types `T` and
/// `E`. An observer is a type, so one policy that has it, for example in a `LazyLock`, can serve every operation of a
/// program.
///
/// An observer is called as part of the run: it should be quick, and must not block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot observe an operation that returns `Result<{T}, {E}>`",
    label = "this policy's observer does not support the operation's types",
    note = "an observer implements `relent::Observe<T, E>`; many do so only if `E` is `Display` or `Debug`"
)]
pub trait Observe<T, E> {
    /// Handles an event of any kind. By default, calls the method for its kind.
    ///
    /// ```
    /// use std::fmt::Display;
    /// use relent::{Details, Observe, Retry, TestClock};
    ///
    /// struct Print;
    ///
    /// impl<T, E: Display> Observe<T, E> for Print {
    ///     fn on_event(&self, details: &Details<'_, T, E>) {
    ///         println!("{details}");
    ///     }
    /// }
    ///
    /// let policy = Retry::expo().max_tries(2).clock(TestClock::new()).observe(Print);
    /// assert_eq!(policy.run(|| Err::<(), _>("down")), Err("down"));
    /// ```
    ///
    /// If you implement it, the methods for single kinds are not called unless you call them. It also receives kinds
    /// that a later release may add: [`EventKind`] is non-exhaustive.
    fn on_event(&self, details: &Details<'_, T, E>) {
        match details.event {
            EventKind::Try => self.on_try(details),
            EventKind::Success => self.on_success(details),
            EventKind::Backoff => self.on_backoff(details),
            EventKind::GiveUp => self.on_giveup(details),
        }
    }

    /// Handles [`EventKind::Try`]: an attempt is about to be made.
    fn on_try(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// Handles [`EventKind::Success`]: the run succeeded.
    fn on_success(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// Handles [`EventKind::Backoff`]: an outcome was not accepted, and the wait before the next attempt begins.
    fn on_backoff(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// Handles [`EventKind::GiveUp`]: the run gave up.
    fn on_giveup(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// Returns whether the observer wants events of this kind. By default, it wants all.
    ///
    /// Unwanted events are not passed to the observer. The answer may change at any time, for example with a log level.
    /// The method is called often and should be cheap.
    ///
    /// If no observer or handler wants an event, its details are not prepared. If none wants any event, the run does
    /// not read the clock for them. If no event was wanted when the run started, events enabled later report `elapsed`
    /// as zero, unless something else in the run reads the clock.
    fn wants(&self, event: EventKind) -> bool {
        let _ = event;
        true
    }
}

macro_rules! observe_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<T, E, O: Observe<T, E> + ?Sized> Observe<T, E> for $pointer {
            fn on_event(&self, details: &Details<'_, T, E>) {
                (**self).on_event(details);
            }

            fn on_try(&self, details: &Details<'_, T, E>) {
                (**self).on_try(details);
            }

            fn on_success(&self, details: &Details<'_, T, E>) {
                (**self).on_success(details);
            }

            fn on_backoff(&self, details: &Details<'_, T, E>) {
                (**self).on_backoff(details);
            }

            fn on_giveup(&self, details: &Details<'_, T, E>) {
                (**self).on_giveup(details);
            }

            fn wants(&self, event: EventKind) -> bool {
                (**self).wants(event)
            }
        }
    )* };
}

observe_by_reference! {
    &O,
    #[cfg(feature = "std")] std::boxed::Box<O>,
    #[cfg(feature = "std")] std::sync::Arc<O>,
}

/// The third type parameter of a policy to which [`Retry::observe`](crate::Retry::observe) added an observer.
///
/// `O` is the observer, and `P` is what was added before.
#[derive(Clone, Copy)]
pub struct Observed<P, O> {
    pub(crate) previous: P,
    pub(crate) observer: O,
}

impl<P, O> Sealed for Observed<P, O> {}

impl<P: Chain, O> Chain for Observed<P, O> {
    type Pending = P::Pending;
    type Record = Recorded;
}

impl<T, E, P: Notify<T, E>, O: Observe<T, E>> Notify<T, E> for Observed<P, O> {
    fn wants(&self, event: EventKind) -> bool {
        self.previous.wants(event) || self.observer.wants(event)
    }

    fn notify(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending> {
        let pending = self.previous.notify(details, cursor);
        if pending.is_none() && cursor.is_due() && self.observer.wants(details.event) {
            self.observer.on_event(details);
        }
        pending
    }
}

impl<P: NotifyBlocking, O> NotifyBlocking for Observed<P, O> {}

impl<P: fmt::Debug, O> fmt::Debug for Observed<P, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("previous", &self.previous)
            .field("observer", &core::any::type_name::<O>())
            .finish()
    }
}
