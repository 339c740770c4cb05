//! `benches/peers/run` runs it.

mod allocator;
mod bench;
mod by_hand;
mod lean;
mod plot;
mod report;
mod rows;
mod script;
mod tasks;
mod threads;
mod times;
#[cfg(feature = "peers")]
mod with_backoff;
#[cfg(feature = "backon")]
mod with_backon;
mod with_relent;
#[cfg(feature = "peers")]
mod with_retry;
#[cfg(feature = "peers")]
mod with_tokio_retry;
#[cfg(feature = "peers")]
mod with_tokio_retry2;
#[cfg(feature = "peers")]
mod with_tower;
#[cfg(feature = "peers")]
mod with_tryhard;

use std::hint::black_box;

use bench::{Bench, Case, Run, once};
use rows::Row;
use tokio::runtime::{Builder, Runtime};

/// Each part prints lines of a row, a crate and a figure, with tabs between.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut bench = Bench::default();
    by_hand::register(&mut bench);
    with_relent::register(&mut bench);
    #[cfg(feature = "backon")]
    with_backon::register(&mut bench);
    #[cfg(feature = "peers")]
    for register in [
        with_backoff::register,
        with_retry::register,
        with_tokio_retry::register,
        with_tokio_retry2::register,
        with_tryhard::register,
        with_tower::register,
    ] {
        register(&mut bench);
    }
    match arguments[..] {
        ["count"] => count(bench.cases, &runtime),
        ["count", name] => {
            bench.cases.retain(|case| case.peer == name);
            count(bench.cases, &runtime);
        }
        ["heap"] => heap(bench.cases, &runtime),
        ["times"] => times::print(bench.cases, &runtime),
        ["threads"] => threads::print(),
        ["sizes"] => {
            for (peer, state, size) in bench.sizes {
                println!("size/{state}\t{peer}\t{size}");
            }
        }
        ["tasks", name] => {
            let (_, all) = bench.tasks.iter().find(|(peer, _)| *peer == name).expect("a crate");
            let took = all();
            println!("tasks/ms\t{name}\t{}", took.wall.as_millis());
            println!("tasks/processors\t{name}\t{}", took.processors.as_millis());
            println!("tasks/bytes\t{name}\t{}", allocator::peak());
        }
        ["ratios", results] => report::ratios(results),
        ["gate", results, ratios, limits] => report::gate(results, ratios, limits),
        ["lean", results] => lean::print(results),
        ["tables", results] => report::tables(results),
        ["plot", results] => plot::picture(results),
        ["line", svg] => plot::definition(svg),
        _ => panic!("see `benches/peers/run`"),
    }
}

/// How often a case is run to be counted: the generators of chance do not cost the same each time.
fn rounds(case: &Case) -> u32 {
    match (case.row, &case.run) {
        (Row::Growth(..), _) => (3_000 / case.row.calls()).max(1),
        (_, Run::Call(_)) => 1_000,
        // These really wait.
        (_, Run::Await(_)) => 50,
    }
}

/// Runs each case, for callgrind to count.
fn count(cases: Vec<Case>, runtime: &Runtime) {
    #[inline(never)]
    fn case_ends() {
        black_box(());
    }
    for mut case in cases {
        let rounds = rounds(&case);
        // What is done once for a thread is nobody's: the first of a case's two dumps.
        once(&mut case, runtime, || {});
        case_ends();
        for _ in 0..rounds {
            once(&mut case, runtime, || {});
        }
        case_ends();
        println!("{}\t{}\t{rounds}", case.row.id(), case.peer);
    }
}

/// Counts the allocations of each case.
fn heap(cases: Vec<Case>, runtime: &Runtime) {
    for mut case in cases {
        // What is allocated once for a thread is nobody's.
        once(&mut case, runtime, || {});
        let mut before = None;
        let mut total = 0;
        once(&mut case, runtime, || match before.take() {
            None => before = Some(allocator::allocations()),
            Some(before) => total += allocator::allocations() - before,
        });
        println!("heap/{}\t{}\t{total}", case.row.id(), case.peer);
    }
}
