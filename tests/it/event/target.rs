//! What the thing that is retried is called.

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
