//! A condition of one's own is set once.
use relent::{Condition, Details, Retry, Verdict};

struct Never;

impl<T, E> Condition<T, E> for Never {
    fn judge(&self, _: &Details<'_, T, E>) -> Verdict {
        Verdict::Stop
    }
}

fn main() {
    let policy = Retry::expo().condition(Never).condition(Never);
    let _ = policy.run(|| Err::<(), _>("down"));
}
