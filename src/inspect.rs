//! What a policy shows of itself: getters, the preview of its waits, `Debug`.

use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;

use crate::engine::Engine;
use crate::jitter::Jitter;
use crate::nanos::Nanos;
use crate::operation::Needs;
use crate::retry::Retry;
use crate::run::Run;
use crate::settings::{Settings, Tries};
use crate::target::{Subject, Target};
use crate::wait::Wait;

/// # Look at it
impl<S, C, H, Z> Retry<S, C, H, Z> {
    /// The waits of a run whose attempts all fail at once, without jitter.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relent::Retry;
    ///
    /// let policy = Retry::expo().max_time(Duration::from_secs(10));
    /// assert!(policy.waits().eq([1, 2, 4, 3].map(Duration::from_secs)));
    /// assert_eq!(Retry::expo().waits().count(), 9);
    /// ```
    ///
    /// Where jitter is [`Full`](Jitter::Full) each is the most that the wait at its place will last;
    /// with a [`max_time`](Self::max_time) there may then be more of them, and longer ones at the end.
    ///
    /// The iterator ends where the run would give up, which counts its time up to 584 years. That of a
    /// policy without a limit does not end, nor does one whose only limit is a time and whose waits
    /// are zero.
    pub fn waits(&self) -> Waits<'_, S>
    where
        S: Wait<(), ()>,
    {
        let settings = Settings { jitter: Jitter::None, ..self.settings };
        Waits {
            strategy: &self.strategy,
            settings,
            run: Run::NEW,
            elapsed: Duration::ZERO,
            is_over: false,
        }
    }

    /// What [`max_tries`](Self::max_tries) was set to, if it was.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().max_tries(5).get_max_tries(), Some(5));
    /// assert_eq!(Retry::expo().get_max_tries(), None);
    /// ```
    #[must_use]
    pub const fn get_max_tries(&self) -> Option<u32> {
        match self.settings.tries {
            Tries::Unsaid | Tries::UNLIMITED => None,
            Tries::AtMost(tries) => Some(tries.get()),
        }
    }

    /// What [`max_time`](Self::max_time) was set to, if it was.
    ///
    /// ```
    /// # use relent::Retry;
    /// # use std::time::Duration;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Retry::expo().max_time(minute).get_max_time(), Some(minute));
    /// ```
    #[must_use]
    pub const fn get_max_time(&self) -> Option<Duration> {
        self.settings.max_time
    }

    /// What [`max_wait`](Self::max_wait) was set to, if it was. 584 years and more are no cap.
    ///
    /// ```
    /// # use relent::Retry;
    /// # use std::time::Duration;
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Retry::expo().max_wait(minute).get_max_wait(), Some(minute));
    /// ```
    #[must_use]
    pub const fn get_max_wait(&self) -> Option<Duration> {
        match self.settings.max_wait {
            Nanos::MAX => None,
            most => Some(most.duration()),
        }
    }

    /// What [`jitter`](Self::jitter) was set to, or the default.
    ///
    /// ```
    /// # use relent::{Jitter, Retry};
    /// assert!(matches!(Retry::expo().get_jitter(), Jitter::Full));
    /// ```
    #[must_use]
    pub const fn get_jitter(&self) -> Jitter {
        self.settings.jitter
    }

    /// What [`seed`](Self::seed) was set to, if it was.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().seed(42).get_seed(), Some(42));
    /// ```
    #[must_use]
    pub const fn get_seed(&self) -> Option<u64> {
        self.settings.seed
    }

    /// What [`target`](Self::target) was set to, if it was.
    ///
    /// ```
    /// # use relent::Retry;
    /// assert_eq!(Retry::expo().target("fetch_user").get_target(), Some("fetch_user"));
    /// ```
    #[must_use]
    pub const fn get_target(&self) -> Option<&'static str> {
        self.settings.target
    }

    /// The strategy.
    ///
    /// ```
    /// # use relent::{Expo, Retry};
    /// assert_eq!(Retry::expo().get_strategy(), &Expo::default());
    /// ```
    #[must_use]
    pub const fn get_strategy(&self) -> &S {
        &self.strategy
    }

    /// The condition.
    ///
    /// ```
    /// # use relent::{Condition, Details, Retry};
    /// let policy = Retry::expo().retry_if(|e: &&str| *e == "busy");
    /// let outcome: Result<(), &str> = Err("no such user");
    /// let details = Details::new("fetch", 1).with_outcome(&outcome);
    /// assert_eq!(policy.get_condition().ask(&details), relent::Ask::Stop);
    /// ```
    #[must_use]
    pub const fn get_condition(&self) -> &C {
        &self.condition
    }
}

/// A preview of a policy's waits: see [`Retry::waits`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless they are used"]
pub struct Waits<'p, S> {
    strategy: &'p S,
    settings: Settings,
    run: Run,
    elapsed: Duration,
    is_over: bool,
}

impl<S: Wait<(), ()>> Iterator for Waits<'_, S> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.is_over {
            return None;
        }
        let Self { strategy, settings, elapsed, .. } = *self;
        let subject = Subject { target: Target::new("preview"), args: None };
        let needs = Needs::default();
        let engine = Engine { settings: &settings, needs, strategy, condition: &() };
        let wait = engine.preview::<(), ()>(&mut self.run, subject, elapsed);
        self.is_over = wait.is_none();
        self.elapsed = elapsed.saturating_add(wait.unwrap_or_default());
        wait
    }
}

impl<S: Wait<(), ()>> FusedIterator for Waits<'_, S> {}

impl<S: fmt::Debug> fmt::Debug for Waits<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits")
            .field("strategy", &self.strategy)
            .field("tries", &self.run.tries())
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

impl<S, C, H, Z> fmt::Debug for Retry<S, C, H, Z>
where
    S: fmt::Debug,
    C: fmt::Debug,
    H: fmt::Debug,
    Z: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { tries, max_time, stop_before_deadline, jitter, seed, target, .. } =
            &self.settings;
        f.debug_struct("Retry")
            .field("strategy", &self.strategy)
            .field("condition", &self.condition)
            .field("observer", &self.observer)
            .field("clock", &self.clock)
            .field("tries", tries)
            .field("max_time", max_time)
            .field("stop_before_deadline", stop_before_deadline)
            .field("max_wait", &self.get_max_wait())
            .field("jitter", jitter)
            .field("seed", seed)
            .field("target", target)
            .finish()
    }
}
