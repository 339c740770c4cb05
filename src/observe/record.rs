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

    /// Records when the attempt ended.
    fn end_attempt(&mut self, elapsed: u64);

    /// The identity of the run.
    fn run(&self) -> Option<RunId>;

    /// The duration of the last attempt in nanoseconds, if `elapsed` is when it ended.
    fn attempt_duration(&self, elapsed: u64) -> Option<u64>;
}

impl Record for () {
    const NEW: Self = ();

    fn identify(&mut self) {}

    fn begin_attempt(&mut self, _: u64) {}

    fn forget_attempt(&mut self) {}

    fn end_attempt(&mut self, _: u64) {}

    fn run(&self) -> Option<RunId> {
        None
    }

    fn attempt_duration(&self, _: u64) -> Option<u64> {
        None
    }
}

/// The [`Record`] of a run that has observers.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    run: Option<RunId>,
    attempt: Attempt,
}

/// The last attempt: its times are in nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Attempt {
    Unknown,
    Began { elapsed: u64 },
    Took(u64),
}

impl Sealed for Recorded {}

impl Record for Recorded {
    const NEW: Self = Self { run: None, attempt: Attempt::Unknown };

    fn identify(&mut self) {
        self.run.get_or_insert_with(RunId::next);
    }

    fn begin_attempt(&mut self, elapsed: u64) {
        self.attempt = Attempt::Began { elapsed };
    }

    fn forget_attempt(&mut self) {
        self.attempt = Attempt::Unknown;
    }

    fn end_attempt(&mut self, elapsed: u64) {
        if let Some(took) = self.attempt_duration(elapsed) {
            self.attempt = Attempt::Took(took);
        }
    }

    fn run(&self) -> Option<RunId> {
        self.run
    }

    fn attempt_duration(&self, elapsed: u64) -> Option<u64> {
        match self.attempt {
            Attempt::Unknown => None,
            Attempt::Began { elapsed: began } => Some(elapsed.saturating_sub(began)),
            Attempt::Took(took) => Some(took),
        }
    }
}
