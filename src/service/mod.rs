//! Services that retry: a layer for `tower` services, and a policy for `tower`'s own retry.
//!
//! * [`RetryLayer`] (feature `tower-layer`) makes every request of a service a run. Prefer it.
#![cfg_attr(
    feature = "tower",
    doc = "* [`TowerPolicy`] (feature `tower`) is for places that take a [`tower::retry::Policy`]."
)]
#![cfg_attr(
    not(feature = "tower"),
    doc = "* `TowerPolicy` (feature `tower`) is for places that take a `tower::retry::Policy`."
)]
//! * [`standard`] is a policy with a budget, as a starting point.
//!
//! | | `RetryLayer` | `TowerPolicy` in `tower`'s retry |
//! |---|---|---|
//! | back-off, limits, conditions, requested waits, budgets, events | yes | yes |
//! | async handlers | yes | refused by the compiler |
//! | a timeout for each attempt | yes | no; put `tower`'s own layer inside |
//! | a cancel during a wait | the run ends at once | the wait ends at once, and one more attempt is made |
//! | [`no_attempt_after_deadline`](crate::Retry::no_attempt_after_deadline) | yes | an attempt after a wait that took too long is still made |
//! | the service fails to become ready for a retry | the attempt has failed | the request ends, without an event |
//! | a request that cannot be cloned | one attempt, and a give-up if it fails | one attempt, without an event |

mod clone;
mod layer;
#[cfg(feature = "tower")]
mod policy;
mod request;

pub use clone::{ByClone, ByFn, CloneRequest};
pub use layer::{ResponseFuture, RetryLayer, RetryService};
#[cfg(feature = "tower")]
pub use policy::TowerPolicy;
pub use request::{InService, Requests};

use core::time::Duration;
use std::sync::Arc;

use crate::condition::{AnyError, Budget, Budgeted};
use crate::policy::Retry;
use crate::wait::strategies::Expo;

/// Returns a policy for the requests to one service: up to three attempts, and its own budget.
///
/// ```
/// use relent::service::standard;
/// use relent::{Retry, TestClock};
///
/// let policy = standard().clock(TestClock::new());
/// let mut requests = 0;
/// for _ in 0..100 {
///     policy.run(|| { requests += 1; Err::<(), _>("down") }).unwrap_err();
/// }
/// assert_eq!(requests, 100 + 35); // of 200 retries, the budget allows 35
/// ```
///
/// The waits are at most 100 ms and 200 ms, with full jitter. The [`Budget`] is that of [`Budget::new`]. Successful
/// requests refill it, and in an outage retries soon stop. All clones of the policy share it, so make one policy for
/// each service that can be down.
///
/// The policy retries every error and no response. Which errors and responses are worth a retry depends on the service:
/// add [`retry_if`](Retry::retry_if), [`until`](Retry::until) and [`retry_after_value`](Retry::retry_after_value).
pub fn standard() -> Retry<Expo, Budgeted<AnyError, Arc<Budget>>> {
    Retry::expo()
        .first_wait(Duration::from_millis(100))
        .max_tries(3)
        .budget(Arc::new(Budget::new()))
}
