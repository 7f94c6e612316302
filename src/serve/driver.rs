//! One of our drivers, for a machine whose record is somebody else's.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use crate::console::Console;
use crate::context::{Context, Globals};
use crate::driver::{Checkpoint, Driver, Flag, FlagValues, HostKind, MachinePlace, Setting, State, registry};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::json;
use crate::machine::{place, reboot};
use crate::shared::Shared;
use crate::store::{Name, Store, spell};

/// The keys that every driver of the original has; a host tells a new machine with these alone.
const COMMON: [&str; 10] = [
    "IPAddress",
    "IPv6Address",
    "MachineName",
    "SSHUser",
    "SSHPort",
    "SSHKeyPath",
    "StorePath",
    "SwarmMaster",
    "SwarmHost",
    "SwarmDiscovery",
];

/// A driver, and the machine that it was told last.
pub(super) struct Served {
    name: String,
    built_in: &'static str,
    cx: Context,
    place: MachinePlace,
    driver: Box<dyn Driver>,
    /// It was told more than where its machine is.
    has_state: bool,
}

impl Served {
    /// The driver `built_in` under the name that the host has for it, without a machine.
    pub(super) fn new(env: &Env, console: Console, name: &str, built_in: &'static str) -> Self {
        let machine: Name = "default".parse().expect("a name");
        let (cx, place) = surroundings(env, console, &machine, PathBuf::new());
        let driver = registry::find(&cx.env, built_in, &place).expect("it is built in");
        Self { name: name.to_owned(), built_in, cx, place, driver, has_state: false }
    }

    /// Takes a machine's state: what it does not mention stays as it is.
    pub(super) async fn set_config(&mut self, text: &[u8]) -> Result<()> {
        let mut given: Map<String, Json> = serde_json::from_slice(text).map_err(json::unreadable)?;
        let mut state = self.state_of_driver().await?;
        let known: Vec<String> = state.keys().cloned().chain(COMMON.map(str::to_owned)).collect();
        spell(&mut given, &known.iter().map(String::as_str).collect::<Vec<_>>());
        self.has_state |= given.keys().any(|key| !COMMON.contains(&key.as_str()));
        state.extend(given);
        let text = |key: &str| state.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let machine: Name = text("MachineName").parse()?;
        let console = self.cx.console.clone();
        let (cx, place) = surroundings(&self.cx.env, console, &machine, PathBuf::from(text("StorePath")));
        self.driver = if self.has_state {
            registry::load(&cx.env, self.built_in, &place, Json::Object(state))?
        } else {
            registry::find(&cx.env, self.built_in, &place)?
        };
        (self.cx, self.place) = (cx, place);
        Ok(())
    }

    /// The machine's state.
    pub(super) async fn config(&self) -> Result<Vec<u8>> {
        Ok(json::compact(&self.driver.save().await?).into_bytes())
    }

    async fn state_of_driver(&self) -> Result<Map<String, Json>> {
        match self.driver.save().await? {
            Json::Object(state) => Ok(state),
            _ => Ok(Map::new()),
        }
    }

    async fn field(&self, key: &str) -> Result<Option<Json>> {
        Ok(self.state_of_driver().await?.remove(key))
    }

    async fn text(&self, key: &str) -> Result<String> {
        Ok(self.field(key).await?.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default())
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn machine(&self) -> &str {
        self.place.name.as_str()
    }

    pub(super) async fn flags(&self) -> Result<Vec<Flag>> {
        self.driver.flags(&self.cx.for_driver()).await
    }

    /// Takes the values of a `create`. One that is the default was not given, as far as we can tell.
    pub(super) async fn configure(&mut self, mut values: FlagValues) -> Result<()> {
        for flag in self.flags().await? {
            let default = flag.kind.default();
            if let Some(Setting { default: value, .. }) = values.get(&flag.name).cloned()
                && value == default
            {
                values.insert(&flag.name, Setting { flag: None, variable: None, default });
            }
        }
        self.has_state = true;
        self.driver.configure(&self.cx.for_driver(), &values).await
    }

    pub(super) async fn check(&mut self) -> Result<()> {
        self.driver.check(&self.cx.for_driver()).await
    }

    /// Makes the computer. A host does not ask what a failure has left: it is taken back.
    pub(super) async fn create(&mut self) -> Result<()> {
        let cx = self.cx.for_driver();
        let made = self.driver.create(&cx, &Nowhere).await;
        if made.is_err()
            && let Err(left) = self.driver.undo(&cx).await
        {
            self.cx.console.warn(format!("something that was created could not be removed: {left}"));
        }
        made
    }

    pub(super) async fn remove(&mut self) -> Result<()> {
        self.driver.remove(&self.cx.for_driver()).await
    }

    /// `Start`, `Stop`, `Kill`, `Restart`.
    pub(super) async fn switch(&mut self, method: &str) -> Result<()> {
        let cx = self.cx.for_driver();
        let kind = self.driver.host_kind();
        match (method, self.driver.power()) {
            ("Start", Some(power)) => power.start(&cx).await,
            ("Stop", Some(power)) => power.stop(&cx).await,
            ("Kill", Some(power)) => power.kill(&cx).await,
            ("Restart", Some(power)) => power.restart(&cx).await,
            ("Restart", None) if kind == HostKind::Existing => {
                let target = self.driver.ssh(&cx).await?;
                reboot::log_in_and_restart(&self.cx, &self.place.name, &target).await
            }
            (_, None) => Err(reboot::no_switch(self.driver.name(), kind, &method.to_lowercase())),
            (_, Some(_)) => Err(Error::msg(format!("rpc: can't find method {method}"))),
        }
    }

    pub(super) async fn state(&self) -> Result<State> {
        self.driver.state(&self.cx.for_driver()).await
    }

    pub(super) async fn url(&self) -> Result<String> {
        self.driver.url(&self.cx.for_driver()).await
    }

    pub(super) async fn ip(&self) -> Result<String> {
        self.driver.ip(&self.cx.for_driver()).await
    }

    /// Nobody logs in to the machine of an engine.
    fn has_ssh(&self) -> bool {
        self.driver.host_kind() != HostKind::EngineOnly
    }

    pub(super) async fn ssh_host(&self) -> Result<String> {
        if self.has_ssh() { self.ip().await } else { Ok(String::new()) }
    }

    pub(super) async fn ssh_port(&self) -> Result<i64> {
        let stored = self.field("SSHPort").await?.and_then(|port| port.as_i64()).unwrap_or_default();
        Ok(if stored == 0 && self.has_ssh() { 22 } else { stored })
    }

    pub(super) async fn ssh_user(&self) -> Result<String> {
        let stored = self.text("SSHUser").await?;
        Ok(if stored.is_empty() && self.has_ssh() { "root".to_owned() } else { stored })
    }

    pub(super) async fn ssh_key(&self) -> Result<String> {
        let stored = self.text("SSHKeyPath").await?;
        // A host that exists has the key that it was given, or none of its own.
        let is_ours = stored.is_empty() && self.driver.host_kind() == HostKind::Created;
        Ok(if is_ours { self.place.folder.join("id_rsa").display().to_string() } else { stored })
    }
}

/// What a driver is told of a machine in the host's store.
fn surroundings(env: &Env, console: Console, machine: &Name, root: PathBuf) -> (Context, MachinePlace) {
    let store = Store::new(root);
    let place = place(&store, machine);
    let (globals, shared) = (Globals::default(), Shared::default());
    (Context { env: env.clone(), console, store, globals, shared }, place)
}

/// The host keeps the record, and asks for the state when it likes.
struct Nowhere;

#[async_trait]
impl Checkpoint for Nowhere {
    async fn save(&self, _state: Json) -> Result<()> {
        Ok(())
    }
}
