//! Reading JSON as leniently as Go's decoder does: keys in any case, `null` for "not set".

use serde_json::{Map, Value};

/// An object of the record: its own keys and the objects inside it.
pub struct Shape {
    keys: &'static [&'static str],
    inside: &'static [(&'static str, Self)],
}

/// The whole record. `Driver` is opaque; drivers spell their own keys with [`spell`].
pub const RECORD: Shape = Shape {
    keys: &["ConfigVersion", "Driver", "DriverName", "HostOptions", "Name"],
    inside: &[("HostOptions", HOST_OPTIONS)],
};

const HOST_OPTIONS: Shape = Shape {
    keys: &["Driver", "Memory", "Disk", "EngineOptions", "SwarmOptions", "AuthOptions"],
    inside: &[("EngineOptions", ENGINE_OPTIONS), ("SwarmOptions", SWARM_OPTIONS), ("AuthOptions", AUTH_OPTIONS)],
};

const ENGINE_OPTIONS: Shape = Shape {
    keys: &[
        "ArbitraryFlags",
        "Dns",
        "GraphDir",
        "Env",
        "Ipv6",
        "InsecureRegistry",
        "Labels",
        "LogLevel",
        "StorageDriver",
        "SelinuxEnabled",
        "TlsVerify",
        "RegistryMirror",
        "InstallURL",
    ],
    inside: &[],
};

const SWARM_OPTIONS: Shape = Shape {
    keys: &[
        "IsSwarm",
        "Address",
        "Discovery",
        "Agent",
        "Master",
        "Host",
        "Image",
        "Strategy",
        "Heartbeat",
        "Overcommit",
        "ArbitraryFlags",
        "ArbitraryJoinFlags",
        "Env",
        "IsExperimental",
    ],
    inside: &[],
};

const AUTH_OPTIONS: Shape = Shape {
    keys: &[
        "CertDir",
        "CaCertPath",
        "CaPrivateKeyPath",
        "CaCertRemotePath",
        "ServerCertPath",
        "ServerKeyPath",
        "ClientKeyPath",
        "ServerCertRemotePath",
        "ServerKeyRemotePath",
        "ClientCertPath",
        "ServerCertSANs",
        "StorePath",
    ],
    inside: &[],
};

/// Gives the known keys of every level their exact case, in place. The last of two spellings wins, as in Go.
pub fn canonicalize(map: &mut Map<String, Value>, shape: &Shape) {
    spell(map, shape.keys);
    for (key, inner) in shape.inside {
        if let Some(Value::Object(map)) = map.get_mut(*key) {
            canonicalize(map, inner);
        }
    }
}

/// Gives those keys of one object their exact case that are written in another one.
pub fn spell(map: &mut Map<String, Value>, keys: &[&str]) {
    let exact = |key: &str| keys.iter().find(|known| known.eq_ignore_ascii_case(key)).copied();
    // Nearly every key is spelled right.
    let is_misspelled = |key: &str| !keys.contains(&key) && exact(key).is_some();
    if map.keys().any(|key| is_misspelled(key)) {
        let entries = std::mem::take(map);
        for (key, value) in entries {
            map.insert(exact(&key).map_or(key, str::to_owned), value);
        }
    }
}

/// Drops known keys that are `null`, at every level: Go's decoder leaves such a field as it is.
pub fn drop_nulls(map: &mut Map<String, Value>, shape: &Shape) {
    map.retain(|key, value| !(value.is_null() && shape.keys.contains(&key.as_str())));
    for (key, inner) in shape.inside {
        if let Some(Value::Object(map)) = map.get_mut(*key) {
            drop_nulls(map, inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn keys_in_another_case_are_found_in_place() {
        let mut map = object(json!({"x": 1, "NAME": "a", "hostoptions": {"authOptions": {"storepath": "/s"}}, "Y": 2}));
        canonicalize(&mut map, &RECORD);
        let expected = r#"{"x":1,"Name":"a","HostOptions":{"AuthOptions":{"StorePath":"/s"}},"Y":2}"#;
        assert_eq!(Value::Object(map).to_string(), expected);
    }

    #[test]
    fn nulls_of_known_keys_go_and_others_stay() {
        let mut map =
            object(json!({"Name": null, "Mine": null, "HostOptions": {"Memory": null, "EngineOptions": null}}));
        drop_nulls(&mut map, &RECORD);
        assert_eq!(Value::Object(map), json!({"Mine": null, "HostOptions": {}}));
    }
}
