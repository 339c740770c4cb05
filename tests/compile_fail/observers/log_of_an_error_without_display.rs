//! The observers show the error, and the error has no `Display`: the message names the way out.
use relent::{Log, Retry, Tracing};

#[derive(Debug)]
struct Opaque;

fn main() {
    let _ = Retry::expo().observe(Log::new()).run(|| Err::<(), _>(Opaque));
    let _ = Retry::expo().observe(Tracing::new()).run(|| Err::<(), _>(Opaque));
}
