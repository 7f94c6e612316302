//! A plugin as a [`Driver`].

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::making::Making;
use super::process::Processes;
use super::session::Session;
use super::sessions::Sessions;
use super::{program, state, types};
use crate::context::DriverContext;
use crate::driver::base::{Base, bare_host};
use crate::driver::{
    Checkpoint, Driver, Flag, FlagValues, HostKind, Leftovers, MachinePlace, Power, State, not_running,
};
use crate::error::{Context as _, Error, Kind, Result};
use crate::gob::Value;
use crate::names;
use crate::ssh::SshTarget;

/// Dockers listen here unless somebody says otherwise.
const ENGINE_PORT: u16 = 2376;
/// After how long a person is told what is waited for.
const SILENCE: Duration = Duration::from_secs(20);

/// A driver in a program of its own. The program is started when it is first asked something.
pub(super) struct Plugin {
    program: PathBuf,
    /// For which driver the program is started.
    asked_for: String,
    /// What it calls itself.
    name: String,
    place: MachinePlace,
    origin: Origin,
    link: Mutex<Link>,
    sessions: OnceLock<Arc<Sessions>>,
    making: Option<Making>,
    /// The program ended in the middle of making the computer: what it had made by then has no name.
    is_lost: bool,
}

/// Where the computer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Nothing is made yet.
    New,
    /// This process has told the plugin to make it.
    Made,
    /// The record, whose `create` may have ended or not.
    Stored,
    /// An earlier `create`, which was killed when it had made it.
    Adopted,
}

/// The running program, and what it knows or would be told.
struct Link {
    session: Option<Arc<Session>>,
    state: Json,
}

impl Plugin {
    /// For a new machine.
    pub(super) fn new(program: PathBuf, name: &str, place: &MachinePlace) -> Self {
        let state = state::new(place.name.as_str(), &place.store.display().to_string());
        Self::with(program, name, place, Origin::New, state)
    }

    /// For a machine of the store.
    pub(super) fn load(program: PathBuf, name: &str, place: &MachinePlace, state: Json) -> Self {
        Self::with(program, name, place, Origin::Stored, state)
    }

    fn with(program: PathBuf, name: &str, place: &MachinePlace, origin: Origin, state: Json) -> Self {
        Self {
            program,
            asked_for: name.to_owned(),
            name: name.to_owned(),
            place: place.clone(),
            origin,
            link: Mutex::new(Link { session: None, state }),
            sessions: OnceLock::new(),
            making: None,
            is_lost: false,
        }
    }

    /// The running program; a new one if there is none, or it has died.
    async fn session(&self, cx: &DriverContext<'_>) -> Result<Arc<Session>> {
        let mut link = self.link.lock().await;
        if let Some(session) = link.session.as_ref().filter(|session| session.is_alive()) {
            return Ok(session.clone());
        }
        let dead = link.session.take();
        let session = self.launch(cx, &link.state).await?;
        link.session = Some(session.clone());
        self.retire(cx, dead);
        Ok(session)
    }

    /// Starts the program with a machine's state.
    async fn launch(&self, cx: &DriverContext<'_>, state: &Json) -> Result<Arc<Session>> {
        if !state.is_object() {
            let text = format!("the record's state of driver {} is damaged: it is no JSON object", self.name);
            return Err(Error::new(Kind::Damaged, text));
        }
        let console = cx.console.for_machine(self.place.name.as_str());
        let session = Arc::new(
            Session::open(
                &self.program,
                &self.asked_for,
                &console,
                &cx.shared.get::<Processes>(),
                self.sessions(cx).turn(&self.asked_for),
                state,
            )
            .await?,
        );
        self.sessions(cx).add(&session);
        Ok(session)
    }

    fn sessions(&self, cx: &DriverContext<'_>) -> &Sessions {
        self.sessions.get_or_init(|| cx.shared.get())
    }

    fn retire(&self, cx: &DriverContext<'_>, session: Option<Arc<Session>>) {
        if let Some(session) = session {
            self.sessions(cx).retire(session);
        }
    }

    /// Asks, and tells a person who waits long what for.
    async fn ask(&self, cx: &DriverContext<'_>, method: &str) -> Result<Value> {
        let session = self.session(cx).await?;
        tokio::select! {
            answer = session.ask(method) => answer,
            never = self.tell_later(cx, method) => match never {},
        }
    }

    async fn tell_later(&self, cx: &DriverContext<'_>, method: &str) -> std::convert::Infallible {
        sleep(SILENCE).await;
        let console = cx.console.for_machine(self.place.name.as_str());
        console.say(format!("Still waiting for the answer of driver {} to {method}", self.name));
        std::future::pending().await
    }

    async fn text(&self, cx: &DriverContext<'_>, method: &str) -> Result<String> {
        match self.ask(cx, method).await? {
            Value::String(text) => Ok(text),
            _ => Err(self.nonsense(method)),
        }
    }

    async fn number(&self, cx: &DriverContext<'_>, method: &str) -> Result<i64> {
        self.ask(cx, method).await?.as_int().ok_or_else(|| self.nonsense(method))
    }

    fn nonsense(&self, method: &str) -> Error {
        Error::msg(format!("driver {} gives something of another type for {method}", self.name))
            .hint(format!("the plugin is {}", self.program.display()))
    }

    /// Whether the computer of an earlier `create` is there; one that is off is switched on.
    async fn is_there(&self, session: &Session) -> bool {
        match session.ask("GetState").await.ok().and_then(|value| value.as_int()).map(state::of_computer) {
            Some(State::Running | State::Starting | State::Stopping) => true,
            Some(State::Stopped | State::Saved | State::Paused) => session.ask("Start").await.is_ok(),
            _ => false,
        }
    }

    /// Takes what the plugin knows now. Without a plugin it is what it would be told.
    async fn refresh(&self) -> Result<Json> {
        let mut link = self.link.lock().await;
        let Some(session) = link.session.clone().filter(|session| session.is_alive()) else {
            return Ok(link.state.clone());
        };
        let answer = match &self.making {
            // The driver is busy: better what it knows half-way than nothing.
            Some(_) => timeout(Making::GLANCE, session.ask_meanwhile("GetConfigRaw"))
                .await
                .unwrap_or_else(|_| Err(Error::msg(format!("driver {} does not tell its state", self.name)))),
            None => session.ask("GetConfigRaw").await,
        };
        match answer {
            Ok(value) => link.state = state::parse(&self.name, &value)?,
            // What a dead plugin knew is lost.
            Err(_) if !session.is_alive() || self.making.is_some() => {}
            Err(error) => return Err(error),
        }
        Ok(link.state.clone())
    }

    /// Waits for a `Create` that was interrupted, because what it makes meanwhile has no name yet.
    async fn end_making(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        let Some(making) = &mut self.making else { return Ok(()) };
        if !making.is_over() {
            let console = cx.console.for_machine(self.place.name.as_str());
            console.say("Waiting for the driver to end what it has begun...");
        }
        let is_over = timeout(Making::PATIENCE, making.end()).await.is_ok();
        if !is_over {
            // The last chance to learn what there is. What the plugin makes after this has no name.
            self.refresh().await?;
            if let Some(session) = self.link.get_mut().session.take() {
                session.kill().await;
            }
        }
        self.making = None;
        self.is_lost |= !self.is_alive();
        self.refresh().await.map(|_| ())
    }

    fn is_alive(&mut self) -> bool {
        self.link.get_mut().session.as_ref().is_some_and(|session| session.is_alive())
    }
}

#[async_trait]
impl Driver for Plugin {
    fn name(&self) -> &str {
        &self.name
    }

    fn host_kind(&self) -> HostKind {
        // The two for which the original stops behind the driver's part.
        if ["none", "ci-test"].contains(&self.name.as_str()) { HostKind::EngineOnly } else { HostKind::Created }
    }

    async fn flags(&self, cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        let session = self.launch(cx, &state::new("flag-lookup", "")).await?;
        let flags = session.ask("GetCreateFlags").await;
        self.retire(cx, Some(session));
        types::flags(&flags?).ok_or_else(|| self.nonsense("GetCreateFlags"))
    }

    async fn configure(&mut self, cx: &DriverContext<'_>, values: &FlagValues) -> Result<()> {
        let session = self.session(cx).await?;
        let name = self.text(cx, "DriverName").await?;
        if !program::is_name(&name) {
            return Err(Error::msg(format!("the driver calls itself {name:?}, which cannot be a driver's name")));
        }
        self.name = name;
        let values = types::flag_values(values, session.is_old());
        session.call("SetConfigFromFlags", types::ANY, values).await.map(|_| ())
    }

    async fn resume(&mut self, cx: &DriverContext<'_>, earlier: Json) -> Result<()> {
        let session = self.launch(cx, &earlier).await?;
        if self.is_there(&session).await {
            let link = self.link.get_mut();
            let configured = link.session.replace(session);
            link.state = earlier;
            self.origin = Origin::Adopted;
            self.retire(cx, configured);
            return Ok(());
        }
        let (name, driver) = (&self.place.name, &self.name);
        let console = cx.console.for_machine(name.as_str());
        console.say(format!("Driver {driver} finds no computer of the earlier creation; a new one is made."));
        console.say(format!("If the earlier one had begun to make it, the provider may have two of \"{name}\" then."));
        // Keys and the like that the driver can name are made again.
        if let Err(error) = session.ask("Remove").await {
            console.debug(format!("what the earlier creation made cannot be removed: {error}"));
        }
        self.retire(cx, Some(session));
        Ok(())
    }

    async fn save(&self) -> Result<Json> {
        self.refresh().await
    }

    async fn check(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        match self.origin {
            // It would find that the name is taken.
            Origin::Adopted => Ok(()),
            _ => self.ask(cx, "PreCreateCheck").await.map(|_| ()),
        }
    }

    async fn create(&mut self, cx: &DriverContext<'_>, checkpoint: &dyn Checkpoint) -> Result<()> {
        let session = self.session(cx).await?;
        let is_there = match self.origin {
            Origin::New => false,
            Origin::Made | Origin::Adopted => true,
            Origin::Stored => self.is_there(&session).await,
        };
        if is_there {
            return checkpoint.save(self.refresh().await?).await;
        }
        self.origin = Origin::Made;
        let making = self.making.insert(Making::begin(session));
        let made = making.end().await;
        self.making = None;
        self.is_lost = made.is_err() && !self.is_alive();
        // Also of one that failed: `rm` can then remove what it left.
        let state = self.refresh().await;
        match made {
            Ok(()) => checkpoint.save(state?).await,
            Err(error) => {
                if let Ok(state) = state {
                    checkpoint.save(state).await?;
                }
                Err(error)
            }
        }
    }

    async fn undo(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.end_making(cx).await?;
        if self.origin == Origin::Made {
            self.remove(cx).await?;
        }
        if self.is_lost {
            return Err(Error::msg("the driver plugin ended in the middle of it, and only it knew what it had made"));
        }
        Ok(())
    }

    async fn remove(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.ask(cx, "Remove").await.map(|_| ())
    }

    async fn state(&self, cx: &DriverContext<'_>) -> Result<State> {
        self.number(cx, "GetState").await.map(state::of_computer)
    }

    async fn url(&self, cx: &DriverContext<'_>) -> Result<String> {
        let url = self.text(cx, "GetURL").await;
        let url =
            url.map_err(|error| if error.message() == not_running().message() { not_running() } else { error })?;
        names::check_url(&url)?;
        Ok(url)
    }

    async fn engine_port(&self, cx: &DriverContext<'_>) -> Result<u16> {
        let url = self.url(cx).await?;
        Ok(url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(ENGINE_PORT))
    }

    async fn ip(&self, cx: &DriverContext<'_>) -> Result<String> {
        let ip = self.text(cx, "GetIP").await?;
        names::check_host(bare_host(&ip))?;
        Ok(ip)
    }

    async fn ssh(&self, cx: &DriverContext<'_>) -> Result<SshTarget> {
        let port = self.number(cx, "GetSSHPort").await?;
        let base = Base {
            ip_address: self.text(cx, "GetSSHHostname").await?,
            ssh_port: u16::try_from(port).map_err(|_| self.nonsense("GetSSHPort"))?,
            ssh_user: self.text(cx, "GetSSHUsername").await?,
            ..Base::default()
        };
        let key = self.text(cx, "GetSSHKeyPath").await?;
        base.ssh_target(&self.place, (!key.is_empty()).then(|| PathBuf::from(key)))
            .context(format!("driver {}", self.name))
    }

    fn power(&mut self) -> Option<&mut dyn Power> {
        Some(self)
    }

    fn leftovers(&self) -> Option<&dyn Leftovers> {
        Some(self)
    }
}

#[async_trait]
impl Power for Plugin {
    async fn start(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.ask(cx, "Start").await.map(|_| ())
    }

    async fn stop(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.ask(cx, "Stop").await.map(|_| ())
    }

    async fn kill(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.ask(cx, "Kill").await.map(|_| ())
    }

    async fn restart(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.ask(cx, "Restart").await.map(|_| ())
    }
}

impl Leftovers for Plugin {
    fn id(&self) -> Option<&str> {
        None
    }

    fn traces(&self) -> Vec<String> {
        let (driver, name) = (&self.name, &self.place.name);
        vec![format!("whatever driver {driver} made for \"{name}\": look for this name in the provider's console")]
    }

    fn is_removed_on_failure(&self) -> bool {
        false
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if let (Some(session), Some(sessions)) = (self.link.get_mut().session.take(), self.sessions.get()) {
            sessions.retire(session);
        }
    }
}
