//! The chain of observers and handlers, which notifies them in order. Sealed: users implement `Observe`.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::event::{Details, EventKind};
use crate::observe::record::Record;
use crate::sealed::Sealed;
use crate::slot::{Empty, Slot};

/// A policy's observers and handlers, whatever the operation's types. Sealed; appears in bounds and error messages.
pub trait Chain: Sealed {
    /// The future of an async handler. Uninhabited if the chain has none.
    type Pending: Pending;

    /// What a run records for them: `()` if there are none.
    type Record: Record;

    /// Whether the chain has any observers or handlers.
    const HAS_OBSERVERS: bool = true;
}

impl Chain for () {
    type Pending = Never;
    type Record = ();

    const HAS_OBSERVERS: bool = false;
}

/// A policy's observers and handlers, for operations that return `Result<T, E>`. Sealed.
///
/// It appears in the bounds of [`Retry::run`](crate::Retry::run) and its like, and in error messages. To be notified
/// of events, implement [`Observe`](crate::Observe) or add a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be notified of an operation that returns `Result<{T}, {E}>`",
    label = "the policy's handlers or observers do not match the types of the operation",
    note = "in code that takes any policy, use one bound for the whole policy: `P: relent::run::RunBlocking<T, E>`, `RunAsync<T, E>` or `RunLocal<T, E>`"
)]
pub trait Notify<T, E>: Chain {
    /// Returns whether any observer or handler wants events of this kind.
    fn wants(&self, event: EventKind) -> bool;

    /// Returns whether any observer or handler wants any event.
    fn wants_any(&self) -> bool {
        EventKind::ALL.into_iter().any(|event| self.wants(event))
    }

    /// Notifies observers and handlers from the cursor on, up to the first handler that must be awaited.
    ///
    /// Returns that handler's future, or `None` at the end of the chain. Called again with the same cursor, it
    /// continues after that handler.
    fn notify(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending>;
}

/// Observers and handlers that are not async. Sealed; appears in the bounds of `run` and in error messages.
#[diagnostic::on_unimplemented(
    message = "this policy has async handlers, which this method cannot await",
    label = "handlers were added with `on_try_async`, `on_success_async`, `on_backoff_async` or `on_giveup_async`",
    note = "to await them, use `run_async` or `poll_async`, or `begin_async` in a loop of your own",
    note = "or add handlers that are not async: `on_try`, `on_success`, `on_backoff`, `on_giveup`"
)]
pub trait NotifyBlocking: Sealed {}

/// No observers and no handlers, at no cost.
impl<T, E> Notify<T, E> for () {
    fn wants(&self, _: EventKind) -> bool {
        false
    }

    fn wants_any(&self) -> bool {
        false
    }

    fn notify(&self, _: &Details<'_, T, E>, _: &mut Cursor) -> Option<Never> {
        None
    }
}

impl NotifyBlocking for () {}

/// The position in a chain up to which an event has been handled. Appears in the signature of [`Notify::notify`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    notified: usize,
    passed: usize,
}

impl Cursor {
    /// Passes the next link of the chain. Returns whether it is due to be notified.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.passed == self.notified;
        self.passed += 1;
        if due {
            self.notified += 1;
        }
        due
    }

    /// Returns to the head of the chain, to continue after the links that were notified.
    pub(crate) fn resume(self) -> Self {
        Self { passed: 0, ..self }
    }
}

/// The future of an async handler, or [`Never`]. Sealed; appears in bounds and error messages.
//
// An enum variant takes no memory, and requires no auto traits, if it holds nothing but an uninhabited type. What a
// run needs after the future is therefore kept in a slot, which is empty if there can be no future.
pub trait Pending: Future<Output = ()> + Unpin + Sized + Sealed {
    /// `Full` if such a future can exist, so that a run must keep its data beside it; otherwise `Empty`.
    type Slot: Slot;
}

/// The future of a chain without async handlers. It cannot exist.
#[derive(Debug)]
pub enum Never {}

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match *self {}
    }
}

impl Sealed for Never {}

impl Pending for Never {
    type Slot = Empty;
}

macro_rules! chain_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<H: Chain> Chain for $pointer {
            type Pending = H::Pending;
            type Record = H::Record;

            const HAS_OBSERVERS: bool = H::HAS_OBSERVERS;
        }

        $(#[$cfg])?
        impl<T, E, H: Notify<T, E>> Notify<T, E> for $pointer {
            fn wants(&self, event: EventKind) -> bool {
                (**self).wants(event)
            }

            fn wants_any(&self) -> bool {
                (**self).wants_any()
            }

            fn notify(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending> {
                (**self).notify(details, cursor)
            }
        }

        $(#[$cfg])?
        impl<H: NotifyBlocking> NotifyBlocking for $pointer {}
    )* };
}

chain_by_reference! {
    &H,
    #[cfg(feature = "std")] std::sync::Arc<H>,
}
