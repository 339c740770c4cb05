//! Any text, read as a configuration: as a line, as JSON, as TOML, and as a gRPC `retryPolicy`. Nothing panics, what is
//! read is written and read back, and every error names what is wrong.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relent::RetryConfig;
use relent::config::GrpcRetryPolicy;

fuzz_target!(|text: &str| {
    if let Ok(config) =
        text.parse::<RetryConfig>().map_err(|error| check_message(&error.to_string()))
    {
        check(&config);
    }
    if let Ok(config) = serde_json::from_str::<RetryConfig>(text) {
        check(&config);
    }
    if let Ok(config) = toml::from_str::<RetryConfig>(text) {
        check(&config);
    }
    if let Ok(grpc) = serde_json::from_str::<GrpcRetryPolicy>(text) {
        let written = serde_json::to_string(&grpc).expect("it is written");
        assert_eq!(
            serde_json::from_str::<GrpcRetryPolicy>(&written).expect("it is read back"),
            grpc
        );
        check(&grpc.config());
    }
});

fn check(config: &RetryConfig) {
    let line = config.to_string();
    assert_eq!(line.parse::<RetryConfig>().expect("a line is read back"), *config, "{line}");
    let json = serde_json::to_string(config).expect("JSON is written");
    assert_eq!(serde_json::from_str::<RetryConfig>(&json).expect("JSON is read back"), *config);
    let toml = toml::to_string(config).expect("TOML is written");
    assert_eq!(toml::from_str::<RetryConfig>(&toml).expect("TOML is read back"), *config);
    let policy = config.punctual_policy();
    assert_eq!(RetryConfig::try_from(&policy).expect("the policy is data"), *config);
    let max_wait = policy.get_max_wait();
    for wait in policy.waits().take(50) {
        assert!(max_wait.is_none_or(|most| wait <= most), "{line}: {wait:?}");
    }
    GrpcRetryPolicy::try_new(config, ["UNAVAILABLE"]).ok();
}

fn check_message(message: &str) {
    assert!(message.starts_with("invalid retry configuration: "), "{message}");
    assert!(message.len() < 1000, "{message}");
    assert!(!message.contains('\n'), "{message}");
}
