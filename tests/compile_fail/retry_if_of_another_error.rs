//! `retry_if` is about another error than the operation's.
use relent::Retry;

fn main() {
    let policy = Retry::expo().retry_if(|e: &std::io::Error| e.raw_os_error().is_none());
    let _ = policy.run(|| Err::<(), String>("down".into()));
}
