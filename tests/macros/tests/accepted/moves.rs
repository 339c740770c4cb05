//! Arguments that the body does not move, although it looks so.
#![deny(warnings)]
use relent::{Retry, retry};

static API: Retry = Retry::expo();

#[derive(Clone, Copy)]
struct Id(u32);

fn take<T>(_: T) {}
fn change(_: &mut String) {}

#[retry(API)]
fn copied(id: Id, number: u32) -> Result<(), String> {
    take(id);
    take(number);
    let id = id;
    take(id);
    Ok(())
}

#[retry(API)]
fn shadowed(text: String) -> Result<(), String> {
    let text = text.len();
    take(text);
    Ok(())
}

#[retry(API)]
fn shadowed_by_a_pattern(text: String) -> Result<(), String> {
    for text in [text.as_str()] {
        take(text);
    }
    Ok(())
}

#[retry(API)]
fn reborrowed(text: &mut String) -> Result<(), String> {
    change(text);
    change(text);
    Ok(())
}

#[retry(API)]
fn another_of_that_name(text: String) -> Result<(), String> {
    fn inner(text: String) {
        take(text);
    }
    inner(text.clone());
    Ok(())
}

#[retry(API)]
async fn borrowed(text: String) -> Result<usize, String> {
    std::future::ready(&text).await;
    Ok(text.len())
}

fn main() {
    copied(Id(1), 1).unwrap();
    assert_eq!(Id(1).0, 1);
    shadowed(String::new()).unwrap();
    shadowed_by_a_pattern(String::new()).unwrap();
    reborrowed(&mut String::new()).unwrap();
    another_of_that_name(String::new()).unwrap();
    drop(borrowed(String::new()));
}
