//! What an attempt of a retried function needs of its run.

use crate::run::operation::Needs;

/// What an attempt needs of its run.
pub trait Need: Copy {
    /// It as a value.
    const NEEDS: Needs;
}

/// Nothing.
#[derive(Clone, Copy, Debug)]
pub struct Untimed;

/// How much time has passed.
#[derive(Clone, Copy, Debug)]
pub struct Timed;

/// That some time is left until the deadline.
#[derive(Clone, Copy, Debug)]
pub struct UntilDeadline;

impl Need for Untimed {
    const NEEDS: Needs = Needs { elapsed: false, time_for_attempt: false };
}

impl Need for Timed {
    const NEEDS: Needs = Needs { elapsed: true, time_for_attempt: false };
}

impl Need for UntilDeadline {
    const NEEDS: Needs = Needs { elapsed: true, time_for_attempt: true };
}
