//! The arithmetic of floats that strategies need and `core` has not.

/// A whole number of nanoseconds as the nearest float.
#[expect(clippy::cast_precision_loss, reason = "a float holds 53 of the 64 bits, 15 digits")]
pub(crate) const fn unrounded(nanos: u64) -> f64 {
    nanos as f64
}

/// The nearest whole number of nanoseconds, as far as a `u64` holds it; 0 for NaN, which a first wait
/// of zero gives when its factor has grown beyond all numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(crate) const fn rounded(nanos: f64) -> u64 {
    (nanos + 0.5) as u64
}

/// `base` to the power of `exponent`, by squaring: `powi` is not in `core`.
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

/// e to the power of `-x`, for x from zero up: `exp` is not in `core` either. As exact as the waits,
/// which are whole nanoseconds, can show.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(crate) fn decayed(x: f64) -> f64 {
    let whole = x as u32;
    let part = x - f64::from(whole);
    // The series of e^part, innermost term first.
    let series = (1..=20).rev().fold(1.0, |sum, n| 1.0 + sum * part / f64::from(n));
    1.0 / (power(core::f64::consts::E, whole) * series)
}
