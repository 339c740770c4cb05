//! Policies by value or by reference, and whether their parts fit an operation.

use crate::condition::Condition;
use crate::observe::chain::{Chain, Notify};
use crate::policy::Retry;
use crate::sealed::Sealed;
use crate::wait::Wait;

/// A policy that is owned, borrowed, boxed or shared in an `Arc`. This trait is sealed.
pub trait Policy: Sealed {
    /// How long to wait: implements [`Wait`].
    type Strategy;
    /// Whether to retry: implements [`Condition`].
    type Condition;
    /// The handlers and observers to notify.
    type Observer: Chain;
    /// The clock to read and to wait on.
    type Clock;

    /// Returns the policy itself.
    fn policy(&self) -> &Retry<Self::Strategy, Self::Condition, Self::Observer, Self::Clock>;
}

impl<S, C, H, Z> Sealed for Retry<S, C, H, Z> {}

impl<S, C, H: Chain, Z> Policy for Retry<S, C, H, Z> {
    type Strategy = S;
    type Condition = C;
    type Observer = H;
    type Clock = Z;

    #[inline]
    fn policy(&self) -> &Self {
        self
    }
}

macro_rules! policy_by_reference {
    ($($(#[$cfg:meta])? $pointer:ty),* $(,)?) => { $(
        $(#[$cfg])?
        impl<P: Policy + ?Sized> Policy for $pointer {
            type Strategy = P::Strategy;
            type Condition = P::Condition;
            type Observer = P::Observer;
            type Clock = P::Clock;

            #[inline]
            fn policy(&self) -> &Retry<P::Strategy, P::Condition, P::Observer, P::Clock> {
                (**self).policy()
            }
        }
    )* };
}

policy_by_reference! {
    &P,
    #[cfg(feature = "std")] std::boxed::Box<P>,
    #[cfg(feature = "std")] std::sync::Arc<P>,
}

/// A policy whose strategy, condition and observers fit an operation that returns `Result<T, E>`.
///
/// Every policy with such parts implements it. This trait is sealed.
pub trait PolicyFor<T, E>:
    Policy<Strategy: Wait<T, E>, Condition: Condition<T, E>, Observer: Notify<T, E>>
{
}

impl<T, E, P> PolicyFor<T, E> for P where
    P: Policy<Strategy: Wait<T, E>, Condition: Condition<T, E>, Observer: Notify<T, E>> + ?Sized
{
}
