//! tower's retry, whose limit on the number of tries its users write themselves.

use std::time::Duration;

use tower::ServiceExt;
use tower::retry::Retry;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::util::rng::HasherRng;
use tower::util::{ServiceFn, service_fn};

use crate::bench::{Bench, block_on, shared, state_of};
use crate::rows::Row;
use crate::script::{Failure, MAX_TRIES, count_backoff, operation_async};
use crate::tasks;

#[derive(Clone)]
struct Policy<const COUNTS: bool> {
    backoff: ExponentialBackoff,
    retries: u32,
}

impl<const COUNTS: bool> Policy<COUNTS> {
    fn new(first_wait: Duration) -> Self {
        let maker = ExponentialBackoffMaker::new(
            first_wait,
            Duration::from_secs(10),
            0.99,
            HasherRng::default(),
        );
        let backoff = maker.expect("valid settings").make_backoff();
        Self { backoff, retries: MAX_TRIES - 1 }
    }

    fn service<F>(&self, operation: F) -> Retry<Self, ServiceFn<F>> {
        Retry::new(self.clone(), service_fn(operation))
    }
}

impl<const COUNTS: bool> tower::retry::Policy<(), u32, Failure> for Policy<COUNTS> {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        (): &mut (),
        outcome: &mut Result<u32, Failure>,
    ) -> Option<tokio::time::Sleep> {
        if outcome.is_ok() {
            return None;
        }
        self.retries = self.retries.checked_sub(1)?;
        if COUNTS {
            count_backoff();
        }
        Some(self.backoff.next_backoff())
    }

    fn clone_request(&mut self, (): &()) -> Option<()> {
        Some(())
    }
}

/// Waits that are always the same need no arithmetic.
#[derive(Clone)]
struct Constant {
    retries: u32,
}

impl tower::retry::Policy<(), u32, Failure> for Constant {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        (): &mut (),
        outcome: &mut Result<u32, Failure>,
    ) -> Option<tokio::time::Sleep> {
        if outcome.is_ok() {
            return None;
        }
        self.retries = self.retries.checked_sub(1)?;
        Some(tokio::time::sleep(tasks::WAIT))
    }

    fn clone_request(&mut self, (): &()) -> Option<()> {
        Some(())
    }
}

pub fn register(bench: &mut Bench) {
    bench.peer("tower");
    let policy = shared(Policy::<false>::new(Duration::from_millis(100)));
    let plain = |()| operation_async();
    bench.call(Row::AsyncFirstTry, move || block_on(policy.service(plain).oneshot(())));

    let zero = shared(Policy::<false>::new(Duration::ZERO));
    for row in [Row::TokioFirstTry, Row::TokioThreeFailures] {
        bench.tokio(row, move || zero.service(plain).oneshot(()));
    }
    let counting = shared(Policy::<true>::new(Duration::ZERO));
    bench.tokio(Row::TokioHandler, move || counting.service(plain).oneshot(()));

    bench.size(0, &policy.service(|()| state_of::<0>()).oneshot(()));
    bench.size(256, &policy.service(|()| state_of::<256>()).oneshot(()));

    bench.tasks(|| {
        tasks::all(|| {
            let mut operation = tasks::fails_twice();
            let service = service_fn(move |()| operation());
            Retry::new(Constant { retries: MAX_TRIES - 1 }, service).oneshot(())
        })
    });
}
