//! Go's values for a template: structs, named numbers, and decoded JSON.
//!
//! The engine knows maps but no structs: it would print one as `map[…]` in the order of its keys. So a struct carries
//! its own printed form under a first key, and an end mark under a last one; [`settle`] replaces the map around them
//! in what the engine wrote. Functions are handed the plain value instead ([`plain`], [`number`]).

use std::collections::HashMap;

use gtmpl_ng::{Number, Value};

use crate::json;

/// Sorts before every field; holds type, [`TYPE_END`], printed form, [`TEXT_END`].
const START: &str = "\u{1}";
const TEXT_END: char = '\u{2}';
/// The value of [`LAST`].
const OBJECT_END: char = '\u{3}';
const TYPE_END: char = '\u{4}';
/// The number behind a named number, for `%d` and comparisons.
const NUMBER: &str = "\u{5}";
/// Sorts after every field.
const LAST: &str = "\u{10FFFF}";

/// Builds a value that prints as a Go value of a type does.
pub struct GoValue(HashMap<String, Value>);

impl GoValue {
    /// A value of a type, as Go's errors call it (`*engine.Options`), that prints as `text`.
    pub fn new(go_type: &str, text: &str) -> Self {
        let mut fields = HashMap::new();
        fields.insert(START.to_owned(), Value::String(format!("{go_type}{TYPE_END}{text}{TEXT_END}")));
        fields.insert(LAST.to_owned(), Value::String(OBJECT_END.to_string()));
        Self(fields)
    }

    /// A struct: prints its fields' values in the order in which they are given.
    pub fn structure(go_type: &str, fields: Vec<(&str, Value)>) -> Value {
        let texts: Vec<String> = fields.iter().map(|(_, value)| settle(&value.to_string())).collect();
        let mut value = Self::new(go_type, &format!("{{{}}}", texts.join(" ")));
        for (name, field) in fields {
            value = value.with(name, field);
        }
        value.build()
    }

    /// A field, or a method without arguments.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The number that `printf "%d"` shows.
    #[must_use]
    pub fn counting(self, number: i64) -> Self {
        self.with(NUMBER, number)
    }

    /// The finished value.
    pub fn build(self) -> Value {
        Value::Object(self.0)
    }
}

/// JSON as Go's decoder hands it to a template: every number is a float.
pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Number(Number::float(number.as_f64().unwrap_or(f64::NAN))),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(map.iter().map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
    }
}

/// A template's value as JSON.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::NoValue | Value::Nil | Value::Function(_) => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::String(text) => text.clone().into(),
        Value::Number(number) => number_to_json(number),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Object(_) if named(value).is_some() => plain(value).to_string().into(),
        Value::Object(map) | Value::Map(map) => {
            let fields = map.iter().filter(|(key, _)| ![START, LAST].contains(&key.as_str()));
            serde_json::Value::Object(fields.map(|(key, value)| (key.clone(), to_json(value))).collect())
        }
    }
}

/// Whole numbers without a fraction, as Go's encoder writes floats.
fn number_to_json(number: &Number) -> serde_json::Value {
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => (float as i64).into(),
        Some(float) => json::float(float),
        None => number.as_i64().map_or(serde_json::Value::Null, Into::into),
    }
}

fn named(value: &Value) -> Option<(&Value, &str)> {
    let Value::Object(fields) = value else { return None };
    let Some(Value::String(start)) = fields.get(START) else { return None };
    let text = start.split_once(TYPE_END)?.1.trim_end_matches(TEXT_END);
    Some((fields.get(NUMBER)?, text))
}

/// A named number as the text that it prints; other values as they are.
pub(super) fn plain(value: &Value) -> Value {
    named(value).map_or_else(|| value.clone(), |(_, text)| Value::from(text))
}

/// A named number as its number; other values as they are.
pub(super) fn number(value: &Value) -> Value {
    named(value).map_or_else(|| value.clone(), |(number, _)| number.clone())
}

/// The type's name in what the engine prints of a struct.
pub(super) fn type_in(text: &str) -> Option<&str> {
    let (_, after) = text.split_once(&format!("map[{START}:"))?;
    Some(after.split_once(TYPE_END)?.0)
}

/// Whether a text is free of our marks: a loop over the fields of a struct, which Go refuses, shows them one by one.
pub fn is_settled(text: &str) -> bool {
    !text.contains(LAST)
}

/// Puts the printed form of structs in the place of the maps that the engine wrote.
pub(super) fn settle(text: &str) -> String {
    let opening = format!("map[{START}:");
    let mut settled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&opening) {
        settled.push_str(before);
        let Some((shown, fields)) = after.split_once(TYPE_END).and_then(|(_, rest)| rest.split_once(TEXT_END)) else {
            break;
        };
        settled.push_str(shown);
        rest = after_object(fields);
    }
    settled.push_str(rest);
    settled
}

/// What follows the end of a struct, which may hold others.
fn after_object(fields: &str) -> &str {
    let mut depth = 1;
    for (index, c) in fields.char_indices() {
        match c {
            '\u{1}' => depth += 1,
            OBJECT_END => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return fields[index + 1..].strip_prefix(']').unwrap_or_default();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_print_their_fields_in_order_at_any_depth() {
        let inner = GoValue::structure("*b", vec![("Z", Value::from("z")), ("A", Value::Array(vec![Value::from(1)]))]);
        let outer = GoValue::structure("a", vec![("Y", inner), ("B", Value::from(true))]);
        assert_eq!(settle(&format!("<{outer}> {outer}")), "<{{z [1]} true}> {{z [1]} true}");
        assert_eq!(type_in(&outer.to_string()), Some("a"));
        assert_eq!(to_json(&outer), serde_json::json!({"Y": {"Z": "z", "A": [1]}, "B": true}));
    }
}
