//! How long the next wait is, or why there is none. Limits, caps and the order of the questions are here and
//! nowhere else.
//!
//! Nothing in it depends on the operation's types, so that a program has this code once, and not once for each of
//! its calls.

use core::fmt::DebugStruct;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::event::{Details, EventKind, StopReason};
use crate::nanos::nanos;
use crate::policy::settings::{DEFAULT_MAX_TRIES, LastWait, Settings, Tries};
use crate::run::operation::Needs;
use crate::run::{Run, Step};
use crate::testing::scope;
use crate::wait::chance::{self, Chance};
use crate::wait::jitter::{Jitter, Window};
use crate::wait::{Numeric, Wait};

/// A strategy that looks at more than numbers, and what it looks at.
pub(crate) struct Looking<'a, S: ?Sized, T, E> {
    pub(crate) strategy: &'a S,
    pub(crate) details: &'a Details<'a, T, E>,
}

impl<T, E, S: Wait<T, E> + ?Sized> Numeric for Looking<'_, S, T, E> {
    fn nanos(&self, _: u32) -> Option<u64> {
        self.strategy.wait(self.details).map(nanos)
    }

    fn window(&self, _: u64) -> Option<RangeInclusive<u64>> {
        let range = self.strategy.window(self.details)?;
        Some(nanos(*range.start())..=nanos(*range.end()))
    }

    fn ends(&self) -> bool {
        self.strategy.ends()
    }
}

/// A wait, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    /// As long as it is slept.
    pub(crate) wait: u64,
    /// What it is without the wait that the other side asked for: what strategies see as the last wait.
    pub(crate) own: u64,
}

impl Planned {
    pub(crate) const NONE: Self = Self::both(0);

    /// A wait that the other side has no part in.
    const fn both(wait: u64) -> Self {
        Self { wait, own: wait }
    }
}

/// The wait before the next attempt, or why there is none.
///
/// `elapsed` is the time since the run began, and `asked` the wait that the other side asks for, zero for none.
pub(crate) fn next_wait(
    strategy: &dyn Numeric,
    settings: &Settings,
    tries: u32,
    last_wait: u64,
    elapsed: u64,
    asked: u64,
    chance: Chance,
) -> Result<Planned, StopReason> {
    if tries >= most_tries(strategy, settings) || scope::is_last_try(tries) {
        return Err(StopReason::MaxTries);
    }
    let left = settings.time_left(elapsed);
    let may_overrun = settings.last_wait == LastWait::MayOverrun;
    if left.is_some_and(|left| left == 0 || asked > left && !may_overrun) {
        return Err(StopReason::MaxTime);
    }
    if asked > settings.max_asked_wait.0 {
        return Err(StopReason::MaxAskedWait);
    }
    // The strategy is asked even if the other side asks for longer: when its waits end, so do the attempts.
    let planned = strategy.nanos(tries).ok_or(StopReason::WaitsExhausted)?;
    let Planned { wait, own } = match (settings.jitter, asked, strategy.window(last_wait)) {
        // The default: a window from zero on needs not be moved.
        (Jitter::Full, 0, None) => {
            Planned::both(draw(planned.min(settings.max_wait.0), settings, tries, chance))
        }
        (_, _, range) => spread(planned, range, settings, tries, asked, chance),
    };
    Ok(match (left, settings.last_wait) {
        (Some(left), LastWait::Shortened) => Planned { wait: wait.min(left), own: own.min(left) },
        _ => Planned { wait, own },
    })
}

/// Draws a wait from the window that jitter, cap and the other side leave.
#[inline(never)]
fn spread(
    planned: u64,
    range: Option<RangeInclusive<u64>>,
    settings: &Settings,
    tries: u32,
    asked: u64,
    chance: Chance,
) -> Planned {
    let own = own_window(planned, range, settings);
    let window = own.moved_above(asked);
    let wait = window.start.saturating_add(draw(window.width, settings, tries, chance));
    Planned { wait, own: wait - (window.start - own.start) }
}

/// The window that jitter and cap make of a wait, in which the other side has no part yet.
#[inline]
pub(crate) fn own_window(
    planned: u64,
    range: Option<RangeInclusive<u64>>,
    settings: &Settings,
) -> Window {
    let most = settings.max_wait.0;
    match (range, settings.jitter) {
        (None, jitter) => jitter.window(planned.min(most)).moved_below(most),
        (Some(range), Jitter::None) => Window::of(&range).cut_at(most).middle(),
        (Some(range), _) if *range.start() < most => Window::of(&range).cut_at(most),
        // Nothing would be left of it but the cap, and waits that are all the same are not spread.
        (Some(range), _) => Window::of(&range).moved_below(most),
    }
}

fn most_tries(strategy: &dyn Numeric, settings: &Settings) -> u32 {
    match settings.tries {
        Tries::AtMost(most) => most.get(),
        Tries::Unset if strategy.ends() => u32::MAX,
        Tries::Unset => DEFAULT_MAX_TRIES,
    }
}

/// Whether no retry can follow this attempt, however it ends.
pub(crate) fn is_last(
    strategy: Option<&dyn Numeric>,
    ends: bool,
    settings: &Settings,
    tries: u32,
    elapsed: u64,
) -> bool {
    let is_last_try = match settings.tries {
        Tries::AtMost(most) => tries >= most.get(),
        Tries::Unset => tries >= DEFAULT_MAX_TRIES && !ends,
    };
    is_last_try
        || scope::is_last_try(tries)
        || settings.time_left(elapsed) == Some(0)
        // No function of the user is called for it: only waits that are known to end are looked up.
        || ends && strategy.is_some_and(|strategy| strategy.nanos(tries).is_none())
}

/// Draws from `0..=width`.
#[inline]
fn draw(width: u64, settings: &Settings, tries: u32, chance: Chance) -> u64 {
    match settings.seed {
        _ if width == 0 => 0,
        Some(seed) => chance::seeded(seed, tries, width),
        None => chance::drawn(chance, width),
    }
}

/// Refuses a wait after which no attempt begins in time, on a clock that wakes up to `resolution` late. An attempt that is
/// interrupted at the deadline needs some time before it, too.
pub(crate) fn check_fit(
    settings: &Settings,
    needs: Needs,
    wait: u64,
    elapsed: u64,
    resolution: u64,
) -> Result<(), StopReason> {
    let Some(left) = settings.time_left(elapsed) else { return Ok(()) };
    let must_fit = settings.last_wait == LastWait::MustFit;
    let wakes = wait.saturating_add(resolution);
    if must_fit && wakes > left || needs.time_for_attempt && wakes >= left {
        return Err(StopReason::MaxTime);
    }
    Ok(())
}

/// A run without observers, whose attempts take no time and all fail: only its waits matter.
#[derive(Clone)]
pub(crate) struct Unseen {
    run: Run,
    elapsed: u64,
    is_over: bool,
}

impl Unseen {
    pub(crate) const NEW: Self = Self { run: Run::NEW, elapsed: 0, is_over: false };

    /// A run of which this many attempts were made, at once.
    pub(crate) fn after(tries: u32) -> Self {
        let mut unseen = Self::NEW;
        unseen.run.count_up_to(tries);
        unseen
    }

    /// Counts one attempt more, and lets the wait after it pass.
    pub(crate) fn wait<S: Wait<(), ()> + ?Sized>(
        &mut self,
        strategy: &S,
        settings: &Settings,
        entropy: impl FnOnce() -> Option<u64>,
    ) -> Option<Duration> {
        if self.is_over {
            return None;
        }
        let wait = self.try_wait(strategy, settings, 0, entropy).ok();
        self.is_over = wait.is_none();
        wait
    }

    /// Same as `wait`, with the wait that the other side asks for, and the reason if there is none.
    pub(crate) fn try_wait<S: Wait<(), ()> + ?Sized>(
        &mut self,
        strategy: &S,
        settings: &Settings,
        asked: u64,
        entropy: impl FnOnce() -> Option<u64>,
    ) -> Result<Duration, StopReason> {
        let Self { run, elapsed, .. } = self;
        run.count_try();
        let mut details = Details::new("preview", run.tries()).with_wait(Duration::ZERO);
        details.elapsed = Duration::from_nanos(*elapsed);
        details.last_wait = run.last_wait();
        let looking = Looking { strategy, details: &details };
        let strategy = strategy.numeric().unwrap_or(&looking);
        let (tries, last_wait) = (run.tries(), run.last_wait_nanos());
        let chance = Chance::unless(settings.seed, || entropy().unwrap_or(*elapsed));
        let planned = next_wait(strategy, settings, tries, last_wait, *elapsed, asked, chance)?;
        check_fit(settings, Needs::default(), planned.wait, *elapsed, 0)?;
        run.back_off(&Step { planned, ..Step::new(EventKind::Backoff, 0) });
        *elapsed = elapsed.saturating_add(planned.wait);
        Ok(Duration::from_nanos(planned.wait))
    }

    /// Adds how far it is to the `Debug` form of what holds it.
    pub(crate) fn show(&self, f: &mut DebugStruct<'_, '_>) {
        f.field("tries", &self.run.tries()).field("elapsed", &Duration::from_nanos(self.elapsed));
    }
}
