//! Reads and writes configurations. No other file of this room uses `serde`.

use core::fmt;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::duration::Written;
use super::line::Entry;
use super::read::Given;
use super::value::Value;
use super::{GrpcRetryPolicy, RetryConfig};

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a boolean or a list")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Integer(number.try_into().unwrap_or(i128::MAX)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Table)
    }
}

/// From a table of keys, or from one line of text.
///
/// # Errors
///
/// Returns an error as [`RetryConfig`] describes them.
impl<'de> Deserialize<'de> for RetryConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Config;

        impl<'de> Visitor<'de> for Config {
            type Value = RetryConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a retry configuration: keys such as `strategy = \"expo\"` and `max_tries = 5`, or a line such as \
                     \"expo max_tries=5\"",
                )
            }

            fn visit_str<E: de::Error>(self, line: &str) -> Result<RetryConfig, E> {
                line.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RetryConfig, A::Error> {
                let mut given = Given::default();
                while let Some(key) = map.next_key::<String>()? {
                    given.add(&key, map.next_value()?).map_err(de::Error::custom)?;
                }
                given.config().map_err(de::Error::custom)
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Config)
        } else {
            deserializer.deserialize_str(Config)
        }
    }
}

/// As a table of the keys that [`Display`](fmt::Display) shows. In formats that are not meant for people, as that line.
impl Serialize for RetryConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let (strategy, entries) = self.entries();
        let mut map = serializer.serialize_map(Some(1 + entries.len()))?;
        map.serialize_entry("strategy", strategy)?;
        for (key, entry) in entries {
            let readable = |wait| format!("{:#}", Written(wait));
            match entry {
                Entry::Duration(wait) => map.serialize_entry(key, &readable(wait))?,
                Entry::Number(number) => map.serialize_entry(key, &number)?,
                // TOML has no larger ones.
                Entry::Integer(number) if number > i64::MAX as u64 => {
                    map.serialize_entry(key, &number.to_string())?;
                }
                Entry::Integer(number) => map.serialize_entry(key, &number)?,
                Entry::Flag => map.serialize_entry(key, &true)?,
                Entry::Text(text) => map.serialize_entry(key, &text)?,
                Entry::List(waits) => {
                    let waits: Vec<_> = waits.into_iter().map(readable).collect();
                    map.serialize_entry(key, &waits)?;
                }
            }
        }
        map.end()
    }
}

/// From the JSON object that is the value of `retryPolicy`.
///
/// # Errors
///
/// Returns an error if a key is missing, unknown or given twice, or if a value is not what gRPC's proposal A6 allows.
impl<'de> Deserialize<'de> for GrpcRetryPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Policy;

        impl<'de> Visitor<'de> for Policy {
            type Value = GrpcRetryPolicy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the `retryPolicy` of a gRPC service config, a JSON object with the key `maxAttempts` and others")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GrpcRetryPolicy, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                GrpcRetryPolicy::read(&pairs).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_map(Policy)
    }
}

/// As the JSON object that is the value of `retryPolicy`.
impl Serialize for GrpcRetryPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (attempts, initial, most, multiplier) = self.entries();
        let codes: Vec<_> = self.codes().collect();
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("maxAttempts", &attempts)?;
        map.serialize_entry("initialBackoff", &initial)?;
        map.serialize_entry("maxBackoff", &most)?;
        map.serialize_entry("backoffMultiplier", &multiplier)?;
        map.serialize_entry("retryableStatusCodes", &codes)?;
        map.end()
    }
}
