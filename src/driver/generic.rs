//! `generic`: a Linux host that exists already and can be reached over SSH.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::base::{Base, ENGINE_PORT, bare_host, engine_url, text};
use super::{
    Checkpoint, Driver, Flag, FlagKind, FlagValues, HostKind, Kind, MachinePlace, Offers, Sight, State, decode, encode,
    not_running,
};
use crate::context::DriverContext;
use crate::error::{Context as _, Error, Result};
use crate::names;
use crate::ssh::hostkeys::Pins;
use crate::ssh::vouching::{self, HostKey};
use crate::ssh::{self, HostKeyPolicy, SshTarget, Vouching};

/// How long the state probe waits for the SSH port, as the original.
const PROBE_LIMIT: Duration = Duration::from_secs(15);
/// How long a probe's answer is believed: one command asks several times in a row.
const PROBE_MEMORY: Duration = Duration::from_secs(2);

/// The flag that tells the host's key.
const HOST_KEY: &str = "generic-ssh-host-key";

/// The driver `generic`.
#[derive(Debug)]
pub struct Generic {
    place: MachinePlace,
    fields: Fields,
    probed: Mutex<Option<(Instant, State)>>,
    /// What an earlier `create` of the machine knew, if this one goes on with it.
    earlier: Option<Fields>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fields {
    #[serde(flatten)]
    base: Base,
    /// Records from before the port could be chosen lack it.
    #[serde(rename = "EnginePort", default = "default_engine_port")]
    engine_port: u16,
    /// The user's own key file, as typed; only `create` looks at it.
    #[serde(rename = "SSHKey", default)]
    ssh_key: String,
    /// What the user says about the host's key, as fingerprints; only until it is pinned.
    #[serde(rename = "SSHHostKeys", default, skip_serializing_if = "Vec::is_empty")]
    host_keys: Vec<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The driver, for the registry.
pub const KIND: Kind = Kind {
    name: "generic",
    new: |place| Box::new(Generic::new(place)),
    load: |place, state| Ok(Box::new(Generic::load(place, state)?)),
    offers,
    collector: None,
};

/// What a shell offers for a flag's value.
fn offers(flag: &str, _sight: &Sight<'_>) -> Offers {
    if ["generic-ssh-key", HOST_KEY].contains(&flag) { Offers::Files } else { Offers::Nothing }
}

impl Generic {
    /// For a new machine.
    pub fn new(place: &MachinePlace) -> Self {
        let fields = Fields {
            base: Base::new(place),
            engine_port: ENGINE_PORT,
            ssh_key: String::new(),
            host_keys: Vec::new(),
            other: Map::new(),
        };
        Self { place: place.clone(), fields, probed: Mutex::default(), earlier: None }
    }

    /// For a machine of the store.
    ///
    /// # Errors
    /// The state has the wrong types.
    pub fn load(place: &MachinePlace, state: Value) -> Result<Self> {
        let fields = decode("generic", state)?;
        Ok(Self { place: place.clone(), fields, probed: Mutex::default(), earlier: None })
    }

    fn target(&self) -> Result<SshTarget> {
        let path = &self.fields.base.ssh_key_path;
        self.fields.base.ssh_target(&self.place, (!path.is_empty()).then(|| PathBuf::from(path)))
    }

    /// What the user, or else the user's `known_hosts`, says about the host's key.
    fn vouching(&self, cx: &DriverContext<'_>, target: &SshTarget) -> Result<Vouching> {
        let told = self.fields.host_keys.iter().filter_map(|text| HostKey::find(text)).collect::<Vec<_>>();
        if !told.is_empty() {
            return Ok(Vouching::Known { by: format!("--{HOST_KEY}"), keys: told });
        }
        Ok(match vouching::in_known_hosts(cx.env, &target.host, target.port)? {
            Some((by, keys)) => Vouching::Known { by, keys },
            None => {
                Vouching::Unknown(format!("--{HOST_KEY} is not given, and no known_hosts file has {}", target.host))
            }
        })
    }

    /// [`Generic::target`], with what vouches for its key while none is pinned.
    fn vouched_target(&self, cx: &DriverContext<'_>) -> Result<SshTarget> {
        let mut target = self.target()?;
        let policy = HostKeyPolicy::from_env(cx.env);
        // A file that cannot be understood is the connection's affair.
        if Pins::load(&target, policy).is_ok_and(|pins| pins.is_first_contact()) {
            target.vouching = self.vouching(cx, &target)?;
        }
        Ok(target)
    }

    /// Whether somebody answers on the SSH port.
    async fn probe(&self) -> Result<State> {
        if let Some((at, state)) = *self.probed.lock().expect("no panic while held")
            && at.elapsed() < PROBE_MEMORY
        {
            return Ok(state);
        }
        let target = self.target()?;
        let answers = timeout(PROBE_LIMIT, TcpStream::connect((target.host.as_str(), target.port))).await;
        let state = if matches!(answers, Ok(Ok(_))) { State::Running } else { State::Stopped };
        *self.probed.lock().expect("no panic while held") = Some((Instant::now(), state));
        Ok(state)
    }

    fn user_key(&self, cx: &DriverContext<'_>) -> Option<PathBuf> {
        (!self.fields.ssh_key.is_empty()).then(|| cx.env.cwd.join(&self.fields.ssh_key))
    }
}

fn default_engine_port() -> u16 {
    ENGINE_PORT
}

fn port(values: &FlagValues, flag: &str) -> Result<u16> {
    let number = values.int(flag);
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| Error::msg(format!("--{flag} {number} is no TCP port; ports are 1 to 65535")))
}

#[async_trait]
impl Driver for Generic {
    fn name(&self) -> &str {
        "generic"
    }

    fn host_kind(&self) -> HostKind {
        HostKind::Existing
    }

    async fn flags(&self, _cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        let text = |default: &str| FlagKind::String(default.to_owned());
        let key_help = "Private key of the SSH user; without it the agent and the keys in ~/.ssh are tried";
        let host_key_help = "The host's key: SHA256:... or a file with it (default: what known_hosts says)";
        Ok(vec![
            Flag::new(
                "generic-engine-port",
                FlagKind::Int(ENGINE_PORT.into()),
                "GENERIC_ENGINE_PORT",
                "Port of the Docker engine",
            ),
            Flag::new("generic-ip-address", text(""), "GENERIC_IP_ADDRESS", "Address or name of the host"),
            Flag::new(HOST_KEY, text(""), "GENERIC_SSH_HOST_KEY", host_key_help),
            Flag::new("generic-ssh-key", text(""), "GENERIC_SSH_KEY", key_help),
            Flag::new("generic-ssh-port", FlagKind::Int(22), "GENERIC_SSH_PORT", "Port of the SSH server"),
            Flag::new(
                "generic-ssh-user",
                text("root"),
                "GENERIC_SSH_USER",
                "User to log in as: root, or one with sudo",
            ),
        ])
    }

    async fn configure(&mut self, cx: &DriverContext<'_>, values: &FlagValues) -> Result<()> {
        let address = values.string("generic-ip-address");
        if address.is_empty() {
            return Err(Error::msg("generic driver requires the --generic-ip-address option"));
        }
        let is_with_port = address.matches(':').count() == 1;
        if is_with_port || address.contains(['/', ' ', '@']) {
            return Err(Error::msg(format!("--generic-ip-address `{address}` is neither an address nor a host name"))
                .hint("the user and the port have flags of their own: --generic-ssh-user, --generic-ssh-port"));
        }
        self.fields.base.ip_address = bare_host(&address).to_owned();
        self.fields.base.ssh_user = values.string("generic-ssh-user");
        names::check_host(&self.fields.base.ip_address).context("--generic-ip-address")?;
        names::check_user(&self.fields.base.ssh_user).context("--generic-ssh-user")?;
        self.fields.base.ssh_port = port(values, "generic-ssh-port")?;
        self.fields.engine_port = port(values, "generic-engine-port")?;
        self.fields.ssh_key = values.string("generic-ssh-key");
        let told = values.string(HOST_KEY);
        if !told.is_empty() {
            let Base { ip_address, ssh_port, .. } = &self.fields.base;
            let keys = vouching::told(&told, &cx.env.cwd, ip_address, *ssh_port);
            let keys = keys.map_err(|error| error.context(format!("--{HOST_KEY}")))?;
            self.fields.host_keys = keys.iter().map(HostKey::to_words).collect();
        }
        Ok(())
    }

    async fn resume(&mut self, _cx: &DriverContext<'_>, earlier: Value) -> Result<()> {
        self.earlier = Some(Self::load(&self.place, earlier)?.fields);
        Ok(())
    }

    async fn save(&self) -> Result<Value> {
        encode(&self.fields)
    }

    async fn check(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        let target = self.target()?;
        if let Err(error) = lookup_host((target.host.as_str(), target.port)).await {
            return Err(Error::msg(format!("no address is known for the host name {:?}: {error}", target.host)));
        }
        let Some(key) = self.user_key(cx) else { return Ok(()) };
        if !key.exists() {
            return Err(Error::msg(format!("SSH key does not exist: {:?}", self.fields.ssh_key)));
        }
        ssh::keys::check_key(&key, cx.env).await
    }

    async fn create(&mut self, cx: &DriverContext<'_>, checkpoint: &dyn Checkpoint) -> Result<()> {
        let console = cx.console.for_machine(self.place.name.as_str());
        let place = |fields: &Fields| (fields.base.ip_address.clone(), fields.base.ssh_port);
        if self.earlier.as_ref().is_some_and(|earlier| place(earlier) != place(&self.fields)) {
            // Another host this time: the pinned key is not its key.
            ssh::hostkeys::forget(&self.target()?.known_hosts)?;
        }
        match self.user_key(cx) {
            None => console.say("No SSH key specified. Assuming an existing key at the default location."),
            Some(key) => {
                console.say("Importing SSH key...");
                let copy = ssh::keys::import(&key, &self.place.folder)?;
                if let Err(error) = copy.public {
                    console.say(format!("Couldn't copy SSH public key : {error}"));
                }
                self.fields.base.ssh_key_path = text(&copy.path);
            }
        }
        checkpoint.save(self.save().await?).await
    }

    async fn undo(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        // A host that was not touched is not the machine's.
        self.fields = self.earlier.take().unwrap_or_else(|| self.fields.clone());
        Ok(())
    }

    async fn remove(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn state(&self, _cx: &DriverContext<'_>) -> Result<State> {
        self.probe().await
    }

    async fn url(&self, _cx: &DriverContext<'_>) -> Result<String> {
        match self.probe().await? {
            State::Running => Ok(engine_url(&self.fields.base.ip_address, self.fields.engine_port)),
            _ => Err(not_running()),
        }
    }

    async fn engine_port(&self, _cx: &DriverContext<'_>) -> Result<u16> {
        Ok(self.fields.engine_port)
    }

    async fn ip(&self, _cx: &DriverContext<'_>) -> Result<String> {
        names::check_host(bare_host(&self.fields.base.ip_address))?;
        Ok(self.fields.base.ip_address.clone())
    }

    async fn ssh(&self, cx: &DriverContext<'_>) -> Result<SshTarget> {
        self.vouched_target(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;

    struct Unsaved;

    #[async_trait]
    impl Checkpoint for Unsaved {
        async fn save(&self, _driver: Value) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_key_is_pinned_to_the_host_that_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = MachinePlace {
            name: "web".parse().unwrap(),
            store: folder.path().to_owned(),
            folder: folder.path().to_owned(),
        };
        let at = |address: &str| {
            let mut driver = Generic::new(&place);
            driver.fields.base.ip_address = address.to_owned();
            driver
        };
        let pins = at("").target().unwrap().known_hosts;
        std::fs::write(&pins, "web ssh-ed25519 AAAA\n").unwrap();
        let (all, earlier) = (Context::for_test(), at("192.0.2.1").save().await.unwrap());
        let cx = all.for_driver();
        for (address, is_kept) in [("192.0.2.1", true), ("192.0.2.2", false)] {
            let mut driver = at(address);
            driver.resume(&cx, earlier.clone()).await.unwrap();
            assert!(pins.exists(), "nothing is forgotten before something is made");
            driver.create(&cx, &Unsaved).await.unwrap();
            assert_eq!(pins.exists(), is_kept, "{address}");
        }
    }
}
