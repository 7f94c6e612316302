//! What provisioning reads from a host and writes there.

use docker_machine::fuzzing;
use serde_json::{Map, Value};

use crate::{parts, systemd, text};

/// Whatever a host answers, it is taken for something.
pub(crate) fn reply(data: &[u8]) {
    let (facts, said) = fuzzing::first_look(&text(data));
    assert!(!said.is_empty(), "{facts:?}");
}

/// `UNIT␞ARGUMENT␟ARGUMENT…␞ASSIGNMENT␟ASSIGNMENT…`: systemd reads back every word of ours as it is, and those of the
/// packaged command without its listening addresses.
pub(crate) fn drop_in(data: &[u8]) {
    // Neither an argument nor a file of systemd's can have it.
    let text = text(data).replace('\0', "");
    let lists = parts(&text, '\u{1e}');
    let list = |index: usize| lists.get(index).map_or_else(Vec::new, |text| parts(text, '\u{1f}'));
    let (arguments, env) = (list(1), list(2));
    let drop_in = fuzzing::drop_in(&lists[0], &arguments, &env);
    assert_eq!(drop_in.split('\n').count(), 4 + env.len(), "{drop_in}");

    let [command] = &systemd::values(&drop_in, "ExecStart")[..] else { panic!("not one command: {drop_in}") };
    let words = systemd::words(command).unwrap_or_else(|| panic!("systemd refuses it: {drop_in}"));
    let (packaged, ours) = words.split_at(words.len().checked_sub(arguments.len()).expect("all our words"));
    let read: Option<Vec<String>> = ours.iter().map(|word| systemd::dollars(&systemd::specifiers(word)?)).collect();
    assert_eq!(read.as_ref(), Some(&arguments), "{drop_in}");
    assert_eq!(packaged, expected(&lists[0]), "{drop_in}");

    let read: Vec<String> = systemd::values(&drop_in, "Environment")
        .iter()
        .flat_map(|value| systemd::words(value).unwrap_or_else(|| panic!("systemd refuses it: {drop_in}")))
        .map(|word| systemd::specifiers(&word).unwrap_or_else(|| panic!("{drop_in}")))
        .collect();
    assert_eq!(read, env, "{drop_in}");

    let driver = arguments.first().cloned().unwrap_or_default();
    let with = fuzzing::drop_in("", &["--storage-driver".to_owned(), driver.clone()], &[]);
    assert_eq!(fuzzing::storage_driver(&with), Some(driver), "{with}");
    let _ = fuzzing::storage_driver(&lists[0]);
}

/// The words of the packaged command that stay.
fn expected(unit: &str) -> Vec<String> {
    let words = systemd::values(unit, "ExecStart").last().and_then(|command| systemd::words(command));
    // A command for a shell has blanks in it.
    let program = |word: &String| word.rsplit('/').next() == Some("dockerd") && !word.contains(' ');
    let Some(words) = words.filter(|words| words.iter().any(program)) else { return vec!["/usr/bin/dockerd".into()] };
    let mut kept = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-H" | "--host" => _ = words.next(),
            word if word.starts_with("-H") || word.starts_with("--host=") => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// `FILE␞ARGUMENT␟…␞ASSIGNMENT␟…`: what others wrote stays, our block is replaced.
pub(crate) fn openrc(data: &[u8]) {
    let text = text(data).replace('\0', "");
    let lists = parts(&text, '\u{1e}');
    let list = |index: usize| lists.get(index).map_or_else(Vec::new, |text| parts(text, '\u{1f}'));
    let (arguments, env) = (list(1), list(2));
    let once = fuzzing::openrc(&lists[0], &arguments, &env);
    assert_eq!(fuzzing::openrc(&once, &arguments, &env), once, "over itself");
    assert_eq!(fuzzing::openrc(&once, &[], &[]), fuzzing::openrc(&lists[0], &[], &[]), "over another: {once}");
}

/// `FILE␟COPY`: keys of others stay, ours go, the switch is set.
pub(crate) fn daemon_json(data: &[u8]) {
    let texts = parts(&text(data), '\u{1f}');
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).expect("what we write");
    if let Ok((without, with)) = fuzzing::daemon_json(&texts[0]) {
        let before = if texts[0].trim().is_empty() { Map::new() } else { object(&texts[0]) };
        let mut switched = before.clone();
        switched.insert("live-restore".to_owned(), true.into());
        assert_eq!(object(&with), switched);
        if let Some(without) = without {
            let without = object(&without);
            assert!(without.iter().all(|(key, value)| before.get(key) == Some(value)));
            let gone: Vec<&String> = before.keys().filter(|key| !without.contains_key(*key)).collect();
            let ours = |key: &&String| *key == "hosts" || key.starts_with("tls");
            assert!(!gone.is_empty() && gone.iter().all(ours), "{gone:?}");
            assert!(fuzzing::daemon_json(&Value::from(without).to_string()).expect("an object").0.is_none());
        }
        // Our own switch is always known again as ours.
        let (kept, is_ours) = fuzzing::lasting(&with, &texts[0]).expect("two objects");
        assert!(is_ours && object(&kept) == switched);
    }
    if let Some(held) = texts.get(1) {
        let _ = fuzzing::lasting(&texts[0], held);
    }
}
