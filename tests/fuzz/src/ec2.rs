//! EC2: states of records, tags, and what an instance is told.

use docker_machine::fuzzing::{self, Fields};
use serde_json::Value;

use crate::{parts, text};

/// What is read of a state is read again the same from what is written.
pub(crate) fn state(data: &[u8]) {
    let Ok(state) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(fields) = Fields::load(state) else { return };
    let written = serde_json::to_value(&fields).expect("a state");
    let again = Fields::load(written.clone()).expect("what we write");
    assert_eq!(again, fields, "{written}");
    assert_eq!(serde_json::to_value(&again).expect("a state"), written);
    assert!(!fields.base.ssh_user.is_empty());
    assert!(fields.group_ids().iter().all(|id| !id.is_empty()));
}

/// No key twice, none of AWS's, none empty; ours are never replaced.
pub(crate) fn tags(data: &[u8]) {
    let Ok((tags, _)) = fuzzing::tags(&text(data)) else { return };
    let ours = vec![(fuzzing::MACHINE.to_owned(), "id".to_owned())];
    let all = fuzzing::all_tags("web", &tags, ours.clone());
    for (index, (key, _)) in all.iter().enumerate() {
        assert!(!key.is_empty() && !key.to_ascii_lowercase().starts_with("aws:"), "{all:?}");
        assert!(all[index + 1..].iter().all(|(other, _)| other != key), "{all:?}");
    }
    assert!(all.ends_with(&ours), "{all:?}");
}

/// `DATA␟KEY␟KEY…`: of a message the user's part is theirs byte for byte, and ours is the last.
pub(crate) fn user_data(data: &[u8]) {
    let (theirs, keys) = match data.iter().position(|byte| *byte == 0x1f) {
        // The first byte of compressed data is the separator.
        Some(0) | None => (data, vec!["ssh-ed25519 AAAA me".to_owned()]),
        Some(at) => (&data[..at], parts(&text(&data[at + 1..]), '\u{1f}')),
    };
    let Ok(built) = fuzzing::user_data(theirs, &keys, "admin") else { return };
    assert!(built.len() <= 16 * 1024);
    if theirs.is_empty() || theirs.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let head = text(&built[..built.len().min(200)]);
    let boundary = head.split('"').nth(1).expect("a boundary");
    // Only at the start of a line it is one.
    let mark = format!("\n--{boundary}");
    let is_mark = |at: &usize| built[*at..].starts_with(mark.as_bytes());
    let at: Vec<usize> = (0..built.len()).filter(is_mark).collect();
    assert_eq!(at.len(), 3, "{boundary} is in the data");
    assert!(built[..at[1]].ends_with(theirs), "the part has changed");
    assert!(built.ends_with(format!("{mark}--\n").as_bytes()));
    let ours = text(&built[at[1]..at[2]]);
    for key in &keys {
        assert!(ours.contains(&serde_json::json!(key).to_string()), "{ours}");
    }
}
