//! An outcome is a `Result`, not only its error.
use relent::{Progress, Retry};

fn main() {
    let _ = Retry::expo().decide(&mut Progress::default(), &"down");
}
