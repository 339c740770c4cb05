//! Where the future of a run stands.
//!
//! Its state changes name the state that they replace, so that no code is made to drop any other.

use core::pin::Pin;
use pin_project_lite::pin_project;

pin_project! {
    #[project = StateProjection]
    pub(crate) enum State<A, W, K, N, B> {
        NotStarted,
        // Observers know of the next attempt.
        Due,
        Attempting { #[pin] attempt: A },
        Sleeping { #[pin] sleep: W, outcome: K },
        Notifying { pending: N, notice: B },
        Done,
    }
}

impl<A, W, K, N, B> State<A, W, K, N, B> {
    #[inline]
    pub(crate) fn enter(mut self: Pin<&mut Self>, next: impl FnOnce() -> Self) {
        match *self {
            Self::Done => self.set(next()),
            _ => ended(),
        }
    }

    /// A function of its own, since unoptimised code holds what is set on the stack: here, and not below everything
    /// that is called later.
    #[inline]
    pub(crate) fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Done);
    }

    #[inline]
    pub(crate) fn end_attempt(mut self: Pin<&mut Self>) {
        match *self {
            Self::Attempting { .. } => self.set(Self::Done),
            _ => ended(),
        }
    }

    #[inline]
    pub(crate) fn end_sleep(mut self: Pin<&mut Self>) {
        match *self {
            Self::Sleeping { .. } => self.set(Self::Done),
            _ => ended(),
        }
    }
}

#[cold]
#[inline(never)]
pub(crate) fn ended() -> ! {
    panic!("relent: a `Retrying` was polled after it had ended")
}
