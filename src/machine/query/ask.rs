//! Asks drivers and engines, all at once, each within its own time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::swarm::is_swarm;
use super::{Filters, Listed, Row, one_line, row_of};
use crate::context::{Context, DriverContext};
use crate::docker::{Engine, TlsFiles, TrustPool};
use crate::driver::{Driver, State, registry};
use crate::error::{Context as _, Error, Kind, Result};
use crate::machine;
use crate::machine::fleet::{ASKED_AT_ONCE, Jobs};
use crate::store::{AuthOptions, Name, Record};

/// Every machine's time begins at once, and drivers that ask for many computers with one call wait for all of them. Only
/// connections are limited, to [`ASKED_AT_ONCE`].
const EACH_AT_ONCE: usize = usize::MAX;

/// How long an engine may take to answer, as in the original.
const ENGINE_LIMIT: Duration = Duration::from_secs(30);

/// What is to be asked. The engine's URL is needed for its state and version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The driver, for the URL.
    pub url: bool,
    /// The driver, for the state; a computer with a URL is running.
    pub state: bool,
    /// The engine, for its version.
    pub version: bool,
}

/// What one machine's task works with.
struct Inquiry {
    cx: Context,
    trust: TrustPool,
    question: Question,
    limit: Duration,
    connections: Semaphore,
}

/// Drivers that were asked already and remember the answer.
pub type Asked = HashMap<Name, Box<dyn Driver>>;

/// Keeps the machines whose state the filters accept. All drivers are asked at the same time; one that does not
/// answer within `limit` is [`State::Timeout`], an error is shown and counts as [`State::Error`].
pub async fn keep_states(
    cx: &Context,
    filters: &Filters,
    machines: Vec<Listed>,
    limit: Duration,
) -> (Vec<Listed>, Asked) {
    let mut drivers = Vec::with_capacity(machines.len());
    for (index, machine) in machines.iter().enumerate() {
        if let Ok((name, record)) = &machine.record {
            drivers.push((index, name.clone(), driver(cx, name, record).map(|driver| announced(cx, driver))));
        }
    }
    let answers = Jobs::start(drivers, EACH_AT_ONCE, |(index, name, driver)| {
        let cx = cx.clone();
        async move {
            let state = state_of(&cx, &name, driver.as_deref(), limit).await;
            (index, state, driver.ok().map(|driver| (name, driver)))
        }
    });
    let (mut states, mut asked) = (HashMap::new(), Asked::new());
    for (index, state, driver) in answers.all().await {
        states.insert(index, state);
        asked.extend(driver);
    }
    let accepted = |index: usize, machine: &Listed| {
        machine.record.is_err() || filters.accept_state(states.get(&index).copied().unwrap_or(State::Error))
    };
    let kept = machines.into_iter().enumerate().filter(|(index, machine)| accepted(*index, machine));
    (kept.map(|(_, machine)| machine).collect(), asked)
}

/// Before anything is asked, for the drivers that ask for many computers with one call.
fn announced(cx: &Context, driver: Box<dyn Driver>) -> Box<dyn Driver> {
    if let Some(batching) = driver.batching() {
        batching.announce(&cx.for_driver());
    }
    driver
}

/// Asks ahead where many computers are asked for with one call.
async fn prepare(cx: &DriverContext<'_>, driver: &dyn Driver) {
    if let Some(batching) = driver.batching() {
        batching.prepare(cx).await;
    }
}

async fn state_of(cx: &Context, name: &Name, driver: Result<&dyn Driver, &Error>, limit: Duration) -> State {
    let failed = |error: &Error| {
        cx.console.warn(format!("{name}: {error}"));
        State::Error
    };
    let driver = match driver {
        Ok(driver) => driver,
        Err(error) => return failed(error),
    };
    let ask = async {
        let cx = cx.for_driver();
        prepare(&cx, driver).await;
        driver.state(&cx).await
    };
    match timeout(limit, ask).await {
        Ok(Ok(state)) => state,
        Ok(Err(error)) => failed(&error),
        Err(_) => State::Timeout,
    }
}

/// A row for each machine of `shown`, in natural order; `masters` are those of their swarms.
///
/// Each machine is a task of its own with its own limit; all are announced before any is asked. What is in `known`
/// need not be asked again.
pub async fn ask_all(
    cx: &Context,
    shown: &[Listed],
    masters: &HashMap<String, String>,
    question: Question,
    limit: Duration,
    mut known: Asked,
) -> Vec<Row> {
    let inquiry = Arc::new(Inquiry {
        cx: cx.clone(),
        trust: TrustPool::default(),
        question,
        limit,
        connections: Semaphore::new(ASKED_AT_ONCE),
    });
    let mut rows: Vec<Row> = Vec::with_capacity(shown.len());
    let mut asked = Vec::new();
    for machine in shown {
        let mut row = row_of(machine, masters);
        let Ok((name, record)) = &machine.record else {
            rows.push(row);
            continue;
        };
        match known.remove(name).map_or_else(|| driver(cx, name, record), Ok) {
            Ok(driver) => {
                row.driver = driver.name().to_owned();
                if question == Question::default() {
                    rows.push(row);
                } else {
                    asked.push((announced(cx, driver), certificates(cx, name, record), row));
                }
            }
            Err(error) => rows.push(Row::unreadable(row.name, &error)),
        }
    }
    let fill = |(driver, files, row)| fill(Arc::clone(&inquiry), driver, files, row);
    rows.extend(Jobs::start(asked, EACH_AT_ONCE, fill).all().await);
    super::natural(&mut rows, |row| &row.name);
    rows
}

async fn fill(inquiry: Arc<Inquiry>, driver: Box<dyn Driver>, files: TlsFiles, mut row: Row) -> Row {
    let begin = Instant::now();
    let answer = timeout(inquiry.limit, inquiry.ask(&*driver, &files)).await;
    match answer.ok().filter(|_| !inquiry.limit.is_zero()) {
        Some(answer) => {
            row.response_time = Duration::from_millis(begin.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
            answer.into_row(&inquiry.cx, &mut row);
        }
        None => {
            row.state = State::Timeout;
            row.response_time = inquiry.limit;
        }
    }
    row
}

/// What a machine's driver and engine said.
#[derive(Debug, Default)]
struct Status {
    state: State,
    url: String,
    version: Option<String>,
    error: Option<Error>,
}

impl Status {
    fn into_row(self, cx: &Context, row: &mut Row) {
        if let Some(docker_host) = cx.env.var("DOCKER_HOST").filter(|_| self.state == State::Running) {
            row.active_host = self.url == docker_host;
            row.active_swarm = row.swarm_options.as_ref().is_some_and(|swarm| is_swarm(&self.url, swarm, docker_host));
        }
        row.state = self.state;
        row.url = self.url;
        if let Some(version) = self.version {
            row.docker = format!("v{version}");
        }
        // That a computer is off is its state, not an error.
        if let Some(error) = self.error.filter(|error| error.kind() != Kind::NotRunning) {
            row.error = one_line(error.message());
        }
    }
}

impl Inquiry {
    async fn ask(&self, driver: &dyn Driver, files: &TlsFiles) -> Status {
        let cx = self.cx.for_driver();
        prepare(&cx, driver).await;
        let _permit = self.connections.acquire().await;
        let mut answer = Status::default();
        match driver.url(&cx).await {
            Ok(url) => answer.url = url,
            Err(error) => answer.error = Some(error),
        }
        if !answer.url.is_empty() {
            answer.state = State::Running;
        } else if self.question.state {
            match driver.state(&cx).await {
                Ok(state) => answer.state = state,
                Err(error) => {
                    answer.state = State::Error;
                    answer.error.get_or_insert(error);
                }
            }
        }
        if self.question.version && !answer.url.is_empty() {
            match engine_version(&self.trust, &answer.url, files).await {
                Ok(version) => answer.version = Some(version),
                Err(error) => answer.error = Some(error),
            }
        }
        answer
    }
}

fn driver(cx: &Context, name: &Name, record: &Record) -> Result<Box<dyn Driver>> {
    registry::load(&cx.env, &record.driver_name, &machine::place(&cx.store, name), record.driver.clone())
}

/// The certificates that the docker CLI would use for a machine.
pub fn certificates(cx: &Context, name: &Name, record: &Record) -> TlsFiles {
    let auth: Option<&AuthOptions> = record.host_options.as_ref().and_then(|options| options.auth_options.as_ref());
    let folder = cx.store.folder(name);
    auth.map_or_else(|| TlsFiles::in_folder(&folder), |auth| TlsFiles::for_machine(&folder, auth))
}

/// The version of the engine at `url`, without a `v`.
///
/// # Errors
/// `Unable to query docker version: …`, `Unable to query docker version: Unable to read TLS config: …`.
pub async fn engine_version(trust: &TrustPool, url: &str, files: &TlsFiles) -> Result<String> {
    let ask = async {
        let trust = trust.load(files).context("Unable to read TLS config")?;
        Engine::new(url.parse()?, trust, ENGINE_LIMIT).version().await
    };
    ask.await.map(|version| version.version).context("Unable to query docker version")
}
