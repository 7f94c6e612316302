//! Where candidates come from: the tree, the store's files, folders; the network only where it was asked for.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::completions::{Candidate, Completions, Paths};
use super::paths;
use super::spot::Spot;
use super::values::{PowerFilter, Values};
use crate::commands::completion::SCRIPTS;
use crate::console::Console;
use crate::context::{Context, Globals};
use crate::driver::{Offers, Sight, State, registry};
use crate::env::Env;
use crate::error::Result;
use crate::machine::{Host, login, query};
use crate::shared::Shared;
use crate::ssh::{self, Exec, Remote};
use crate::store::{Name, PathRepair, Store, layout, root};

/// The variable that lets TAB ask machines for their states; they have [`PATIENCE`] to answer.
pub(super) const STATES: &str = "DOCKER_MACHINE_COMPLETE_STATES";
/// How long a TAB may take when it asks machines.
const PATIENCE: Duration = Duration::from_secs(2);

/// What `--filter state=` can find.
const STATE_NAMES: [State; 7] =
    [State::Running, State::Paused, State::Saved, State::Stopped, State::Stopping, State::Starting, State::Error];

/// Everything that can be looked at.
pub(super) struct Sources {
    pub(super) cx: Context,
}

/// A machine as its record describes it.
struct Machine {
    name: String,
    record: Value,
    /// Only if states are asked for.
    state: Option<State>,
}

impl Sources {
    /// The store is the one of the line being typed. `None`: there is no home folder and none is named.
    pub(super) fn new(env: &Env, spot: &Spot, shared: &Shared) -> Option<Self> {
        let home = env.var("HOME").unwrap_or_default();
        let typed = spot.storage_path.as_deref();
        let path = typed.map(|path| path.strip_prefix("~/").map_or(path.to_owned(), |rest| format!("{home}/{rest}")));
        let root = root::find(env, path.as_deref()).ok()?;
        // Nothing that is said on the way may reach the terminal.
        let console = Console::captured(&[]);
        Some(Self {
            cx: Context {
                env: env.clone(),
                console,
                store: Store::at(root),
                globals: Globals::default(),
                shared: shared.clone(),
            },
        })
    }

    /// The values of a kind, of which `typed` is there already.
    pub(super) async fn look_up(
        &self,
        tree: &clap::Command,
        values: Values<'_>,
        spot: &Spot,
        typed: &str,
    ) -> Completions {
        let candidates = match values {
            Values::Unknown => Vec::new(),
            Values::OfDriver(flag) => return self.offered(flag),
            Values::Paths(paths) => return Completions { candidates: Vec::new(), paths: Some(paths) },
            Values::Fixed(words) => words.iter().map(|word| Candidate::new(*word, "")).collect(),
            Values::Machines(wanted) => self.machine_names(wanted, &spot.positionals).await,
            Values::Drivers => self.drivers().map(|name| Candidate::new(name, "")).collect(),
            Values::Commands => commands(tree, false),
            Values::Scripts => SCRIPTS.iter().map(|(name, _)| Candidate::new(*name, "")).collect(),
            Values::Filters => self.filters(typed),
            Values::CopySide => return self.copy_side(typed).await,
            Values::MountSource => match remote_side(typed) {
                Some((place, path)) => self.remote(place, path, Paths::Folders).await,
                None => self.places(typed).await,
            },
        };
        Completions { candidates, paths: None }
    }

    /// The names of all drivers, of which none is started.
    fn drivers(&self) -> impl Iterator<Item = String> {
        registry::drivers(&self.cx.env, self.cx.store.root()).into_iter().map(|driver| driver.name)
    }

    /// What the drivers offer for a flag of theirs.
    fn offered(&self, flag: &str) -> Completions {
        let machines = self.records();
        let sight = Sight { env: &self.cx.env, machines: &machines };
        match registry::offers(flag, &sight) {
            Offers::Nothing => Completions::default(),
            Offers::Files => Completions { candidates: Vec::new(), paths: Some(Paths::Files) },
            Offers::Values(offers) => {
                let candidates = offers.into_iter().map(|offer| Candidate::new(offer.text, offer.help));
                Completions { candidates: candidates.collect(), paths: None }
            }
        }
    }

    async fn machine_names(&self, wanted: PowerFilter, typed: &[String]) -> Vec<Candidate> {
        let machines = self.machines(wanted).await;
        machines.iter().filter(|machine| !typed.contains(&machine.name)).map(Machine::candidate).collect()
    }

    /// The machines by their records, which are only read, never brought to today's form.
    async fn machines(&self, wanted: PowerFilter) -> Vec<Machine> {
        let names = self.cx.store.names().unwrap_or_default();
        let read =
            |name: &Name| Machine { name: name.to_string(), record: record(&self.cx.store.folder(name)), state: None };
        let mut machines: Vec<Machine> = names.iter().map(read).collect();
        if self.cx.env.var(STATES) == Some("true") && wanted != PowerFilter::Any {
            self.add_states(&mut machines).await;
            machines.retain(|machine| machine.is_wanted(wanted));
        }
        machines
    }

    async fn add_states(&self, machines: &mut [Machine]) {
        let Ok(listed) = self.cx.store.load_all(PathRepair::Apply) else { return };
        let question = query::Question { url: false, state: true, version: false };
        for row in
            query::ask_all(&self.cx, &listed, &query::masters(&listed), question, PATIENCE, query::Asked::new()).await
        {
            if let Some(machine) = machines.iter_mut().find(|machine| machine.name == row.name) {
                machine.state = Some(row.state);
            }
        }
    }

    /// `machine:`, or `user@machine:` once a user was typed.
    async fn places(&self, typed: &str) -> Vec<Candidate> {
        let user = typed.split_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
        let machines = self.machines(PowerFilter::Running).await;
        let place = |machine: &Machine| Candidate { text: format!("{user}{}:", machine.name), ..machine.candidate() };
        machines.iter().map(place).collect()
    }

    async fn copy_side(&self, typed: &str) -> Completions {
        if let Some((place, path)) = remote_side(typed) {
            return Completions { candidates: self.remote(place, path, Paths::Files).await, paths: None };
        }
        let mut candidates = self.places(typed).await;
        if !candidates.iter().any(|candidate| candidate.text.starts_with(typed)) {
            return Completions { candidates: Vec::new(), paths: Some(Paths::Files) };
        }
        candidates.extend(paths::local(&self.cx.env, typed, Paths::Files));
        Completions { candidates, paths: None }
    }

    /// Paths on a machine, for as long as anybody waits for a TAB.
    async fn remote(&self, place: &str, path: &str, kind: Paths) -> Vec<Candidate> {
        let (user, machine) = place.split_once('@').map_or((None, place), |(user, machine)| (Some(user), machine));
        let (folder, start) = paths::split(path);
        let names = timeout(PATIENCE, self.remote_names(user, machine, folder)).await;
        let names = names.ok().and_then(Result::ok).unwrap_or_default();
        paths::pick(names, &format!("{place}:{folder}"), start, kind)
    }

    async fn remote_names(&self, user: Option<&str>, machine: &str, folder: &str) -> Result<Vec<String>> {
        let host = Host::load(&self.cx, &machine.parse()?)?;
        let mut target = login::target(&self.cx, &host).await?;
        if let Some(user) = user {
            user.clone_into(&mut target.user);
        }
        let connection = ssh::connect(&self.cx, &target).await?;
        // Links to folders count as folders: -L; what a link leads to may be missing, which `ls` reports on stderr.
        let folder = shlex::try_quote(if folder.is_empty() { "./" } else { folder }).unwrap_or_default().into_owned();
        let listing = connection.exec(&Exec::new(format!("ls -1apL -- {folder}")).within(PATIENCE)).await?;
        Ok(listing.text().lines().filter(|name| !matches!(*name, "./" | "../")).map(str::to_owned).collect())
    }

    fn records(&self) -> Vec<(String, Value)> {
        let names = self.cx.store.names().unwrap_or_default();
        names.iter().map(|name| (name.to_string(), record(&self.cx.store.folder(name)))).collect()
    }

    /// `key=` first, then the values that the store has for the key.
    fn filters(&self, typed: &str) -> Vec<Candidate> {
        const KEYS: [&str; 5] = ["driver=", "label=", "name=", "state=", "swarm="];
        let Some((key, _)) = typed.split_once('=') else { return KEYS.map(|key| Candidate::new(key, "")).into() };
        let records = || self.records().into_iter();
        let mut values: Vec<String> = match key {
            "driver" => self.drivers().chain(records().map(|(_, record)| text(&record, "/DriverName"))).collect(),
            "label" => records().flat_map(|(_, record)| labels(&record)).collect(),
            "name" => records().map(|(name, _)| name).collect(),
            "state" => STATE_NAMES.map(|state| state.to_string()).into(),
            "swarm" => records().filter(|(_, record)| is_master(record)).map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        values.retain(|value| !value.is_empty());
        values.sort();
        values.dedup();
        values.into_iter().map(|value| Candidate::new(format!("{key}={value}"), "")).collect()
    }
}

impl Machine {
    fn candidate(&self) -> Candidate {
        let state = self.state.map_or("", State::as_str);
        let parts = [&text(&self.record, "/DriverName"), &text(&self.record, "/Driver/IPAddress"), state];
        let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Candidate::new(&self.name, known.join(" "))
    }

    /// A machine that did not tell its state stays: better one name too many.
    fn is_wanted(&self, wanted: PowerFilter) -> bool {
        match (wanted, self.state) {
            (PowerFilter::Any, _) | (_, None | Some(State::None | State::Timeout)) => true,
            (PowerFilter::Running, Some(state)) => state == State::Running,
            (PowerFilter::Off, Some(state)) => state != State::Running,
        }
    }
}

/// The commands that help lists; `use` is the shell wrapper's.
pub(super) fn commands(tree: &clap::Command, wrapped: bool) -> Vec<Candidate> {
    let listed = tree.get_subcommands().filter(|command| !command.is_hide_set());
    let about = |command: &clap::Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut commands: Vec<Candidate> =
        listed.map(|command| Candidate::new(command.get_name(), about(command))).collect();
    if wrapped {
        commands.push(Candidate::new("use", "Point this shell's Docker client at a machine"));
    }
    commands
}

/// `machine:path` apart; as in `scp`, a `/` before the `:` makes it a local path.
fn remote_side(typed: &str) -> Option<(&str, &str)> {
    typed.split_once(':').filter(|(place, _)| !place.contains('/'))
}

fn record(folder: &Path) -> Value {
    let text = std::fs::read(folder.join(layout::RECORD)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn text(record: &Value, pointer: &str) -> String {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn labels(record: &Value) -> Vec<String> {
    let labels = record.pointer("/HostOptions/EngineOptions/Labels").and_then(Value::as_array);
    labels.into_iter().flatten().filter_map(|label| Some(label.as_str()?.to_owned())).collect()
}

fn is_master(record: &Value) -> bool {
    record.pointer("/HostOptions/SwarmOptions/Master").and_then(Value::as_bool).unwrap_or_default()
}
