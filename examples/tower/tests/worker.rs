//! A worker of apalis, whose tasks are retried by the layer, and by its own `retry` with a policy from here.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::*;
use relent::service::{RetryLayer, TowerPolicy};
use relent::wait::Constant;
use relent::{Cancel, Retry};

static TASKS: Retry<Constant> = Retry::constant(Duration::from_millis(1)).max_tries(5);

/// The calls for each of three tasks.
type Calls = [AtomicU32; 3];

/// The first task fails twice, the second always, and the last stops the worker when the others are done.
async fn work(
    task: usize,
    all: Data<Arc<Calls>>,
    worker: WorkerContext,
) -> Result<(), BoxDynError> {
    let calls = all[task].fetch_add(1, Relaxed) + 1;
    match task {
        0 if calls < 3 => Err("busy".into()),
        1 => Err("broken".into()),
        2 => {
            while made(&all) != [3, 5, 1] {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(worker.stop()?)
        }
        _ => Ok(()),
    }
}

async fn tasks() -> MemoryStorage<usize> {
    let mut storage = MemoryStorage::new();
    for task in 0..3 {
        storage.push(task).await.unwrap();
    }
    storage
}

fn made(calls: &Calls) -> [u32; 3] {
    std::array::from_fn(|task| calls[task].load(Relaxed))
}

#[tokio::test]
async fn tasks_are_retried_by_the_layer() {
    let calls = Arc::<Calls>::default();
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let policy =
        TASKS.target("a task").on_giveup(move |d| log.lock().unwrap().push(format!("{d}")));
    let worker = WorkerBuilder::new("layer")
        .backend(tasks().await)
        .data(Arc::clone(&calls))
        .layer(RetryLayer::new(Arc::new(policy)))
        .build(work);
    worker.run().await.unwrap();
    assert_eq!(made(&calls), [3, 5, 1]);
    assert_eq!(*events.lock().unwrap(), ["Giving up a task after 5 tries (broken)"]);
}

#[tokio::test]
async fn tasks_are_retried_by_apalis_with_a_policy() {
    let calls = Arc::<Calls>::default();
    let worker = WorkerBuilder::new("policy")
        .backend(tasks().await)
        .data(Arc::clone(&calls))
        .retry(TowerPolicy::new(&TASKS))
        .build(work);
    worker.run().await.unwrap();
    assert_eq!(made(&calls), [3, 5, 1]);
}

/// A worker that stops is never ready for a retry: its retries are cancelled.
#[tokio::test]
async fn a_worker_that_stops_does_not_wait_for_retries() {
    let cancel = Cancel::new();
    let policy = Retry::constant(Duration::from_secs(3600)).cancelled_by(&cancel);
    let mut storage = MemoryStorage::new();
    storage.push(()).await.unwrap();
    let worker = WorkerBuilder::new("cancelled")
        .backend(storage)
        .layer(RetryLayer::new(policy))
        .on_event(move |_, event| {
            if let Event::Stop = event {
                cancel.cancel();
            }
        })
        .build(async |(): (), worker: WorkerContext| -> Result<(), BoxDynError> {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                worker.stop().unwrap();
            });
            Err("down".into())
        });
    tokio::time::timeout(Duration::from_secs(10), worker.run()).await.unwrap().unwrap();
}
