//! Records of older programs (no `ConfigVersion`, 1, 2) made into today's version 3.
//!
//! Root and machine folder come from where the file was found, never from the file: the original took them from
//! keys that its own earlier steps had dropped, and left records that wrote keys into the current folder.

use serde_json::{Map, Value, json};

use super::canonical::spell;
use super::machine_dir::MachineDir;

/// Today's version.
pub const VERSION: i64 = 3;

type Object = Map<String, Value>;

/// The keys of versions 0 to 2 that version 3 has not: exact spelling for [`spell`].
const OLD_TOP: &[&str] = &[
    "StorePath",
    "CaCertPath",
    "PrivateKeyPath",
    "ServerCertPath",
    "ServerKeyPath",
    "ClientCertPath",
    "ClientKeyPath",
    "SwarmHost",
    "SwarmMaster",
    "SwarmDiscovery",
];

/// The version that a file is to be read as. One without a number but with today's nesting (0.2.x, 0.3.x) is 1.
pub fn version(record: &Object) -> i64 {
    let stated = record.get("ConfigVersion").and_then(Value::as_i64).unwrap_or(0);
    let nested = record.get("HostOptions").and_then(|options| options.get("AuthOptions")).is_some_and(Value::is_object);
    if stated == 0 && nested { 1 } else { stated }
}

/// Brings a record of version 0 to 2 to version 3. Keys that nobody knows stay.
pub fn migrate(record: &mut Object, dir: &MachineDir) {
    let from = version(record);
    spell(record, OLD_TOP);
    if from < 1 {
        nest_flat_keys(record);
    }
    if from < 2 {
        rename_keys(record, dir);
    }
    drop_old_tls(record);
    // Version 2 and older: drivers did not know where the store is. The original leaves their keys sorted.
    if let Some(Value::Object(driver)) = record.get_mut("Driver") {
        spell(driver, &["StorePath"]);
        driver.insert("StorePath".into(), dir.root_text().into());
        driver.sort_keys();
    }
    record.shift_remove("StorePath");
    record.insert("Name".into(), dir.name.as_str().into());
    record.insert("ConfigVersion".into(), VERSION.into());
}

/// 0 → 1: flat swarm and path keys move into `HostOptions`.
fn nest_flat_keys(record: &mut Object) {
    let mut take = |key: &str| record.shift_remove(key).filter(|value| !value.is_null());
    let mut auth = Object::new();
    for key in &OLD_TOP[1..7] {
        auth.insert((*key).to_owned(), take(key).unwrap_or_else(|| "".into()));
    }
    let swarm = json!({
        "Host": take("SwarmHost").unwrap_or_else(|| "".into()),
        "Master": take("SwarmMaster").unwrap_or_else(|| false.into()),
        "Discovery": take("SwarmDiscovery").unwrap_or_else(|| "".into()),
    });
    let options = json!({
        "EngineOptions": {"TlsVerify": true, "InstallURL": "https://get.docker.com"},
        "SwarmOptions": swarm,
        "AuthOptions": auth,
    });
    record.insert("HostOptions".into(), options);
}

/// 1 → 2: the CA's key has its name, and the folders are written down.
fn rename_keys(record: &mut Object, dir: &MachineDir) {
    let Some(Value::Object(options)) = record.get_mut("HostOptions") else { return };
    let Some(Value::Object(auth)) = options.get_mut("AuthOptions") else { return };
    spell(auth, OLD_TOP);
    if let Some(path) = auth.shift_remove("PrivateKeyPath")
        && !auth.contains_key("CaPrivateKeyPath")
    {
        auth.insert("CaPrivateKeyPath".into(), path);
    }
    auth.insert("CertDir".into(), dir.certs_text().into());
    auth.insert("StorePath".into(), dir.folder_text().into());
}

/// What stood in the engine's and swarm's options before `AuthOptions` had it.
fn drop_old_tls(record: &mut Object) {
    let Some(Value::Object(options)) = record.get_mut("HostOptions") else { return };
    for (part, old) in [
        ("EngineOptions", &["TlsCaCert", "TlsCert", "TlsKey"][..]),
        ("SwarmOptions", &["TlsCaCert", "TlsCert", "TlsKey", "TlsVerify"]),
    ] {
        if let Some(Value::Object(part)) = options.get_mut(part) {
            spell(part, old);
            part.retain(|key, _| !old.contains(&key.as_str()));
        }
    }
}
