//! What a run records for its observers alone: nothing, if it has none.

use core::fmt;

use crate::event::RunId;
use crate::sealed::Sealed;

/// What a run records for its observers: [`Recorded`], or `()` if it has none. Sealed; appears in bounds.
pub trait Record: Copy + fmt::Debug + Send + Sync + Unpin + Sealed + 'static {
    /// Nothing yet.
    const NEW: Self;

    /// Gives the run an identity, unless it has one.
    fn identify(&mut self);

    /// Records when an attempt begins, in nanoseconds since the run began.
    fn begin_attempt(&mut self, elapsed: u64);

    /// Records that the begin of the attempt is not known.
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

    /// The nanoseconds since the first attempt ended, if that was recorded.
    fn retry_time(&self, elapsed: u64) -> Option<u64>;
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

    fn retry_time(&self, _: u64) -> Option<u64> {
        None
    }
}

/// The [`Record`] of a run that has observers.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    run: Option<RunId>,
    attempt: LastAttempt,
    /// When the first attempt ended, in nanoseconds since the run began.
    first_ended: u64,
}

/// The end of the first attempt was not recorded.
const NOT_RECORDED: u64 = u64::MAX;

/// The last attempt: its times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
enum LastAttempt {
    Unknown,
    Began { elapsed: u64 },
    Took(u64),
}

impl Sealed for Recorded {}

impl Record for Recorded {
    const NEW: Self = Self { run: None, attempt: LastAttempt::Unknown, first_ended: NOT_RECORDED };

    fn identify(&mut self) {
        self.run = self.run.or_else(RunId::next);
    }

    fn begin_attempt(&mut self, elapsed: u64) {
        self.attempt = LastAttempt::Began { elapsed };
    }

    fn forget_attempt(&mut self) {
        self.attempt = LastAttempt::Unknown;
    }

    fn leave_attempt(&mut self) {
        if let LastAttempt::Began { .. } = self.attempt {
            self.forget_attempt();
        }
    }

    fn end_attempt(&mut self, elapsed: u64) {
        if let Some(took) = self.attempt_duration(elapsed) {
            self.attempt = LastAttempt::Took(took);
        }
    }

    fn run(&self) -> Option<RunId> {
        self.run
    }

    fn end_first_attempt(&mut self, elapsed: u64) {
        self.first_ended = elapsed;
    }

    fn has_attempt_ended(&self) -> bool {
        matches!(self.attempt, LastAttempt::Took(_))
    }

    fn retry_time(&self, elapsed: u64) -> Option<u64> {
        (self.first_ended != NOT_RECORDED).then(|| elapsed.saturating_sub(self.first_ended))
    }

    fn attempt_duration(&self, elapsed: u64) -> Option<u64> {
        match self.attempt {
            LastAttempt::Unknown => None,
            LastAttempt::Began { elapsed: began } => Some(elapsed.saturating_sub(began)),
            LastAttempt::Took(took) => Some(took),
        }
    }
}
