//! A spinner for a run, made of event handlers.

use std::fmt::{Display, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressState, ProgressStyle};
use relent::Retry;
use relent::observe::Handlers;

/// The number of the next try, and when it is made.
type Next = Arc<Mutex<Option<(u32, Instant)>>>;

/// A line that shows what a run is doing while it lasts.
pub struct Spinner {
    bar: ProgressBar,
    next: Next,
    print: fn(&str),
}

impl Default for Spinner {
    fn default() -> Self {
        Self::new()
    }
}

impl Spinner {
    /// On the standard output. If that is no terminal, nothing is drawn.
    #[must_use]
    pub fn new() -> Self {
        Self::on(ProgressDrawTarget::stdout(), |line| println!("{line}"))
    }

    /// Draws on this terminal. The last line is printed by the function.
    ///
    /// # Panics
    ///
    /// Never: the template is correct.
    #[must_use]
    pub fn on(target: ProgressDrawTarget, print: fn(&str)) -> Self {
        let next = Next::default();
        let countdown = {
            let next = Arc::clone(&next);
            move |_: &ProgressState, to: &mut dyn Write| {
                if let Some((tries, at)) = *next.lock().unwrap_or_else(PoisonError::into_inner) {
                    // Rounded up: it shows 0.0s at the end, and not before.
                    let left = at.saturating_duration_since(Instant::now());
                    let tenths = left.as_millis().div_ceil(100);
                    // It is drawn again in a moment.
                    write!(to, "Try {tries} in {}.{}s. ", tenths / 10, tenths % 10).ok();
                }
            }
        };
        // `wide_msg` is cut off at the end of the line: a line that wraps would not be cleared.
        let style = ProgressStyle::with_template("{spinner} {countdown}{wide_msg}")
            .expect("a template without mistakes")
            .with_key("countdown", countdown);
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(style)
            // Also if the run panics.
            .with_finish(ProgressFinish::AndClear);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, next, print }
    }

    /// Adds handlers that show each event. One spinner serves one run.
    pub fn show<E: Display, S, C, Z>(
        self,
        policy: Retry<S, C, (), Z>,
    ) -> Retry<S, C, Handlers<'static, (), E>, Z> {
        let Self { bar, next, print } = self;
        let set_next = move |to| *next.lock().unwrap_or_else(PoisonError::into_inner) = to;
        let [waiting, trying, succeeded, given_up] =
            [(); 4].map(|()| (bar.clone(), set_next.clone()));
        policy
            .on_try(move |d| {
                trying.1(None);
                trying.0.set_message(d.to_string());
            })
            // The line of an event has no line breaks and no control characters, whatever the error holds.
            .on_backoff(move |d| {
                waiting.1(Some((d.tries + 1, Instant::now() + d.wait)));
                waiting.0.set_message(d.to_string());
            })
            .on_success(move |d| {
                succeeded.0.finish_and_clear();
                print(&d.to_string());
            })
            .on_giveup(move |d| {
                given_up.0.finish_and_clear();
                print(&d.to_string());
            })
    }
}
