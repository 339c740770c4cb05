//! To call a method of the error, the handler has to say which error it is.
use relent::Retry;

fn main() {
    let policy = Retry::expo().on_backoff(|d| println!("{:?}", d.error().unwrap().kind()));
    let _ = policy.run(|| Err::<(), std::io::Error>(std::io::ErrorKind::TimedOut.into()));
}
