//! Shows a configuration as the policy of each engine, and what each does otherwise.

use std::env;
use std::process::ExitCode;

use relent::RetryConfig;
use relent_engines::{event_bridge, restate, step_functions, temporal};

fn main() -> ExitCode {
    let line =
        env::args().nth(1).unwrap_or_else(|| "expo max_wait=1m max_tries=8 jitter=full".into());
    let config: RetryConfig = match line.parse() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{config}");
    for (engine, converted) in [
        ("Temporal", temporal(&config)),
        ("AWS Step Functions", step_functions(&config)),
        ("EventBridge", Ok(event_bridge(&config))),
        ("Restate", restate(&config)),
    ] {
        match converted {
            Ok(converted) => {
                println!("\n{engine}: {}", converted.nearest());
                for difference in converted.differences() {
                    println!("  differs: {difference}");
                }
            }
            Err(error) => println!("\n{engine}: {error}"),
        }
    }
    ExitCode::SUCCESS
}
