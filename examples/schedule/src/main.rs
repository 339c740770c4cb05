//! Shows the waits of a policy before it runs: a table with bars, and a picture.

mod flags;
mod picture;
mod table;

use std::fs;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::flags::Flags;

fn main() -> ExitCode {
    let flags = Flags::parse();
    let description = flags.description().unwrap_or_else(|error| error.exit());
    print!("{}", table::table(&description));
    let Some(path) = &flags.svg else { return ExitCode::SUCCESS };
    let picture = picture::picture(&flags.title(), &description);
    if let Err(error) = fs::write(path, picture) {
        let message = format!(
            "--svg {}: {error}; name a file in a directory that exists and can be written",
            path.display()
        );
        flags::error(ErrorKind::Io, message).exit();
    }
    println!("The picture is in {}.", path.display());
    ExitCode::SUCCESS
}
