//! The line shows the error, and the error has no `Display`: the message names the way out.
use relent::{Details, Retry};

#[derive(Debug)]
struct Opaque;

fn named(details: &Details<'_, (), Opaque>) {
    println!("{details}");
    let _ = details.snapshot();
}

fn main() {
    let _ = Retry::expo().on_giveup(|d| println!("{d}")).run(|| Err::<(), _>(Opaque));
    let _ = Retry::expo().on_giveup(|d| drop(d.snapshot())).run(|| Err::<(), _>(Opaque));
    let _ = Retry::expo().on_giveup(named).run(|| Err(Opaque));
}
