//! Who is told?

mod handlers;
