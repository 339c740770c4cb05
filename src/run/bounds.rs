//! Bounds for code that takes any policy.

use core::future::Future;

use crate::clock::{AsyncClock, BlockingClock, TimerOutput};
use crate::observe::chain::{Chain, NotifyBlocking, Pending};
use crate::policy::hold::{Policy, PolicyFor};
use crate::run::blocking::drive;
use crate::run::future::Retrying;
use crate::run::operation::{Call, CallWith, Hidden};
use crate::run::returns::AsIs;
use crate::slot::Slot;
use crate::testing::scope::Sleeping;

/// Any policy that runs an operation and blocks the thread: a bound for functions and structs that take a policy.
///
/// ```
/// use relent::Retry;
/// use relent::run::RunBlocking;
///
/// fn load(retry: &impl RunBlocking<u32, std::num::ParseIntError>) -> u32 {
///     retry.run(|| "17".parse()).unwrap_or(0)
/// }
///
/// assert_eq!(load(&Retry::expo()), 17);
/// assert_eq!(load(&Retry::expo().on_backoff(|d| eprintln!("{d}"))), 17);
/// ```
///
/// A [`Retry`](crate::Retry) implements it if its parts fit the operation. It must not have async handlers, and its
/// clock must be able to block. A reference, an `Arc` and a `Box` of a policy implement it too, and so does a
/// [`Runner`](crate::run::Runner) that returns a plain `Result`.
///
/// To write a mock, implement it: only [`run`](Self::run) is required.
///
/// ```
/// use relent::run::RunBlocking;
///
/// /// Tries once.
/// struct Once;
///
/// impl<T, E> RunBlocking<T, E> for Once {
///     fn run<F: FnMut() -> Result<T, E>>(&self, mut operation: F) -> Result<T, E> {
///         operation()
///     }
/// }
///
/// assert_eq!(Once.run(|| Err::<(), _>("down")), Err("down"));
/// ```
///
/// The trait is not dyn compatible. To hide a policy behind a type, see [`Retry::boxed`](crate::Retry::boxed).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy that can `run` an operation that returns `Result<{T}, {E}>`",
    label = "this policy does not fit the operation",
    note = "its strategy, condition and handlers must fit these types, its handlers must not be async, and its clock must implement `BlockingClock`"
)]
pub trait RunBlocking<T, E> {
    /// Same as [`Retry::run`](crate::Retry::run).
    ///
    /// # Errors
    ///
    /// Returns the error of the last call.
    fn run<F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>;

    /// Same as [`Retry::run_with`](crate::Retry::run_with).
    ///
    /// # Errors
    ///
    /// Returns the error of the last call.
    fn run_with<A, F>(&self, args: A, mut operation: F) -> Result<T, E>
    where
        A: Clone,
        F: FnMut(A) -> Result<T, E>,
    {
        self.run(|| operation(args.clone()))
    }
}

impl<T, E, P> RunBlocking<T, E> for P
where
    P: PolicyFor<T, E, Observer: NotifyBlocking, Clock: BlockingClock>,
{
    fn run<F>(&self, operation: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
    {
        drive(self, Call(operation), AsIs)
    }

    fn run_with<A, F>(&self, args: A, operation: F) -> Result<T, E>
    where
        A: Clone,
        F: FnMut(A) -> Result<T, E>,
    {
        drive(self, CallWith::new(args, operation, Hidden), AsIs)
    }
}

/// A function that makes the future of each attempt: the operation of [`RunAsync`] and [`RunLocal`]. Every
/// `FnMut() -> Fut` whose future returns `Result<T, E>` implements it.
///
/// The future is an associated type instead of a parameter. Otherwise the compiler could not prove that a run is `Send`
/// if the future borrows from the function.
pub trait AttemptFn<T, E>: FnMut() -> <Self as AttemptFn<T, E>>::Attempt {
    /// The future of an attempt.
    type Attempt: Future<Output = Result<T, E>>;
}

impl<T, E, F, Fut> AttemptFn<T, E> for F
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Attempt = Fut;
}

/// Any policy that awaits an operation on one thread: a bound for functions and structs that take a policy.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::rc::Rc;
/// use relent::Retry;
/// use relent::run::RunLocal;
///
/// async fn load(retry: &impl RunLocal<Rc<str>, String>) -> Result<Rc<str>, String> {
///     retry.run_local(|| async { Ok(Rc::from("not Send")) }).await
/// }
///
/// assert_eq!(load(&Retry::expo()).await.as_deref(), Ok("not Send"));
/// # }
/// ```
///
/// Use it for wasm, `Rc`, and timers of one thread. For spawned futures, see [`RunAsync`]. To write a mock, implement
/// both traits; only [`run_local`](Self::run_local) is required here.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy that can await an operation that returns `Result<{T}, {E}>`",
    label = "this policy does not fit the operation",
    note = "its strategy, condition and handlers must fit these types, and its clock must implement `AsyncClock`"
)]
pub trait RunLocal<T, E> {
    /// Same as [`Retry::run_async`](crate::Retry::run_async).
    fn run_local<F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: AttemptFn<T, E>;

    /// Same as [`Retry::run_with_async`](crate::Retry::run_with_async).
    fn run_with_local<A, F, Fut>(
        &self,
        args: A,
        mut operation: F,
    ) -> impl Future<Output = Result<T, E>>
    where
        A: Clone,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.run_local(move || operation(args.clone()))
    }
}

impl<T, E, P> RunLocal<T, E> for P
where
    P: PolicyFor<T, E, Clock: AsyncClock>,
{
    fn run_local<F>(&self, operation: F) -> impl Future<Output = Result<T, E>>
    where
        F: AttemptFn<T, E>,
    {
        Retrying::new(self, Call(operation), AsIs)
    }

    fn run_with_local<A, F, Fut>(&self, args: A, operation: F) -> impl Future<Output = Result<T, E>>
    where
        A: Clone,
        F: FnMut(A) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Retrying::new(self, CallWith::new(args, operation, Hidden), AsIs)
    }
}

/// Any policy that awaits an operation with futures that can be spawned: a bound for functions and structs that take a
/// policy.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::sync::Arc;
/// use relent::Retry;
/// use relent::run::RunAsync;
///
/// struct Client<P = Retry> {
///     retry: P,
/// }
///
/// impl<P: RunAsync<u32, String>> Client<P> {
///     async fn request(&self, id: u32) -> Result<u32, String> {
///         Ok(id)
///     }
///
///     async fn get(&self, id: u32) -> Result<u32, String> {
///         self.retry.run_async(|| self.request(id)).await
///     }
/// }
///
/// let client = Arc::new(Client { retry: Retry::expo() });
/// let task = tokio::spawn(async move { client.get(7).await });
/// assert_eq!(task.await.unwrap(), Ok(7));
/// # }
/// ```
///
/// A [`Retry`](crate::Retry) implements it if its parts fit the operation and are `Sync`, and its timer is `Send`. With
/// async handlers or [`cancelled_by`](crate::Retry::cancelled_by), `T` and `E` must be `Send` too. A reference, an
/// `Arc` and a `Box` of a policy implement it too, and so does a [`Runner`](crate::run::Runner) that returns a plain
/// `Result`.
///
/// To write a mock, implement it and [`RunLocal`], with one method each:
///
/// ```
/// use std::future::Future;
/// use relent::run::{AttemptFn, RunAsync, RunLocal};
///
/// /// Tries once.
/// struct Once;
///
/// impl<T, E> RunLocal<T, E> for Once {
///     fn run_local<F: AttemptFn<T, E>>(&self, mut operation: F) -> impl Future<Output = Result<T, E>> {
///         operation()
///     }
/// }
///
/// impl<T, E> RunAsync<T, E> for Once {
///     fn run_async<F>(&self, mut operation: F) -> impl Future<Output = Result<T, E>> + Send
///     where
///         F: AttemptFn<T, E, Attempt: Send> + Send,
///     {
///         operation()
///     }
/// }
/// ```
///
/// In generic code, the default target of events is often hard to read, so set a [`target`](crate::Retry::target). If
/// you spawn an `async fn` of a generic type, use an owned error: the compiler cannot prove that an error with a
/// lifetime, such as `&'static str`, is `Send`. The same holds for the arguments of
/// [`run_with_async`](Self::run_with_async): capture references in the operation of [`run_async`](Self::run_async)
/// instead.
///
/// The trait is not dyn compatible. To hide a policy behind a type, see [`Retry::boxed`](crate::Retry::boxed).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy that can `run_async` an operation that returns `Result<{T}, {E}>`, and be spawned",
    label = "this policy does not fit the operation",
    note = "its strategy, condition and handlers must fit these types and be `Sync`, and the timer of its clock must be `Send`"
)]
pub trait RunAsync<T, E>: RunLocal<T, E> + Sync {
    /// Same as [`Retry::run_async`](crate::Retry::run_async), with an operation and futures that are `Send`.
    fn run_async<F>(&self, operation: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: AttemptFn<T, E, Attempt: Send> + Send; // If it cannot be `Send`: `RunLocal`.

    /// Same as [`Retry::run_with_async`](crate::Retry::run_with_async), with arguments, an operation and futures that are
    /// `Send`.
    fn run_with_async<A, F, Fut>(
        &self,
        args: A,
        mut operation: F,
    ) -> impl Future<Output = Result<T, E>> + Send
    where
        A: Clone + Send,
        F: FnMut(A) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        self.run_async(move || operation(args.clone()))
    }
}

pub(crate) type TimerOf<P> = <<P as Policy>::Clock as AsyncClock>::Timer;
pub(crate) type OutcomeIn<P, T, E> =
    <<<TimerOf<P> as Future>::Output as TimerOutput>::Outcome as Slot>::Of<Result<T, E>>;
pub(crate) type PendingIn<P> = <<P as Policy>::Observer as Chain>::Pending;
pub(crate) type NoticeIn<P, T, E> =
    <<PendingIn<P> as Pending>::Slot as Slot>::Of<crate::run::future::Noted<T, E>>;

impl<T, E, P> RunAsync<T, E> for P
where
    P: PolicyFor<T, E, Clock: AsyncClock> + Sync,
    Sleeping<TimerOf<P>>: Send,
    OutcomeIn<P, T, E>: Send,
    PendingIn<P>: Send,
    NoticeIn<P, T, E>: Send,
{
    fn run_async<F>(&self, operation: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: AttemptFn<T, E, Attempt: Send> + Send,
    {
        Retrying::new(self, Call(operation), AsIs)
    }

    fn run_with_async<A, F, Fut>(
        &self,
        args: A,
        operation: F,
    ) -> impl Future<Output = Result<T, E>> + Send
    where
        A: Clone + Send,
        F: FnMut(A) -> Fut + Send,
        Fut: Future<Output = Result<T, E>> + Send,
    {
        Retrying::new(self, CallWith::new(args, operation, Hidden), AsIs)
    }
}

#[cfg(feature = "std")]
pub use boxed::BoxedRetry;

#[cfg(feature = "std")]
mod boxed {
    use std::boxed::Box;

    use crate::clock::SystemClock;
    use crate::condition::Condition;
    use crate::event::{Details, EventKind};
    use crate::observe::chain::{Cursor, Notify, NotifyBlocking};
    use crate::observe::{Observe, Observed};
    use crate::policy::Retry;
    use crate::wait::Wait;

    /// A policy for operations that return `Result<T, E>`, whose type has a name for any parts: see [`Retry::boxed`].
    ///
    /// It has every form of a run, but not methods such as [`backoff`](Retry::backoff). The parts are behind pointers,
    /// and no attempt allocates.
    pub type BoxedRetry<T, E, Z = SystemClock> = Retry<
        Box<dyn Wait<T, E> + Send + Sync>,
        Box<dyn Condition<T, E> + Send + Sync>,
        Observed<(), Box<dyn Observe<T, E> + Send + Sync>>,
        Z,
    >;

    /// Handlers and observers as one observer.
    struct Erased<H>(H);

    impl<T, E, H: Notify<T, E> + NotifyBlocking> Observe<T, E> for Erased<H> {
        fn on_event(&self, details: &Details<'_, T, E>) {
            let pending = self.0.notify(details, &mut Cursor::default());
            debug_assert!(pending.is_none(), "none of these observers has to be awaited");
        }

        fn wants(&self, event: EventKind) -> bool {
            self.0.wants(event)
        }
    }

    /// # A name for any policy
    impl<S, C, H, Z> Retry<S, C, H, Z> {
        /// Puts the parts of the policy behind pointers, so that its type has a name. Use it to keep a policy in a
        /// field, or to choose among policies at run time.
        ///
        /// ```
        /// use relent::{Retry, TestClock};
        /// use relent::run::BoxedRetry;
        ///
        /// struct Config {
        ///     retry: BoxedRetry<u32, String>,
        /// }
        ///
        /// let busy = String::from("busy"); // from a file
        /// let config = Config {
        ///     retry: Retry::fibo()
        ///         .retry_if(move |e: &String| *e == busy)
        ///         .on_giveup(|d| eprintln!("{d}"))
        ///         .boxed(),
        /// };
        /// let outcome = config.retry.run(|| Err("not found".into()));
        /// assert_eq!(outcome, Err("not found".into()));
        /// ```
        ///
        /// The policy then runs operations of one pair of types. Its parts must be `Send`, `Sync` and `'static`. Async
        /// handlers cannot be boxed. Call this method last, since a handler added later changes the type again.
        ///
        /// The clock stays in the type: with [`no_attempt_after_deadline`](Self::no_attempt_after_deadline), the type
        /// is `BoxedRetry<T, E, Punctual<SystemClock>>`. A boxed policy is not `Clone`, so share it in an `Arc`.
        /// `waits`, `describe`, `backoff` and `wait_after` need a strategy for any types, so call them before.
        pub fn boxed<T, E>(self) -> BoxedRetry<T, E, Z>
        where
            S: Wait<T, E> + Send + Sync + 'static,
            C: Condition<T, E> + Send + Sync + 'static,
            H: Notify<T, E> + NotifyBlocking + Send + Sync + 'static,
        {
            let Self { strategy, condition, observer, clock, settings } = self;
            let observer: Box<dyn Observe<T, E> + Send + Sync> = Box::new(Erased(observer));
            Retry {
                strategy: Box::new(strategy),
                condition: Box::new(condition),
                observer: Observed { previous: (), observer },
                clock,
                settings,
            }
        }
    }
}
