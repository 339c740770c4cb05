//! Jobs that outlive the process that works on them: what both stores, NATS `JetStream` and `PostgreSQL`, have in common.
//! The README explains the pattern.

pub mod history;
pub mod job;
pub mod server;
pub mod supervisor;

/// What ends a program here: a message.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
