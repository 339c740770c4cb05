//! Requests to a server on this machine that fails in every phase. The waits are on a virtual clock, or of a millisecond.

mod dialects;
mod events;
mod options;
mod phases;
mod policies;
mod safety;
mod server;

use std::time::Duration;

use relent::wait::Expo;
use relent::{Jitter, Retry, TestClock};
use reqwest::Client;

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

const MILLI: Duration = Duration::from_millis(1);

/// Three tries, a millisecond apart.
static QUICK: Retry = Retry::expo().first_wait(MILLI).max_tries(3).jitter(Jitter::None);

type Virtual<'c> = Retry<Expo, relent::condition::AnyError, (), &'c TestClock>;

/// Three tries, after which a second and two have passed on the virtual clock.
fn policy(clock: &TestClock) -> Virtual<'_> {
    Retry::expo().max_tries(3).jitter(Jitter::None).clock(clock)
}
