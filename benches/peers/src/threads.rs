//! Threads that share one policy: without handlers nothing is shared but what is read; handlers are
//! behind a lock, and observers are not.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use relent::{Details, Observe};

use crate::script::{Failure, Outcome};
use crate::times::processors;
use crate::with_relent::{EXPO, Free};

const THREADS: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];
const RUNS: u32 = 512_000;
const ROUNDS: usize = 7;

/// Counts what handlers count too: the counter is shared as it is.
struct Counter;

static BACKOFFS: AtomicU32 = AtomicU32::new(0);

impl<T, E> Observe<T, E> for Counter {
    fn on_backoff(&self, _: &Details<'_, T, E>) {
        BACKOFFS.fetch_add(1, Relaxed);
    }
}

/// Fails three times.
fn operation(calls: &mut u32) -> Outcome {
    *calls += 1;
    if black_box(*calls) <= 3 { Err(Failure(*calls)) } else { Ok(*calls) }
}

/// Prints nanoseconds of processor time for each run: a busy machine leaves too few processors for the
/// time that passes to say anything.
pub fn print() {
    let plain = EXPO.clock(Free);
    let handled = EXPO.clock(Free).on_backoff(|_: &Details<'_, u32, Failure>| {
        BACKOFFS.fetch_add(1, Relaxed);
    });
    let observed = EXPO.clock(Free).observe(Counter);
    for threads in THREADS {
        time("no handler", threads, 0, || plain.run(once()));
        time("a handler", threads, 3 * RUNS, || handled.run(once()));
        time("an observer", threads, 3 * RUNS, || observed.run(once()));
    }
}

fn once() -> impl FnMut() -> Outcome {
    let mut calls = 0;
    move || operation(&mut calls)
}

fn time(name: &str, threads: u32, backoffs: u32, run: impl Fn() -> Outcome + Sync) {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        BACKOFFS.store(0, Relaxed);
        let before = processors();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..RUNS / threads {
                        assert_eq!(run(), Ok(4));
                    }
                });
            }
        });
        let busy = processors().saturating_sub(before);
        least = least.min(busy.as_secs_f64() * 1e9 / f64::from(RUNS));
        assert_eq!(BACKOFFS.load(Relaxed), backoffs);
    }
    println!("threads/{threads}\t{name}\t{least:.1}");
}
