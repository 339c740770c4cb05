//! What the thing that is retried is called.

#![expect(clippy::unnecessary_wraps, reason = "an operation returns a result")]
#![expect(clippy::redundant_closure_call, reason = "the name of a closure is looked at")]

use relent::{Details, Retry, TestClock};

#[test]
fn a_target_is_named_after_the_function_that_calls() {
    let mut names = Vec::new();
    let policy = Retry::expo().clock(TestClock::new());
    policy
        .clone()
        .on_success(|d| names.push(d.target().to_string()))
        .run(|| Ok::<_, ()>(1))
        .unwrap();
    let awaited = policy.on_success(|d| names.push(d.target().to_string()));
    futures::executor::block_on(awaited.run_async(async || Ok::<_, ()>(1))).unwrap();
    drop(awaited);
    let here = "it::event::target::a_target_is_named_after_the_function_that_calls";
    assert_eq!(names, [here, here]);
}

#[test]
fn a_target_is_equal_to_what_it_is_shown_as_and_to_nothing_else() {
    let policy = Retry::expo().clock(TestClock::new());
    let seen = std::sync::Mutex::new(None);
    let policy = policy.on_success(|d| *seen.lock().unwrap() = Some(d.target()));
    let (line, mut attempts) = (line!(), policy.attempts());
    assert!(attempts.after(Ok::<_, ()>(())).is_break());
    let target = seen.lock().unwrap().expect("it was told");
    assert_eq!(target, format!("{}:{line}", file!()).as_str());
    for other in [file!(), &format!("{}:{}", file!(), line + 1), &format!("{}{line}", file!()), ""]
    {
        assert!(target != *other, "{other}");
    }
    let hash = |target: &relent::event::Target| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        target.hash(&mut hasher);
        hasher.finish()
    };
    let other = Details::<'_, (), ()>::new("load", 1).target();
    let named = Details::<'_, (), ()>::new("fetch", 1).target();
    assert_ne!(named, other);
    assert_ne!(hash(&named), hash(&other));
    assert!(named == "fetch" && named != "fetch:1" && named != "fetc" && named != "fetch_user");
}

#[test]
fn targets_that_read_alike_are_equal() {
    use std::collections::HashSet;

    let targets = ["app::fetch", "app::fetch::{{closure}}", "app::fetch::{{closure}}::{{closure}}"];
    let targets: HashSet<_> =
        targets.map(|name| Details::<'_, (), ()>::new(name, 1).target()).into_iter().collect();
    assert_eq!(targets.len(), 1, "{targets:?}");
}

/// The names under which an operation is seen.
fn name_of<T, E>(operation: impl FnMut() -> Result<T, E>) -> String {
    let mut name = String::new();
    let policy = Retry::expo().clock(TestClock::new());
    let policy = policy.on_success(|d: &Details<'_, T, E>| {
        let target = d.target();
        name = target.to_string();
        assert_eq!(std::borrow::Cow::from(target), name);
        assert_eq!(target.as_str().unwrap_or(&name), name);
        assert!(target == *name && target != *format!("{name}<"), "{name}");
        assert_eq!(format!("{target:?}"), format!("{name:?}"));
    });
    policy.run(operation).ok().unwrap();
    drop(policy);
    name
}

type Unnamed = fn() -> Result<Vec<u8>, ()>;

fn generic<T: Default, const MARK: char>() -> Result<T, Unnamed> {
    Ok(T::default())
}

struct Client<T>(T);

impl<T: Default> Client<T> {
    fn fetch() -> Result<T, ()> {
        Ok(T::default())
    }

    fn through_a_closure() -> String {
        name_of(|| Self::fetch())
    }
}

trait Fetch<K> {
    fn get<V: Default>() -> Result<V, K>;

    fn named() -> String;
}

impl<T, K> Fetch<K> for Client<T> {
    fn get<V: Default>() -> Result<V, K> {
        Ok(V::default())
    }

    fn named() -> String {
        name_of(|| Ok::<_, K>(()))
    }
}

fn inner_of_a_closure() -> String {
    (|| {
        fn inner() -> Result<(), ()> {
            Ok(())
        }
        name_of(inner)
    })()
}

#[test]
fn a_default_name_has_no_generic_arguments() {
    const HERE: &str = module_path!();
    type Waits = Vec<fn() -> Result<Vec<u8>, ()>>;

    for name in [name_of(generic::<Waits, '>'>), name_of(generic::<u8, '<'>)] {
        assert_eq!(name, format!("{HERE}::generic"));
    }
    for name in [name_of(Client::<Waits>::fetch), name_of(Client::<u8>::fetch)] {
        assert_eq!(name, format!("{HERE}::Client::fetch"));
    }
    let name = format!("{HERE}::Client::through_a_closure");
    assert_eq!(Client::<Waits>::through_a_closure(), name);
    let method = |name| format!("<{HERE}::Client as {HERE}::Fetch>::{name}");
    assert_eq!(name_of(<Client<Waits> as Fetch<Waits>>::get::<Waits>), method("get"));
    assert_eq!(<Client<Waits> as Fetch<u8>>::named(), method("named"));
    assert_eq!(inner_of_a_closure(), format!("{HERE}::inner_of_a_closure::inner"));
    let (mut by_reference, boxed) = (generic::<u8, 'x'>, Box::new(generic::<Waits, 'x'>));
    assert_eq!(
        [name_of(&mut by_reference), name_of(boxed)],
        [(); 2].map(|()| format!("{HERE}::generic"))
    );
}

#[test]
fn an_operation_without_a_name_is_called_operation() {
    type Answer = Result<u8, Vec<u8>>;

    let pointer: fn() -> Answer = || Ok(1);
    let boxed: Box<dyn FnMut() -> Answer> = Box::new(|| Ok(1));
    let sent: Box<dyn Fn() -> Answer + Send> = Box::new(|| Ok(1));
    let names = [
        name_of(pointer),
        name_of(&pointer),
        name_of(&mut { pointer }),
        name_of(boxed),
        name_of(&*sent),
        name_of(Box::new(pointer)),
    ];
    assert_eq!(names, ["operation"; 6]);
}

#[test]
fn a_line_is_compared_as_it_is_written() {
    let policy = Retry::expo().clock(TestClock::new());
    let seen = std::sync::Mutex::new(None);
    let policy = policy.on_success(|d| *seen.lock().unwrap() = Some(d.target()));
    let (line, mut attempts) = (line!(), policy.attempts());
    assert!(attempts.after(Ok::<_, ()>(())).is_break());
    let target = seen.lock().unwrap().expect("it was told");
    for other in [format!("{}:+{line}", file!()), format!("{}:0{line}", file!())] {
        assert!(target != *other, "{other}");
    }
    let written = format!("{}:{line}", file!());
    assert_eq!((target.as_str(), std::borrow::Cow::from(target)), (None, written.clone().into()));
    // Targets that read alike are equal.
    assert_eq!(Details::<'_, (), ()>::new(written.leak(), 1).target(), target);
}

#[test]
fn a_name_that_was_set_is_shown_as_it_is() {
    let name = |name| Details::<'_, (), ()>::new(name, 1).target().to_string();
    assert_eq!(name("GET /users/<id>"), "GET /users/<id>");
    assert_eq!(name("Cache<User>"), "Cache<User>");
    assert_eq!(name(""), "");
}
