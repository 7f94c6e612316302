//! `none`: a URL and nothing else, for an engine that somebody else takes care of.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::base::{Base, ENGINE_PORT};
use super::{Checkpoint, Driver, Flag, FlagKind, FlagValues, HostKind, MachinePlace, State, decode, encode};
use crate::context::DriverContext;
use crate::error::{Context as _, Error, Kind, Result};
use crate::names;
use crate::ssh::SshTarget;

/// The driver `none`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct None {
    #[serde(flatten)]
    base: Base,
    #[serde(rename = "URL", default)]
    url: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl None {
    /// For a new machine.
    pub fn new(place: &MachinePlace) -> Self {
        Self { base: Base::new(place), url: String::new(), other: Map::new() }
    }

    /// For a machine of the store.
    ///
    /// # Errors
    /// The state has the wrong types.
    pub fn load(state: Value) -> Result<Self> {
        decode("none", state)
    }
}

/// The driver, for the registry.
pub const KIND: super::Kind = super::Kind {
    name: "none",
    new: |place| Box::new(None::new(place)),
    load: |_, state| Ok(Box::new(None::load(state)?)),
    offers: super::offers::nothing,
    collector: Option::None,
};

/// The address in a URL: what stands between `://` and the path.
fn address(url: &str) -> Result<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(String::new());
    };
    if scheme == "unix" {
        return Ok(String::new());
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        Err(Error::msg(format!("--url `{url}` has no host; write tcp://HOST:2376")))
    } else {
        Ok(host.to_owned())
    }
}

#[async_trait]
impl Driver for None {
    fn name(&self) -> &str {
        "none"
    }

    fn host_kind(&self) -> HostKind {
        HostKind::EngineOnly
    }

    async fn flags(&self, _cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        Ok(vec![Flag::new("url", FlagKind::String(String::new()), "", "URL of a Docker host that exists already")])
    }

    async fn configure(&mut self, _cx: &DriverContext<'_>, values: &FlagValues) -> Result<()> {
        let url = values.string("url");
        if url.is_empty() {
            return Err(Error::msg("--url option is required when no driver is selected"));
        }
        names::check_url(&url).context("--url")?;
        self.base.ip_address = address(&url)?;
        self.url = url;
        Ok(())
    }

    async fn resume(&mut self, _cx: &DriverContext<'_>, _earlier: Value) -> Result<()> {
        // Nothing is ever made.
        Ok(())
    }

    async fn save(&self) -> Result<Value> {
        encode(self)
    }

    async fn create(&mut self, _cx: &DriverContext<'_>, _checkpoint: &dyn Checkpoint) -> Result<()> {
        Ok(())
    }

    async fn undo(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn remove(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn state(&self, _cx: &DriverContext<'_>) -> Result<State> {
        Ok(State::Running)
    }

    async fn url(&self, _cx: &DriverContext<'_>) -> Result<String> {
        names::check_url(&self.url)?;
        Ok(self.url.clone())
    }

    async fn ip(&self, _cx: &DriverContext<'_>) -> Result<String> {
        names::check_url(&self.base.ip_address)?;
        Ok(self.base.ip_address.clone())
    }

    async fn engine_port(&self, _cx: &DriverContext<'_>) -> Result<u16> {
        let port = self.base.ip_address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Ok(port.unwrap_or(ENGINE_PORT))
    }

    async fn ssh(&self, _cx: &DriverContext<'_>) -> Result<SshTarget> {
        Err(Error::new(Kind::Unsupported, "hosts without a driver have no SSH login"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_host_and_port_of_the_url() {
        assert_eq!(address("tcp://127.0.0.1:2376").unwrap(), "127.0.0.1:2376");
        assert_eq!(address("tcp://h:1/path").unwrap(), "h:1");
        assert_eq!(address("unix:///var/run/docker.sock").unwrap(), "");
        assert_eq!(address("http://user:word@c:1").unwrap(), "c:1");
        assert_eq!(address("localhost").unwrap(), "");
        assert!(address("tcp://").is_err());
    }
}
