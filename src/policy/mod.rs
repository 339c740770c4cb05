//! The policy: `Retry` and its setters, one file per section of its page.

// rustdoc shows the sections in the order of these lines. The blank lines keep rustfmt from sorting them.
mod constructors;

mod limits;

mod wait;

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

/// A retry policy, which any number of calls can share.
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
/// A policy is a plain value. A constructor sets how long to wait, a chain of setters configures the rest, and
/// [`run`](Self::run) or [`run_async`](Self::run_async) makes the call. By default a run retries every error, makes at
/// most 10 attempts, and applies full jitter: the waits that a strategy computes are *maxima*.
///
/// | task | methods |
/// |---|---|
/// | construct | [`expo`](Self::expo), [`fibo`](Self::fibo), [`constant`](Self::constant), [`linear`](Self::linear), [`try_linear`](Self::try_linear), [`decay`](Self::decay), [`decorrelated`](Self::decorrelated), [`try_decorrelated`](Self::try_decorrelated), [`sequence`](Self::sequence), [`from_fn`](Self::from_fn), [`runtime`](Self::runtime), [`new`](Self::new) |
/// | set limits | [`max_tries`](Self::max_tries), [`try_max_tries`](Self::try_max_tries), [`max_time`](Self::max_time), [`last_wait_may_overrun`](Self::last_wait_may_overrun), [`no_attempt_after_deadline`](Self::no_attempt_after_deadline), [`forever`](Self::forever), [`nested`](Self::nested) |
/// | shape the waits | [`max_wait`](Self::max_wait), [`try_max_wait`](Self::try_max_wait), [`jitter`](Self::jitter), [`try_jitter`](Self::try_jitter), [`seed`](Self::seed) |
/// | change the waits of `expo` | [`first_wait`](Self::first_wait), [`try_first_wait`](Self::try_first_wait), [`factor`](Self::factor), [`try_factor`](Self::try_factor) |
/// | change the waits of `fibo` or `linear` | [`first_wait`](Self::first_wait), [`try_first_wait`](Self::try_first_wait) |
/// | change the waits of `decay` | [`first_wait`](Self::first_wait), [`try_first_wait`](Self::try_first_wait), [`decay_factor`](Self::decay_factor), [`try_decay_factor`](Self::try_decay_factor), [`min_wait`](Self::min_wait) |
/// | decide what to retry | [`retry_if`](Self::retry_if), [`until`](Self::until), [`budget`](Self::budget), [`condition`](Self::condition), [`without_conditions`](Self::without_conditions) |
#[cfg_attr(
    feature = "std",
    doc = "| give a predicate that captures a name | [`retry_if_shared`](Self::retry_if_shared) |"
)]
/// | obey requested waits | [`retry_after`](Self::retry_after), [`retry_after_value`](Self::retry_after_value), [`max_asked_wait`](Self::max_asked_wait) |
#[cfg_attr(
    feature = "std",
    doc = "| call handlers | [`on_try`](Self::on_try), [`on_success`](Self::on_success), [`on_backoff`](Self::on_backoff), [`on_giveup`](Self::on_giveup) |"
)]
#[cfg_attr(
    not(feature = "std"),
    doc = "| call handlers (feature `std`) | `on_try`, `on_success`, `on_backoff`, `on_giveup` |"
)]
#[cfg_attr(
    feature = "std",
    doc = "| await handlers | [`on_try_async`](Self::on_try_async), [`on_success_async`](Self::on_success_async), [`on_backoff_async`](Self::on_backoff_async), [`on_giveup_async`](Self::on_giveup_async) |"
)]
#[cfg_attr(
    not(feature = "std"),
    doc = "| await handlers (feature `std`) | `on_try_async`, `on_success_async`, `on_backoff_async`, `on_giveup_async` |"
)]
/// | notify observers | [`observe`](Self::observe), [`target`](Self::target) |
/// | extend a borrowed policy, remove its handlers | [`by_ref`](Self::by_ref), [`without_observers`](Self::without_observers) |
#[cfg_attr(
    feature = "std",
    doc = "| keep a policy in a field | [`boxed`](Self::boxed), [`share_observers`](Self::share_observers) |"
)]
/// | change the clock | [`clock`](Self::clock) |
#[cfg_attr(feature = "std", doc = "| cancel | [`cancelled_by`](Self::cancelled_by) |")]
#[cfg_attr(not(feature = "std"), doc = "| cancel (feature `std`) | `cancelled_by` |")]
/// | run, blocking the thread | [`run`](Self::run), [`poll`](Self::poll), [`run_with`](Self::run_with), [`run_attempt`](Self::run_attempt) |
/// | run as a future | [`run_async`](Self::run_async), [`into_run_async`](Self::into_run_async), [`poll_async`](Self::poll_async), [`into_poll_async`](Self::into_poll_async), [`run_with_async`](Self::run_with_async), [`run_attempt_async`](Self::run_attempt_async) |
/// | run in line, in a loop of your own | [`attempts`](Self::attempts), [`attempts_async`](Self::attempts_async), [`begin_async`](Self::begin_async), [`into_attempts`](Self::into_attempts), [`into_attempts_async`](Self::into_attempts_async) |
#[cfg_attr(
    feature = "futures-core",
    doc = "| run as a stream that reconnects | [`stream`](Self::stream), [`into_stream`](Self::into_stream) |"
)]
#[cfg_attr(
    not(feature = "futures-core"),
    doc = "| run as a stream that reconnects (feature `futures-core`) | `stream`, `into_stream` |"
)]
#[cfg_attr(
    feature = "tower-layer",
    doc = "| retry the requests of a service | [`into_layer`](Self::into_layer) |"
)]
#[cfg_attr(
    not(feature = "tower-layer"),
    doc = "| retry the requests of a service (feature `tower-layer`) | `into_layer` |"
)]
#[cfg_attr(
    feature = "tower",
    doc = "| be the policy of `tower`'s own retry | [`into_tower_policy`](Self::into_tower_policy) |"
)]
/// | go on with a run that is kept elsewhere | [`decide`](Self::decide), [`decide_with`](Self::decide_with), [`attempts_from`](Self::attempts_from), [`attempts_from_async`](Self::attempts_from_async) |
/// | take only the waits | [`backoff`](Self::backoff), [`into_backoff`](Self::into_backoff), [`wait_after`](Self::wait_after) |
/// | set run options | [`show_args`](Self::show_args), [`attempt_timeout`](Self::attempt_timeout), [`attempt_timeout_with`](Self::attempt_timeout_with), [`interrupt_at_deadline`](Self::interrupt_at_deadline) |
#[cfg_attr(
    feature = "tracing",
    doc = "| put runs and attempts into spans | [`traced`](Self::traced), [`into_traced`](Self::into_traced) |"
)]
#[cfg_attr(feature = "explain", doc = "| learn how a run ended | [`explain`](Self::explain) |")]
#[cfg_attr(
    not(feature = "explain"),
    doc = "| learn how a run ended (feature `explain`) | `explain` |"
)]
/// | look at the policy | [`waits`](Self::waits), [`get_max_tries`](Self::get_max_tries), [`get_max_time`](Self::get_max_time), [`get_max_wait`](Self::get_max_wait), [`get_max_asked_wait`](Self::get_max_asked_wait), [`get_nested`](Self::get_nested), [`get_jitter`](Self::get_jitter), [`get_seed`](Self::get_seed), [`get_target`](Self::get_target), [`get_strategy`](Self::get_strategy), [`get_condition`](Self::get_condition) |
///
/// # Type parameters
///
/// | parameter | what it decides | default | changed by |
/// |---|---|---|---|
/// | `S` | how long to wait: [`Wait`](crate::Wait) | [`Expo`] | the constructors |
/// | `C` | whether to retry: [`Condition`](crate::Condition) | [`AnyError`] | `retry_if`, `retry_if_shared`, `until`, `retry_after`, `retry_after_value`, `budget`, `condition`, `without_conditions` |
/// | `H` | what to notify: handlers and [`Observe`](crate::Observe) | `()`, nothing | `on_try`, `on_success`, `on_backoff`, `on_giveup`, `on_*_async`, `observe`, `without_observers`, `share_observers` |
/// | `Z` | which clock to use: [`BlockingClock`](crate::BlockingClock), [`AsyncClock`](crate::AsyncClock) | [`SystemClock`] | `clock`, `cancelled_by`, `no_attempt_after_deadline` |
///
/// # Sharing
///
/// A policy is `Copy` if its parts are. Handlers and `cancelled_by` are not. A clock or a budget is if you pass it by
/// reference.
///
/// A policy is `Send` and `Sync` if its parts are. Handlers always are. Share a policy by reference, in an `Arc` or in
/// a `LazyLock`. If you build it with `const` methods only, it can be a `const` or a `static`.
///
/// The guide has [recipes](crate::guide::recipes), and a page on the [dangers](crate::guide::dangers) of retries.
#[doc(alias = "backoff")]
#[derive(Clone, Copy)]
#[must_use = "a policy does nothing until it is run: `.run(..)` or `.run_async(..)`"]
pub struct Retry<S = Expo, C = AnyError, H = (), Z = SystemClock> {
    pub(crate) strategy: S,
    pub(crate) condition: C,
    pub(crate) observer: H,
    pub(crate) clock: Z,
    pub(crate) settings: Settings,
}

/// Same as [`Retry::expo`].
impl Default for Retry {
    fn default() -> Self {
        Self::expo()
    }
}

/// Setters that change the type of a part.
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
