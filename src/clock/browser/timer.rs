//! The browser's time, timer and random numbers, through `wasm-bindgen`. This is the only file that uses it.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::clock::{AsyncClock, BrowserClock, Entropy};

#[wasm_bindgen]
extern "C" {
    // The identifier is a number in browsers, and an object in Node.js.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn math_random() -> f64;
}

impl Entropy for BrowserClock {
    fn entropy(&self) -> u64 {
        math_random().to_bits()
    }
}

impl AsyncClock for BrowserClock {
    type Timer = BrowserTimer;

    fn now(&self) -> Duration {
        // In milliseconds since the page began. What is no such time is none.
        Duration::try_from_secs_f64(performance_now() / 1000.0).unwrap_or_default()
    }

    fn timer(&self, wait: Duration) -> BrowserTimer {
        BrowserTimer { deadline: self.now().saturating_add(wait), timeout: None }
    }

    /// Returns four milliseconds: browsers let nested timeouts wait that long at least.
    fn resolution(&self) -> Duration {
        Duration::from_millis(4)
    }
}

/// The timer of [`BrowserClock`]. Dropping it clears its timeout.
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct BrowserTimer {
    deadline: Duration,
    // Set when it is first polled: the timer of an attempt that is ready at once is never needed.
    timeout: Option<Timeout>,
}

impl Future for BrowserTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let left = self.deadline.saturating_sub(BrowserClock.now());
        let Some(timeout) = &mut self.timeout else {
            // A wait of nothing lets the page work, too.
            self.timeout = Some(Timeout::new(left, context.waker().clone()));
            return Poll::Pending;
        };
        if timeout.state.is_over.get() {
            // A timeout may be a little early, and a long wait takes more than one.
            if left.is_zero() {
                return Poll::Ready(());
            }
            timeout.set(left);
        }
        timeout.state.wake_by(context.waker());
        Poll::Pending
    }
}

impl fmt::Debug for BrowserTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserTimer").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

struct Timeout {
    id: JsValue,
    callback: Closure<dyn FnMut()>,
    state: Rc<State>,
}

struct State {
    is_over: Cell<bool>,
    waker: RefCell<Waker>,
}

impl Timeout {
    fn new(left: Duration, waker: Waker) -> Self {
        let state = Rc::new(State { is_over: Cell::new(false), waker: RefCell::new(waker) });
        let shared = Rc::clone(&state);
        let callback = Closure::new(move || {
            shared.is_over.set(true);
            // Cloned, since waking runs foreign code, which may poll.
            let waker = shared.waker.borrow().clone();
            waker.wake();
        });
        let id = set_timeout(&callback, milliseconds(left));
        Self { id, callback, state }
    }

    fn set(&mut self, left: Duration) {
        self.state.is_over.set(false);
        self.id = set_timeout(&self.callback, milliseconds(left));
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

impl State {
    fn wake_by(&self, waker: &Waker) {
        if !self.waker.borrow().will_wake(waker) {
            // The old one is dropped when nothing is borrowed any more.
            let _old = self.waker.replace(waker.clone());
        }
    }
}

/// Converts a duration to whole milliseconds, rounded up, at most what `setTimeout` can take.
fn milliseconds(left: Duration) -> i32 {
    i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}
