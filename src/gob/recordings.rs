//! Every recorded session, both ways, whole, in pieces and cut off anywhere.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::{Reader, Value};

/// A recorded stream behind its HTTP lines.
pub(crate) fn stream(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").expect("an empty line ends the HTTP");
    bytes[head + 2..].to_vec()
}

/// What is known about each session.
pub(crate) fn sessions() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/captures");
    for folder in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        found.extend(files.filter(|file| file.extension().is_some_and(|end| end == "jsonl")));
    }
    found.sort();
    assert_eq!(found.len(), 84);
    found
}

/// The calls of a session, in the order in which they were made.
pub(crate) fn calls_of(session: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(session).unwrap();
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(pieces: impl IntoIterator<Item = Vec<u8>>) -> (Vec<Value>, bool) {
    let mut reader = Reader::default();
    let mut values = Vec::new();
    for piece in pieces {
        reader.push(&piece);
        while let Some(value) = reader.next_value().expect("a recorded stream is gob") {
            values.push(value);
        }
    }
    (values, reader.is_between_values())
}

/// As the expectations are written.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Uint(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Complex(..) => unreachable!("nobody sends one"),
        Value::Bytes(bytes) => json!({"$bytes": String::from_utf8_lossy(bytes)}),
        Value::String(text) => json!(text),
        Value::List(elements) => elements.iter().map(to_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), to_json(value))).collect()
        }
        Value::Struct(fields) => fields.iter().map(|(name, value)| (name.clone(), to_json(value))).collect(),
        Value::Interface(None) => Json::Null,
        Value::Interface(Some((name, value))) => json!({"$type": name, "value": to_json(value)}),
    }
}

fn number(value: &Value, field: &str) -> u64 {
    match value.field(field) {
        Some(Value::Uint(number)) => *number,
        _ => 0,
    }
}

#[test]
fn every_recording_says_what_was_said() {
    let mut calls = 0;
    for session in sessions() {
        let (name, expected) = (session.display(), calls_of(&session));
        let (sent, is_whole) = read([stream(&session.with_extension("c2s.bin"))]);
        assert!(is_whole && sent.len() == 2 * expected.len(), "{name}");
        let (received, is_whole) = read([stream(&session.with_extension("s2c.bin"))]);
        assert!(is_whole, "{name}");
        for (pair, expected) in sent.chunks(2).zip(&expected) {
            calls += 1;
            assert_eq!(pair[0].text("ServiceMethod"), expected["method"], "{name}");
            assert_eq!(number(&pair[0], "Seq"), expected["seq"], "{name}");
            assert_eq!(to_json(&pair[1]), expected["arg"], "{name}");
            let Some(place) = expected["reply_no"].as_u64() else { continue };
            let reply = &received[2 * place as usize..][..2];
            assert_eq!(number(&reply[0], "Seq"), expected["seq"], "{name}");
            assert_eq!(reply[0].text("Error"), expected["error"].as_str().unwrap_or_default(), "{name}");
            if expected["error"].is_null() {
                assert_eq!(to_json(&reply[1]), expected["reply"], "{name}");
            }
        }
    }
    assert!(calls > 600, "{calls}");
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    for session in sessions() {
        for file in ["c2s.bin", "s2c.bin"] {
            let bytes = stream(&session.with_extension(file));
            let whole = read([bytes.clone()]);
            for size in [1, 2, 3, 5, 64] {
                assert_eq!(read(bytes.chunks(size).map(<[u8]>::to_vec)), whole, "{} in {size}", session.display());
            }
        }
    }
}

#[test]
fn a_stream_that_breaks_off_anywhere_gives_only_what_was_whole() {
    for session in sessions() {
        for file in ["c2s.bin", "s2c.bin"] {
            let bytes = stream(&session.with_extension(file));
            let (whole, _) = read([bytes.clone()]);
            let mut reader = Reader::default();
            let mut values = Vec::new();
            for (at, byte) in bytes.iter().enumerate() {
                reader.push(&[*byte]);
                while let Some(value) = reader.next_value().unwrap() {
                    values.push(value);
                }
                assert!(whole.starts_with(&values), "{} at {at}", session.display());
            }
        }
    }
}
