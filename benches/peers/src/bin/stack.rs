//! How much stack `poll` needs if the operation's future is large: `benches/peers/run stack`.
//!
//! An operation with 16 KiB of state fails once, waits, and succeeds. The future of the run is boxed, so only what
//! `poll` puts on the stack counts. The operation's future is created inside `poll`, and each copy of it on the way to
//! its place in the run's future takes 16 KiB.

use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::Pin;
use std::ptr::from_ref;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use relent::{AsyncClock, Retry};

type Outcome = Result<u32, u32>;
type State = [u8; 16 << 10];

static CALLS: AtomicU32 = AtomicU32::new(0);
static LOWEST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Returns an address below the caller's frame. Not inlined: a local variable of the caller could be anywhere in it.
#[inline(never)]
fn below_caller() -> usize {
    let local = 0_u8;
    from_ref(black_box(&local)).addr()
}

/// Records how far the stack has grown.
#[inline(never)]
fn mark() {
    LOWEST.fetch_min(below_caller(), Relaxed);
}

/// The future is created in other frames than those in which it is polled. Both are marked.
fn operation() -> impl Future<Output = Outcome> {
    mark();
    let state: State = black_box([1; size_of::<State>()]);
    // A block, as the future of an `async fn` would have room for its argument twice.
    async move {
        mark();
        black_box(&state);
        turn().await;
        mark();
        // The state is alive until here.
        black_box(&state);
        let calls = CALLS.fetch_add(1, Relaxed) + 1;
        if calls == 1 { Err(calls) } else { Ok(calls) }
    }
}

/// Is pending once.
async fn turn() {
    let mut is_pending = true;
    std::future::poll_fn(|_| {
        if std::mem::take(&mut is_pending) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

fn no_sleep(wait: Duration) -> Ready<()> {
    mark();
    black_box(wait);
    ready(())
}

/// Waiting is free on this clock.
struct Free;

impl AsyncClock for Free {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        black_box(Duration::ZERO)
    }

    fn timer(&self, wait: Duration) -> Ready<()> {
        no_sleep(wait)
    }
}

#[expect(clippy::large_futures, reason = "that is what is measured")]
async fn by_hand(max_tries: u32) -> Outcome {
    let mut wait = Duration::from_millis(100);
    let mut tries = 1;
    loop {
        match operation().await {
            Err(_) if tries < max_tries => {
                no_sleep(wait.mul_f64(fastrand::f64())).await;
                wait = wait.saturating_mul(2);
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

#[inline(never)]
fn poll(
    future: Pin<&mut dyn Future<Output = Outcome>>,
    context: &mut Context<'_>,
) -> Poll<Outcome> {
    black_box(future.poll(context))
}

/// Prints how many bytes the stack has grown by while a future was polled.
fn print(peer: &str, mut future: Pin<Box<dyn Future<Output = Outcome>>>) {
    CALLS.store(0, Relaxed);
    LOWEST.store(usize::MAX, Relaxed);
    let mut context = Context::from_waker(Waker::noop());
    let begin = below_caller();
    let outcome = loop {
        if let Poll::Ready(outcome) = poll(future.as_mut(), &mut context) {
            break outcome;
        }
    };
    assert_eq!(outcome, Ok(2), "{peer}");
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("stack/{profile}\t{peer}\t{}", begin - LOWEST.load(Relaxed));
}

fn main() {
    print("hand", Box::pin(by_hand(black_box(5))));
    let policy = Retry::expo().first_wait(Duration::from_millis(100)).max_tries(5).clock(Free);
    let policy: &'static Retry<_, _, _, _> = Box::leak(Box::new(black_box(policy)));
    print("relent", Box::pin(policy.run_async(operation)));
    #[cfg(feature = "backon")]
    {
        use backon::{ExponentialBuilder, Retryable};
        let policy = black_box(ExponentialBuilder::new().with_jitter());
        print("backon", Box::pin(operation.retry(policy).sleep(no_sleep)));
    }
}
