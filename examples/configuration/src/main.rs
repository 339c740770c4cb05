//! Shows the policies of the configuration, and what each makes of an outage.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use relent_configuration::Settings;

fn main() -> ExitCode {
    match show() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<(), Box<dyn Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings/shop.toml");
    let policies = Settings::read(Path::new(file))?.retry;
    for (client, config) in [
        ("payments", policies.payments),
        ("search", policies.search),
        ("webhooks", policies.webhooks),
    ] {
        println!("{client}: {config}\n{}\n", config.policy()?.describe());
    }
    Ok(())
}
