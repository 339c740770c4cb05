//! Who is told? The trait for observers of any operation, and the chain that keeps their order.

pub(crate) mod chain;
#[cfg(feature = "std")]
pub(crate) mod handlers;
#[cfg(feature = "std")]
mod lists;

pub use chain::{Chain, Cursor, Never, Notify, NotifyBlocking, Pending};
#[cfg(feature = "std")]
pub use handlers::{
    Append, AsyncHandler, Either, Handle, Handler, HandlerKind, HandlerList, Handlers,
    HandlersAsync,
};

use core::fmt;

use crate::event::{Details, EventKind};
use crate::sealed::Sealed;

/// Is told of the events of any operation whose types it can handle.
///
/// A handler (`on_backoff` and its like) is a closure for one pair of types `T` and `E`. An observer
/// is a type, and serves every operation of a program through one policy, for example one in a
/// `LazyLock`.
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
/// An observer is called on the path of the call: it should be quick, and must not block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot observe an operation that returns `Result<{T}, {E}>`",
    label = "this policy's observer does not fit the operation",
    note = "an observer implements `relent::Observe<T, E>`, often for `E: Display` or `E: Debug` only"
)]
pub trait Observe<T, E> {
    /// Is called with every event, and by default calls the method for its kind: an observer that treats all events
    /// alike implements this one alone.
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
    fn on_event(&self, details: &Details<'_, T, E>) {
        match details.event {
            EventKind::Try => self.on_try(details),
            EventKind::Success => self.on_success(details),
            EventKind::Backoff => self.on_backoff(details),
            EventKind::GiveUp => self.on_giveup(details),
        }
    }

    /// An attempt is about to be made.
    fn on_try(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// The run succeeded.
    fn on_success(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// An outcome was not accepted, and the wait before the next attempt begins.
    fn on_backoff(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// The run gave up.
    fn on_giveup(&self, details: &Details<'_, T, E>) {
        let _ = details;
    }

    /// Whether it wants to be told of events of this kind. Where nobody does, no clock is read and
    /// nothing is prepared for the event. A run that began when nobody wanted any event tells those
    /// that come to be wanted during it with an `elapsed` of zero.
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

/// An observer, after those that were registered before it: see [`Retry::observe`](crate::Retry::observe).
#[derive(Clone, Copy)]
pub struct Observed<P, O> {
    pub(crate) previous: P,
    pub(crate) observer: O,
}

impl<P, O> Sealed for Observed<P, O> {}

impl<P: Chain, O> Chain for Observed<P, O> {
    type Pending = P::Pending;
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
