//! How long the next wait is, or why there is none. Limits, caps and the order of the questions are here and
//! nowhere else.
//!
//! Nothing in it depends on the operation's types, so that a program has this code once, and not once for each of
//! its calls.

use core::time::Duration;

use crate::event::{Details, StopReason};
use crate::nanos::nanos;
use crate::policy::settings::{DEFAULT_MAX_TRIES, Settings, Tries};
use crate::run::Run;
use crate::testing::scope;
use crate::wait::jitter::{self, Chance, Jitter};
use crate::wait::{Numeric, Wait};

/// A strategy that looks at more than numbers, and what it looks at.
pub(crate) struct Looking<'a, S, T, E> {
    pub(crate) strategy: &'a S,
    pub(crate) details: &'a Details<'a, T, E>,
}

impl<T, E, S: Wait<T, E>> Numeric for Looking<'_, S, T, E> {
    fn nanos(&self, _: u32) -> Option<u64> {
        self.strategy.wait(self.details).map(nanos)
    }

    fn ends(&self) -> bool {
        self.strategy.ends()
    }
}

/// The wait before the next attempt in nanoseconds, or why there is none.
///
/// `elapsed` is the time since the run began, and `asked` the wait that the other side asks for.
pub(crate) fn next_wait(
    strategy: &dyn Numeric,
    settings: &Settings,
    tries: u32,
    elapsed: u64,
    asked: Option<u64>,
    chance: Chance,
) -> Result<u64, StopReason> {
    if tries >= most_tries(strategy, settings) || scope::is_last_try(tries) {
        return Err(StopReason::MaxTries);
    }
    let left = settings.time_left(elapsed);
    if left == Some(0) {
        return Err(StopReason::MaxTime);
    }
    // Asked also where another wait replaces its own: when it ends, so do the attempts.
    let planned = strategy.nanos(tries).ok_or(StopReason::WaitsExhausted)?;
    let wait = asked.unwrap_or_else(|| spread(planned, settings, tries, chance));
    match left {
        Some(left) if wait > left => {
            let must_fit = asked.is_some() || settings.no_attempt_after_deadline;
            if must_fit { Err(StopReason::MaxTime) } else { Ok(left) }
        }
        _ => Ok(wait),
    }
}

fn most_tries(strategy: &dyn Numeric, settings: &Settings) -> u32 {
    match settings.tries {
        Tries::AtMost(most) => most.get(),
        Tries::Unset if strategy.ends() => u32::MAX,
        Tries::Unset => DEFAULT_MAX_TRIES,
    }
}

/// A strategy's wait after cap and jitter.
fn spread(planned: u64, settings: &Settings, tries: u32, chance: Chance) -> u64 {
    // Capped before jitter, so that a long wait is not spread far beyond the cap and then cut to it, for all
    // clients alike; and after it, so that no jitter exceeds it.
    let most = settings.max_wait.0;
    let planned = planned.min(most);
    if let Settings { jitter: Jitter::Full, seed: None, .. } = settings {
        return jitter::drawn(chance, planned);
    }
    let wait = settings.jitter.apply(planned, |width| match settings.seed {
        Some(seed) => jitter::seeded(seed, tries, width),
        None => jitter::drawn(chance, width),
    });
    wait.min(most)
}

/// Whether an attempt after this wait would begin at the deadline, or later.
pub(crate) fn leaves_no_time(settings: &Settings, wait: u64, elapsed: u64) -> bool {
    settings.time_left(elapsed).is_some_and(|left| left <= wait)
}

/// The wait after one attempt more of a run whose attempts take no time and all fail, without jitter. Counts the
/// attempt, and lets the wait pass.
pub(crate) fn preview<S: Wait<(), ()>>(
    strategy: &S,
    settings: &Settings,
    run: &mut Run,
    elapsed: &mut u64,
) -> Option<Duration> {
    run.count_try();
    let settings = Settings { jitter: Jitter::None, ..*settings };
    let mut details = Details::new("preview", run.tries()).with_wait(Duration::ZERO);
    details.elapsed = Duration::from_nanos(*elapsed);
    details.last_wait = run.last_wait();
    let looking = Looking { strategy, details: &details };
    let strategy = strategy.numeric().unwrap_or(&looking);
    let chance = Chance::at(|| *elapsed);
    let wait = next_wait(strategy, &settings, run.tries(), *elapsed, None, chance).ok()?;
    run.back_off(wait);
    *elapsed = elapsed.saturating_add(wait);
    Some(Duration::from_nanos(wait))
}
