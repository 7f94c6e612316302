//! The store as its users see it, on the example stores under `tests/stores`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A copy of an example store with its placeholder filled in.
fn example(version: &str) -> (TempDir, Store) {
    let root = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores").join(version).join("machines");
    fs::create_dir(root.path().join("certs")).unwrap();
    for machine in fs::read_dir(source).unwrap().map(|item| item.unwrap().path()) {
        let folder = root.path().join("machines").join(machine.file_name().unwrap());
        fs::create_dir_all(&folder).unwrap();
        let text = fs::read_to_string(machine.join(RECORD)).unwrap();
        fs::write(folder.join(RECORD), text.replace("<STORE>", root.path().to_str().unwrap())).unwrap();
    }
    let store = Store::new(root.path().into());
    (root, store)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn config(store: &Store, machine: &str) -> String {
    fs::read_to_string(store.config(&name(machine))).unwrap()
}

fn with_config(text: &str) -> (TempDir, Store) {
    let (root, store) = example("v3");
    fs::write(store.config(&name("x")), text).unwrap();
    (root, store)
}

fn load_error(store: &Store, machine: &str) -> (Kind, String) {
    let error = store.load(&name(machine)).unwrap_err();
    (error.kind(), error.message().replace(store.root().to_str().unwrap(), "<STORE>"))
}

#[test]
fn a_record_of_the_original_is_written_back_byte_for_byte() {
    for example_store in ["v3", "original", "rancher"] {
        let (_root, store) = example(example_store);
        for machine in store.names().unwrap() {
            let before = config(&store, machine.as_str());
            let record = store.load(&machine).unwrap();
            let of_a_fork = before.contains("IPv6Address");
            if !of_a_fork {
                assert_eq!(text_of(&record), before);
            }
            store.save(&record).unwrap();
            assert_eq!(config(&store, machine.as_str()), before);
        }
    }
}

#[test]
fn a_change_to_a_stranger_s_record_keeps_all_that_is_his() {
    let (_root, store) = example("odd");
    for machine in store.names().unwrap() {
        let mut before: Value = serde_json::from_str(&config(&store, machine.as_str())).unwrap();
        // The original's own left-over from 0.5, which it drops as well.
        before.as_object_mut().unwrap().shift_remove("RawDriver");
        let mut record = store.load(&machine).unwrap();
        record.driver["IPAddress"] = "10.9.9.9".into();
        store.save(&record).unwrap();
        let after: Value = serde_json::from_str(&config(&store, machine.as_str())).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().map(|key| key.to_lowercase()).collect::<Vec<_>>();
        assert_eq!(keys(&after), keys(&before), "{machine}");
        assert_eq!(after["Driver"]["IPAddress"], "10.9.9.9");
        assert_eq!(store.load(&machine).unwrap().driver, record.driver);
    }
    let extra: Value = serde_json::from_str(&config(&store, "extra")).unwrap();
    assert_eq!(extra["Driver"]["Später"], json!({"b": 1, "a": [1.5, "x"]}));
    assert_eq!(extra["Driver"]["Serial"], json!(u64::MAX));
    assert_eq!(extra["HostOptions"]["AuthOptions"]["Vault"], Value::Null);
    assert_eq!(extra["X-Top"].to_string(), r#"{"z":1,"a":2}"#);
}

#[test]
fn a_save_without_a_change_does_not_touch_the_file() {
    let (_root, store) = example("v3");
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(store.config(&name("x"))).unwrap());
    let (before, mut record) = (inode(), store.load(&name("x")).unwrap());
    store.save(&record).unwrap();
    assert_eq!(inode(), before);
    record.driver["URL"] = "tcp://10.0.0.1:2376".into();
    store.save(&record).unwrap();
    assert_ne!(inode(), before);
}

#[test]
fn a_change_leaves_every_other_byte_alone() {
    let (_root, store) = example("v3");
    let before = config(&store, "fork");
    let mut record = store.load(&name("fork")).unwrap();
    record.driver["IPAddress"] = "10.9.9.9".into();
    store.save(&record).unwrap();
    assert_eq!(config(&store, "fork"), before.replace("\"127.0.0.1\"", "\"10.9.9.9\""));
    assert_eq!(fs::metadata(store.config(&name("fork"))).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn unknown_keys_of_every_level_survive_in_their_place() {
    let text = r#"{"Mine":1,"ConfigVersion":3,"Driver":{"Odd":1.5},"drivername":"none","HostOptions":
        {"New":[],"AuthOptions":{"X":{"Y":null}},"EngineOptions":null},"Name":"other","Last":"<>"}"#;
    let (_root, store) = with_config(text);
    let mut record = store.load(&name("x")).unwrap();
    assert_eq!((record.name.as_str(), record.driver_name.as_str()), ("x", "none"));
    record.driver_name = "generic".into();
    store.save(&record).unwrap();
    let written: Value = serde_json::from_str(&config(&store, "x")).unwrap();
    let expected = json!({"Mine": 1, "ConfigVersion": 3, "Driver": {"Odd": 1.5}, "DriverName": "generic",
        "HostOptions": {"New": [], "AuthOptions": {"X": {"Y": null}}, "EngineOptions": null},
        "Name": "other", "Last": "<>"});
    assert_eq!(written.to_string(), expected.to_string());
}

#[test]
fn null_and_missing_options_load() {
    let (_root, store) = with_config(r#"{"ConfigVersion":3,"DriverName":null,"Driver":null,"HostOptions":null}"#);
    let record = store.load(&name("x")).unwrap();
    assert_eq!((record.host_options, record.driver), (None, json!({})));
    let (_root, store) = with_config(r#"{"ConfigVersion":3,"Driver":{},"RawDriver":"e30="}"#);
    assert!(store.load(&name("x")).unwrap().other.is_empty());
}

#[test]
fn what_cannot_be_read_is_said_in_the_original_s_words() {
    let cases = [
        ("", "unexpected end of JSON input"),
        ("{\"ConfigVersion\": 3, \"Dri", "unexpected end of JSON input"),
        ("[]", "json: cannot unmarshal array into Go value of type host.MetadataV0"),
        ("\"x\"", "json: cannot unmarshal string into Go value of type host.MetadataV0"),
        ("null", "the file holds no record, only null"),
        ("{}", "the file holds no driver, so it is no record"),
        (
            r#"{"ConfigVersion":4,"Driver":{}}"#,
            "config version is from the future -- you should upgrade your Docker Machine client",
        ),
    ];
    for (text, reason) in cases {
        let (_root, store) = with_config(text);
        let expected = format!("Error getting migrated host: {reason}");
        assert_eq!(load_error(&store, "x"), (Kind::Damaged, expected), "{text}");
    }
    let (_root, store) = with_config(r#"{"ConfigVersion":3,"Driver":{},"Name":7}"#);
    assert!(load_error(&store, "x").1.starts_with("Error getting migrated host: invalid type"));
}

#[test]
fn what_is_not_there_is_told_from_what_is_broken() {
    let (_root, store) = example("v3");
    let sentence = "Docker machine \"no\" does not exist. Use \"docker-machine ls\" to list machines. \
                    Use \"docker-machine create\" to add a new one.";
    assert_eq!(load_error(&store, "no"), (Kind::Missing, sentence.into()));
    fs::create_dir(store.folder(&name("empty"))).unwrap();
    let text = "open <STORE>/machines/empty/config.json: no such file or directory";
    assert_eq!(load_error(&store, "empty"), (Kind::Damaged, text.into()));
    fs::write(store.folder(&name("file")), "").unwrap();
    let text = "open <STORE>/machines/file/config.json: not a directory";
    assert_eq!(load_error(&store, "file"), (Kind::Damaged, text.into()));
}

#[test]
fn older_records_are_brought_to_today_s_form_and_kept() {
    let machines = [("v0", "zero", "none"), ("v0", "nested", "none"), ("v1", "one", "generic"), ("v2", "two", "none")];
    for (version, machine, driver) in machines {
        let (root, store) = example(version);
        let before = config(&store, machine);
        let (record, notes) = store.load_with_notes(&name(machine)).unwrap();
        assert_eq!((record.config_version, record.driver_name.as_str(), notes.len()), (3, driver, 1));
        assert_eq!((record.name.as_str(), &record.driver["StorePath"]), (machine, &json!(root.path())));
        assert!(record.other.is_empty(), "{:?}", record.other);
        let auth = record.host_options.as_ref().unwrap().auth_options.clone().unwrap();
        let at = |file: &str| root.path().join(file).to_str().unwrap().to_owned();
        assert_eq!((auth.cert_dir, auth.store_path), (at("certs"), at(&format!("machines/{machine}"))));
        assert_eq!((auth.ca_private_key_path, auth.ca_cert_path), (at("certs/ca-key.pem"), at("certs/ca.pem")));
        let swarm = record.host_options.as_ref().unwrap().swarm_options.clone().unwrap();
        assert!(auth.other.is_empty() && swarm.other.is_empty(), "{:?} {:?}", auth.other, swarm.other);
        let backup = store.folder(&name(machine)).join("config.json.bak");
        assert_eq!(fs::read_to_string(&backup).unwrap(), before);
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(config(&store, machine), text_of(&record));
        assert_eq!(store.load_with_notes(&name(machine)).unwrap(), (record, vec![]));
    }
}

#[test]
fn options_of_older_records_are_not_forgotten() {
    let (_root, store) = example("v0");
    let zero = store.load(&name("zero")).unwrap();
    let swarm = zero.host_options.unwrap().swarm_options.unwrap();
    assert_eq!(
        (swarm.host.as_str(), swarm.master, swarm.discovery.as_str()),
        ("tcp://0.0.0.0:3376", true, "token://abc")
    );
    assert_eq!(zero.driver["Big"], 9_007_199_254_740_993_i64);
    let engine = store.load(&name("nested")).unwrap().host_options.unwrap().engine_options.unwrap();
    assert_eq!((engine.storage_driver.as_str(), engine.labels.unwrap()), ("aufs", vec!["a=b".to_owned()]));
    assert!(!engine.other.contains_key("TlsCaCert"));
}

#[test]
fn a_record_that_the_original_lost_in_a_crash_is_found() {
    let (_root, store) = example("v3");
    let folder = store.folder(&name("x"));
    fs::rename(folder.join(RECORD), folder.join("config.json.tmp123")).unwrap();
    fs::write(folder.join("config.json.tmp456"), "{\"Conf").unwrap();
    let (mut record, notes) = store.load_with_notes(&name("x")).unwrap();
    assert!(notes[0].contains("config.json.tmp123"), "{notes:?}");
    assert!(!folder.join(RECORD).exists());
    record.driver_name = "generic".into();
    store.save(&record).unwrap();
    assert_eq!(store.load_with_notes(&name("x")).unwrap(), (record, vec![]));
    fs::rename(folder.join(RECORD), folder.join("config.json.tmp789")).unwrap();
    assert_eq!(load_error(&store, "x").0, Kind::Damaged, "two candidates: nobody can tell which is right");
}

#[test]
fn repairs_stay_in_memory() {
    let (root, _) = example("v3");
    let moved = tempfile::tempdir().unwrap();
    fs::rename(root.path().join("machines"), moved.path().join("machines")).unwrap();
    fs::rename(root.path().join("certs"), moved.path().join("certs")).unwrap();
    fs::write(moved.path().join("certs/ca.pem"), "").unwrap();
    let old_root = root.path().to_str().unwrap().to_owned();
    root.close().unwrap();
    let store = Store::new(moved.path().into());
    let before = config(&store, "cc");
    assert!(before.contains(&old_root));
    let mut record = store.load(&name("cc")).unwrap();
    assert!(!text_of(&record).contains(&old_root), "{}", text_of(&record));
    record.driver["SSHUser"] = "admin".into();
    store.save(&record).unwrap();
    assert_eq!(config(&store, "cc"), before.replace("\"root\"", "\"admin\""));
}

#[test]
fn the_list_is_what_the_original_lists() {
    let (_root, store) = example("v3");
    let machines = store.machines();
    fs::create_dir(machines.join(".hidden")).unwrap();
    fs::create_dir(machines.join("odd_name")).unwrap();
    fs::write(machines.join("plain"), "").unwrap();
    symlink("x", machines.join("link")).unwrap();
    let entries = store.entries().unwrap();
    let shown: Vec<_> = entries.iter().map(Entry::text).collect();
    assert_eq!(shown, ["cc", "ec", "fork", "odd_name", "x"]);
    assert!(entries[3].name().is_err());
    assert_eq!(store.names().unwrap().len(), 4);
    assert_eq!(store.load(&name("link")).unwrap().name, "link");
    assert!(Store::new("/nowhere/at/all".into()).entries().unwrap().is_empty());
}

#[test]
fn a_removal_stays_inside_the_folder_and_leaves_nothing_behind() {
    let (root, store) = example("v3");
    let outside = root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "").unwrap();
    symlink(&outside, store.folder(&name("x")).join("link")).unwrap();
    symlink(&outside, store.machines().join("linked")).unwrap();
    store.remove(&name("x")).unwrap();
    store.remove(&name("linked")).unwrap();
    assert!(outside.join("precious").exists());
    assert_eq!(fs::read_dir(store.machines()).unwrap().count(), 3);
    assert_eq!(store.remove(&name("x")).unwrap_err().kind(), Kind::Missing);
}

#[test]
fn a_machine_appears_whole_and_marked_until_it_is_finished() {
    let (_root, store) = example("v3");
    let console = Console::captured(&[]);
    let mut record = store.load(&name("x")).unwrap();
    record.name = "new".into();
    let claim = store.claim(&console, &name("new")).unwrap();
    assert!(claim.resumed().is_none() && !store.exists(&name("new")));
    claim.begin(&record).unwrap();
    assert_eq!(store.creating(&name("new")).unwrap().pid, Some(std::process::id()));
    assert_eq!(store.load(&name("new")).unwrap().driver, record.driver);
    let other = store.claim(&console, &name("new")).unwrap_err();
    assert_eq!((other.kind(), other.message()), (Kind::Exists, "Docker machine \"new\" already exists"));
    assert_eq!(other.hints(), [format!("process {} is working on it", std::process::id())]);
    claim.finish().unwrap();
    assert!(store.creating(&name("new")).is_none());
    let error = store.claim(&console, &name("new")).unwrap_err();
    assert_eq!((error.kind(), error.hints().len()), (Kind::Exists, 0));
}

#[test]
fn an_interrupted_creation_is_resumed_and_a_given_up_one_leaves_nothing() {
    let (_root, store) = example("v3");
    let console = Console::captured(&[]);
    let mut record = store.load(&name("x")).unwrap();
    record.name = "new".into();
    store.claim(&console, &name("new")).unwrap().begin(&record).unwrap();
    let again = store.claim(&console, &name("new")).unwrap();
    assert_eq!(again.resumed().unwrap().driver, record.driver);
    store.remove(&name("new")).unwrap();
    drop(again);
    drop(store.claim(&console, &name("never")).unwrap());
    let left: Vec<_> = fs::read_dir(store.machines()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[tokio::test]
async fn a_lock_needs_a_machine_and_keeps_others_out() {
    let (_root, store) = example("v3");
    let console = Console::captured(&[]);
    assert_eq!(store.lock(&console, &name("no")).await.unwrap_err().kind(), Kind::Missing);
    let lock = store.lock(&console, &name("x")).await.unwrap();
    let error = store.lock_within(&console, &name("x"), Duration::ZERO).await.unwrap_err();
    assert!(error.message().starts_with("\"x\" is in use by process "), "{error}");
    let machine = name("x");
    let waiting = store.lock(&console, &machine);
    let release = async {
        until_it_waits(&console).await;
        drop(lock);
    };
    assert!(tokio::join!(waiting, release).0.is_ok());
    assert!(console.captured_text().0.starts_with("Waiting for process "));
}

/// Until somebody says on this console that it waits.
async fn until_it_waits(console: &Console) {
    while console.captured_text().0.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_store_that_cannot_be_written_can_still_be_read() {
    let (_root, store) = example("v1");
    let before = config(&store, "one");
    // Stands in the way of the copy of the old text.
    fs::create_dir(store.folder(&name("one")).join("config.json.bak")).unwrap();
    let (record, notes) = store.load_with_notes(&name("one")).unwrap();
    assert_eq!((record.config_version, config(&store, "one")), (3, before));
    assert!(notes[0].contains("cannot be rewritten"), "{notes:?}");
    assert!(store.save(&record).is_err(), "the old text must not be lost");
}

#[tokio::test]
async fn waiting_for_a_machine_that_is_being_removed_ends_in_its_absence() {
    let (_root, store) = example("v3");
    let (console, machine) = (Console::captured(&[]), name("x"));
    let lock = store.lock(&console, &machine).await.unwrap();
    let removal = async {
        until_it_waits(&console).await;
        store.remove(&machine).unwrap();
        drop(lock);
    };
    let waited = tokio::join!(store.lock(&console, &machine), removal).0;
    assert_eq!(waited.unwrap_err().kind(), Kind::Missing);
    assert!(!store.lock_path(&machine).exists());
}

#[test]
fn a_save_keeps_what_it_cannot_read_and_leaves_a_newer_program_s_record_alone() {
    let (_root, store) = example("v3");
    let record = store.load(&name("x")).unwrap();
    let damaged = store.folder(&name("x")).join("config.json.damaged");

    fs::write(store.config(&name("x")), "{\"ConfigVersion\": 3, \"Dri").unwrap();
    store.save(&record).unwrap();
    assert_eq!(store.load(&name("x")).unwrap(), record);
    assert_eq!(fs::read_to_string(&damaged).unwrap(), "{\"ConfigVersion\": 3, \"Dri");
    assert_eq!(fs::metadata(&damaged).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&damaged).unwrap();

    fs::remove_file(store.config(&name("x"))).unwrap();
    store.save(&record).unwrap();
    assert_eq!((store.load(&name("x")).unwrap(), damaged.exists()), (record.clone(), false), "there was nothing");

    let newer = r#"{"configversion":4,"Driver":{"Plan":"b"}}"#;
    fs::write(store.config(&name("x")), newer).unwrap();
    let error = store.save(&record).unwrap_err();
    assert!(error.message().contains("from the future"), "{error}");
    assert_eq!((config(&store, "x").as_str(), damaged.exists()), (newer, false));

    // What cannot be read cannot be kept either.
    fs::remove_file(store.config(&name("x"))).unwrap();
    fs::create_dir(store.config(&name("x"))).unwrap();
    assert!(store.save(&record).unwrap_err().message().ends_with("config.json: is a directory"));
}

#[tokio::test]
async fn an_old_record_is_not_rewritten_under_the_hands_of_who_works_on_it() {
    let (_root, store) = example("v1");
    let (console, machine, before) = (Console::captured(&[]), name("one"), config(&store, "one"));
    let lock = store.lock(&console, &machine).await.unwrap();
    let (record, notes) = store.load_with_notes(&machine).unwrap();
    assert_eq!((record.config_version, notes.len(), config(&store, "one")), (3, 0, before.clone()));
    store.save(&record).unwrap();
    assert_eq!(store.load_with_notes(&machine).unwrap(), (record, vec![]), "whoever works on it writes it");
    assert_eq!(fs::read_to_string(store.folder(&machine).join("config.json.bak")).unwrap(), before);
    drop(lock);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// JSON with the record's own keys at every level more often than chance has them.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-1_i64..5).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("ConfigVersion"),
            Just("Driver"),
            Just("DriverName"),
            Just("HostOptions"),
            Just("Name"),
            Just("name"),
            Just("AuthOptions"),
            Just("EngineOptions"),
            Just("Labels"),
            Just("StorePath"),
            Just("Odd"),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..6)
                    .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_stands_in_a_file_is_a_record_or_damaged(mut value in any_json(), version in 0_i64..5) {
            if let Some(map) = value.as_object_mut() {
                map.insert("ConfigVersion".into(), version.into());
            }
            let (_root, store) = with_config(&value.to_string());
            match store.load(&name("x")) {
                Ok(record) => {
                    let before = config(&store, "x");
                    store.save(&record).unwrap();
                    prop_assert_eq!(config(&store, "x"), before);
                }
                Err(error) => prop_assert_eq!(error.kind(), Kind::Damaged),
            }
        }

        #[test]
        fn json_that_is_written_reads_the_same(value in any_json()) {
            // Go writes 22.0 as 22: numbers are compared as such.
            let again: Value = serde_json::from_str(&json::pretty(&value)).unwrap();
            prop_assert_eq!(json::compact(&again), json::compact(&value));
        }
    }
}

#[test]
fn what_cannot_be_looked_at_is_not_called_missing_or_taken() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let store = Store::new(file.clone());
    let text = format!("open {}/machines/web/config.json: not a directory", file.display());
    assert_eq!(store.load(&name("web")).unwrap_err().message(), text);
    assert_eq!(store.remove(&name("web")).unwrap_err().message(), text);
    assert_eq!(store.check_free(&name("web")).unwrap_err().message(), text);
}

#[test]
fn a_machine_that_cannot_be_put_into_the_store_leaves_no_trace() {
    let (_root, store) = example("v3");
    let record = Record { name: "new".into(), ..store.load(&name("x")).unwrap() };
    let claim = store.claim(&Console::captured(&[]), &name("new")).unwrap();
    // A folder in the place of the record's file.
    fs::create_dir_all(store.hidden(&name("new"), "new").join(RECORD)).unwrap();
    claim.begin(&record).unwrap_err();
    drop(claim);
    let hidden = fs::read_dir(store.machines()).unwrap().map(|item| item.unwrap().file_name());
    assert_eq!(hidden.filter(|file| file.to_string_lossy().contains("new")).count(), 0);
}
