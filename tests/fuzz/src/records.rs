//! Records: what is read, kept and written again.

use docker_machine::fuzzing::{self, MachineDir, merge, to_map};
use docker_machine::json;
use serde_json::{Map, Value};

use crate::{parts, text};

fn place() -> MachineDir {
    MachineDir { name: "web".parse().expect("a name"), root: "/nonexistent/store".into() }
}

/// What was read is read again the same from what is written, which then stays as it is; no unknown key is lost.
pub(crate) fn record(data: &[u8]) {
    let _ = fuzzing::is_from_the_future(data);
    let Ok(read) = fuzzing::record(data, &place()) else { return };
    let now = to_map(&read.record);
    let written = json::pretty(&merge(&read.file, &now, &now).into());
    let again = fuzzing::record(written.as_bytes(), &place()).expect("what we write");
    assert!(!again.migrated, "{written}");
    assert_eq!(json::pretty(&to_map(&again.record).into()), json::pretty(&now.into()), "{written}");
    let map = to_map(&again.record);
    assert_eq!(json::pretty(&merge(&again.file, &map, &map).into()), written);
    if !read.migrated {
        assert!(read.file.keys().all(|key| again.file.contains_key(key)), "{written}");
    }
}

/// Nothing changed: the file stays. Everything changed: the new values stand there, and what we do not know.
pub(crate) fn merging(data: &[u8]) {
    let objects: Vec<Map<String, Value>> =
        parts(&text(data), '\u{1f}').iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let [file, read, new] = &objects[..] else { return };
    let same = merge(file, read, read);
    let expected = |key: &String| file.contains_key(key);
    assert!(file.iter().all(|(key, value)| same.get(key) == Some(value)), "{same:?}");
    assert!(same.keys().all(expected), "{same:?}");
    let merged = merge(file, read, new);
    for (key, value) in new {
        match read.get(key) == Some(value) {
            true => assert_eq!(merged.get(key), file.get(key), "{key}"),
            // An object keeps what only the file knows.
            false if value.is_object() => assert!(merged[key].is_object(), "{key}"),
            false => assert_eq!(merged.get(key), Some(value), "{key}"),
        }
    }
    for key in file.keys().filter(|key| !read.contains_key(*key) && !new.contains_key(*key)) {
        assert_eq!(merged.get(key), file.get(key), "{key}");
    }
}
