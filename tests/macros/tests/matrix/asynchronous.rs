//! Async functions. Most run as tasks of their own, for which they have to be `Send`.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use relent::retry;

use crate::support::{Fault, NOTED, Noted, flaky, noted, same_local, same_spawned};

/// Awaits before it fails or succeeds.
async fn operation() -> Result<u32, Fault> {
    tokio::task::yield_now().await;
    flaky()
}

/// The same without a runtime.
async fn local() -> Result<u32, Fault> {
    std::future::ready(()).await;
    flaky()
}

/// `Send`, and not `Sync`.
type NotSync = Cell<u32>;

#[retry(*NOTED)]
async fn nothing() -> Result<u32, Fault> {
    operation().await
}

#[retry(*NOTED)]
async fn without_await() -> Result<u32, Fault> {
    flaky()
}

/// Items stand before the first statement of a body, as far as lints can see.
#[retry(*NOTED)]
async fn items_first() -> Result<u32, Fault> {
    use std::num::NonZeroU32;
    const ONE: NonZeroU32 = NonZeroU32::MIN;
    operation().await.map(|value| value + ONE.get())
}

/// A body of one expression, whose braces are not superfluous.
#[retry(*NOTED)]
async fn one_expression(lock: &Mutex<u32>) -> Result<u32, Fault> {
    lock.lock().map_err(|_| Fault).and_then(|mut value| {
        *value += 1;
        flaky()
    })
}

/// Attributes see arguments that are not there in the end.
#[retry(*NOTED, show(all), clone(numbers))]
async fn conditional(
    #[cfg(any())] missing: String,
    #[cfg(not(any()))] number: u32,
    #[cfg(not(any()))] (first, mut second): (u32, u32),
    #[cfg(not(any()))] numbers: Vec<u32>,
) -> Result<u32, Fault> {
    second += number;
    let sum: u32 = numbers.into_iter().sum();
    operation().await.map(|value| value + first + second + sum)
}

#[retry(*NOTED)]
async fn question_marks(flag: bool) -> Result<u32, Fault> {
    if flag {
        return Ok(operation().await? + 1);
    }
    operation().await?;
    Ok(1)
}

#[retry(*NOTED)]
async fn copied(number: u32) -> Result<u32, Fault> {
    operation().await.map(|value| value + number)
}

#[retry(*NOTED)]
async fn mutable_argument(mut number: u32) -> Result<u32, Fault> {
    number += 1;
    operation().await.map(|value| value + number)
}

#[retry(*NOTED)]
async fn owned(text: String) -> Result<usize, Fault> {
    operation().await?;
    Ok(text.len())
}

#[retry(*NOTED)]
async fn not_sync(cell: NotSync) -> Result<u32, Fault> {
    cell.set(cell.get() + 1);
    operation().await?;
    Ok(cell.get())
}

#[retry(*NOTED)]
async fn not_sync_in_a_pattern((cell, number): (NotSync, u32)) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.get() + number)
}

#[retry(*NOTED)]
async fn not_sync_by_reference(cell: &mut NotSync) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.get())
}

#[retry(*NOTED, clone(cell))]
async fn not_sync_cloned(cell: NotSync) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.into_inner())
}

#[retry(*NOTED, show(cell))]
async fn not_sync_shown(cell: NotSync) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.get())
}

#[retry(*NOTED, show(cell))]
async fn not_sync_shown_by_reference(cell: &mut NotSync) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.get())
}

#[retry(*NOTED, clone(cell), show(cell))]
async fn not_sync_cloned_and_shown(cell: NotSync) -> Result<u32, Fault> {
    operation().await?;
    Ok(cell.into_inner())
}

#[retry(*NOTED)]
async fn mutable_reference(number: &mut u32) -> Result<u32, Fault> {
    *number += 1;
    operation().await
}

#[retry(*NOTED)]
async fn borrowed<'a>(text: &'a str, other: &str) -> Result<&'a str, Fault> {
    operation().await?;
    let _ = other;
    Ok(text)
}

#[retry(*NOTED)]
async fn elided(text: &str) -> Result<&str, Fault> {
    operation().await?;
    Ok(&text[1..])
}

#[retry(*NOTED)]
async fn generic<T: Clone + Send + Sync, E: From<Fault>>(value: &T) -> Result<T, E> {
    operation().await?;
    Ok(value.clone())
}

#[retry(*NOTED)]
async fn impl_argument(value: impl Display + Send + Copy) -> Result<String, Fault> {
    operation().await?;
    Ok(value.to_string())
}

#[retry(*NOTED)]
async fn impl_result(number: u32) -> Result<impl Iterator<Item = u32> + Debug + Send, Fault> {
    operation().await?;
    Ok([number].into_iter())
}

#[retry(*NOTED)]
async fn async_closure<F, Fut>(mut call: F) -> Result<u32, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<u32, Fault>>,
{
    call().await
}

#[retry(*NOTED)]
async fn io(path: &str) -> std::io::Result<usize> {
    operation().await?;
    Ok(path.len())
}

#[retry(*NOTED)]
async fn any_error() -> anyhow::Result<u32> {
    Ok(operation().await?)
}

#[retry(*NOTED)]
async fn boxed_value() -> Result<Box<dyn Debug + Send>, Fault> {
    operation().await?;
    Ok(Box::new(1))
}

/// Its error is not `Send`: the future is, if it does not keep it.
#[retry(*NOTED)]
async fn boxed_error() -> Result<u32, Box<dyn std::error::Error>> {
    match operation().await {
        Ok(value) => Ok(value),
        Err(error) => Err(error.into()),
    }
}

async fn handles_a_boxed_error() -> Result<u32, Fault> {
    boxed_error().await.map_err(|_| Fault)
}

#[retry(*NOTED)]
async fn diverges(flag: bool) -> Result<u32, Fault> {
    if flag { operation().await } else { panic!("never") }
}

#[retry(*NOTED)]
async fn never_ends(flag: bool) -> Result<u32, Fault> {
    loop {
        if flag {
            return operation().await;
        }
    }
}

#[retry(*NOTED, clone(text))]
async fn consumed(text: String) -> Result<Vec<u8>, Fault> {
    operation().await?;
    Ok(text.into_bytes())
}

#[retry(*NOTED)]
async fn not_send(rc: Rc<str>) -> Result<usize, Fault> {
    local().await?;
    Ok(rc.len())
}

#[retry(*NOTED)]
async fn lock(mutex: &Mutex<u32>) -> Result<u32, Fault> {
    operation().await?;
    let number = *mutex.lock().unwrap();
    Ok(number)
}

#[retry(*NOTED)]
async fn select(number: u32) -> Result<u32, Fault> {
    tokio::select! {
        outcome = operation() => outcome.map(|value| value + number),
        () = std::future::pending() => Ok(0),
    }
}

#[retry(*NOTED)]
async fn recursive(depth: u32) -> Result<u32, Fault> {
    if depth == 0 { operation().await } else { Box::pin(deeper(depth - 1)).await }
}

async fn deeper(depth: u32) -> Result<u32, Fault> {
    if depth == 0 { operation().await } else { Box::pin(deeper(depth - 1)).await }
}

/// Each level has a run of its own, so that only one of them may fail.
#[retry(expo, max_tries = 1)]
async fn truly_recursive(depth: u32) -> Result<u32, Fault> {
    if depth == 0 { operation().await } else { Box::pin(truly_recursive(depth - 1)).await }
}

#[retry(*NOTED)]
async fn underscored(_unused: u32, _: bool, r#type: String) -> Result<usize, Fault> {
    operation().await?;
    Ok(r#type.len())
}

#[retry(*NOTED)]
async fn shadows(number: u32) -> Result<u32, Fault> {
    let (run, policy, signature, output, returned, wait) = (1, 2, 3, 4, number, 5);
    let value = operation().await?;
    Ok(run + policy + signature + output + returned + wait + value)
}

struct Client {
    policy: Noted,
    connection: NotSync,
    name: String,
}

impl Client {
    fn new() -> Self {
        Self { policy: noted(), connection: Cell::new(0), name: "client".into() }
    }

    fn note(&mut self) {
        self.connection.set(self.connection.get() + 1);
    }

    #[retry(*NOTED)]
    async fn by_mutable_reference(&mut self) -> Result<u32, Fault> {
        self.note();
        operation().await?;
        Ok(self.connection.get())
    }

    /// It only reads, and what it reads is not `Sync`.
    #[retry(*NOTED)]
    async fn reads_through_mutable(&mut self) -> Result<u32, Fault> {
        operation().await?;
        Ok(self.connection.get())
    }

    #[retry(self.policy)]
    async fn own_policy(&mut self) -> Result<u32, Fault> {
        self.connection = Cell::new(self.connection.get() + 1);
        local().await
    }

    #[retry(*NOTED)]
    async fn by_value(mut self) -> Result<u32, Fault> {
        self.note();
        operation().await
    }

    #[retry(*NOTED, clone(self))]
    async fn consumed(self) -> Result<String, Fault> {
        operation().await?;
        Ok(self.name)
    }

    #[retry(*NOTED)]
    async fn boxed(self: Box<Self>) -> Result<usize, Fault> {
        operation().await?;
        Ok(self.name.len())
    }

    #[retry(*NOTED)]
    async fn pinned(self: Pin<&mut Self>) -> Result<u32, Fault> {
        operation().await?;
        Ok(self.connection.get())
    }

    #[retry(*NOTED)]
    async fn associated(number: u32) -> Result<Self, Fault> {
        operation().await?;
        Ok(Self { connection: Cell::new(number), ..Self::new() })
    }

    #[retry(*NOTED)]
    async fn borrows_from_mutable(&mut self) -> Result<&str, Fault> {
        local().await?;
        Ok(&self.name)
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { policy: noted(), connection: self.connection.clone(), name: self.name.clone() }
    }
}

struct Shared {
    policy: Arc<Noted>,
    name: String,
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self { policy: Arc::new(noted()), name: "shared".into() })
    }

    #[retry(self.policy)]
    async fn by_reference(&self) -> Result<&str, Fault> {
        operation().await?;
        Ok(&self.name)
    }

    #[retry(self.policy)]
    async fn in_an_arc(self: Arc<Self>) -> Result<usize, Fault> {
        operation().await?;
        Ok(self.name.len())
    }
}

static LOCK: Mutex<u32> = Mutex::new(0);

#[test]
fn tasks() {
    same_spawned(nothing);
    same_spawned(without_await);
    same_spawned(items_first);
    same_spawned(|| one_expression(&LOCK));
    same_spawned(|| conditional(1, (2, 3), vec![4]));
    same_spawned(|| question_marks(true));
    same_spawned(|| copied(1));
    same_spawned(|| mutable_argument(1));
    same_spawned(|| owned("a".into()));
    same_spawned(|| not_sync(Cell::new(1)));
    same_spawned(|| not_sync_in_a_pattern((Cell::new(1), 1)));
    same_spawned(|| not_sync_cloned(Cell::new(1)));
    same_spawned(|| not_sync_shown(Cell::new(1)));
    same_spawned(|| not_sync_cloned_and_shown(Cell::new(1)));
    same_spawned(|| async {
        let mut cell = Cell::new(1);
        not_sync_by_reference(&mut cell).await
    });
    same_spawned(|| async {
        let mut cell = Cell::new(1);
        not_sync_shown_by_reference(&mut cell).await
    });
    same_spawned(|| async { mutable_reference(&mut 1).await });
    same_spawned(|| borrowed("a", "b"));
    same_spawned(|| elided("a"));
    same_spawned(|| generic::<_, Fault>(&1));
    same_spawned(|| impl_argument(1));
    same_spawned(|| impl_result(1));
    same_spawned(|| async_closure(operation));
    same_spawned(|| io("a"));
    same_spawned(any_error);
    same_spawned(boxed_value);
    same_spawned(handles_a_boxed_error);
    same_spawned(|| diverges(true));
    same_spawned(|| never_ends(true));
    same_spawned(|| consumed("a".into()));
    same_spawned(|| select(1));
    same_spawned(|| recursive(2));
    same_spawned(|| underscored(1, true, "a".into()));
    same_spawned(|| shadows(1));
    same_spawned(|| async { lock(&Mutex::new(1)).await });
}

#[test]
fn methods() {
    same_spawned(|| async { Client::new().by_mutable_reference().await });
    same_spawned(|| async { Client::new().reads_through_mutable().await });
    same_spawned(|| Client::new().by_value());
    same_spawned(|| Client::new().consumed());
    same_spawned(|| Box::new(Client::new()).boxed());
    same_spawned(|| async { Pin::new(&mut Client::new()).pinned().await });
    same_spawned(|| async { Client::associated(1).await.map(drop) });
    same_spawned(|| async { Shared::new().by_reference().await.map(drop) });
    same_spawned(|| Shared::new().in_an_arc());
    same_local(|| async { Client::new().own_policy().await });
    same_local(|| async { Client::new().borrows_from_mutable().await.map(drop) });
}

#[test]
fn futures_of_one_thread() {
    same_local(|| not_send(Rc::from("a")));
    same_local(boxed_error);
}

#[tokio::test(start_paused = true)]
async fn recursion_of_a_decorated_function_is_spawned() {
    assert_eq!(tokio::spawn(truly_recursive(3)).await.unwrap(), Ok(7));
}

#[test]
fn a_future_is_not_larger_than_that_of_the_loop_in_line() {
    const fn large<const N: usize>() -> [u8; N] {
        [0; N]
    }

    #[retry(*NOTED)]
    async fn decorated<const N: usize>(id: u32) -> Result<u32, Fault> {
        let state = large::<N>();
        tokio::task::yield_now().await;
        if state.len() == 1 { Err(Fault) } else { Ok(id) }
    }

    async fn in_line<const N: usize>(id: u32) -> Result<u32, Fault> {
        let mut attempts = NOTED.attempts_async();
        loop {
            let attempt = async {
                let state = large::<N>();
                tokio::task::yield_now().await;
                if state.len() == 1 { Err(Fault) } else { Ok(id) }
            };
            if let ControlFlow::Break(end) = attempts.after(attempt.await).await {
                return end;
            }
        }
    }

    let sizes = (size_of_val(&decorated::<0>(1)), size_of_val(&in_line::<0>(1)));
    assert!(sizes.0 <= sizes.1, "{sizes:?}");
    let sizes = (size_of_val(&decorated::<1000>(1)), size_of_val(&in_line::<1000>(1)));
    assert!(sizes.0 <= sizes.1, "{sizes:?}");
}
