//! Who is told? Here is what those who listen write down.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Waker};

use relent::{Details, Observe};

use crate::support::{letter, yields};

/// What happened, in order.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Logs its name at every event.
#[derive(Clone, Copy, Debug)]
struct Named<'a>(&'static str, &'a Log);

impl Named<'_> {
    fn note<T, E>(self, details: &Details<'_, T, E>) {
        self.1.add(format!("{}{}", letter(details.event), self.0));
    }
}

impl Named<'_> {
    async fn note_later(self, event: char) {
        yields(3).await;
        self.1.add(format!("{event}{}", self.0));
    }
}

impl<T, E> Observe<T, E> for Named<'_> {
    fn on_event(&self, details: &Details<'_, T, E>) {
        self.note(details);
    }
}

/// Logs its name at every event, as a handler for each.
macro_rules! handlers {
    ($policy:expr, $named:expr) => {{
        let named: Named<'_> = $named;
        $policy
            .on_giveup(move |d| named.note(d))
            .on_backoff(move |d| named.note(d))
            .on_success(move |d| named.note(d))
            .on_try(move |d| named.note(d))
    }};
}

/// The same by handlers that are awaited, which note only at the end.
macro_rules! handlers_async {
    ($policy:expr, $named:expr) => {{
        let named: Named<'_> = $named;
        $policy
            .on_giveup_async(move |d| named.note_later(letter(d.event)))
            .on_backoff_async(move |d| named.note_later(letter(d.event)))
            .on_success_async(move |d| named.note_later(letter(d.event)))
            .on_try_async(move |d| named.note_later(letter(d.event)))
    }};
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

type Again = Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>;

// After the macros, which they use.
mod handlers;
mod handlers_async;
