//! Retries on the time, the sleep and the random numbers of a host such as a browser: `run.mjs` is it.

use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[cfg(not(feature = "clock_without_entropy"))]
use relent::clock::Entropy;
use relent::{AsyncClock, BlockingClock, Retry};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// In milliseconds.
    safe fn now() -> f64;
    safe fn sleep(milliseconds: f64);
    /// From 0 to 1.
    safe fn random() -> f64;
}

struct Host;

impl BlockingClock for Host {
    fn now(&self) -> Duration {
        Duration::from_secs_f64(now() / 1000.0)
    }

    fn sleep(&self, wait: Duration) {
        sleep(wait.as_secs_f64() * 1000.0);
    }
}

/// What a timer of a browser would do, without its event loop.
impl AsyncClock for Host {
    type Timer = Ready<()>;

    fn now(&self) -> Duration {
        BlockingClock::now(self)
    }

    fn timer(&self, wait: Duration) -> Self::Timer {
        BlockingClock::sleep(self, wait);
        ready(())
    }
}

#[cfg(not(feature = "clock_without_entropy"))]
impl Entropy for Host {
    fn entropy(&self) -> u64 {
        random().to_bits()
    }
}

const POLICY: Retry = Retry::expo().max_tries(4);

fn down(calls: &mut u32) -> Result<(), &'static str> {
    *calls += 1;
    Err("down")
}

/// Returns the number of tries, as `run_async` does.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    let mut calls = 0;
    POLICY.clock(Host).max_time(Duration::from_secs(3600)).run(|| down(&mut calls)).unwrap_err();
    calls
}

#[unsafe(no_mangle)]
pub extern "C" fn run_async() -> u32 {
    let mut calls = 0;
    let run = POLICY.clock(Host).into_run_async(|| ready(down(&mut calls)));
    assert!(matches!(
        pin!(run).poll(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(Err("down"))
    ));
    calls
}

/// Returns the sum of the waits in milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn backoff() -> f64 {
    POLICY.clock(Host).backoff().sum::<Duration>().as_secs_f64() * 1000.0
}

/// Returns the sum of the waits in milliseconds: always the same.
#[unsafe(no_mangle)]
pub extern "C" fn seeded() -> f64 {
    POLICY.seed(7).clock(Host).backoff().sum::<Duration>().as_secs_f64() * 1000.0
}

#[cfg(feature = "default_clock")]
pub fn default_clock() -> Result<(), &'static str> {
    POLICY.run(|| Err("down"))
}

#[cfg(feature = "default_clock_async")]
pub async fn default_clock_async() -> Result<(), &'static str> {
    POLICY.run_async(async || Err("down")).await
}

#[cfg(feature = "backoff_without_a_clock")]
pub fn backoff_without_a_clock() -> Option<Duration> {
    POLICY.into_backoff().next()
}
