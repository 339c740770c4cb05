//! Where each crate's file puts what is to be measured, and how one run of it is made.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::rows::Row;
use crate::script::{self, Outcome};
use crate::tasks::Took;

pub type BoxFuture = Pin<Box<dyn Future<Output = Outcome>>>;

/// A run of an operation.
pub enum Run {
    Call(Box<dyn FnMut() -> Outcome>),
    /// On tokio. Only what the future itself does is measured, and not the time driver's turns
    /// between, which hang on the time of day.
    Await(Box<dyn FnMut() -> BoxFuture>),
}

pub struct Case {
    pub peer: &'static str,
    pub row: Row,
    pub run: Run,
}

/// A future's size: the crate, the bytes of the operation's state, and the size.
pub type Size = (&'static str, usize, usize);

/// A crate, and a program that makes very many tasks.
pub type Tasks = (&'static str, fn() -> Took);

#[derive(Default)]
pub struct Bench {
    peer: &'static str,
    pub cases: Vec<Case>,
    pub sizes: Vec<Size>,
    pub tasks: Vec<Tasks>,
}

impl Bench {
    /// What is added from here on is of this crate.
    pub fn peer(&mut self, name: &'static str) -> &mut Self {
        self.peer = name;
        self
    }

    /// A run that blocks the thread, or drives its own future.
    pub fn call(&mut self, row: Row, run: impl FnMut() -> Outcome + 'static) {
        self.cases.push(Case { peer: self.peer, row, run: Run::Call(Box::new(run)) });
    }

    /// The computation of one wait after another.
    pub fn wait(&mut self, mut next: impl FnMut() -> Duration + 'static) {
        self.call(Row::Wait, move || {
            black_box(next());
            Ok(0)
        });
    }

    /// A run on tokio. Making the future is a part of it.
    pub fn tokio<F>(&mut self, row: Row, run: impl Fn() -> F + Copy + 'static)
    where
        F: Future<Output = Outcome> + 'static,
    {
        let run = Run::Await(Box::new(move || Box::pin(async move { run().await })));
        self.cases.push(Case { peer: self.peer, row, run });
    }

    /// The future of an operation whose own future has that many bytes.
    pub fn size<F>(&mut self, state: usize, future: &F) {
        self.sizes.push((self.peer, state, size_of_val(future)));
    }

    pub fn tasks(&mut self, all: fn() -> Took) {
        self.tasks.push((self.peer, all));
    }
}

/// The same policy for all runs, of which the compiler must not know what it says.
pub fn shared<P>(policy: P) -> &'static P {
    Box::leak(Box::new(black_box(policy)))
}

/// Polls a future until it is ready: the least that an executor can be.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// The future of an operation with `N` bytes of state.
#[derive(Clone, Copy)]
pub struct StateOf<const N: usize>([u8; N]);

pub fn state_of<const N: usize>() -> StateOf<N> {
    StateOf([0; N])
}

impl<const N: usize> Future for StateOf<N> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
        black_box(&self.0);
        Poll::Ready(Ok(0))
    }
}

// Callgrind is told to count inside of functions of this name, and nowhere else. They must not end in a
// call, which could become a jump out of them.

#[inline(never)]
fn measured_call(run: &mut dyn FnMut() -> Outcome) -> Outcome {
    black_box(run())
}

#[inline(never)]
fn measured_poll(
    future: Pin<&mut dyn Future<Output = Outcome>>,
    context: &mut Context<'_>,
) -> Poll<Outcome> {
    black_box(future.poll(context))
}

/// Makes one run. `beside` is called before and after each part that is measured.
pub fn once(case: &mut Case, runtime: &Runtime, mut beside: impl FnMut()) {
    script::reset(case.row.failures());
    let outcome = match &mut case.run {
        Run::Call(run) => {
            beside();
            let outcome = measured_call(run);
            beside();
            outcome
        }
        Run::Await(run) => {
            let mut future = run();
            runtime.block_on(std::future::poll_fn(|context| {
                beside();
                let poll = measured_poll(future.as_mut(), context);
                beside();
                poll
            }))
        }
    };
    let expected = (case.row.calls(), case.row.backoffs());
    assert_eq!((script::calls(), script::backoffs()), expected, "{} {:?}", case.peer, case.row);
    let succeeds = case.row.failures() < u32::MAX;
    assert_eq!(outcome.is_ok(), succeeds, "{} {:?}", case.peer, case.row);
}
