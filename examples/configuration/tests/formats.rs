//! One configuration, in each format and from the environment.

use std::path::Path;

use config::FileFormat;
use relent::{RetryConfig, TestClock};
use relent_configuration::{Client, Failure, Settings};
use serde::Deserialize;

const TOML: &str = include_str!("../settings/shop.toml");
const JSON: &str = include_str!("../settings/shop.json");
const YAML: &str = include_str!("../settings/shop.yaml");

fn line(line: &str) -> RetryConfig {
    line.parse().unwrap()
}

#[test]
fn three_formats_say_the_same() {
    let settings = Settings::of_text(TOML, FileFormat::Toml, &[]).unwrap();
    assert_eq!(settings.retry.payments, line("expo first_wait=100ms max_wait=10s max_tries=5"));
    assert_eq!(settings.retry.search, line("expo first_wait=20ms max_time=500ms"));
    assert_eq!(
        settings.retry.webhooks,
        line("sequence waits=[5s,1m,15m,2h] jitter=proportional(0.2)")
    );
    assert_eq!(Settings::of_text(JSON, FileFormat::Json, &[]).unwrap(), settings);
    assert_eq!(Settings::of_text(YAML, FileFormat::Yaml, &[]).unwrap(), settings);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings/shop.yaml");
    assert_eq!(Settings::read(Path::new(file)).unwrap(), settings);
}

#[test]
fn variables_of_the_environment_replace_single_keys_or_a_whole_policy() {
    let settings = Settings::of_text(
        TOML,
        FileFormat::Toml,
        &[
            ("SHOP_RETRY__PAYMENTS__MAX_TRIES", "2"),
            ("SHOP_RETRY__PAYMENTS__FACTOR", "1.5"),
            ("SHOP_RETRY__SEARCH", "constant wait=50ms max_tries=2"),
            ("SHOP_RETRY__WEBHOOKS__WAITS", "1s, 1m 30s"),
        ],
    )
    .unwrap()
    .retry;
    assert_eq!(
        settings.payments,
        line("expo first_wait=100ms factor=1.5 max_wait=10s max_tries=2")
    );
    assert_eq!(settings.search, line("constant wait=50ms max_tries=2"));
    assert_eq!(settings.webhooks, line("sequence waits=[1s,1m30s] jitter=proportional(0.2)"));
}

#[test]
fn an_error_in_any_format_names_the_key_the_value_and_the_fix() {
    let message = |text, format, variables: &[(&str, &str)]| {
        Settings::of_text(text, format, variables).unwrap_err().to_string()
    };
    let toml = message("[retry.payments]\nmax_tries = 0", FileFormat::Toml, &[]);
    let json = message(r#"{"retry": {"payments": {"max_tries": 0}}}"#, FileFormat::Json, &[]);
    let yaml = message("retry: { payments: { max_tries: 0 } }", FileFormat::Yaml, &[]);
    let variable = [("SHOP_RETRY__PAYMENTS__MAX_TRIES", "0")];
    let environment = message(TOML, FileFormat::Toml, &variable).replace("\"0\"", "0");
    let expected = "invalid retry configuration: `max_tries = 0`: it must be at least 1; for no limit write `forever = true`";
    for message in [toml, json, yaml, environment] {
        assert!(message.contains(expected), "{message}");
    }
    let unknown = message("[retry.payments]\nmax_trys = 5", FileFormat::Toml, &[]);
    assert!(unknown.contains("perhaps you mean `max_tries`"), "{unknown}");
}

#[test]
fn what_is_written_in_toml_is_read_back() {
    for text in [
        "expo first_wait=100ms factor=1.5 max_wait=10s max_tries=5 jitter=equal",
        "sequence waits=[1s,1m30s] max_time=1h last_wait_may_overrun=true jitter=none",
        "fibo forever=true jitter=additive(500ms) seed=18446744073709551615",
        "decay min_wait=1ms decay_factor=0.5 max_asked_wait=unlimited jitter=full",
    ] {
        let written = toml::to_string(&line(text)).unwrap();
        assert_eq!(toml::from_str::<RetryConfig>(&written).unwrap(), line(text), "{written}");
    }
    let written = toml::to_string(&line("linear step=1m30s max_tries=4")).unwrap();
    assert_eq!(
        written,
        "strategy = \"linear\"\nstep = \"1m 30s\"\nmax_tries = 4\njitter = \"full\"\n"
    );
}

#[test]
fn a_format_for_machines_has_the_line() {
    let config = line("linear step=1m30s max_tries=4 jitter=equal");
    let bytes = postcard::to_stdvec(&config).unwrap();
    assert_eq!(bytes[1..], *config.to_string().as_bytes());
    assert_eq!(postcard::from_bytes::<RetryConfig>(&bytes).unwrap(), config);
}

#[test]
fn the_keys_may_stand_beside_others() {
    #[derive(Deserialize)]
    struct Server {
        url: String,
        #[serde(flatten)]
        retry: RetryConfig,
    }
    let text = "url = \"http://db\"\nstrategy = \"constant\"\nwait = \"1s\"\nmax_tries = 3";
    let server: Server = toml::from_str(text).unwrap();
    assert_eq!(
        (server.url.as_str(), server.retry),
        ("http://db", line("constant wait=1s max_tries=3"))
    );
}

#[test]
fn a_client_retries_as_it_is_configured() {
    let clock = TestClock::new();
    let _scope = clock.enter();
    let client = Client::new(&line("sequence waits=[1s,5s] jitter=none")).unwrap();
    assert_eq!(client.call(|| Err::<(), _>(Failure::Busy)), Err(Failure::Busy));
    assert_eq!(clock.waits().iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), [1, 5]);
    assert_eq!(client.call(|| Err::<(), _>(Failure::Refused)), Err(Failure::Refused));
    assert_eq!(clock.waits().len(), 2);
}
