//! Replaces the default condition, and no other.

#[cfg(target_has_atomic = "32")]
use crate::condition::Budgeted;
#[cfg(feature = "std")]
use crate::condition::RetryIfShared;
use crate::condition::{AnyError, RetryAfter, RetryAfterValue, RetryIf, Until};
use crate::sealed::Sealed;

/// A condition that [`Retry::condition`](crate::Retry::condition) can replace by a `D`. Sealed.
///
/// What refines the condition stays: `retry_if`, `until`, `retry_after`, `budget` and the like may be set before or after
/// it.
#[diagnostic::on_unimplemented(
    message = "this policy has a condition of its own already: `{Self}`",
    label = "cannot replace this policy's condition",
    note = "`condition` replaces the default, which retries every error; to replace all conditions, budgets included, call `without_conditions` first"
)]
pub trait ReplaceCondition<D>: Sealed {
    /// The condition with `D` in it.
    type Output;

    /// Replaces the condition.
    fn replace_condition(self, condition: D) -> Self::Output;
}

impl Sealed for AnyError {}

impl<D> ReplaceCondition<D> for AnyError {
    type Output = D;

    fn replace_condition(self, condition: D) -> D {
        condition
    }
}

impl<D, C: ReplaceCondition<D> + Clone> ReplaceCondition<D> for &C {
    type Output = C::Output;

    fn replace_condition(self, condition: D) -> C::Output {
        self.clone().replace_condition(condition)
    }
}

macro_rules! refines {
    ($($link:ident),*) => { $(
        impl<C, F> Sealed for $link<C, F> {}

        impl<D, C: ReplaceCondition<D>, F> ReplaceCondition<D> for $link<C, F> {
            type Output = $link<C::Output, F>;

            fn replace_condition(self, condition: D) -> Self::Output {
                let Self { previous, function } = self;
                $link { previous: previous.replace_condition(condition), function }
            }
        }
    )* };
}

refines!(RetryIf, Until, RetryAfter, RetryAfterValue);

#[cfg(feature = "std")]
impl<C, E> Sealed for RetryIfShared<C, E> {}

#[cfg(feature = "std")]
impl<D, C: ReplaceCondition<D>, E> ReplaceCondition<D> for RetryIfShared<C, E> {
    type Output = RetryIfShared<C::Output, E>;

    fn replace_condition(self, condition: D) -> Self::Output {
        let Self { previous, predicate } = self;
        RetryIfShared { previous: previous.replace_condition(condition), predicate }
    }
}

#[cfg(target_has_atomic = "32")]
impl<C, B> Sealed for Budgeted<C, B> {}

#[cfg(target_has_atomic = "32")]
impl<D, C: ReplaceCondition<D>, B> ReplaceCondition<D> for Budgeted<C, B> {
    type Output = Budgeted<C::Output, B>;

    fn replace_condition(self, condition: D) -> Self::Output {
        Budgeted { previous: self.previous.replace_condition(condition), budget: self.budget }
    }
}
