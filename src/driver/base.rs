//! The fields that every driver of the original keeps at the beginning of its state.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::MachinePlace;
use crate::error::Result;
use crate::ssh::{SshTarget, Vouching};
use crate::store::layout;

/// The first keys of the `Driver` object, in the original's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Base {
    /// Address or host name.
    #[serde(rename = "IPAddress")]
    pub ip_address: String,
    /// The machine's name.
    #[serde(rename = "MachineName")]
    pub machine_name: String,
    /// Login name; empty: `root`.
    #[serde(rename = "SSHUser")]
    pub ssh_user: String,
    /// SSH port; 0: 22.
    #[serde(rename = "SSHPort")]
    pub ssh_port: u16,
    /// The private key; what an empty one means is the driver's affair.
    #[serde(rename = "SSHKeyPath")]
    pub ssh_key_path: String,
    /// The store's root.
    #[serde(rename = "StorePath")]
    pub store_path: String,
    /// Classic swarm's.
    #[serde(rename = "SwarmMaster")]
    pub swarm_master: bool,
    /// Classic swarm's.
    #[serde(rename = "SwarmHost")]
    pub swarm_host: String,
    /// Classic swarm's.
    #[serde(rename = "SwarmDiscovery")]
    pub swarm_discovery: String,
}

impl Base {
    /// The base of a new machine.
    pub fn new(place: &MachinePlace) -> Self {
        Self { machine_name: place.name.to_string(), store_path: place.store.display().to_string(), ..Self::default() }
    }

    /// Whom to log in to, with the given key.
    ///
    /// # Errors
    /// The record's words could be taken for something else than a name.
    pub fn ssh_target(&self, place: &MachinePlace, key: Option<PathBuf>) -> Result<SshTarget> {
        let target = SshTarget {
            host: bare_host(&self.ip_address).to_owned(),
            port: if self.ssh_port == 0 { 22 } else { self.ssh_port },
            user: if self.ssh_user.is_empty() { "root".to_owned() } else { self.ssh_user.clone() },
            key,
            known_hosts: place.folder.join(layout::HOST_KEYS),
            alias: place.name.to_string(),
            vouching: Vouching::default(),
        };
        let record = place.folder.join(layout::RECORD);
        target.check().map_err(|error| error.hint_about(&record, format!("correct it in {}", record.display())))?;
        Ok(target)
    }
}

/// Where engines listen that nobody has told otherwise.
pub const ENGINE_PORT: u16 = 2376;

/// The engine's URL: an IPv6 address is put in brackets.
pub fn engine_url(host: &str, port: u16) -> String {
    let host = bare_host(host);
    if host.contains(':') { format!("tcp://[{host}]:{port}") } else { format!("tcp://{host}:{port}") }
}

/// An address without the brackets of a URL.
pub fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
}

/// A stored path as text, as the original writes it.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_gets_exactly_one_pair_of_brackets() {
        assert_eq!(engine_url("2001:db8::1", 2376), "tcp://[2001:db8::1]:2376");
        assert_eq!(engine_url("[2001:db8::1]", 2376), "tcp://[2001:db8::1]:2376");
        assert_eq!(engine_url("web.example", 4243), "tcp://web.example:4243");
    }
}
