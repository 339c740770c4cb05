//! Functions that block.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use relent::{Retry, retry};

use crate::support::{Fault, NOTED, Noted, flaky, noted, same};

type Fallible<T, E = Fault> = Result<T, E>;

#[retry(*NOTED)]
fn nothing() -> Result<u32, Fault> {
    flaky()
}

#[retry(*NOTED)]
fn question_marks() -> Result<u32, Fault> {
    let value = flaky()?;
    Ok(value + 1)
}

#[retry(*NOTED)]
fn early_returns(flag: bool) -> Result<u32, Fault> {
    if flag {
        return flaky();
    }
    for _ in 0..2 {
        if flaky().is_err() {
            return Err(Fault);
        }
    }
    Ok(1)
}

#[retry(*NOTED)]
fn copied(number: u32, flag: bool) -> Result<u32, Fault> {
    flaky().map(|value| if flag { value } else { number })
}

#[retry(*NOTED)]
fn mutable_argument(mut number: u32) -> Result<u32, Fault> {
    number += 1;
    flaky().map(|value| value + number)
}

#[retry(*NOTED)]
fn mutable_reference(number: &mut u32) -> Result<u32, Fault> {
    *number += 1;
    flaky()
}

#[retry(*NOTED)]
fn borrowed<'a>(text: &'a str, other: &str) -> Result<&'a str, Fault> {
    let _ = other.len();
    flaky().map(|_| text)
}

#[retry(*NOTED)]
fn elided(text: &str) -> Result<&str, Fault> {
    flaky()?;
    Ok(&text[1..])
}

#[retry(*NOTED)]
fn hidden_lifetime(text: &str) -> Result<Cow<'_, str>, Fault> {
    flaky()?;
    Ok(Cow::Borrowed(text))
}

#[retry(*NOTED)]
fn generic<T: Clone, E: From<Fault>>(value: &T) -> Result<T, E> {
    flaky()?;
    Ok(value.clone())
}

#[retry(*NOTED)]
fn where_clause<T>(value: T) -> Result<String, Fault>
where
    T: Display,
{
    flaky()?;
    Ok(value.to_string())
}

#[retry(*NOTED)]
fn const_generic<const N: usize>(bytes: [u8; N]) -> Result<usize, Fault> {
    flaky()?;
    Ok(bytes.len())
}

#[retry(*NOTED)]
fn impl_argument(value: impl Display + Copy) -> Result<String, Fault> {
    flaky()?;
    Ok(value.to_string())
}

#[retry(*NOTED)]
fn impl_result(numbers: &[u32]) -> Result<impl Iterator<Item = &u32> + Debug, Fault> {
    flaky()?;
    Ok(numbers.iter())
}

#[retry(*NOTED)]
fn closure(mut call: impl FnMut() -> Result<u32, Fault>) -> Result<u32, Fault> {
    call()
}

#[retry(*NOTED)]
fn dynamic(call: &mut dyn FnMut() -> Result<u32, Fault>) -> Result<u32, Fault> {
    call()
}

#[retry(*NOTED)]
fn pattern((one, mut other): (u32, u32), [first, ..]: [u32; 3], _: bool) -> Result<u32, Fault> {
    other += one;
    flaky().map(|value| value + other + first)
}

struct Point {
    x: u32,
    y: u32,
}

#[retry(*NOTED)]
fn struct_pattern(Point { x, y: other }: &Point) -> Result<u32, Fault> {
    flaky().map(|value| value + x + other)
}

#[retry(*NOTED)]
fn io(path: &str) -> std::io::Result<usize> {
    flaky()?;
    Ok(path.len())
}

#[retry(*NOTED)]
fn any_error() -> anyhow::Result<u32> {
    Ok(flaky()?)
}

#[retry(*NOTED)]
fn alias() -> Fallible<u32> {
    flaky()
}

#[retry(*NOTED)]
fn boxed_error() -> Result<u32, Box<dyn std::error::Error>> {
    Ok(flaky()?)
}

#[retry(*NOTED)]
fn boxed_value() -> Result<Box<dyn Debug>, Fault> {
    flaky()?;
    Ok(Box::new(1))
}

#[retry(*NOTED)]
fn unit() -> Result<(), Fault> {
    flaky()?;
    Ok(())
}

#[retry(*NOTED, clone(text))]
fn consumed(text: String) -> Result<Vec<u8>, Fault> {
    flaky()?;
    Ok(text.into_bytes())
}

#[retry(*NOTED, clone(text, list))]
fn consumed_twice(mut text: String, list: Vec<u32>, number: u32) -> Result<Vec<u32>, Fault> {
    text.push('!');
    drop(text);
    flaky()?;
    Ok(list.into_iter().chain([number]).collect())
}

#[retry(*NOTED)]
fn not_sync(cell: &Cell<u32>, list: RefCell<Vec<u32>>, rc: Rc<str>) -> Result<usize, Fault> {
    cell.set(cell.get() + 1);
    list.borrow_mut().push(1);
    flaky()?;
    Ok(rc.len())
}

#[retry(*NOTED)]
fn underscored(_unused: u32, r#type: &str) -> Result<usize, Fault> {
    flaky()?;
    Ok(r#type.len())
}

/// Documented, and with attributes.
///
/// # Errors
///
/// As [`flaky`].
#[retry(*NOTED)]
#[inline]
#[must_use = "it may fail"]
pub(crate) fn attributes(#[allow(unused_variables)] number: u32) -> Result<u32, Fault> {
    #![allow(clippy::let_and_return)]
    let value = flaky();
    value
}

#[retry(*NOTED)]
fn shadows(number: u32) -> Result<u32, Fault> {
    // The names of the expansion are not those of the body.
    let (run, policy, signature, output, returned) = (1, 2, 3, 4, number);
    let value = flaky()?;
    Ok(run + policy + signature + output + returned + value)
}

#[retry(*NOTED)]
fn shadowed_prelude() -> Result<u32, Fault> {
    #[allow(dead_code, non_snake_case)]
    fn Some(_: u32) {}
    #[allow(dead_code)]
    struct None;
    flaky()
}

#[retry(*NOTED)]
fn labels() -> Result<u32, Fault> {
    let mut rounds = 0;
    'outer: loop {
        loop {
            rounds += 1;
            match rounds {
                3.. => break 'outer,
                2 => continue 'outer,
                _ => {}
            }
        }
    }
    flaky()
}

#[retry(*NOTED)]
fn items() -> Result<u32, Fault> {
    const ONE: u32 = 1;
    fn inner() -> Result<u32, Fault> {
        flaky()
    }
    inner().map(|value| value + ONE)
}

#[retry(*NOTED)]
unsafe fn unsafe_function(pointer: *const u32) -> Result<u32, Fault> {
    flaky()?;
    // SAFETY: the caller's promise.
    Ok(unsafe { *pointer })
}

#[retry(*NOTED)]
extern "Rust" fn foreign(number: u32) -> Result<u32, Fault> {
    flaky().map(|value| value + number)
}

#[retry(*NOTED)]
fn recursive(depth: u32) -> Result<u32, Fault> {
    if depth == 0 { flaky() } else { inner_recursive(depth - 1) }
}

fn inner_recursive(depth: u32) -> Result<u32, Fault> {
    if depth == 0 { flaky() } else { inner_recursive(depth - 1) }
}

struct Client<P = Noted> {
    policy: P,
    calls: u32,
    name: String,
}

impl Client {
    fn new() -> Self {
        Self { policy: noted(), calls: 0, name: "client".into() }
    }

    fn note(&mut self) {
        self.calls += 1;
    }

    #[retry(self.policy)]
    fn by_reference(&self) -> Result<&str, Fault> {
        flaky()?;
        Ok(&self.name)
    }

    #[retry(self.policy)]
    fn by_mutable_reference(&mut self) -> Result<u32, Fault> {
        // Another field than the policy's.
        self.calls += 1;
        flaky()
    }

    #[retry(*NOTED)]
    fn calls_methods(&mut self) -> Result<u32, Fault> {
        self.note();
        flaky()
    }

    #[retry(*NOTED)]
    fn reads_through_mutable(&mut self) -> Result<&str, Fault> {
        flaky()?;
        Ok(&self.name)
    }

    #[retry(*NOTED)]
    fn by_value(mut self) -> Result<u32, Fault> {
        self.note();
        flaky()
    }

    #[retry(*NOTED, clone(self))]
    fn consumed(self) -> Result<String, Fault> {
        flaky()?;
        Ok(self.name)
    }

    #[retry(self.policy)]
    fn shared(self: Arc<Self>) -> Result<usize, Fault> {
        flaky()?;
        Ok(self.name.len())
    }

    #[retry(*NOTED)]
    fn pinned(self: Pin<&mut Self>) -> Result<u32, Fault> {
        flaky().map(|value| value + self.calls)
    }

    #[retry(noted())]
    fn associated(number: u32) -> Result<Self, Fault> {
        flaky()?;
        Ok(Self { calls: number, ..Self::new() })
    }

    #[retry(*NOTED)]
    fn own_type(&self, other: &Self) -> Result<u32, Fault> {
        flaky().map(|value| value + self.calls + other.calls)
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { policy: noted(), calls: self.calls, name: self.name.clone() }
    }
}

impl<P> Client<P>
where
    P: relent::run::PolicyFor<
            u32,
            Fault,
            Observer: relent::observe::NotifyBlocking,
            Clock: relent::BlockingClock,
        >,
{
    #[retry(self.policy)]
    fn of_any_policy(&self) -> Result<u32, Fault> {
        flaky()
    }
}

#[retry(policy)]
fn policy_as_an_argument(policy: &Noted) -> Result<u32, Fault> {
    flaky()
}

#[retry(Arc::clone(policy))]
fn policy_in_an_arc(policy: &Arc<Noted>) -> Result<u32, Fault> {
    flaky()
}

macro_rules! declares {
    ($policy:expr, $name:ident, $argument:ident, $body:expr) => {
        #[retry($policy)]
        fn $name($argument: u32) -> Result<u32, Fault> {
            $body
        }
    };
}

declares!(*NOTED, from_a_macro, number, flaky().map(|value| value + number));

#[test]
fn functions() {
    same(nothing);
    same(question_marks);
    same(|| early_returns(true));
    same(|| copied(1, true));
    same(|| mutable_argument(1));
    same(|| mutable_reference(&mut 1));
    same(|| borrowed("a", "b"));
    same(|| elided("a"));
    same(|| hidden_lifetime("a"));
    same(|| generic::<_, Fault>(&1));
    same(|| where_clause(1));
    same(|| const_generic([1, 2]));
    same(|| impl_argument(1));
    same(|| impl_result(&[1]));
    same(|| closure(flaky));
    same(|| dynamic(&mut flaky));
    same(|| pattern((1, 2), [1, 2, 3], true));
    same(|| struct_pattern(&Point { x: 1, y: 2 }));
    same(|| unsafe { unsafe_function(&1) });
    same(|| foreign(1));
    same(|| recursive(2));
    same(|| from_a_macro(1));
}

#[test]
fn results() {
    same(|| io("a"));
    same(any_error);
    same(alias);
    same(boxed_error);
    same(boxed_value);
    same(unit);
}

#[test]
fn bodies() {
    same(|| consumed("a".into()));
    same(|| consumed_twice("a".into(), vec![1], 2));
    same(|| not_sync(&Cell::new(1), RefCell::default(), Rc::from("a")));
    same(|| underscored(1, "a"));
    same(|| attributes(1));
    same(|| shadows(1));
    same(shadowed_prelude);
    same(labels);
    same(items);
}

#[test]
fn methods() {
    same(|| Client::new().by_reference().map(drop));
    same(|| Client::new().by_mutable_reference());
    same(|| Client::new().calls_methods());
    same(|| Client::new().reads_through_mutable().map(drop));
    same(|| Client::new().by_value());
    same(|| Client::new().consumed());
    same(|| Arc::new(Client::new()).shared());
    same(|| Pin::new(&mut Client::new()).pinned());
    same(|| Client::associated(1).map(drop));
    same(|| Client::new().own_type(&Client::new()));
    same(|| Client::new().of_any_policy());
}

#[test]
fn policies() {
    same(|| policy_as_an_argument(&noted()));
    same(|| policy_in_an_arc(&Arc::new(noted())));
}

#[test]
fn a_mutable_argument_keeps_its_changes_and_a_cloned_one_does_not() {
    #[retry(expo, max_tries = 3, clock = relent::TestClock::new())]
    fn kept(mut text: String) -> Result<u32, String> {
        text.push('!');
        Err(text.clone())
    }

    #[retry(expo, max_tries = 3, clock = relent::TestClock::new(), clone(text))]
    fn cloned(mut text: String) -> Result<u32, String> {
        text.push('!');
        Err(text)
    }

    assert_eq!(kept("a".into()), Err("a!!!".into()));
    assert_eq!(cloned("a".into()), Err("a!".into()));
}

#[test]
fn a_static_policy_needs_no_wrapper() {
    static API: Retry = Retry::expo().max_tries(2);

    #[retry(API)]
    fn get(calls: &mut u32) -> Result<(), Fault> {
        *calls += 1;
        Err(Fault)
    }

    let _entered = relent::TestClock::new().enter();
    let mut calls = 0;
    assert_eq!(get(&mut calls), Err(Fault));
    assert_eq!(calls, 2);
}
