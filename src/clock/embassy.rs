//! A clock for Embassy, on the driver that `embassy-time` waits on. This is the only file that uses it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use embassy_time_driver::{TICK_HZ, now, schedule_wake};

use crate::clock::AsyncClock;

const SECOND: u64 = 1_000_000_000;

/// A clock for [Embassy](https://embassy.dev) (feature `embassy-time`): reads and waits on the time driver of
/// `embassy-time`.
///
/// ```no_run
/// use relent::Retry;
/// use relent::clock::EmbassyClock;
///
/// # struct Sensor;
/// # impl Sensor { async fn read(&mut self) -> Result<u16, ()> { Ok(7) } }
/// async fn read(sensor: &mut Sensor, serial_number: u64) -> Result<u16, ()> {
///     let policy = Retry::expo().max_tries(5).seed(serial_number).clock(EmbassyClock);
///     let mut attempts = policy.attempts_async();
///     loop {
///         let outcome = sensor.read().await;
///         if let std::ops::ControlFlow::Break(end) = attempts.after(outcome).await {
///             break end;
///         }
///     }
/// }
/// ```
///
/// It needs neither `std` nor an allocator. The program has to have a time driver, as for `embassy-time` itself: that of
/// the HAL, or one of those in `embassy-time`. Without one it does not link. The driver's interface is the same for
/// several versions of `embassy-time`: this clock works with 0.4 and 0.5.
///
/// Waits are rounded up to whole ticks. Give each device a [`seed`](crate::Retry::seed) of its own: without the feature
/// `std`, unseeded jitter depends on the time alone. On `wasm32-unknown-unknown`, where it would have no random numbers
/// at all, this type does not exist.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbassyClock;

/// The timer of [`EmbassyClock`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited or polled"]
pub struct EmbassyTimer {
    // In ticks.
    deadline: u64,
    has_yielded: bool,
}

impl Future for EmbassyTimer {
    type Output = ();

    // Inline, as below: a program that does not use this clock needs no driver.
    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // A wait of nothing lets other tasks run, too.
        if self.has_yielded && now() >= self.deadline {
            return Poll::Ready(());
        }
        schedule_wake(self.deadline, context.waker());
        self.has_yielded = true;
        Poll::Pending
    }
}

impl AsyncClock for EmbassyClock {
    type Timer = EmbassyTimer;

    #[inline]
    fn now(&self) -> Duration {
        let ticks = now();
        // Less than `SECOND`, and no tick rate is near the limit of the product.
        let nanos = (ticks % TICK_HZ).saturating_mul(SECOND) / TICK_HZ;
        Duration::from_secs(ticks / TICK_HZ).saturating_add(Duration::from_nanos(nanos))
    }

    #[inline]
    fn timer(&self, wait: Duration) -> EmbassyTimer {
        EmbassyTimer { deadline: now().saturating_add(ticks(wait)), has_yielded: false }
    }

    /// Returns one tick.
    #[inline]
    fn resolution(&self) -> Duration {
        Duration::from_nanos(SECOND.div_ceil(TICK_HZ))
    }
}

/// Converts a duration to ticks, rounded up.
fn ticks(wait: Duration) -> u64 {
    let below_a_second = u64::from(wait.subsec_nanos()).saturating_mul(TICK_HZ).div_ceil(SECOND);
    wait.as_secs().saturating_mul(TICK_HZ).saturating_add(below_a_second)
}
