//! Data that a run records only for its observers. Without observers it records nothing.

use core::fmt;

use crate::event::{RunId, UNKNOWN};
use crate::sealed::Sealed;

/// What a run records for its observers: [`Recorded`], or `()` if it has none. Sealed; appears in bounds.
pub trait Record: Copy + fmt::Debug + Send + Sync + Unpin + Sealed + 'static {
    /// Nothing yet.
    const NEW: Self;

    /// Gives the run an identity, unless it has one.
    fn identify(&mut self);

    /// Records when an attempt begins, in nanoseconds since the run began.
    fn begin_attempt(&mut self, elapsed: u64);

    /// Records that the start of the attempt is not known.
    fn forget_attempt(&mut self);

    /// Records that the attempt is over, though its end is not known.
    fn leave_attempt(&mut self);

    /// Records when the attempt ended.
    fn end_attempt(&mut self, elapsed: u64);

    /// The identity of the run.
    fn run(&self) -> Option<RunId>;

    /// Records when the first attempt ended.
    fn end_first_attempt(&mut self, elapsed: u64);

    /// The duration of the last attempt in nanoseconds, if `elapsed` is when it ended.
    fn attempt_duration(&self, elapsed: u64) -> Option<u64>;

    /// Whether the end of the last attempt was recorded, so that what follows it is a wait.
    fn has_attempt_ended(&self) -> bool;

    /// When the first attempt ended, in nanoseconds since the run began. `u64::MAX` if that was not recorded.
    fn first_ended(&self) -> u64;
}

impl Record for () {
    const NEW: Self = ();

    fn identify(&mut self) {}

    fn begin_attempt(&mut self, _: u64) {}

    fn forget_attempt(&mut self) {}

    fn leave_attempt(&mut self) {}

    fn end_attempt(&mut self, _: u64) {}

    fn run(&self) -> Option<RunId> {
        None
    }

    fn end_first_attempt(&mut self, _: u64) {}

    fn attempt_duration(&self, _: u64) -> Option<u64> {
        None
    }

    fn has_attempt_ended(&self) -> bool {
        false
    }

    fn first_ended(&self) -> u64 {
        UNKNOWN
    }
}

/// The [`Record`] of a run that has observers. 24 bytes, since the run's future embeds it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    run: Option<RunId>,
    /// In nanoseconds, when the last attempt began, or how long it took if [`ENDED`] is set. Or [`UNKNOWN`].
    attempt: u64,
    /// When the first attempt ended, in nanoseconds since the run began. Or [`UNKNOWN`].
    first_ended: u64,
}

/// The bit that marks a duration; without it, the value is a time. Both are clipped at 292 years.
const ENDED: u64 = 1 << 63;

impl Sealed for Recorded {}

impl Record for Recorded {
    const NEW: Self = Self { run: None, attempt: UNKNOWN, first_ended: UNKNOWN };

    fn identify(&mut self) {
        self.run = self.run.or_else(RunId::next);
    }

    fn begin_attempt(&mut self, elapsed: u64) {
        self.attempt = elapsed.min(ENDED - 1);
    }

    fn forget_attempt(&mut self) {
        self.attempt = UNKNOWN;
    }

    fn leave_attempt(&mut self) {
        if self.attempt < ENDED {
            self.forget_attempt();
        }
    }

    fn end_attempt(&mut self, elapsed: u64) {
        if self.attempt < ENDED {
            let took = elapsed.saturating_sub(self.attempt);
            self.attempt = took.min(ENDED - 2) | ENDED;
        }
    }

    fn end_first_attempt(&mut self, elapsed: u64) {
        self.first_ended = elapsed;
    }

    fn run(&self) -> Option<RunId> {
        self.run
    }

    fn attempt_duration(&self, elapsed: u64) -> Option<u64> {
        match self.attempt {
            UNKNOWN => None,
            began if began < ENDED => Some(elapsed.saturating_sub(began)),
            took => Some(took & !ENDED),
        }
    }

    fn has_attempt_ended(&self) -> bool {
        self.attempt >= ENDED && self.attempt != UNKNOWN
    }

    fn first_ended(&self) -> u64 {
        self.first_ended
    }
}
