//! A clock for browsers.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) mod timer;

/// A clock for browsers and other hosts of JavaScript (feature `wasm-bindgen`): reads `performance.now()`, waits with
/// `setTimeout`, and draws jitter from `Math.random()`.
///
/// ```
/// # #[cfg(all(target_family = "wasm", target_os = "unknown"))]
/// # mod page {
/// use relent::Retry;
/// use relent::clock::BrowserClock;
///
/// async fn load() -> Result<u32, &'static str> {
///     Retry::expo().max_tries(5).clock(BrowserClock).run_async(fetch).await
/// }
/// # async fn fetch() -> Result<u32, &'static str> { Ok(7) }
/// # }
/// ```
///
/// It works wherever programs that are built with `wasm-bindgen` do: in pages, in workers, in Node.js and in Deno. It
/// implements [`AsyncClock`](crate::AsyncClock) and [`Entropy`](crate::clock::Entropy) on `wasm32-unknown-unknown` only;
/// on other targets the feature adds nothing but this type. Runs are not `Send`: spawn them with
/// `wasm_bindgen_futures::spawn_local`. A run that is dropped clears its timeout.
///
/// A browser may delay the timers of a page that is in the background by a second, or by a minute. Such a wait ends late,
/// and never early.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserClock;
