//! From a policy back to its configuration.

use core::any::{TypeId, type_name};
use core::time::Duration;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use crate::clock::{Punctual, SystemClock};
use crate::condition::AnyError;
use crate::policy::Retry;
use crate::policy::settings::{Settings, Tries};
use crate::sealed::Sealed;
use crate::wait::jitter::Jitter;
use crate::wait::owned::{Kind, OwnedSchedule};
use crate::wait::schedule::Schedule;
use crate::wait::strategies::{Constant, Decay, Expo, Fibo, Linear, Sequence};
use crate::wait::{Decorrelated, FromFn, Runtime, Wait};

use super::RetryConfig;
use super::error::ConfigError;
use super::read::is_unlimited;
use super::value::written_jitter;

/// A strategy of this crate, whose data a configuration can have: the bound of `RetryConfig::try_from`. Sealed.
#[diagnostic::on_unimplemented(
    message = "the strategy `{Self}` is not one of this crate, so no configuration describes it",
    label = "no configuration describes this strategy"
)]
pub trait Textual: Sealed {
    /// Returns the strategy, or why it is not data.
    #[doc(hidden)]
    fn schedule(&self) -> Result<OwnedSchedule, &'static str>;
}

macro_rules! textual {
    ($($strategy:ty),* $(,)?) => { $(
        impl Textual for $strategy {
            fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
                Ok((*self).into())
            }
        }
    )* };
}

textual! { Expo, Fibo, Constant, Linear, Decay, Decorrelated, Schedule }

impl Sealed for Decorrelated {}
impl Sealed for Schedule {}
impl Sealed for OwnedSchedule {}
impl<F> Sealed for Runtime<F> {}
impl<T, E> Sealed for dyn Wait<T, E> + Send + Sync {}

impl Textual for OwnedSchedule {
    fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
        Ok(self.clone())
    }
}

impl<L: AsRef<[Duration]>> Textual for Sequence<L> {
    fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
        Ok(self.waits.as_ref().to_vec().into())
    }
}

impl<F> Textual for FromFn<F> {
    fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
        Err("its waits are computed by the function of `from_fn`; use another strategy")
    }
}

impl<F> Textual for Runtime<F> {
    fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
        Err("its waits are computed by the function of `runtime`; use another strategy")
    }
}

/// The strategy of a [`BoxedRetry`](crate::run::BoxedRetry).
impl<T, E> Textual for dyn Wait<T, E> + Send + Sync {
    fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
        Err(
            "its strategy is behind a pointer, since the policy is boxed; convert it before `boxed()`",
        )
    }
}

macro_rules! textual_by_reference {
    ($($pointer:ty),*) => { $(
        impl<S: Textual + ?Sized> Textual for $pointer {
            fn schedule(&self) -> Result<OwnedSchedule, &'static str> {
                (**self).schedule()
            }
        }
    )* };
}

textual_by_reference! { &S, Box<S>, Arc<S> }

/// Describes a policy that is data.
///
/// ```
/// use relent::{Retry, RetryConfig};
///
/// let config = RetryConfig::try_from(&Retry::fibo().max_tries(4))?;
/// assert_eq!(config.to_string(), "fibo max_tries=4 jitter=full");
///
/// let picky = Retry::fibo().retry_if(|e: &&str| *e == "busy");
/// let refused = RetryConfig::try_from(&picky).unwrap_err().to_string();
/// assert!(refused.contains("it has a condition"), "{refused}");
/// assert!(RetryConfig::try_from(&picky.without_conditions()).is_ok());
/// # Ok::<(), relent::config::ConfigError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the policy has a part that is not data: a condition, a budget, handlers or observers, a clock other
/// than the system's, a target, a strategy or a jitter that is a function. Also if its settings contradict each other, as in
/// a configuration that is read.
impl<S, C, H, Z> TryFrom<&Retry<S, C, H, Z>> for RetryConfig
where
    S: Textual,
    C: 'static,
    H: 'static,
    Z: 'static,
{
    type Error = ConfigError;

    fn try_from(policy: &Retry<S, C, H, Z>) -> Result<Self, ConfigError> {
        let is = |part: TypeId, allowed: &[TypeId]| allowed.contains(&part);
        let mut obstacles = Vec::<String>::new();
        let strategy = policy.strategy.schedule();
        if let Err(obstacle) = &strategy {
            obstacles.push((*obstacle).into());
        }
        if !is(TypeId::of::<C>(), &[TypeId::of::<AnyError>()]) {
            obstacles.push(format!(
                "it has a condition, `{}`; call `without_conditions()`",
                name_of::<C>()
            ));
        }
        if !is(TypeId::of::<H>(), &[TypeId::of::<()>()]) {
            obstacles.push("it has handlers or observers; call `without_observers()`".into());
        }
        if !is(
            TypeId::of::<Z>(),
            &[TypeId::of::<SystemClock>(), TypeId::of::<Punctual<SystemClock>>()],
        ) {
            obstacles.push(format!(
                "it has a clock of its own or a cancel handle, `{}`; convert it before `clock` and `cancelled_by`",
                name_of::<Z>()
            ));
        }
        if let Some(target) = policy.settings.target {
            obstacles.push(format!(
                "it has the target {target:?}; set it in the program, after reading"
            ));
        }
        if let Err(obstacle) = written_jitter(policy.settings.jitter) {
            obstacles.push(obstacle.into());
        }
        match (strategy, obstacles.as_slice()) {
            (Ok(strategy), []) => Self::of(strategy, policy.settings),
            _ => Err(ConfigError::unwritable(&obstacles.join(". Also, "))),
        }
    }
}

/// The name of a type, without its path and its arguments.
fn name_of<X>() -> &'static str {
    let name = type_name::<X>();
    let path = name.split('<').next().unwrap_or(name);
    path.rsplit("::").next().unwrap_or(path)
}

impl RetryConfig {
    /// A strategy and settings that are data.
    fn of(strategy: OwnedSchedule, mut settings: Settings) -> Result<Self, ConfigError> {
        settings.has_own_window = false;
        let has_own_window = matches!(strategy.kind(), Kind::Schedule(Schedule::Decorrelated(_)));
        if has_own_window && !matches!(settings.jitter, Jitter::Full | Jitter::None) {
            return Err(ConfigError::unwritable(
                "its strategy `decorrelated` ignores its jitter; use Jitter::None, or leave the jitter unset",
            ));
        }
        // A list ends by itself: without a limit it is as if none were set.
        let ends = matches!(strategy.kind(), Kind::Sequence(_));
        if ends && is_unlimited(settings.tries) && settings.max_time.is_none() {
            settings.tries = Tries::Unset;
        }
        let config = Self { strategy, settings };
        config.check(false).map_err(ConfigError::of_policy)?;
        Ok(config)
    }
}
