//! Strategies that call a function of the user.

use core::fmt;
use core::time::Duration;

use crate::event::Details;
use crate::nanos::nanos;
use crate::wait::{Numeric, Wait};

/// Waits computed by a function from the number of tries. See [`Retry::from_fn`](crate::Retry::from_fn).
#[derive(Clone, Copy)]
pub struct FromFn<F> {
    compute: F,
}

impl<F> FromFn<F> {
    pub(crate) const fn new(compute: F) -> Self {
        Self { compute }
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}

impl<F: Fn(u32) -> Option<Duration>> Numeric for FromFn<F> {
    fn nanos(&self, tries: u32) -> Option<u64> {
        (self.compute)(tries).map(nanos)
    }
}

/// Waits computed by a function from the [`Details`] of each attempt. See [`Retry::runtime`](crate::Retry::runtime).
#[derive(Clone, Copy)]
pub struct Runtime<F> {
    compute: F,
}

impl<F> Runtime<F> {
    pub(crate) const fn new(compute: F) -> Self {
        Self { compute }
    }
}

impl<F> fmt::Debug for Runtime<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

impl<T, E, F: Fn(&Details<'_, T, E>) -> Duration> Wait<T, E> for Runtime<F> {
    fn wait(&self, details: &Details<'_, T, E>) -> Option<Duration> {
        Some((self.compute)(details))
    }
}
