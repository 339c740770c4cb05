//! The outcomes of one run have one type.
use relent::Retry;
use relent::run::Attempts;

fn main() {
    let mut attempts: Attempts<Retry, u32, String> = Retry::expo().into_attempts();
    let _ = attempts.decide(&Err::<u32, _>("down"));
}
