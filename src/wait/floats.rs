//! Floating-point functions that strategies need and `core` lacks.

/// Converts nanoseconds to the nearest float.
#[expect(clippy::cast_precision_loss, reason = "a float holds 53 of the 64 bits, 15 digits")]
pub(crate) const fn unrounded(nanos: u64) -> f64 {
    nanos as f64
}

/// Rounds to whole nanoseconds, saturating. NaN gives 0: it results from a first wait of zero, once the power of the
/// factor has overflowed to infinity.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(crate) const fn rounded(nanos: f64) -> u64 {
    (nanos + 0.5) as u64
}

/// Raises `base` to the power of `exponent`, by squaring. `core` has no `powi`.
pub(crate) fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
}

/// Returns e to the power of `-x`, for `x >= 0`. `core` has no `exp`. Exact enough for waits, which are rounded to
/// whole nanoseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(crate) fn decayed(x: f64) -> f64 {
    let whole = x as u32;
    let part = x - f64::from(whole);
    // The Taylor series of e^part, innermost term first.
    let series = (1..=20).rev().fold(1.0, |sum, n| 1.0 + sum * part / f64::from(n));
    1.0 / (power(core::f64::consts::E, whole) * series)
}
