//! Services that retry, by the layer and by `tower`'s own retry, on scripted services and a virtual clock.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{Future, Ready, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::join;
use relent::run::BoxedRetry;
use relent::service::{RetryLayer, RetryService, TowerPolicy, standard};
use relent::{Budget, Cancel, Details, Jitter, Retry, StopReason, TestClock, TimedOut};
use static_assertions::assert_impl_all;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{Events, secs};

/// Waits 1, 2, 4 ... seconds.
const EXPO: Retry = Retry::expo().jitter(Jitter::None);

const DOWN: Result<u32, &str> = Err("down");

/// Counts its clones.
#[derive(Debug, Default)]
struct Request(Arc<AtomicU32>);

impl Clone for Request {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Relaxed);
        Self(Arc::clone(&self.0))
    }
}

/// A service of which each instance must be asked before each call, and whose clones are not ready.
struct Strict {
    is_ready: bool,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    outcomes: VecDeque<Result<u32, &'static str>>,
    /// Whether becoming ready fails, for the next times.
    refusals: VecDeque<bool>,
    calls: u32,
}

impl Strict {
    fn new<const N: usize>(outcomes: [Result<u32, &'static str>; N]) -> Self {
        let script = Script { outcomes: outcomes.into(), ..Script::default() };
        Self { is_ready: false, script: Arc::new(Mutex::new(script)) }
    }

    fn refusing<const N: usize>(self, refusals: [bool; N]) -> Self {
        self.script.lock().unwrap().refusals = refusals.into();
        self
    }

    fn script(&self) -> Arc<Mutex<Script>> {
        Arc::clone(&self.script)
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { is_ready: false, script: self.script() }
    }
}

impl<R> Service<R> for Strict {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Result<u32, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.script.lock().unwrap().refusals.pop_front() == Some(true) {
            return Poll::Ready(Err("not ready"));
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: R) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without being asked");
        let mut script = self.script.lock().unwrap();
        script.calls += 1;
        ready(script.outcomes.pop_front().unwrap_or(Ok(7)))
    }
}

fn send<S: Service<Request>>(service: S) -> Result<S::Response, S::Error> {
    block_on(service.oneshot(Request::default()))
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

mod by_layer {
    use super::*;

    #[test]
    fn a_request_is_a_run_and_each_attempt_asks_a_service_that_has_been_asked() {
        let (clock, events) = (TestClock::new(), Events::default());
        let policy = EXPO.max_tries(4).clock(&clock).observe(&events);
        let service = Strict::new([DOWN, DOWN, Ok(3)]);
        let script = service.script();
        let layer = RetryLayer::new(&policy);
        assert_eq!(send(layer.layer(service)), Ok(3));
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 S3");
        assert_eq!((clock.waits(), script.lock().unwrap().calls), ([1, 2].map(secs).to_vec(), 3));

        assert_eq!(send(layer.layer(Strict::new([DOWN; 9]))), DOWN);
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 B3 T4 G4:max_tries");
    }

    #[test]
    fn nothing_is_sent_before_the_future_is_polled() {
        let service = Strict::new([]);
        let script = service.script();
        let mut service = EXPO.clock(TestClock::new()).into_layer().layer(service);
        block_on(ServiceExt::<()>::ready(&mut service)).unwrap();
        drop(service.call(()));
        assert_eq!(script.lock().unwrap().calls, 0);
    }

    #[test]
    fn the_service_that_is_ready_is_called_and_its_clone_takes_its_place() {
        let service = Strict::new([DOWN, Ok(1)]);
        let mut service = EXPO.clock(TestClock::new()).into_layer().layer(service);
        for expected in [1, 7, 7] {
            block_on(ServiceExt::<()>::ready(&mut service)).unwrap();
            assert_eq!(block_on(service.call(())), Ok(expected));
        }
    }

    #[test]
    fn a_clone_that_does_not_become_ready_is_a_failed_attempt() {
        let events = Events::default();
        let service = Strict::new([DOWN, Ok(2)]).refusing([false, true, false]);
        let script = service.script();
        let policy = EXPO.clock(TestClock::new()).observe(&events);
        assert_eq!(send(RetryLayer::new(&policy).layer(service)), Ok(2));
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 S3");
        assert_eq!(script.lock().unwrap().calls, 2);
    }

    #[test]
    fn a_service_that_is_not_ready_for_a_request_is_no_run() {
        let events = Events::default();
        let policy = EXPO.clock(TestClock::new()).observe(&events);
        let service = RetryLayer::new(&policy).layer(Strict::new([]).refusing([true]));
        assert_eq!((send(service), events.take()), (Err("not ready"), String::new()));
    }

    #[test]
    fn a_service_that_panics_for_a_retry_leaves_no_future_that_waits_for_ever() {
        let calls = Cell::new(0);
        let service = EXPO.clock(TestClock::new()).into_layer().layer(service_fn(|()| {
            calls.set(calls.get() + 1);
            assert!(calls.get() < 2, "expected");
            ready(DOWN)
        }));
        let mut response = pin!(service.oneshot(()));
        let mut poll = || catch_unwind(AssertUnwindSafe(|| poll_once(response.as_mut())));
        assert!((0..9).any(|_| poll().is_err())); // after a wait
        assert!(poll().is_err());
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn a_request_is_cloned_once_for_each_attempt() {
        let clones = Arc::default();
        let service = Strict::new([DOWN, DOWN]);
        let service = EXPO.clock(TestClock::new()).into_layer().layer(service);
        assert_eq!(block_on(service.oneshot(Request(Arc::clone(&clones)))), Ok(7));
        assert_eq!(clones.load(Relaxed), 3);
    }

    #[test]
    fn a_request_without_a_clone_is_sent_once_and_gives_up() {
        let (clock, events) = (TestClock::new(), Events::default());
        let budget = Budget::new().capacity(20).cost(5);
        let policy = EXPO.clock(&clock).budget(&budget).observe(&events);
        let layer = RetryLayer::new(&policy).clone_by(|_: &Request| None);
        assert_eq!(send(layer.layer(Strict::new([DOWN]))), DOWN);
        assert_eq!(events.take(), "T1 G1:not_retryable");
        assert_eq!(send(layer.layer(Strict::new([Ok(1)]))), Ok(1));
        assert_eq!(events.take(), "T1 S1");
        let timed = layer.attempt_timeout_with(secs(5), |_| "timed out");
        let response = timed.layer(Strict::new([DOWN])).oneshot(Request::default());
        assert_eq!(poll_once(pin!(response)), Poll::Ready(DOWN));
        assert_eq!((clock.waits(), budget.available()), (vec![], 20));
    }

    #[test]
    fn a_request_whose_clones_run_out_gives_up_after_the_last() {
        let (events, left) = (Events::default(), Cell::new(2));
        let policy = EXPO.clock(TestClock::new()).observe(&events);
        let layer = RetryLayer::new(&policy).clone_by(|(): &()| {
            left.set(left.get() - 1);
            (left.get() >= 0).then_some(())
        });
        let service = Strict::new([DOWN; 9]);
        let script = service.script();
        assert_eq!(block_on(layer.layer(service).oneshot(())), DOWN);
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 G3:not_retryable");
        assert_eq!(script.lock().unwrap().calls, 3);
    }

    #[test]
    fn a_response_can_be_refused_and_ask_for_a_wait() {
        let clock = TestClock::new();
        let policy = EXPO
            .max_tries(3)
            .until(|status: &u32| *status < 500)
            .retry_after_value(|status: &u32| (*status == 503).then_some(secs(30)))
            .clock(&clock);
        let layer = RetryLayer::new(&policy);
        assert_eq!(send(layer.layer(Strict::new([Ok(500), Ok(503), Ok(200)]))), Ok(200));
        assert_eq!(clock.waits(), [1, 30].map(secs));
        assert_eq!(send(layer.layer(Strict::new([Ok(500); 3]))), Ok(500));
    }

    #[test]
    fn all_requests_and_all_clones_share_a_budget() {
        let budget = Arc::new(Budget::new().capacity(10).cost(5));
        let policy = EXPO.max_tries(3).budget(Arc::clone(&budget)).clock(TestClock::new());
        let service = policy.into_layer().layer(Strict::new([DOWN; 9]));
        let script = service.get_ref().script();
        for _ in 0..3 {
            assert_eq!(send(service.clone()), DOWN);
        }
        assert_eq!((budget.available(), script.lock().unwrap().calls), (0, 3 + 2));
    }

    #[test]
    fn the_standard_policy_makes_three_attempts_and_each_has_a_budget_of_its_own() {
        let policy = standard();
        assert_eq!(policy.get_max_tries(), relent::MaxTries::AtMost(3));
        let waits: Vec<_> = policy.jitter(Jitter::None).waits().collect();
        assert_eq!(waits, [100, 200].map(Duration::from_millis));

        let (clock, calls) = (TestClock::new(), Cell::new(0));
        let (one, other) = (standard().clock(&clock), standard().clock(&clock));
        let fails = service_fn(|()| {
            calls.set(calls.get() + 1);
            ready(DOWN)
        });
        for _ in 0..50 {
            block_on(RetryLayer::new(one.clone()).layer(fails).oneshot(())).unwrap_err();
        }
        assert_eq!(calls.replace(0), 50 + 35);
        block_on(RetryLayer::new(other).layer(fails).oneshot(())).unwrap_err();
        assert_eq!(calls.get(), 3);
    }

    #[test]
    fn an_attempt_is_ended_at_its_timeout_and_a_request_at_its_deadline() {
        let clock = TestClock::manual();
        let calls = Cell::new(0);
        let hangs = service_fn(|()| {
            calls.set(calls.get() + 1);
            pending::<Result<u32, BoxError>>()
        });
        let layer = EXPO.max_tries(2).clock(&clock).into_layer().attempt_timeout(secs(5));
        let mut response = pin!(layer.layer(hangs).oneshot(()));
        assert!(poll_once(response.as_mut()).is_pending());
        clock.advance(secs(5));
        assert!(poll_once(response.as_mut()).is_pending());
        assert_eq!(calls.get(), 1);
        clock.advance(secs(1));
        assert!(poll_once(response.as_mut()).is_pending());
        assert_eq!(calls.get(), 2);
        clock.advance(secs(5));
        let Poll::Ready(Err(error)) = poll_once(response.as_mut()) else { panic!() };
        assert!(error.is::<TimedOut>());

        let hangs = service_fn(|()| pending::<Result<u32, &str>>());
        let policy = EXPO.max_time(secs(10)).clock(&clock);
        let layer = RetryLayer::new(&policy).interrupt_at_deadline(|_| "too slow");
        for _ in 0..2 {
            let mut response = pin!(layer.layer(hangs).oneshot(()));
            assert!(poll_once(response.as_mut()).is_pending());
            clock.advance(secs(10));
            assert_eq!(poll_once(response.as_mut()), Poll::Ready(Err("too slow")));
        }
        let named = RetryLayer::new(EXPO.max_tries(1).clock(&clock));
        let named = named.attempt_timeout_with(secs(1), |timed_out| timed_out.to_string());
        let hangs = service_fn(|()| pending::<Result<u32, String>>());
        let mut response = pin!(named.layer(hangs).oneshot(()));
        assert!(poll_once(response.as_mut()).is_pending());
        clock.advance(secs(1));
        let late = Err("the attempt took longer than 1s".into());
        assert_eq!(poll_once(response.as_mut()), Poll::Ready(late));
    }

    #[test]
    fn a_cancelled_wait_returns_the_last_outcome() {
        let (cancel, events) = (Cancel::new(), Events::default());
        let policy = EXPO.clock(TestClock::manual()).cancelled_by(&cancel).observe(&events);
        let service = Strict::new([DOWN; 9]);
        let script = service.script();
        let mut response = pin!(RetryLayer::new(&policy).layer(service).oneshot(()));
        assert!(poll_once(response.as_mut()).is_pending());
        cancel.cancel();
        assert_eq!(poll_once(response.as_mut()), Poll::Ready(DOWN));
        assert_eq!(events.take(), "T1 B1 G1:cancelled");
        assert_eq!(script.lock().unwrap().calls, 1);
    }

    #[test]
    fn no_attempt_is_made_after_the_deadline_of_a_wait_that_took_too_long() {
        let clock = TestClock::manual();
        let policy = EXPO.max_time(secs(10)).no_attempt_after_deadline().clock(&clock);
        let service = Strict::new([DOWN; 9]);
        let script = service.script();
        let mut response = pin!(policy.into_layer().layer(service).oneshot(()));
        assert!(poll_once(response.as_mut()).is_pending());
        clock.advance(secs(60));
        assert_eq!(poll_once(response.as_mut()), Poll::Ready(DOWN));
        assert_eq!(script.lock().unwrap().calls, 1);
    }

    #[test]
    fn async_handlers_are_awaited() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let policy =
            EXPO.clock(TestClock::new()).on_backoff_async(move |d: &Details<'_, u32, &str>| {
                let (log, tries) = (Arc::clone(&log), d.tries);
                async move {
                    crate::support::yields(2).await;
                    log.lock().unwrap().push(tries);
                }
            });
        let layer = RetryLayer::new(Arc::new(policy));
        assert_eq!(send(layer.layer(Strict::new([DOWN, DOWN]))), Ok(7));
        assert_eq!(*events.lock().unwrap(), [1, 2]);
    }

    #[test]
    fn events_have_the_name_of_the_service_unless_one_is_set() {
        let mut targets = Vec::new();
        let policy = EXPO.clock(TestClock::new());
        let policy =
            policy.on_success(|d: &Details<'_, u32, &str>| targets.push(d.target().to_string()));
        send(RetryLayer::new(&policy).layer(Strict::new([]))).unwrap();
        drop(policy);
        assert!(targets[0].ends_with("service::Strict"), "{targets:?}");
    }

    type Shared = RetryService<Strict, Arc<BoxedRetry<u32, &'static str>>>;

    assert_impl_all!(Shared: Clone, Send, Sync);
    assert_impl_all!(RetryService<Strict, Retry>: Clone, Send, Sync);
    assert_impl_all!(RetryService<Strict, &'static Retry>: Clone, Send, Sync);

    #[tokio::test(start_paused = true)]
    async fn a_service_can_be_boxed_shared_and_spawned() {
        let boxed: BoxedRetry<u32, &str> = EXPO.on_backoff(|d| println!("{d}")).boxed();
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(Arc::new(boxed)))
            .service(Strict::new([DOWN, DOWN]));
        let service: BoxCloneSyncService<(), u32, &str> = BoxCloneSyncService::new(service);
        assert_eq!(tokio::spawn(service.clone().oneshot(())).await.unwrap(), Ok(7));
        assert_eq!(service.oneshot(()).await, Ok(7));
    }
}

mod by_tower_policy {
    use super::*;
    use tower::retry::{Policy, Retry as TowerRetry, RetryLayer as TowerLayer};

    #[test]
    fn a_request_is_a_run_and_each_attempt_asks_a_service_that_has_been_asked() {
        let (clock, events) = (TestClock::new(), Events::default());
        let policy = EXPO.max_tries(4).clock(&clock).observe(&events);
        let layer = TowerLayer::new(TowerPolicy::new(&policy));
        let service = Strict::new([DOWN, DOWN, Ok(3)]);
        let script = service.script();
        assert_eq!(send(layer.layer(service)), Ok(3));
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 S3");
        assert_eq!((clock.waits(), script.lock().unwrap().calls), ([1, 2].map(secs).to_vec(), 3));

        assert_eq!(send(layer.layer(Strict::new([DOWN; 9]))), DOWN);
        assert_eq!(events.take(), "T1 B1 T2 B2 T3 B3 T4 G4:max_tries");
    }

    #[test]
    fn requests_that_overlap_do_not_share_a_run() {
        let clock = TestClock::new();
        let policy = EXPO.max_tries(3).clock(&clock);
        let calls = Cell::new(0);
        let fails = service_fn(|()| {
            calls.set(calls.get() + 1);
            ready(DOWN)
        });
        let mut service = TowerRetry::new(TowerPolicy::new(&policy), fails);
        let (one, other) = (service.call(()), service.call(()));
        assert_eq!(block_on(join(one, other)), (DOWN, DOWN));
        assert_eq!(calls.get(), 6);
        block_on(service.call(())).unwrap_err();
        assert_eq!(calls.get(), 9);
        assert_eq!(clock.waits(), [1, 1, 2, 2, 1, 2].map(secs));
    }

    #[test]
    fn requests_draw_different_jitter() {
        let clock = TestClock::new();
        let policy = Retry::expo().max_tries(2).clock(&clock).into_tower_policy();
        let mut service = TowerRetry::new(policy, service_fn(|()| ready(DOWN)));
        for _ in 0..20 {
            block_on(service.call(())).unwrap_err();
        }
        let mut waits = clock.waits();
        waits.sort();
        waits.dedup();
        assert_eq!(waits.len(), 20);
    }

    #[test]
    fn limits_of_time_begin_with_each_request() {
        let clock = TestClock::new();
        let policy = EXPO.max_time(secs(3)).clock(&clock).into_tower_policy();
        let mut service = TowerRetry::new(policy, service_fn(|()| ready(DOWN)));
        for _ in 0..3 {
            block_on(service.call(())).unwrap_err();
            clock.advance(secs(100));
        }
        assert_eq!(clock.waits(), [1, 2, 1, 2, 1, 2].map(secs));
    }

    #[test]
    fn a_budget_is_shared_and_a_response_can_be_refused_and_ask_for_a_wait() {
        let (clock, budget) = (TestClock::new(), Budget::new().capacity(10).cost(5));
        let policy = EXPO
            .retry_after(|_: &&str| Some(secs(30)))
            .until(|status: &u32| *status == 200)
            .budget(&budget)
            .clock(&clock);
        let layer = TowerLayer::new(TowerPolicy::new(&policy));
        assert_eq!(send(layer.layer(Strict::new([Ok(500), DOWN, Ok(200)]))), Ok(200));
        assert_eq!(clock.waits(), [1, 30].map(secs));
        assert_eq!(budget.available(), 10);
        assert_eq!(send(layer.layer(Strict::new([DOWN; 9]))), DOWN);
        assert_eq!((budget.available(), clock.waits().len()), (0, 4));
    }

    #[test]
    fn a_request_is_cloned_once_for_each_attempt() {
        let clones = Arc::default();
        let policy = EXPO.clock(TestClock::new()).into_tower_policy();
        let service = TowerLayer::new(policy).layer(Strict::new([DOWN, DOWN]));
        assert_eq!(block_on(service.oneshot(Request(Arc::clone(&clones)))), Ok(7));
        assert_eq!(clones.load(Relaxed), 3);
    }

    #[test]
    fn a_request_without_a_clone_is_no_run() {
        let events = Events::default();
        let policy = EXPO.clock(TestClock::new()).observe(&events);
        let policy = TowerPolicy::new(&policy).clone_by(|_: &Request| None);
        assert_eq!(send(TowerRetry::new(policy, Strict::new([DOWN]))), DOWN);
        assert_eq!(events.take(), "");
    }

    #[test]
    fn a_cancelled_wait_ends_at_once_and_one_more_attempt_is_made() {
        let (cancel, events) = (Cancel::new(), Events::default());
        let policy = EXPO.clock(TestClock::manual()).cancelled_by(&cancel).observe(&events);
        let service = Strict::new([DOWN; 9]);
        let script = service.script();
        let mut response = pin!(TowerRetry::new(TowerPolicy::new(&policy), service).oneshot(()));
        assert!(poll_once(response.as_mut()).is_pending());
        cancel.cancel();
        assert_eq!(poll_once(response.as_mut()), Poll::Ready(DOWN));
        assert_eq!(events.take(), "T1 B1 G1:cancelled");
        assert_eq!(script.lock().unwrap().calls, 2);
    }

    #[test]
    fn a_policy_that_was_not_asked_for_a_clone_begins_with_the_first_outcome() {
        let events = Events::default();
        let policy = EXPO.max_tries(2).clock(TestClock::new()).observe(&events);
        let mut policy = TowerPolicy::new(&policy);
        assert!(policy.retry(&mut (), &mut DOWN.clone()).is_some());
        assert!(policy.retry(&mut (), &mut DOWN.clone()).is_none());
        assert_eq!(events.take(), "T1 B1 T2 G2:max_tries");
        assert!(policy.retry(&mut (), &mut DOWN.clone()).is_none());
        assert_eq!(events.take(), "");
    }

    #[test]
    fn the_reason_is_seen_by_handlers() {
        let mut reason = None;
        let policy = EXPO.retry_if(|_: &&str| false).clock(TestClock::new());
        let policy = policy.on_giveup(|d: &Details<'_, u32, &str>| reason = d.reason);
        send(TowerRetry::new(TowerPolicy::new(&policy), Strict::new([DOWN]))).unwrap_err();
        drop(policy);
        assert_eq!(reason, Some(StopReason::NotRetryable));
    }

    #[test]
    fn a_response_that_is_dropped_drops_what_it_holds() {
        let held = Rc::new(());
        let policy = EXPO.clock(TestClock::manual()).into_tower_policy();
        let clone = Rc::clone(&held);
        let service = service_fn(move |_: Rc<()>| {
            let _clone = Rc::clone(&clone);
            ready(DOWN)
        });
        let mut service = TowerRetry::new(policy, service);
        let mut response = Box::pin(service.call(Rc::clone(&held)));
        assert!(poll_once(response.as_mut()).is_pending());
        let before = Rc::strong_count(&held);
        drop(response);
        assert!(Rc::strong_count(&held) < before);
    }

    assert_impl_all!(TowerPolicy<Retry>: Clone, Send, Sync);
    assert_impl_all!(TowerPolicy<Arc<BoxedRetry<u32, String>>>: Clone, Send, Sync);
}
