//! The daemon's own arguments from the `--engine-*` options, as words, before any quoting.

use crate::error::{Error, Result};
use crate::store::EngineOptions;

use super::daemon_json::DaemonJson;
use super::engine_opts::engine_opts;
use super::facts::Version;

/// What provisioning is to set up.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'a> {
    /// The machine's name, which becomes the host's.
    pub name: &'a crate::store::Name,
    /// For the label `provider=`.
    pub driver_name: &'a str,
    /// The TCP port of the engine.
    pub engine_port: u16,
    /// Bind `[::]` instead of `0.0.0.0`: the host has an IPv6 address only.
    pub listen_ipv6: bool,
    /// The `--engine-*` options.
    pub engine: &'a EngineOptions,
    /// Containers are to outlive a restart of the engine that only brings another certificate.
    pub keeps_containers: bool,
}

/// Storage drivers that the engine has lost, and its first version without them.
const REMOVED_STORAGE_DRIVERS: &[(&str, Version)] =
    &[("aufs", Version(24, 0)), ("overlay", Version(24, 0)), ("devicemapper", Version(25, 0))];

/// Whether an engine (`None`: the newest) does without this storage driver.
pub(super) fn is_removed(storage_driver: &str, version: Option<Version>) -> bool {
    REMOVED_STORAGE_DRIVERS
        .iter()
        .any(|(name, without)| *name == storage_driver && version.is_none_or(|version| version >= *without))
}

/// An option asks for a storage driver that the engine has lost.
///
/// # Errors
/// Exactly then.
pub(super) fn check_storage_driver(engine: &EngineOptions, version: Option<Version>) -> Result<()> {
    if !is_removed(&engine.storage_driver, version) {
        return Ok(());
    }
    let driver = &engine.storage_driver;
    let which = version.map_or_else(|| "current versions".to_owned(), |v| format!("version {}.{}", v.0, v.1));
    Err(Error::msg(format!("storage driver \"{driver}\" does not exist any more in {which} of the Docker Engine"))
        .hint("leave --engine-storage-driver out: the engine chooses the right one"))
}

/// All arguments after the daemon's own path, in the original's order.
pub(super) fn daemon_arguments(wanted: &Spec<'_>, storage_driver: &str, json: &DaemonJson) -> Result<Vec<String>> {
    let engine = wanted.engine;
    let address = if wanted.listen_ipv6 { "[::]" } else { "0.0.0.0" };
    let mut words = vec![
        "-H".to_owned(),
        format!("tcp://{address}:{}", wanted.engine_port),
        "-H".to_owned(),
        "unix:///var/run/docker.sock".to_owned(),
    ];
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    if !storage_driver.is_empty() {
        add("--storage-driver", storage_driver);
    }
    words.push("--tlsverify".to_owned());
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    add("--tlscacert", "/etc/docker/ca.pem");
    add("--tlscert", "/etc/docker/server.pem");
    add("--tlskey", "/etc/docker/server-key.pem");
    let labels = engine.labels.as_deref().unwrap_or_default();
    for label in labels {
        add("--label", label);
    }
    // dockerd refuses two values for one label, and any label beside those of daemon.json.
    let has_provider = labels.iter().any(|label| label == "provider" || label.starts_with("provider="));
    if !has_provider && !json.has("labels") {
        add("--label", &format!("provider={}", wanted.driver_name));
    }
    for registry in engine.insecure_registry.iter().flatten() {
        add("--insecure-registry", registry);
    }
    for mirror in engine.registry_mirror.iter().flatten() {
        add("--registry-mirror", mirror);
    }
    words.extend(engine_opts(engine)?.into_iter().flatten());
    Ok(words)
}

/// Proxy settings of `--engine-env`, in lower and upper case, for the installation.
pub(super) fn proxies(engine: &EngineOptions) -> Vec<(String, String)> {
    let assignments = engine.env.iter().flatten().filter_map(|text| text.split_once('='));
    let proxies = assignments.filter(|(name, _)| {
        ["http_proxy", "https_proxy", "no_proxy", "all_proxy"].contains(&name.to_ascii_lowercase().as_str())
    });
    proxies
        .flat_map(|(name, value)| {
            [(name.to_ascii_lowercase(), value.to_owned()), (name.to_ascii_uppercase(), value.to_owned())]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(engine: &EngineOptions, json: &DaemonJson) -> String {
        let name = "web".parse().expect("a name");
        let wanted = Spec {
            name: &name,
            driver_name: "generic",
            engine_port: 2376,
            listen_ipv6: false,
            engine,
            keeps_containers: false,
        };
        daemon_arguments(&wanted, "", json).expect("valid options").join(" ")
    }

    fn list(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn no_storage_driver_unless_asked_for() {
        let expected = "-H tcp://0.0.0.0:2376 -H unix:///var/run/docker.sock --tlsverify \
                        --tlscacert /etc/docker/ca.pem --tlscert /etc/docker/server.pem \
                        --tlskey /etc/docker/server-key.pem --label provider=generic";
        assert_eq!(arguments(&EngineOptions::default(), &DaemonJson::default()), expected);
    }

    #[test]
    fn a_provider_label_of_the_users_replaces_ours() {
        let engine = EngineOptions { labels: list(&["provider=mine"]), ..EngineOptions::default() };
        let words = arguments(&engine, &DaemonJson::default());
        assert!(words.ends_with("--label provider=mine"), "{words}");
    }

    #[test]
    fn labels_of_daemon_json_leave_no_room_for_ours() {
        let json = DaemonJson::parse(Some(r#"{"labels": ["a=b"]}"#)).expect("valid");
        assert!(!arguments(&EngineOptions::default(), &json).contains("--label"));
    }

    #[test]
    fn removed_storage_drivers_are_refused_where_they_are_gone() {
        let engine = EngineOptions { storage_driver: "devicemapper".into(), ..EngineOptions::default() };
        assert!(check_storage_driver(&engine, Some(Version(24, 0))).is_ok());
        assert!(check_storage_driver(&engine, Some(Version(25, 0))).is_err());
        assert!(check_storage_driver(&engine, None).is_err());
    }

    #[test]
    fn proxies_reach_the_installation_in_both_cases() {
        let engine = EngineOptions { env: list(&["HTTP_PROXY=http://p:1", "A=b"]), ..EngineOptions::default() };
        let expected = [("http_proxy", "http://p:1"), ("HTTP_PROXY", "http://p:1")];
        assert_eq!(proxies(&engine), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
