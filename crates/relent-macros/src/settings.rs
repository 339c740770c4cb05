//! The settings: the methods of the builder, by the same names, and those of the attribute.

/// What the value of a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string such as "100ms", or an expression.
    Duration,
    /// A whole number.
    Integer,
    /// A number with or without a fraction.
    Float,
    /// A jitter by name, or an expression.
    Jitter,
    /// A function. It is passed through the method of this name, from which it learns its types.
    Function(&'static str),
    /// One or more handlers of the event of this name.
    Handlers(&'static str),
    /// One or more handlers that are awaited.
    AsyncHandlers,
    /// Any expression.
    Expression,
    /// One or more expressions.
    Expressions,
    /// Nothing.
    Flag,
    /// A string, or an expression.
    Target,
    /// A setting of the attribute alone.
    Own,
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The strategies that have it; all, if none is named.
    pub(crate) strategies: &'static [&'static str],
    /// How it is written, for messages.
    pub(crate) form: &'static str,
    /// Whether only async functions have it.
    pub(crate) is_async: bool,
}

const fn setting(name: &'static str, kind: Kind, form: &'static str) -> Setting {
    Setting { name, kind, strategies: &[], form, is_async: false }
}

const fn only_of(strategies: &'static [&'static str], setting: Setting) -> Setting {
    Setting { strategies, ..setting }
}

const fn only_async(setting: Setting) -> Setting {
    Setting { is_async: true, ..setting }
}

/// The strategies, with the forms of their arguments.
pub(crate) const STRATEGIES: [(&str, &str); 10] = [
    ("expo", ""),
    ("fibo", ""),
    ("constant", "(\"1s\")"),
    ("linear", "(\"1s\")"),
    ("decay", ""),
    ("decorrelated", "(\"1s\")"),
    ("sequence", "([\"1s\", \"5s\"])"),
    ("from_fn", "(|tries| ..)"),
    ("runtime", "(|details| ..)"),
    ("new", "(strategy)"),
];

/// All settings.
pub(crate) const SETTINGS: &[Setting] = &[
    only_of(
        &["expo", "fibo", "linear", "decay"],
        setting("first_wait", Kind::Duration, "first_wait = \"100ms\""),
    ),
    only_of(&["expo"], setting("factor", Kind::Float, "factor = 2.0")),
    only_of(&["decay"], setting("decay_factor", Kind::Float, "decay_factor = 0.5")),
    only_of(&["decay"], setting("min_wait", Kind::Duration, "min_wait = \"1s\"")),
    setting("max_wait", Kind::Duration, "max_wait = \"10s\""),
    setting("max_asked_wait", Kind::Duration, "max_asked_wait = \"1m\""),
    setting("jitter", Kind::Jitter, "jitter = full"),
    setting("seed", Kind::Integer, "seed = 7"),
    setting("max_tries", Kind::Integer, "max_tries = 5"),
    setting("max_time", Kind::Duration, "max_time = \"60s\""),
    setting("forever", Kind::Flag, "forever"),
    setting("last_wait_may_overrun", Kind::Flag, "last_wait_may_overrun"),
    setting("nested", Kind::Expression, "nested = Nested::Once"),
    setting("no_attempt_after_deadline", Kind::Flag, "no_attempt_after_deadline"),
    setting("retry_if", Kind::Function("error_predicate"), "retry_if = |error| .."),
    setting("retry_if_shared", Kind::Expression, "retry_if_shared = predicate"),
    setting("until", Kind::Function("value_predicate"), "until = |value| .."),
    setting("retry_after", Kind::Function("error_wait"), "retry_after = |error| .."),
    setting("retry_after_value", Kind::Function("value_wait"), "retry_after_value = |value| .."),
    setting("condition", Kind::Expression, "condition = condition"),
    setting("budget", Kind::Expressions, "budget = &BUDGET"),
    setting("on_try", Kind::Handlers("Try"), "on_try = |details| .."),
    setting("on_success", Kind::Handlers("Success"), "on_success = |details| .."),
    setting("on_backoff", Kind::Handlers("Backoff"), "on_backoff = |details| .."),
    setting("on_giveup", Kind::Handlers("GiveUp"), "on_giveup = |details| .."),
    only_async(setting("on_try_async", Kind::AsyncHandlers, "on_try_async = |details| ..")),
    only_async(setting("on_success_async", Kind::AsyncHandlers, "on_success_async = |details| ..")),
    only_async(setting("on_backoff_async", Kind::AsyncHandlers, "on_backoff_async = |details| ..")),
    only_async(setting("on_giveup_async", Kind::AsyncHandlers, "on_giveup_async = |details| ..")),
    setting("observe", Kind::Expressions, "observe = observer"),
    setting("clock", Kind::Expression, "clock = clock"),
    setting("cancelled_by", Kind::Expression, "cancelled_by = &cancel"),
    setting("target", Kind::Target, "target = \"name\""),
    // Those of the attribute alone, and run options.
    setting("explain", Kind::Own, "explain"),
    setting("traced", Kind::Own, "traced"),
    only_async(setting("attempt_timeout", Kind::Own, "attempt_timeout = \"5s\"")),
    only_async(setting(
        "attempt_timeout_with",
        Kind::Own,
        "attempt_timeout_with(\"5s\", |timed_out| ..)",
    )),
    only_async(setting(
        "interrupt_at_deadline",
        Kind::Own,
        "interrupt_at_deadline = |timed_out| ..",
    )),
    setting("clone", Kind::Own, "clone(argument)"),
    setting("show", Kind::Own, "show(argument)"),
    setting("attempt", Kind::Own, "attempt = name"),
    setting("crate", Kind::Own, "crate = path"),
];

/// Returns the setting of this name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Returns the setting with the most similar name, if one is similar.
pub(crate) fn nearest(name: &str) -> Option<&'static Setting> {
    let most = (name.len() / 3).max(1);
    SETTINGS
        .iter()
        .map(|setting| (distance(name, setting.name), setting))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, setting)| setting)
        .or_else(|| alias(name).and_then(find))
}

/// What other libraries call it.
fn alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "max_attempts" | "attempts" | "tries" | "retries" | "max_retries" | "times" | "stop" => {
            "max_tries"
        }
        "max_delay" | "max_interval" | "max_backoff" | "max_value" => "max_wait",
        "delay" | "min_delay" | "interval" | "initial_delay" | "initial" | "base" | "wait" => {
            "first_wait"
        }
        "multiplier" | "exp_base" => "factor",
        "timeout" => "attempt_timeout",
        "deadline" | "max_elapsed_time" | "total_timeout" => "max_time",
        "when" | "on" | "retry_on" | "exceptions" | "predicate" | "giveup" => "retry_if",
        "notify" | "on_retry" | "before_sleep" => "on_backoff",
        "name" => "target",
        _ => return None,
    })
}

/// The number of characters to insert, remove or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, character) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, expected) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *expected);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::{Kind, SETTINGS, STRATEGIES, nearest};

    /// Methods of the builder that are no settings, and why.
    const NO_SETTINGS: [(&str, &str); 5] = [
        ("without_conditions", "removes settings"),
        ("without_observers", "removes settings"),
        ("by_ref", "the attribute does it for policies that it is given"),
        ("share_observers", "a policy in place is not cloned"),
        ("policy", "of a trait"),
    ];

    #[test]
    fn the_settings_are_those_of_the_builder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../src/policy");
        let mut methods = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap() {
            let source = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in source.lines() {
                let Some(function) = line
                    .strip_prefix("    pub fn ")
                    .or_else(|| line.strip_prefix("    pub const fn "))
                else {
                    continue;
                };
                let end = function.find(['<', '(']).unwrap();
                methods.insert(function[..end].to_owned());
            }
        }
        methods.retain(|name| {
            !name.starts_with("try_") && NO_SETTINGS.iter().all(|(method, _)| method != name)
        });
        let known: BTreeSet<String> = SETTINGS
            .iter()
            .filter(|setting| setting.kind != Kind::Own)
            .map(|setting| setting.name.to_owned())
            .chain(STRATEGIES.map(|(name, _)| name.to_owned()))
            .collect();
        assert_eq!(methods, known);
    }

    #[test]
    fn the_nearest_setting_is_found_by_letters_and_by_what_others_call_it() {
        for (name, expected) in [
            ("max_trys", Some("max_tries")),
            ("maxtries", Some("max_tries")),
            ("max_attempts", Some("max_tries")),
            ("on_give_up", Some("on_giveup")),
            ("retry_iff", Some("retry_if")),
            ("timeout", Some("attempt_timeout")),
            ("colour", None),
        ] {
            assert_eq!(nearest(name).map(|setting| setting.name), expected, "{name}");
        }
    }
}
