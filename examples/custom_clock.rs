//! Brings clocks of its own, one for `run`, and one for `run_async` without tokio:
//! `cargo run --example custom_clock`

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use relent::{AsyncClock, BlockingClock, Jitter, Retry};

/// Logs each wait, and waits a thousandth of it: seconds become milliseconds, for limits too.
struct Hurry {
    start: Instant,
}

impl BlockingClock for Hurry {
    fn now(&self) -> Duration {
        self.start.elapsed() * 1000
    }

    fn sleep(&self, wait: Duration) {
        println!("waiting for {wait:?}, but quickly");
        thread::sleep(wait / 1000);
    }
}

/// The timer of a runtime that has none: one thread for each wait.
struct Threads {
    start: Instant,
}

impl AsyncClock for Threads {
    type Timer = Alarm;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn timer(&self, wait: Duration) -> Alarm {
        let shared = Arc::new(Mutex::new(Ringing { over: false, sleeper: None }));
        let alarm = Alarm(Arc::clone(&shared));
        thread::spawn(move || {
            thread::sleep(wait);
            let sleeper = {
                let mut ringing = shared.lock().unwrap();
                ringing.over = true;
                ringing.sleeper.take()
            };
            sleeper.map(Waker::wake)
        });
        alarm
    }
}

/// A wait on `Threads`.
struct Alarm(Arc<Mutex<Ringing>>);

struct Ringing {
    over: bool,
    sleeper: Option<Waker>,
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut ringing = self.0.lock().unwrap();
        if ringing.over {
            return Poll::Ready(());
        }
        ringing.sleeper = Some(context.waker().clone());
        Poll::Pending
    }
}

fn main() {
    let policy = Retry::expo().jitter(Jitter::None).max_time(Duration::from_secs(30));
    let hurried = policy.clock(Hurry { start: Instant::now() });
    let start = Instant::now();
    let outcome = hurried.run(|| Err::<(), _>("down"));
    assert_eq!(outcome, Err("down"));
    assert!(start.elapsed() >= Duration::from_millis(29), "30 s would have been waited for");

    let policy = Retry::constant(Duration::from_millis(10)).jitter(Jitter::None).max_tries(3);
    let start = Instant::now();
    let patient = policy
        .clock(Threads { start })
        .on_backoff(|d| println!("waiting for {:?}, without tokio", d.wait))
        .into_run_async(async || Err::<(), _>("down"));
    assert_eq!(futures::executor::block_on(patient), Err("down"));
    assert!(start.elapsed() >= Duration::from_millis(20));
}
