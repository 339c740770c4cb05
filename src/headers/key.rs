//! `IdempotencyKey`: lets a server recognise a repeated request.

use core::fmt;

/// A key that lets a server recognise a repeated request, and carry it out only once: a random UUID.
///
/// ```
/// use relent::{Retry, TestClock};
/// use relent::headers::IdempotencyKey;
///
/// let key = IdempotencyKey::new(); // before the run: each attempt sends the same one
/// let mut sent = Vec::new();
/// let policy = Retry::expo().max_tries(3).clock(TestClock::new());
/// policy
///     .run(|| {
///         sent.push((IdempotencyKey::HEADER, key.to_string()));
///         Err::<(), _>("timed out")
///     })
///     .unwrap_err();
/// assert_eq!(sent.len(), 3);
/// assert!(sent.iter().all(|(header, value)| *header == "idempotency-key" && key.as_str() == value));
/// assert_ne!(key, IdempotencyKey::new()); // the next run has another one
/// ```
///
/// Make one key for each run, outside the operation. A new key for each attempt protects nothing, and neither does a
/// key that the server ignores. Check whether the server honours the header `Idempotency-Key`, and for how long. A
/// [`RunId`](crate::RunId) cannot replace it, since it is unique only within the process.
///
/// If the request must not be repeated after a restart either, store the key with the work before the first attempt,
/// and restore it [from its bits](Self::from_bits).
///
/// Some servers expect the value in quotes, as in the draft of the header: `format!("\"{key}\"")`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    text: [u8; 36],
}

impl IdempotencyKey {
    /// The name of the header.
    pub const HEADER: &'static str = "idempotency-key";

    /// Creates a random key.
    ///
    /// It is not a secret: its bits come from the keys of the standard library's hash maps, which the system draws.
    /// `wasm32-unknown-unknown` has no such randomness. There, pass the browser's to [`from_bits`](Self::from_bits).
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default would be the same each time")]
    pub fn new() -> Self {
        use core::hash::BuildHasher;
        use std::time::{SystemTime, UNIX_EPOCH};

        // Each hasher has its own keys. With the time, a forked process draws others than its parent.
        let state = std::hash::RandomState::new();
        let now = if cfg!(miri) { UNIX_EPOCH } else { SystemTime::now() };
        let half = |number: u8| u128::from(state.hash_one((number, now)));
        Self::from_bits(half(0) << 64 | half(1))
    }

    /// Creates the key from these random bits. Six of them become those of a UUID of version 4.
    ///
    /// ```
    /// use relent::headers::IdempotencyKey;
    ///
    /// let key = IdempotencyKey::from_bits(0x8e03978e_40d5_43dd_bc93_6894a57f9324);
    /// assert_eq!(key.as_str(), "8e03978e-40d5-43dd-bc93-6894a57f9324");
    /// ```
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let mut text = [b'-'; 36];
        let (mut at, mut shift) = (0, 128);
        while at < text.len() {
            if !matches!(at, 8 | 13 | 18 | 23) {
                shift -= 4;
                text[at] = b"0123456789abcdef"[(bits >> shift & 0xf) as usize];
            }
            at += 1;
        }
        Self { text }
    }

    /// Returns the key as text of 36 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The characters of a UUID are ASCII.
        core::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({self})")
    }
}
