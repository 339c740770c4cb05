//! Serialises events. No other file uses `serde`.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::event::{Event, EventKind, StopReason};

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { kind, target, args, tries, elapsed, wait, error, sources, reason } = self;
        let mut event = serializer.serialize_struct("Event", 9)?;
        event.serialize_field("event", kind)?;
        event.serialize_field("target", target)?;
        event.serialize_field("args", args)?;
        event.serialize_field("tries", tries)?;
        event.serialize_field("elapsed", &elapsed.as_secs_f64())?;
        event.serialize_field("wait", &wait.map(|wait| wait.as_secs_f64()))?;
        event.serialize_field("error", error)?;
        event.serialize_field("sources", sources)?;
        event.serialize_field("reason", reason)?;
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
