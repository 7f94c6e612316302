//! JSON text exactly as Go's `encoding/json` writes it.
//!
//! Records and templates are compared byte for byte by other programs, and `serde_json` differs from Go in three
//! things: Go escapes `<`, `>`, `&`, U+2028 and U+2029, writes floats by another rule, and indents by what it is told.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use crate::error::Error;

/// The error of a text that is no JSON, or not the wanted one: Go's words where it ends too early, else the library's.
pub fn unreadable(error: serde_json::Error) -> Error {
    let message = if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
    Error::msg(message).caused_by(error)
}

/// Four spaces per level, no line end after the last brace: `json.MarshalIndent(v, "", "    ")`.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, Some(0));
    text
}

/// One line without blanks: `json.Marshal(v)`.
pub fn compact(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, None);
    text
}

/// The same value with the keys of every object in byte order, as Go prints maps (`json`, `prettyjson` in templates).
#[must_use]
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// `level`: how deep we are, `None` for the compact form.
fn write_value(out: &mut String, value: &Value, level: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(list) => write_array(out, list, level),
        Value::Object(map) => write_object(out, map, level),
    }
}

fn write_array(out: &mut String, list: &[Value], level: Option<usize>) {
    let inner = level.map(|level| level + 1);
    out.push('[');
    for (index, value) in list.iter().enumerate() {
        start_item(out, index, inner);
        write_value(out, value, inner);
    }
    end_items(out, list.is_empty(), level);
    out.push(']');
}

fn write_object(out: &mut String, map: &Map<String, Value>, level: Option<usize>) {
    let inner = level.map(|level| level + 1);
    out.push('{');
    for (index, (key, value)) in map.iter().enumerate() {
        start_item(out, index, inner);
        write_string(out, key);
        out.push_str(if inner.is_some() { ": " } else { ":" });
        write_value(out, value, inner);
    }
    end_items(out, map.is_empty(), level);
    out.push('}');
}

fn start_item(out: &mut String, index: usize, level: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    new_line(out, level);
}

fn end_items(out: &mut String, empty: bool, level: Option<usize>) {
    if !empty {
        new_line(out, level);
    }
}

fn new_line(out: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", level));
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(out, "\\u{:04x}", c as u32).expect("a string takes everything");
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// A number that was read has the digits that it was read with: a driver's state is nobody else's to round.
fn write_number(out: &mut String, number: &Number) {
    out.push_str(number.as_str());
}

/// A float in Go's spelling.
pub fn float(float: f64) -> Value {
    go_float(float).parse().map_or(Value::Null, Value::Number)
}

/// Shortest digits; an exponent below 1e-6 and from 1e21 on, at least two exponent digits only for large ones
/// (`1e-7`, `1e+21`).
fn go_float(float: f64) -> String {
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format!("{float}");
    }
    let text = format!("{float:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pretty_indents_by_four_and_keeps_empty_containers_on_one_line() {
        let value = json!({"B": [1, "x"], "A": {}, "C": [], "D": {"e": null, "f": true}});
        let text = "{\n    \"B\": [\n        1,\n        \"x\"\n    ],\n    \"A\": {},\n    \"C\": [],\n    \
                    \"D\": {\n        \"e\": null,\n        \"f\": true\n    }\n}";
        assert_eq!(pretty(&value), text);
    }

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        let value = json!("<a href=\"x\">&\\\n\r\t\u{8}\u{c}\u{1}\u{7f}\u{2028}\u{2029}ü");
        let text = r#""\u003ca href=\"x\"\u003e\u0026\\\n\r\t\u0008\u000c\u0001"#;
        assert_eq!(compact(&value), format!("{text}\u{7f}{}", r#"\u2028\u2029ü""#));
    }

    #[test]
    fn numbers_that_are_read_keep_their_digits() {
        for number in
            ["0", "-7", "18446744073709551616", "9007199254740993", "22.0", "1.50", "1e+21", "0.1000000000000000000001"]
        {
            assert_eq!(compact(&serde_json::from_str(number).unwrap()), number);
        }
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let numbers = [
            (0.0, "0"),
            (0.5, "0.5"),
            (22.0, "22"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (-2.5e-10, "-2.5e-10"),
        ];
        for (number, written) in numbers {
            assert_eq!(compact(&float(number)), written);
        }
        assert_eq!(float(f64::NAN), Value::Null);
    }

    #[test]
    fn sorting_reaches_every_level() {
        let value = json!({"b": [{"z": 1, "y": 2}], "a": 0, "B": 3});
        assert_eq!(compact(&sorted(&value)), r#"{"B":3,"a":0,"b":[{"y":2,"z":1}]}"#);
    }
}
