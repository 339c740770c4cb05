//! What may be copied, sent and shared, for every public type.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use relent::{
    AnyError, Ask, Constant, Decay, Details, EventKind, Expo, Fibo, GiveUp, Handlers,
    HandlersAsync, InvalidSetting, Jitter, Linear, Observed, Retry, RetryIf, Runtime, Schedule,
    Sequence, System, SystemSleep, Target, TestClock, TestSleep, Until, Waits,
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
    Retry<Expo, AnyError, Observed<(), &'static str>>,
);
assert_plain!(Expo, Fibo, Constant, Linear, Decay, Schedule, Sequence<&'static [Duration]>);
assert_plain!(AnyError, Ask, EventKind, GiveUp, InvalidSetting, Jitter, System, Target);

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
assert_impl_all!(Target: Display, Eq, Hash, AsRef<str>);

assert_impl_all!(EventKind: Eq, Hash);
assert_impl_all!(GiveUp: Display, Eq, Hash);
assert_impl_all!(InvalidSetting: Error, Eq);
assert_impl_all!(Waits<'static, Expo>: Clone, Debug, FusedIterator<Item = Duration>, Send, Sync);

// Sleeps move between threads with their task. Tokio's may not move once polled.
assert_impl_all!(TestClock: Clone, Debug, Default, Send, Sync, Unpin);
assert_impl_all!(TestSleep: Future<Output = ()>, Debug, Send, Sync, Unpin);
assert_impl_all!(SystemSleep: Future<Output = ()>, Debug, Send, Sync);
assert_not_impl_any!(SystemSleep: Unpin, Clone);
