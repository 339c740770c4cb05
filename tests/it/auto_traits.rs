//! What may be copied, sent and shared, for every public type.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::iter::FusedIterator;
use std::ops::ControlFlow;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use relent::clock::{Cancellable, CancellableTimer, Interruptible, SystemClock, SystemTimer};
use relent::condition::{AnyError, Budgeted, RetryAfter, RetryAfterValue, RetryIf, Until};
use relent::event::Target;
use relent::future::{After, Begin, InAttempt, Timer};
use relent::iter::Waits;
use relent::observe::{Handlers, HandlersAsync, Observed};
use relent::run::{
    AsIs, AttemptTimeout, Attempts, AttemptsAsync, Call, CallAttempt, CallWith, Explained, Hidden,
    RunStats, Runner, Shown, Unbounded, ValueOnly,
};
use relent::testing::{Entered, InScope, TestTimer};
use relent::wait::{Constant, Decay, Expo, Fibo, Linear, OwnedSchedule, Runtime, Sequence};
use relent::{
    Attempt, Budget, Cancel, Details, Event, EventKind, InvalidSetting, Jitter, Retry, RetryError,
    Schedule, StopReason, Succeeded, TestClock, TimedOut, Verdict,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

type NotSend = Rc<Cell<u8>>;
type Compute = fn(&Details<'_, (), ()>) -> Duration;
type Told<'h, T, E> = Retry<Expo, AnyError, Handlers<'h, T, E>>;
type Awaited<'h, T, E> = Retry<Expo, AnyError, HandlersAsync<'h, T, E>>;

/// A plain value: it can be kept and shared anywhere.
macro_rules! assert_plain {
    ($($value:ty),* $(,)?) => { $(
        assert_impl_all!($value: Copy, Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
        const _: fn() = || {
            fn is_static<T: 'static>() {}
            is_static::<$value>();
        };
    )* };
}

assert_plain!(
    Retry,
    Retry<Fibo>,
    Retry<Constant>,
    Retry<Linear>,
    Retry<Decay>,
    Retry<Schedule>,
    Retry<Sequence<[Duration; 3]>>,
    Retry<Runtime<Compute>>,
    Retry<Expo, RetryIf<AnyError, fn(&NotSend) -> bool>>,
    Retry<Expo, Until<AnyError, fn(&NotSend) -> bool>>,
    Retry<Expo, RetryAfter<AnyError, fn(&NotSend) -> Option<Duration>>>,
    Retry<Expo, RetryAfterValue<AnyError, fn(&NotSend) -> Option<Duration>>>,
    Retry<Expo, Budgeted<AnyError, &'static Budget>>,
    Retry<Expo, AnyError, Observed<(), &'static str>>,
    Runner<&'static Retry>,
    Runner<&'static Retry, Shown, AttemptTimeout, Explained>,
);
assert_plain!(Hidden, Shown, AsIs, ValueOnly, Explained, Succeeded<u8>, RunStats);
assert_plain!(Expo, Fibo, Constant, Linear, Decay, Schedule, Sequence<&'static [Duration]>);
assert_plain!(Attempt, AttemptTimeout, Interruptible, TimedOut, Unbounded);
assert_plain!(
    AnyError,
    Verdict,
    EventKind,
    StopReason,
    InvalidSetting,
    Jitter,
    SystemClock,
    Target
);

// A policy holds what it was given, and is what that is.
assert_impl_all!(Retry<Sequence<Vec<Duration>>>: Clone, Send, Sync, Unpin);
assert_not_impl_any!(Retry<Sequence<Vec<Duration>>>: Copy);
assert_impl_all!(Retry<Expo, AnyError, (), TestClock>: Clone, Send, Sync, Unpin);
assert_not_impl_any!(Retry<Expo, AnyError, (), TestClock>: Copy);
assert_impl_all!(Retry<Expo, AnyError, (), &'static TestClock>: Copy, Send, Sync);
assert_not_impl_any!(Retry<Expo, AnyError, Observed<(), NotSend>>: Send, Sync, Copy);
assert_not_impl_any!(Retry<Expo, AnyError, (), Cell<u8>>: Sync);

// Handlers never take sharing away, whatever they are told of. They cannot be copied.
assert_impl_all!(Told<'static, u8, String>: Debug, Send, Sync, Unpin);
assert_impl_all!(Told<'static, NotSend, NotSend>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(Told<'static, u8, String>: Copy, Clone);
assert_impl_all!(Awaited<'static, u8, String>: Debug, Send, Sync, Unpin);
assert_impl_all!(Awaited<'static, NotSend, NotSend>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(Awaited<'static, u8, String>: Copy, Clone);

// Details borrow, and may show arguments that cannot be shared.
assert_impl_all!(Details<'static, u8, String>: Copy, Debug, Display, Unpin);
assert_not_impl_any!(Details<'static, u8, String>: Send, Sync);
assert_impl_all!(Details<'static, NotSend, NotSend>: Copy, Debug);
assert_not_impl_any!(Details<'static, NotSend, String>: Send, Sync);
assert_not_impl_any!(Details<'static, u8, NotSend>: Send, Sync, Display);
assert_impl_all!(Target: Display, Eq, Hash, Into<std::borrow::Cow<'static, str>>);

assert_impl_all!(EventKind: Eq, Hash);
assert_impl_all!(StopReason: Display, Eq, Hash);
assert_impl_all!(InvalidSetting: Error, Eq);
assert_impl_all!(Retry<OwnedSchedule>: Clone, Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
#[cfg(feature = "serde")]
mod config {
    use std::error::Error;
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use relent::RetryConfig;
    use relent::config::{ConfigError, GrpcRetryPolicy};
    use static_assertions::assert_impl_all;

    assert_impl_all!(RetryConfig: Clone, Debug, Default, Display, FromStr, PartialEq, Send, Sync, Unpin);
    assert_impl_all!(GrpcRetryPolicy: Clone, Debug, PartialEq, Send, Sync, Unpin);
    assert_impl_all!(ConfigError: Clone, Eq, Error, Send, Sync, Unpin, Into<Box<dyn Error + Send + Sync>>);
}
assert_impl_all!(Waits<'static, Expo>: Clone, Debug, FusedIterator<Item = Duration>, Send, Sync);

// What a run owns of an operation is what that is.
assert_impl_all!(Call<Compute>: Debug, Send, Sync, Unpin);
assert_impl_all!(CallWith<u8, Compute, Duration>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(Call<NotSend>: Send, Sync, Copy);
assert_not_impl_any!(CallWith<NotSend, Compute, Duration>: Send, Sync, Copy);
assert_impl_all!(CallAttempt<Compute>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(CallAttempt<NotSend>: Send, Sync, Copy);
assert_impl_all!(TimedOut: Error, Eq, Into<std::io::Error>, Into<Box<dyn Error + Send + Sync>>);
assert_impl_all!(RetryError<u8, std::fmt::Error>: Error, Send, Sync, Unpin);
assert_not_impl_any!(RetryError<NotSend, u8>: Send, Sync, Error);
assert_not_impl_any!(RetryError<u8, NotSend>: Send, Sync);
assert_not_impl_any!(Succeeded<NotSend>: Send, Sync, Copy);
assert_impl_all!(Event: Clone, Debug, Eq, Send, Sync, Unpin);

// In-line runs borrow the policy; they can move to another thread where it can be shared. What they
// are told of is handed in, and not kept.
type InLine<'p, H, T> = Attempts<&'p Retry<Expo, AnyError, H>, T, ()>;
type InLineAsync<'p, H, T> = AttemptsAsync<&'p Retry<Expo, AnyError, H>, T, ()>;
type Next<'p, T> = After<'p, &'p Retry, T, ()>;
assert_impl_all!(InLine<'static, (), NotSend>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(InLine<'static, Observed<(), NotSend>, u8>: Send, Sync);
assert_not_impl_any!(InLine<'static, (), u8>: Copy, Clone);
assert_impl_all!(InLineAsync<'static, (), NotSend>: Debug, Send, Sync, Unpin);
assert_not_impl_any!(InLineAsync<'static, Observed<(), NotSend>, u8>: Send, Sync);
assert_impl_all!(Next<'static, u8>: Debug, Send, Future<Output = ControlFlow<Result<u8, ()>>>);
assert_not_impl_any!(Next<'static, NotSend>: Send, Sync);
assert_impl_all!(Begin<&'static Retry, u8, ()>: Debug, Send, Future);

type Made<F> = InAttempt<'static, &'static Retry, F>;
assert_impl_all!(Made<std::future::Ready<u8>>: Debug, Send, Sync, Unpin, Future);
assert_not_impl_any!(Made<std::future::Ready<NotSend>>: Send, Sync);
assert_impl_all!(Timer<SystemTimer>: Debug, Send, Future);

// Who may cancel, and what they all draw from, is shared by threads.
assert_impl_all!(Cancel: Clone, Debug, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Budget: Debug, Default, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Budget: Clone);
assert_impl_all!(Retry<Expo, AnyError, (), Cancellable<SystemClock>>: Clone, Debug, Send, Sync, Unpin);
assert_not_impl_any!(Retry<Expo, AnyError, (), Cancellable<SystemClock>>: Copy);

// Sleeps move between threads with their task. Tokio's may not move once polled.
assert_impl_all!(TestClock: Clone, Debug, Default, Send, Sync, Unpin);
assert_impl_all!(TestTimer: Future<Output = ()>, Debug, Send, Sync, Unpin);
assert_impl_all!(SystemTimer: Future<Output = ()>, Debug, Send, Sync);
assert_not_impl_any!(SystemTimer: Unpin, Clone);
assert_impl_all!(CancellableTimer<TestTimer>: Future<Output = Interruptible>, Debug, Send, Sync);

// A scope is its thread's; one around a future goes with it.
assert_impl_all!(Entered: Debug);
assert_not_impl_any!(Entered: Send, Sync, Clone);
assert_impl_all!(InScope<TestTimer>: Debug, Send, Sync);
assert_not_impl_any!(InScope<NotSend>: Send, Sync);
