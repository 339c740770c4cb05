//! How an event reaches everybody who is registered, in order, whether or not some of them have to
//! be awaited. Private: users implement `Observe`.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::event::{Details, EventKind};
use crate::sealed::Sealed;
use crate::slot::{Empty, Slot};

/// What a chain is without knowing what it is told of.
pub trait Chain: Sealed {
    /// The future of a handler that has to be awaited. Uninhabited where there is none.
    type Pending: Pending;

    /// Whether there is anybody in it.
    const HAS_OBSERVERS: bool = true;
}

impl Sealed for () {}

impl Chain for () {
    type Pending = Never;

    const HAS_OBSERVERS: bool = false;
}

/// A policy's chain of those who are told.
pub trait Notify<T, E>: Chain {
    /// Whether anybody wants to be told of events of this kind.
    fn wants(&self, event: EventKind) -> bool;

    /// Whether anybody wants to be told of anything.
    fn wants_any(&self) -> bool {
        EventKind::ALL.into_iter().any(|event| self.wants(event))
    }

    /// Tells everybody from the cursor on, or up to the first one who has to be awaited. Called
    /// again with the same cursor it goes on after that one.
    fn notify(&self, details: &Details<'_, T, E>, cursor: &mut Cursor) -> Option<Self::Pending>;
}

/// A chain in which nobody has to be awaited: its `tell` always tells everybody.
#[diagnostic::on_unimplemented(
    message = "this policy has async handlers, which `run` cannot await",
    label = "has handlers that were added by `on_try_async`, `on_success_async`, `on_backoff_async` or `on_giveup_async`",
    note = "use `run_async` (or `poll_async`, or in a loop of your own `begin_async`), or handlers that are not async: `on_try`, `on_success`, `on_backoff`, `on_giveup`"
)]
pub trait NotifyBlocking: Sealed {}

/// Nobody is told, at no cost.
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

/// How far down the chain one event has been told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    told: usize,
    passed: usize,
}

impl Cursor {
    /// Passes the next one in the chain. Returns whether it is that one's turn.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.passed == self.told;
        self.passed += 1;
        if due {
            self.told += 1;
        }
        due
    }

    /// Back to the head of the chain, to go on where the telling stopped.
    pub(crate) fn resume(self) -> Self {
        Self { passed: 0, ..self }
    }
}

/// The future of a handler that has to be awaited.
///
/// A variant that holds nothing but an uninhabited type does not exist in memory, and lends its enum no auto
/// traits: hence what a run needs after the future is kept in a slot, which is empty where there is none.
pub trait Pending: Future<Output = ()> + Unpin + Sized + Sealed {
    /// Whether there can be such a future, and something beside it.
    type Slot: Slot;
}

/// A future that cannot exist.
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
