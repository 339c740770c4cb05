//! How a request is cloned.

use core::fmt;

use crate::sealed::Sealed;

/// How a request is cloned, in the type of a [`RetryLayer`](crate::service::RetryLayer). Sealed: [`ByClone`] and
/// [`ByFn`].
pub trait CloneRequest<R>: Sealed {
    /// Returns a clone for the next attempt, or `None` if the request cannot be repeated.
    fn clone_request(&self, request: &R) -> Option<R>;
}

/// Clones requests by [`Clone`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ByClone;

impl Sealed for ByClone {}

impl<R: Clone> CloneRequest<R> for ByClone {
    fn clone_request(&self, request: &R) -> Option<R> {
        Some(request.clone())
    }
}

/// Clones requests by a function.
#[derive(Clone, Copy)]
pub struct ByFn<F>(pub(crate) F);

impl<F> Sealed for ByFn<F> {}

impl<R, F: Fn(&R) -> Option<R>> CloneRequest<R> for ByFn<F> {
    fn clone_request(&self, request: &R) -> Option<R> {
        (self.0)(request)
    }
}

impl<F> fmt::Debug for ByFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByFn").finish_non_exhaustive()
    }
}
