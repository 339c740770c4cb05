//! Serialises events, and the progress of runs both ways. No other file uses `serde`.

use core::fmt;
use core::time::Duration;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::string::String;

use crate::event::{Event, EventKind, Progress, RetryKind, RunId, StopReason};

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // All of them by name, so that no new one is forgotten.
        #[rustfmt::skip]
        let Self {
            kind, target, args, tries, elapsed, wait, error, not_accepted, sources, reason, attempt_duration, run,
            depth, retry_time,
        } = self;
        let mut event = serializer.serialize_struct("Event", 14)?;
        event.serialize_field("event", kind)?;
        event.serialize_field("target", target)?;
        event.serialize_field("args", args)?;
        event.serialize_field("tries", tries)?;
        event.serialize_field("elapsed", &elapsed.as_secs_f64())?;
        event.serialize_field("wait", &wait.map(|wait| wait.as_secs_f64()))?;
        event.serialize_field("error", error)?;
        event.serialize_field("not_accepted", not_accepted)?;
        event.serialize_field("sources", sources)?;
        event.serialize_field("reason", reason)?;
        let attempt_duration = attempt_duration.map(|duration| duration.as_secs_f64());
        event.serialize_field("attempt_duration", &attempt_duration)?;
        event.serialize_field("run", &run.map(RunId::get))?;
        event.serialize_field("depth", depth)?;
        event.serialize_field("retry_time", &retry_time.map(|time| time.as_secs_f64()))?;
        event.end()
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for StopReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for RetryKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for RetryKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = RetryKind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`poll`, `transient` or `throttled`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<RetryKind, E> {
                RetryKind::ALL
                    .into_iter()
                    .find(|kind| kind.name() == name)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }
        }

        deserializer.deserialize_str(Name)
    }
}

const FIELDS: [&str; 4] = ["tries", "elapsed", "last_wait", "last_retry"];

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { tries, elapsed, last_wait, last_retry } = self;
        let mut progress = serializer.serialize_struct("Progress", FIELDS.len())?;
        progress.serialize_field(FIELDS[0], tries)?;
        progress.serialize_field(FIELDS[1], &elapsed.as_secs_f64())?;
        progress.serialize_field(FIELDS[2], &last_wait.as_secs_f64())?;
        progress.serialize_field(FIELDS[3], last_retry)?;
        progress.end()
    }
}

/// Missing fields are those of a new run, and unknown ones, as unknown kinds of a retry, are ignored: a message may come
/// from another version.
impl<'de> Deserialize<'de> for Progress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        /// A time, as a number of seconds.
        fn time<E: de::Error>(seconds: f64) -> Result<Duration, E> {
            match Duration::try_from_secs_f64(seconds) {
                Ok(time) => Ok(time),
                // Written, the longest time is rounded up.
                Err(_) if seconds.total_cmp(&Duration::MAX.as_secs_f64()).is_eq() => {
                    Ok(Duration::MAX)
                }
                Err(_) => {
                    Err(E::invalid_value(de::Unexpected::Float(seconds), &"a number of seconds"))
                }
            }
        }

        /// The kind of a retry, if this version knows it.
        fn kind(name: Option<&String>) -> Option<RetryKind> {
            RetryKind::ALL.into_iter().find(|kind| name.is_some_and(|name| kind.name() == name))
        }

        impl<'de> Visitor<'de> for Fields {
            type Value = Progress;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the progress of a run")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Progress, A::Error> {
                let mut progress = Progress::default();
                let missing = |place| de::Error::invalid_length(place, &"four fields");
                progress.tries = seq.next_element()?.ok_or_else(|| missing(0))?;
                progress.elapsed = time(seq.next_element()?.ok_or_else(|| missing(1))?)?;
                progress.last_wait = time(seq.next_element()?.ok_or_else(|| missing(2))?)?;
                progress.last_retry =
                    kind(seq.next_element::<Option<String>>()?.ok_or_else(|| missing(3))?.as_ref());
                Ok(progress)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Progress, A::Error> {
                let mut progress = Progress::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "tries" => progress.tries = map.next_value()?,
                        "elapsed" => progress.elapsed = time(map.next_value()?)?,
                        "last_wait" => progress.last_wait = time(map.next_value()?)?,
                        "last_retry" => {
                            progress.last_retry =
                                kind(map.next_value::<Option<String>>()?.as_ref());
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(progress)
            }
        }

        deserializer.deserialize_struct("Progress", &FIELDS, Fields)
    }
}
