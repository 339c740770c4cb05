//! A stream cannot await handlers.
use futures::stream;
use relent::Retry;

fn main() {
    let policy = Retry::expo().on_backoff_async(|_| async {});
    let connect = async |_: Option<()>| Ok::<_, &str>(stream::iter([Ok(1)]));
    let _stream = policy.stream(connect);
}
