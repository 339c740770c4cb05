//! The type of the token has to be known, even if there is none.
use futures::stream;
use relent::Retry;

fn main() {
    let _stream = Retry::expo().into_stream(|_| async { Ok::<_, &str>(stream::iter([Ok(1)])) });
}
