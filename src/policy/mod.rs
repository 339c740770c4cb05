//! The policy: `Retry`, and the builder that makes one. Each file has the methods for one question, and
//! rustdoc shows them in the order in which the files are named here.

mod wait;

mod limits;

mod condition;

#[cfg(feature = "std")]
mod handlers;

mod observe;

mod clock;

pub(crate) mod hold;
pub(crate) mod settings;

use crate::clock::SystemClock;
use crate::condition::AnyError;
use crate::policy::settings::Settings;
use crate::wait::strategies::Expo;

/// How to be patient: a policy that any number of calls can share.
///
/// ```
/// use std::time::Duration;
/// use relent::{Retry, TestClock};
///
/// static API: Retry = Retry::expo().max_tries(5).max_wait(Duration::from_secs(10));
///
/// let mut calls = 0;
/// let number = API.clock(TestClock::new()).run(|| {
///     calls += 1;
///     if calls < 3 { Err("busy") } else { Ok(7) }
/// });
/// assert_eq!(number, Ok(7));
/// let text: Result<String, std::fmt::Error> = API.run(|| Ok(String::from("any type")));
/// assert!(text.is_ok());
/// ```
///
/// A policy is a value: a constructor says how long to wait, a chain of settings says the rest, in
/// any order, and [`run`](Self::run) or [`run_async`](Self::run_async) makes the call. Unless told
/// otherwise it retries every error, at most 10 times in all, with full jitter: the waits that a
/// strategy computes are *maxima*.
///
/// | parameter | question | default | changed by |
/// |---|---|---|---|
/// | `S` | how long to wait? [`Wait`](crate::Wait) | [`Expo`] | the constructors |
/// | `C` | whether to retry? [`Condition`](crate::Condition) | [`AnyError`] | `retry_if`, `until`, `retry_after`, `retry_after_value`, `budget`, `condition` |
/// | `H` | who is told? [`Observe`](crate::Observe) | `()`, nobody | `on_try`, `on_success`, `on_backoff`, `on_giveup`, `on_*_async`, `observe` |
/// | `Z` | what clock? [`BlockingClock`](crate::BlockingClock), [`AsyncClock`](crate::AsyncClock) | [`SystemClock`] | `clock`, `cancelled_by` |
///
/// A policy is `Copy` where its parts are: not with handlers or [`cancelled_by`](Self::cancelled_by),
/// and with a clock or a budget where they are given by reference. It is `Send` and `Sync` where they
/// are, as handlers always are: share one by reference, in an `Arc` or in a `LazyLock`. Where it is
/// numbers alone it can be a `const` or a `static`.
///
/// The guide has [recipes](crate::guide::recipes), and the [dangers](crate::guide::dangers) of retries.
#[derive(Clone, Copy)]
#[must_use = "a policy does nothing until it is run: `.run(..)` or `.run_async(..)`"]
pub struct Retry<S = Expo, C = AnyError, H = (), Z = SystemClock> {
    pub(crate) strategy: S,
    pub(crate) condition: C,
    pub(crate) observer: H,
    pub(crate) clock: Z,
    pub(crate) settings: Settings,
}

/// [`Retry::expo`].
impl Default for Retry {
    fn default() -> Self {
        Self::expo()
    }
}

/// The parts, for the files that ask the questions.
impl<S, C, H, Z> Retry<S, C, H, Z> {
    pub(crate) fn map_condition<D>(self, change: impl FnOnce(C) -> D) -> Retry<S, D, H, Z> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition: change(condition), observer, clock, settings }
    }

    pub(crate) fn map_observer<O>(self, change: impl FnOnce(H) -> O) -> Retry<S, C, O, Z> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition, observer: change(observer), clock, settings }
    }

    pub(crate) fn map_clock<Y>(self, change: impl FnOnce(Z) -> Y) -> Retry<S, C, H, Y> {
        let Self { strategy, condition, observer, clock, settings } = self;
        Retry { strategy, condition, observer, clock: change(clock), settings }
    }
}
