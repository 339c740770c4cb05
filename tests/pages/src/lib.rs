//! Runs on the time, the timer and the random numbers of a page. What each shows is checked in `run.mjs`.

use std::cell::Cell;
use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use relent::clock::BrowserClock;
use relent::{AsyncClock, Cancel, Jitter, Retry, StopReason};
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};

const POLICY: Retry = Retry::expo().first_wait(Duration::from_millis(10)).max_tries(4);
const HOUR: Duration = Duration::from_secs(3600);

async fn down() -> Result<(), &'static str> {
    Err("down")
}

fn milliseconds(wait: Duration) -> f64 {
    wait.as_secs_f64() * 1000.0
}

/// Returns the waits that were drawn, in milliseconds.
#[wasm_bindgen]
pub async fn waits() -> Vec<f64> {
    let waits = Mutex::new(Vec::new());
    let policy = POLICY.clock(BrowserClock);
    let policy = policy.on_backoff(|d| waits.lock().unwrap().push(milliseconds(d.wait)));
    policy.into_run_async(down).await.unwrap_err();
    waits.into_inner().unwrap()
}

/// Makes so many tries, with waits of nothing in between.
#[wasm_bindgen]
pub async fn without_waits(tries: u32) {
    let policy = Retry::constant(Duration::ZERO).max_tries(tries).clock(BrowserClock);
    policy.into_run_async(down).await.unwrap_err();
}

/// Returns when the run gave up for want of time, in milliseconds since it began.
#[wasm_bindgen]
pub async fn deadline(max_time: f64) -> f64 {
    let elapsed = Mutex::new(Duration::ZERO);
    let policy = Retry::constant(Duration::from_millis(3)).jitter(Jitter::None).clock(BrowserClock);
    let policy = policy.max_time(Duration::from_secs_f64(max_time / 1000.0)).on_giveup(|d| {
        assert_eq!(d.reason, Some(StopReason::MaxTime));
        *elapsed.lock().unwrap() = d.elapsed;
    });
    policy.into_run_async(down).await.unwrap_err();
    milliseconds(elapsed.into_inner().unwrap())
}

/// Returns whether an attempt that hangs is timed out.
#[wasm_bindgen]
pub async fn times_out() -> bool {
    let policy = POLICY.max_tries(1).clock(BrowserClock);
    let timed = policy.attempt_timeout(Duration::from_millis(5));
    timed.run_async(pending::<io::Result<()>>).await.is_err()
}

/// Returns whether the run was cancelled in the middle of a wait.
#[wasm_bindgen]
pub async fn cancelled() -> bool {
    let (cancel, reason) = (Cancel::new(), Mutex::new(None));
    let shutdown = cancel.clone();
    spawn_local(async move {
        BrowserClock.timer(Duration::from_millis(5)).await;
        shutdown.cancel();
    });
    let policy = Retry::constant(HOUR).jitter(Jitter::None).clock(BrowserClock);
    let policy = policy.cancelled_by(&cancel).on_giveup(|d| *reason.lock().unwrap() = d.reason);
    policy.into_run_async(down).await.unwrap_err();
    reason.into_inner().unwrap() == Some(StopReason::Cancelled)
}

/// Returns which of the waits are over after some milliseconds: `setTimeout` itself takes 24 days at most.
#[wasm_bindgen]
pub async fn over_too_soon() -> Vec<u32> {
    let days = [1, 24, 25, 50, 365_000].map(|days| days * 24 * HOUR);
    let mut timers = [days.as_slice(), &[Duration::MAX]]
        .concat()
        .into_iter()
        .map(|wait| Box::pin(BrowserClock.timer(wait)))
        .collect::<Vec<_>>();
    let mut over = Vec::new();
    for _ in 0..2 {
        let mut context = Context::from_waker(Waker::noop());
        for (index, timer) in (0..).zip(&mut timers) {
            if timer.as_mut().poll(&mut context).is_ready() {
                over.push(index);
            }
        }
        BrowserClock.timer(Duration::from_millis(20)).await;
    }
    over
}

/// Returns for each of two wakers whether it was woken by a timer that was polled with the first, and then the second.
#[wasm_bindgen]
pub async fn woken() -> Vec<u8> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::task::Wake;

    struct Count(AtomicU8);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let counts = [0, 0].map(|zero| Arc::new(Count(AtomicU8::new(zero))));
    let mut timer = pin!(BrowserClock.timer(Duration::from_millis(2)));
    for count in &counts {
        let waker = Waker::from(Arc::clone(count));
        assert!(timer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    BrowserClock.timer(Duration::from_millis(10)).await;
    counts.iter().map(|count| count.0.load(Ordering::Relaxed)).collect()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str) -> js_sys::Promise;

    type Response;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;

    #[wasm_bindgen(method)]
    fn text(this: &Response) -> js_sys::Promise;
}

/// Fetches a page, and returns its text with the number of tries.
#[wasm_bindgen]
pub async fn load(url: String) -> Result<String, JsError> {
    let tries = Cell::new(0);
    let run = POLICY.clock(BrowserClock).into_run_async(|| {
        tries.set(tries.get() + 1);
        get(&url)
    });
    let text = run.await.map_err(|error| JsError::new(&error))?;
    Ok(format!("{text} after {} tries", tries.get()))
}

async fn get(url: &str) -> Result<String, String> {
    let failed = |error: JsValue| format!("{error:?}");
    let response = JsFuture::from(fetch(url)).await.map_err(failed)?;
    let response: Response = wasm_bindgen::JsCast::unchecked_into(response);
    match response.status() {
        200 => {
            let text = JsFuture::from(response.text()).await.map_err(failed)?;
            text.as_string().ok_or_else(|| String::from("no text"))
        }
        status => Err(status.to_string()),
    }
}

#[cfg(feature = "default_clock")]
pub fn default_clock() -> Result<(), &'static str> {
    POLICY.run(|| Err("down"))
}

#[cfg(feature = "default_clock_async")]
pub async fn default_clock_async() -> Result<(), &'static str> {
    POLICY.run_async(down).await
}

#[cfg(feature = "blocking")]
pub fn blocking() -> Result<(), &'static str> {
    POLICY.clock(BrowserClock).run(|| Err("down"))
}
