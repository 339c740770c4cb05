//! The attribute `#[retry]` of the crate [`relent`](https://docs.rs/relent).
//!
//! Use it through `relent`, with the feature `macros`: what it expands to fits one version of that crate.

mod attribute;
mod duration;
mod expand;
mod function;
mod moves;
mod policy;
mod settings;

use proc_macro::TokenStream;

/// Retries the function that it stands on.
///
/// ```text
/// use relent::{Retry, retry};
///
/// static API: Retry = Retry::expo().max_tries(5);
///
/// #[retry(API)]
/// async fn get(&mut self, id: u32) -> Result<User, ApiError> { .. }
///
/// #[retry(expo, first_wait = "100ms", max_tries = 5, retry_if = ApiError::is_transient, clone(body))]
/// async fn send(id: u32, body: Body) -> Result<String, ApiError> { .. }
/// ```
///
/// First comes the policy: any expression that is one or a reference to one, or a strategy in place: `expo`, `fibo`,
/// `constant("1s")`, `linear("1s")`, `decay`, `decorrelated("1s")`, `sequence(["1s", "5s"])`, `from_fn(f)`,
/// `runtime(f)` or `new(strategy)`. Without either, it is `expo`. Then come settings, named as the builder's methods.
///
/// The guide of `relent` describes it on the page `retry_attribute`.
#[proc_macro_attribute]
pub fn retry(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::retry(attribute.into(), &item.into()).into()
}
