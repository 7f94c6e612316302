//! What is there: in the account, and in the stores.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::regions::Region;
use crate::steps::Store;

/// By which our resources know their machine.
const MACHINE: &str = "docker-machine:id";

/// A resource that was made and is still there.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Thing {
    pub kind: String,
    pub id: String,
    /// Of an instance: its state.
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

/// Everything in all accounts.
#[derive(Clone, Debug)]
pub struct Account {
    pub things: Vec<Thing>,
    /// The instances that are not terminated, by the group that they use.
    pub users: BTreeMap<String, Vec<String>>,
}

/// A machine's record.
#[derive(Clone, Debug)]
pub struct Record {
    pub store: Store,
    pub name: String,
    /// `Driver.Id`.
    pub machine: String,
    /// `Driver.InstanceId`.
    pub instance: String,
    pub key_pair: String,
    pub group: String,
    /// Whether its private key is where the record says.
    pub has_key: bool,
    /// Its creation has not ended.
    pub is_unfinished: bool,
}

/// All that is there at one moment.
#[derive(Clone, Debug)]
pub struct State {
    pub account: Account,
    pub records: Vec<Record>,
    /// Records that cannot be read.
    pub unreadable: Vec<String>,
}

impl Thing {
    /// The machine that it was made for.
    pub fn machine(&self) -> &str {
        self.tags.get(MACHINE).map_or("", String::as_str)
    }

    /// Whether it is an instance that runs, or can.
    pub fn is_live_instance(&self) -> bool {
        self.kind == "instance" && !["shutting-down", "terminated"].contains(&self.name.as_str())
    }
}

impl Account {
    fn look(region: &Region) -> Self {
        let read = |what| region.ask(what, json!({}));
        let things: Vec<Thing> = serde_json::from_value(read("left")).expect("a list");
        Self { things, users: serde_json::from_value(read("users")).expect("an object") }
    }

    /// The instances that are not at their end.
    pub fn live_instances(&self) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(|thing| thing.is_live_instance())
    }

    /// Whether an instance of this id lives.
    pub fn lives(&self, instance: &str) -> bool {
        self.live_instances().any(|one| one.id == instance)
    }

    pub fn has(&self, thing: &Thing) -> bool {
        self.things.iter().any(|one| one.id == thing.id)
    }
}

impl State {
    /// Looks at everything; `home` has the stores.
    pub fn look(region: &Region, home: &Path) -> Self {
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        for store in [Store::Home, Store::Copy] {
            for folder in machines(&home.join(store.folder())) {
                match record(store, &folder) {
                    Ok(record) => records.push(record),
                    Err(error) => unreadable.push(format!("{}: {error}", folder.display())),
                }
            }
        }
        Self { account: Account::look(region), records, unreadable }
    }

    /// The machines that any record names.
    pub fn machines(&self) -> BTreeSet<&str> {
        self.records.iter().map(|record| record.machine.as_str()).collect()
    }

    /// The record of a machine by its name.
    pub fn record(&self, store: Store, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.store == store && record.name == name)
    }
}

/// The folders of the machines in a store.
pub fn machines(store: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(store.join("machines")) else { return Vec::new() };
    let mut folders: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir() && path.file_name().is_none_or(|name| name.as_encoded_bytes()[0] != b'.'))
        .collect();
    folders.sort();
    folders
}

fn record(store: Store, folder: &Path) -> Result<Record, String> {
    let text = fs::read_to_string(folder.join("config.json")).map_err(|error| error.to_string())?;
    let json: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let field = |name: &str| json["Driver"][name].as_str().unwrap_or_default().to_owned();
    let key = field("SSHKeyPath");
    Ok(Record {
        store,
        name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
        machine: field("Id"),
        instance: field("InstanceId"),
        key_pair: field("KeyName"),
        group: json["Driver"]["SecurityGroupIds"][0].as_str().unwrap_or_default().to_owned(),
        has_key: key.is_empty() || folder.join(Path::new(&key).file_name().unwrap_or_default()).exists(),
        is_unfinished: folder.join(".creating").exists(),
    })
}
