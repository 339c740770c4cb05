//! Shows people at a terminal what a run is doing: a spinner, the error, and a countdown to the next try. It leaves one
//! line. Piped into a file, it writes this line and nothing else.
//!
//! ```sh
//! cargo run
//! cargo run -- down
//! ```

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use relent::{Jitter, Retry};
use relent_terminal::Spinner;

static CONNECT: Retry = Retry::expo()
    .first_wait(Duration::from_millis(400))
    .jitter(Jitter::Equal)
    .max_tries(4)
    .target("db.example");

fn main() -> ExitCode {
    // A server that answers the third call, or none.
    let is_down = env::args().nth(1).is_some_and(|arg| arg == "down");
    let mut calls = 0;
    let connect = || {
        calls += 1;
        std::thread::sleep(Duration::from_millis(100));
        if calls == 3 && !is_down { Ok(()) } else { Err("connection refused") }
    };

    match Spinner::new().show(CONNECT).run(connect) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
