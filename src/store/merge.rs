//! Putting changes into a record's text without touching the rest of it: order, unknown keys, odd spellings.

use serde_json::{Map, Value};

/// What stands in the file, with what changed between `read` (how we understood the file) and `new` put in.
///
/// A value that did not change stays as it is in the file, also where our understanding differs from its words
/// (a `null` list, a path that was repaired in memory). New keys go behind the key before them in `new`.
#[must_use]
pub fn merge(file: &Map<String, Value>, read: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut merged: Map<String, Value> = file
        .iter()
        .filter(|(key, _)| new.contains_key(*key) || !read.contains_key(*key))
        .map(|(key, value)| (key.clone(), merge_value(value, read.get(key), new.get(key))))
        .collect();
    let mut place = 0;
    for (key, value) in new {
        match merged.keys().position(|known| known == key) {
            Some(found) => place = found + 1,
            None if read.get(key) == Some(value) => {}
            None => {
                merged.shift_insert(place, key.clone(), value.clone());
                place += 1;
            }
        }
    }
    merged
}

fn merge_value(file: &Value, read: Option<&Value>, new: Option<&Value>) -> Value {
    match (file, read, new) {
        (_, read, Some(new)) if read == Some(new) => file.clone(),
        (Value::Object(file), Some(Value::Object(read)), Some(Value::Object(new))) => merge(file, read, new).into(),
        (_, _, Some(new)) => new.clone(),
        (_, _, None) => file.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(file: &Value, read: &Value, new: &Value) -> String {
        let map = |value: &Value| value.as_object().unwrap().clone();
        Value::Object(merge(&map(file), &map(read), &map(new))).to_string()
    }

    #[test]
    fn what_did_not_change_keeps_the_file_s_words() {
        let file = json!({"z": 1, "list": null, "path": "./st", "odd": [1.50]});
        let read = json!({"list": [], "path": "/st", "more": "", "z": 1, "odd": [1.5]});
        assert_eq!(merged(&file, &read, &read), file.to_string());
    }

    #[test]
    fn a_change_goes_to_its_place_and_a_new_key_behind_its_neighbour() {
        let file = json!({"a": 1, "unknown": {"deep": true}, "c": {"x": 1, "y": 2}});
        let read = json!({"a": 1, "b": "", "c": {"x": 1, "y": 2}, "unknown": {"deep": true}});
        let new = json!({"a": 5, "b": "set", "c": {"x": 1, "y": 3}, "unknown": {"deep": true}});
        assert_eq!(merged(&file, &read, &new), r#"{"a":5,"b":"set","unknown":{"deep":true},"c":{"x":1,"y":3}}"#);
    }

    #[test]
    fn a_key_that_was_taken_out_is_taken_out() {
        assert_eq!(merged(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 2}), &json!({"b": 2})), r#"{"b":2}"#);
    }
}
