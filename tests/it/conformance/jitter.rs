//! The item of `test_jitter.py`.

use std::collections::BTreeSet;

use relent::{Jitter, Retry, TestClock};

use crate::support::secs;

/// `test_jitter.py::test_full_jitter`
#[test]
fn full_jitter_is_between_nothing_and_the_wait() {
    for most in (0..100).map(secs) {
        let clock = TestClock::new();
        let policy = Retry::constant(most).jitter(Jitter::Full).max_tries(101).clock(&clock);
        policy.run(|| Err::<(), _>("down")).unwrap_err();
        let waits = clock.waits();
        assert_eq!(waits.len(), 100);
        assert!(waits.iter().all(|wait| *wait <= most), "{most:?}: {waits:?}");
        // The ancestor looks at the last of the hundred only. Two of them are as good as never the
        // same, and one in four is below a quarter of the wait, or above three of them.
        let distinct: BTreeSet<_> = waits.iter().collect();
        assert_eq!(distinct.len() > 90, !most.is_zero(), "{most:?}: {waits:?}");
        if !most.is_zero() {
            assert!(waits.iter().any(|wait| *wait < most / 4), "{most:?}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait > most * 3 / 4), "{most:?}: {waits:?}");
        }
    }
}
