//! One plugin process and the connection to it, from its start to its end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::process::{Address, Process, Processes};
use super::types;
use crate::console::Console;
use crate::error::{Context as _, Error, Result};
use crate::gob::{TypeId, Value, predefined};
use crate::json;
use crate::loopback;
use crate::plugin_protocol::{API_VERSION, SERVICES};
use crate::rpc::types::EMPTY;
use crate::rpc::{CallError, Client};

/// How long a plugin may take for the first calls, which do nothing that takes long.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How often a plugin hears that we live. It ends after 10 s without; the oldest after 500 ms.
const BEAT: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(200)];
/// How long a plugin may leave that unanswered.
const NO_ANSWER: Duration = Duration::from_secs(30);
/// How long a plugin may take to end.
const END: Duration = Duration::from_secs(2);
/// How long a process that broke the connection may take to end, so that we can say how.
const DEATH: Duration = Duration::from_millis(500);

/// Whoever has it may call.
pub(super) type Turn = Arc<Mutex<()>>;

/// A plugin that knows its machine and can be asked.
#[derive(Debug)]
pub(super) struct Session {
    process: Process,
    client: Arc<Client>,
    service: &'static str,
    heart: JoinHandle<()>,
    /// Drivers are not made for two calls at a time.
    turn: Turn,
}

impl Session {
    /// Starts a plugin and tells it its machine's state. Sessions with the same `turn` are called one after the other.
    ///
    /// # Errors
    /// It cannot be started, is no plugin, or does not take the state.
    pub(super) async fn open(
        program: &Path,
        driver: &str,
        console: &Console,
        processes: &Processes,
        turn: Turn,
        state: &Json,
    ) -> Result<Self> {
        console.debug(format!("Launching plugin server for driver {driver}: {}", program.display()));
        let (process, address) = Process::start(program, driver, console, processes)?;
        let opening = Self::greet(process, address, console, turn, state);
        opening.await.map_err(|error| error.hint(format!("the plugin is {}", program.display())))
    }

    async fn greet(process: Process, address: Address, console: &Console, turn: Turn, state: &Json) -> Result<Self> {
        let address = address.get(&process).await?;
        console.debug(format!("Plugin server listening at address {address}"));
        let session = timeout(HANDSHAKE, Self::connect(process, address, turn));
        let session = session.await.unwrap_or_else(|_| Err(unanswered("the first calls", HANDSHAKE)))?;
        let state = Value::Bytes(json::compact(state).into_bytes());
        let told = timeout(HANDSHAKE, session.call("SetConfigRaw", predefined::BYTES, state));
        told.await.unwrap_or_else(|_| Err(unanswered("SetConfigRaw", HANDSHAKE)))?;
        Ok(session)
    }

    async fn connect(process: Process, address: SocketAddr, turn: Turn) -> Result<Self> {
        let client = Arc::new(Client::connect(address, types::schema()).await?);
        // Before anything is said that others must not hear.
        loopback::check_listener(address, process.id())?;
        let (service, version) = version(&client).await?;
        if version != API_VERSION {
            return Err(Error::msg(format!("Driver binary uses an incompatible API version ({version})")));
        }
        let beat = if service == SERVICES[0] { BEAT[0] } else { BEAT[1] };
        let heart = tokio::spawn(beat_on(client.clone(), service, beat));
        Ok(Self { process, client, service, heart, turn })
    }

    /// Calls a method that takes nothing.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub(super) async fn ask(&self, method: &str) -> Result<Value> {
        self.call(method, EMPTY, Value::EMPTY).await
    }

    /// Calls a method when no other call is under way.
    ///
    /// # Errors
    /// The driver's own, in its words; or the plugin has ended, with how and its last words.
    pub(super) async fn call(&self, method: &str, id: TypeId, argument: Value) -> Result<Value> {
        let _turn = self.turn.lock().await;
        self.call_now(method, id, argument).await
    }

    /// Asks although another call is under way. What the driver answers then need not be whole.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub(super) async fn ask_meanwhile(&self, method: &str) -> Result<Value> {
        self.call_now(method, EMPTY, Value::EMPTY).await
    }

    async fn call_now(&self, method: &str, id: TypeId, argument: Value) -> Result<Value> {
        let full = format!("{}.{method}", self.service);
        match self.client.call(&full, id, argument).await {
            Ok(value) => Ok(value),
            Err(CallError::Said(text)) => Err(Error::msg(text)),
            Err(CallError::Broken(why)) => {
                let why = self.client.ended().filter(|ended| ended != "unexpected EOF").unwrap_or(why);
                match timeout(DEATH, self.process.ended()).await {
                    Ok(status) => Err(self.process.death(&why, &status)),
                    Err(_) => Err(Error::msg(format!("{why}: the driver plugin has closed the connection"))),
                }
            }
        }
    }

    /// Whether it knows only the names from before December 2015.
    pub(super) fn is_old(&self) -> bool {
        self.service == SERVICES[1]
    }

    /// Whether it can be asked.
    pub(super) fn is_alive(&self) -> bool {
        self.client.ended().is_none()
    }

    /// Ends the plugin: asks it to, and does not wait long.
    pub(super) async fn close(&self) {
        let ending = async {
            self.process.hush().await;
            // A plugin may end before its answer is on the way.
            _ = self.client.call(&format!("{}.Close", self.service), EMPTY, Value::EMPTY).await;
            self.process.ended().await
        };
        if timeout(END, ending).await.is_err() {
            self.kill().await;
        }
        self.heart.abort();
    }

    /// Ends the plugin at once.
    pub(super) async fn kill(&self) {
        self.heart.abort();
        self.process.kill();
        self.process.ended().await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

/// The name of the service, and the version of its calls.
async fn version(client: &Client) -> Result<(&'static str, i64)> {
    let mut failed = None;
    for service in SERVICES {
        match client.call(&format!("{service}.GetVersion"), EMPTY, Value::EMPTY).await {
            Ok(value) => {
                let version = value.as_int().ok_or_else(|| Error::msg("the driver plugin's version is no number"))?;
                return Ok((service, version));
            }
            Err(error) => failed = Some(error),
        }
    }
    Err(Error::msg(failed.map(|error| error.to_string()).unwrap_or_default())).context("the driver plugin's version")
}

/// Lets the plugin know that we live, whatever else it is doing.
async fn beat_on(client: Arc<Client>, service: &'static str, pause: Duration) {
    let method = format!("{service}.Heartbeat");
    loop {
        match timeout(NO_ANSWER, client.call(&method, EMPTY, Value::EMPTY)).await {
            Ok(Err(CallError::Broken(_))) => return,
            Ok(_) => sleep(pause).await,
            Err(_) => return client.end(unanswered("a heartbeat", NO_ANSWER).message()),
        }
    }
}

fn unanswered(what: &str, limit: Duration) -> Error {
    Error::msg(format!("the driver plugin has not answered {what} for {} s", limit.as_secs()))
}
