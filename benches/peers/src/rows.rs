//! What is measured: one row of the table each.

use crate::script::MAX_TRIES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    SyncFirstTry,
    SyncBuiltInside,
    SyncThreeFailures,
    SyncGivesUp,
    SyncHandler,
    AsyncFirstTry,
    AsyncThreeFailures,
    AsyncGivesUp,
    AsyncHandler,
    TokioFirstTry,
    TokioThreeFailures,
    TokioHandler,
    /// The rows above leave the compiler in the dark. In these the policy is a `static`, as the docs
    /// recommend, which it sees through.
    StaticSyncFirstTry,
    StaticSyncThreeFailures,
    StaticAsyncFirstTry,
    StaticAsyncThreeFailures,
    StaticTokioFirstTry,
    StaticTokioThreeFailures,
    /// A function under an attribute that names such a policy.
    DecoratedSyncFirstTry,
    DecoratedSyncThreeFailures,
    DecoratedAsyncFirstTry,
    DecoratedAsyncThreeFailures,
    /// A first try that succeeds, of a policy whose time is limited too.
    SyncMaxTime,
    /// The time is limited on the system's clock, which is really read. Blocking, as are the next ones.
    ClockMaxTimeFirstTry,
    ClockMaxTimeThreeFailures,
    /// How the run ended is returned too, with its time on the system's clock.
    ClockExplainFirstTry,
    /// An observer that is off.
    LogOffFirstTry,
    LogOffThreeFailures,
    TracingOffFirstTry,
    TracingOffThreeFailures,
    /// No recorder is installed. By hand nothing is measured.
    MetricsOffFirstTry,
    MetricsOffThreeFailures,
    /// The loop is written where it is needed: no closure.
    InlineSyncFirstTry,
    InlineSyncThreeFailures,
    InlineAsyncFirstTry,
    InlineAsyncThreeFailures,
    /// On tokio. Each attempt has a timeout, and is ready at once.
    TimeoutFirstTry,
    TimeoutThreeFailures,
    /// On tokio. Waits end early if the run is cancelled, which does not happen.
    CancelFirstTry,
    CancelThreeFailures,
    /// No run: only the computation of one jittered exponential wait.
    Wait,
    /// A run of this many failures, and the strategy of its waits.
    Growth(&'static str, u32),
}

impl Row {
    pub const GROWTH: [u32; 5] = [1, 10, 100, 1_000, 10_000];

    /// The name of the row in what the programs hand to one another.
    pub fn id(self) -> String {
        match self {
            Self::Growth(strategy, failures) => format!("Growth/{strategy}/{failures}"),
            _ => format!("{self:?}"),
        }
    }

    /// How often the operation fails.
    pub fn failures(self) -> u32 {
        match self {
            Self::Wait
            | Self::SyncFirstTry
            | Self::SyncBuiltInside
            | Self::AsyncFirstTry
            | Self::TokioFirstTry
            | Self::StaticSyncFirstTry
            | Self::StaticAsyncFirstTry
            | Self::StaticTokioFirstTry
            | Self::DecoratedSyncFirstTry
            | Self::DecoratedAsyncFirstTry
            | Self::SyncMaxTime
            | Self::ClockMaxTimeFirstTry
            | Self::ClockExplainFirstTry
            | Self::LogOffFirstTry
            | Self::TracingOffFirstTry
            | Self::MetricsOffFirstTry
            | Self::InlineSyncFirstTry
            | Self::InlineAsyncFirstTry
            | Self::TimeoutFirstTry
            | Self::CancelFirstTry => 0,
            Self::SyncGivesUp | Self::AsyncGivesUp => u32::MAX,
            Self::Growth(_, failures) => failures,
            _ => 3,
        }
    }

    /// How often the operation should have been called.
    pub fn calls(self) -> u32 {
        match self {
            Self::SyncGivesUp | Self::AsyncGivesUp => MAX_TRIES,
            Self::Wait => 0,
            _ => self.failures() + 1,
        }
    }

    /// How often a counting handler should have been.
    pub fn backoffs(self) -> u32 {
        match self {
            Self::SyncHandler | Self::AsyncHandler | Self::TokioHandler => self.failures(),
            _ => 0,
        }
    }
}
