//! The handler is for another error than the operation's.
use relent::{Details, Retry};

fn main() {
    let policy = Retry::expo().on_backoff(|d: &Details<'_, (), std::io::Error>| {
        println!("{:?}", d.error().map(std::io::Error::kind));
    });
    let _ = policy.run(|| Err::<(), String>("down".into()));
}
