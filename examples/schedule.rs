//! Shows the waits of a policy before it runs, as a table with bars and as a picture:
//!
//! ```sh
//! cargo run --example schedule -- expo --first-wait 100ms --max-wait 10s --jitter full --tries 8 --asked 30s
//! ```
//!
//! The program is the package in `examples/schedule`, with a command line and a plotting library that only it needs.
//! This example builds and runs that package, so that testing the crate does not build all of that.

use std::env;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/schedule/Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--manifest-path", manifest, "--"])
        .args(env::args_os().skip(1))
        .status();
    match status {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1).into(),
        Err(error) => {
            eprintln!("cargo could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
