//! The waits of other retry crates beside those of the policy that replaces them.
//!
//! Each pair is without jitter where the other crate allows that, so that the waits can be compared one by one.

use std::fmt::Write as _;
use std::time::Duration;

use backoff::backoff::Backoff as _;
use backon::BackoffBuilder as _;
use relent::{Jitter, Retry};
use tryhard::backoff_strategies::BackoffStrategy as _;

/// How many waits are shown of a schedule that does not end.
const SHOWN: usize = 12;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A schedule of another crate, and what replaces it.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The other crate.
    pub there: &'static str,
    /// How its schedule is made.
    pub code: &'static str,
    /// Its waits.
    pub waits: Vec<Duration>,
    /// How ours is made.
    pub here: &'static str,
    /// Our waits.
    pub ours: Vec<Duration>,
}

impl Pair {
    /// Returns the two schedules as a table, with a mark where they differ.
    #[must_use]
    pub fn table(&self) -> String {
        let Self { there, code, waits, here, ours } = self;
        let mut text = format!("{there}: {code}\nrelent: {here}\n\n  wait  {there:<14} relent\n");
        for place in 0..waits.len().max(ours.len()) {
            let shown = |waits: &[Duration]| {
                waits
                    .get(place)
                    .map_or_else(|| "-".to_owned(), |wait| format!("{:?}", rounded(*wait)))
            };
            let (one, other) = (shown(waits), shown(ours));
            let mark = if one == other { "" } else { "  <- differs" };
            let _ = writeln!(text, "  {:>4}  {one:<14} {other}{mark}", place + 1);
        }
        text
    }
}

/// Rounds a wait to microseconds: others multiply floats, which differ from whole nanoseconds in the last digits.
fn rounded(wait: Duration) -> Duration {
    let micros = (wait.as_nanos() + 500) / 1000;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// Returns all pairs.
#[must_use]
pub fn pairs() -> Vec<Pair> {
    let mut backoff = backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(ms(500))
        .with_randomization_factor(0.0)
        .with_max_elapsed_time(None)
        .build();
    let mut tryhard = tryhard::backoff_strategies::ExponentialBackoff::new(ms(100));
    vec![
        Pair {
            there: "backon",
            code: "ExponentialBuilder::default()",
            waits: backon::ExponentialBuilder::default().build().take(SHOWN).collect(),
            here: "Retry::expo().max_wait(60 s).max_tries(4).jitter(Jitter::None)",
            ours: ours(&Retry::expo().max_wait(ms(60_000)).max_tries(4)),
        },
        Pair {
            there: "backoff",
            code: "ExponentialBackoff { initial 500 ms, no randomization, no limit }",
            waits: std::iter::from_fn(|| backoff.next_backoff()).take(SHOWN).collect(),
            here: "Retry::expo().first_wait(500 ms).factor(1.5).max_wait(60 s).forever().jitter(Jitter::None)",
            ours: ours(
                &Retry::expo().first_wait(ms(500)).factor(1.5).max_wait(ms(60_000)).forever(),
            ),
        },
        Pair {
            there: "retry",
            code: "Exponential::from_millis_with_factor(10, 3.0)",
            waits: retry::delay::Exponential::from_millis_with_factor(10, 3.0)
                .take(SHOWN)
                .collect(),
            here: "Retry::expo().first_wait(10 ms).factor(3.0).forever().jitter(Jitter::None)",
            ours: ours(&Retry::expo().first_wait(ms(10)).factor(3.0).forever()),
        },
        Pair {
            there: "tokio-retry",
            code: "ExponentialBackoff::from_millis(10).max_delay(5 s).take(6)",
            waits: tokio_retry::strategy::ExponentialBackoff::from_millis(10)
                .max_delay(ms(5_000))
                .take(6)
                .collect(),
            here: "Retry::expo().first_wait(10 ms).factor(10.0).max_wait(5 s).max_tries(7).jitter(Jitter::None)",
            ours: ours(
                &Retry::expo().first_wait(ms(10)).factor(10.0).max_wait(ms(5_000)).max_tries(7),
            ),
        },
        Pair {
            there: "tokio-retry2",
            code: "FibonacciBackoff::from_millis(100).take(6)",
            waits: tokio_retry2::strategy::FibonacciBackoff::from_millis(100).take(6).collect(),
            here: "Retry::fibo().first_wait(100 ms).max_tries(7).jitter(Jitter::None)",
            ours: ours(&Retry::fibo().first_wait(ms(100)).max_tries(7)),
        },
        Pair {
            there: "tryhard",
            code: "retry_fn(..).retries(5).exponential_backoff(100 ms)",
            waits: (1..=5).map(|attempt| tryhard.delay(attempt, &())).collect(),
            here: "Retry::expo().first_wait(100 ms).max_tries(6).jitter(Jitter::None)",
            ours: ours(&Retry::expo().first_wait(ms(100)).max_tries(6)),
        },
    ]
}

fn ours<S: relent::Wait<(), ()> + Copy>(policy: &Retry<S>) -> Vec<Duration> {
    policy.jitter(Jitter::None).waits().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::{pairs, rounded};

    #[test]
    fn each_policy_waits_as_the_schedule_that_it_replaces() {
        for pair in pairs() {
            let of = |waits: &[_]| waits.iter().map(|wait| rounded(*wait)).collect::<Vec<_>>();
            assert_eq!(of(&pair.ours), of(&pair.waits), "{}", pair.there);
            assert!(pair.waits.len() >= 3 && !pair.table().contains("differs"), "{}", pair.table());
        }
    }
}
