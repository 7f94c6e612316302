//! A machine's record: exactly the JSON that is on disk (`ConfigVersion` 3), unknown keys kept at every level.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Name;

/// The whole of `config.json`, keys in the original's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Record {
    /// 3.
    pub config_version: i64,
    /// The driver's own state.
    pub driver: Value,
    /// Selects the driver.
    pub driver_name: String,
    /// Engine, swarm and certificate options; `null` in foreign files.
    pub host_options: Option<HostOptions>,
    /// The machine's name; the folder's name wins.
    pub name: String,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Record {
    /// The record of a new machine.
    pub fn new(name: &Name, driver_name: &str, driver: Value, options: HostOptions) -> Self {
        Self {
            config_version: 3,
            driver,
            driver_name: driver_name.to_owned(),
            host_options: Some(options),
            name: name.to_string(),
            other: Map::new(),
        }
    }
}

/// `HostOptions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HostOptions {
    /// Unused by everybody.
    pub driver: String,
    /// Unused by everybody.
    pub memory: i64,
    /// Unused by everybody.
    pub disk: i64,
    /// How the engine is set up.
    pub engine_options: Option<EngineOptions>,
    /// Swarm flags.
    pub swarm_options: Option<SwarmOptions>,
    /// Where certificates are.
    pub auth_options: Option<AuthOptions>,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `EngineOptions`. Lists are `null` where nobody set them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EngineOptions {
    /// `--engine-opt`.
    pub arbitrary_flags: Option<Vec<String>>,
    /// Unused by everybody, as are the other fields without a flag.
    pub dns: Option<Vec<String>>,
    /// Unused.
    pub graph_dir: String,
    /// `--engine-env`.
    pub env: Option<Vec<String>>,
    /// Unused.
    pub ipv6: bool,
    /// `--engine-insecure-registry`.
    pub insecure_registry: Option<Vec<String>>,
    /// `--engine-label`.
    pub labels: Option<Vec<String>>,
    /// Unused.
    pub log_level: String,
    /// `--engine-storage-driver`; empty: the engine's own choice.
    pub storage_driver: String,
    /// Unused.
    pub selinux_enabled: bool,
    /// Always true.
    pub tls_verify: bool,
    /// `--engine-registry-mirror`.
    pub registry_mirror: Option<Vec<String>>,
    /// `--engine-install-url`.
    #[serde(rename = "InstallURL")]
    pub install_url: String,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `SwarmOptions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SwarmOptions {
    /// `--swarm` or `--swarm-master`.
    pub is_swarm: bool,
    /// `--swarm-addr`.
    pub address: String,
    /// `--swarm-discovery`.
    pub discovery: String,
    /// `--swarm`.
    pub agent: bool,
    /// `--swarm-master`.
    pub master: bool,
    /// `--swarm-host`.
    pub host: String,
    /// `--swarm-image`.
    pub image: String,
    /// `--swarm-strategy`.
    pub strategy: String,
    /// Unused.
    pub heartbeat: i64,
    /// Unused; a float that Go prints as `0`.
    #[serde(serialize_with = "go_float")]
    pub overcommit: f64,
    /// `--swarm-opt`.
    pub arbitrary_flags: Option<Vec<String>>,
    /// `--swarm-join-opt`.
    pub arbitrary_join_flags: Option<Vec<String>>,
    /// Unused.
    pub env: Option<Vec<String>>,
    /// `--swarm-experimental`.
    pub is_experimental: bool,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `AuthOptions`: paths of certificates and keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuthOptions {
    /// `<root>/certs`.
    pub cert_dir: String,
    /// The CA's certificate.
    pub ca_cert_path: String,
    /// The CA's key.
    pub ca_private_key_path: String,
    /// Always empty on disk.
    pub ca_cert_remote_path: String,
    /// The server certificate, local copy.
    pub server_cert_path: String,
    /// The server key, local copy.
    pub server_key_path: String,
    /// The client key.
    pub client_key_path: String,
    /// Always empty on disk.
    pub server_cert_remote_path: String,
    /// Always empty on disk.
    pub server_key_remote_path: String,
    /// The client certificate.
    pub client_cert_path: String,
    /// `--tls-san`.
    #[serde(rename = "ServerCertSANs")]
    pub server_cert_sans: Option<Vec<String>>,
    /// The machine's folder.
    pub store_path: String,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A float as Go writes it: whole numbers without a fraction.
fn go_float<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}
