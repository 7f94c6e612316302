//! What is known about the machines: their records, and what drivers and engines answer in time.

mod ask;
mod connection;
mod filter;
mod order;
mod swarm;

pub use ask::{Asked, Question, ask_all, certificates, engine_version, keep_states};
pub use connection::{checked_url, warn_before_expiry};
pub use filter::Filters;
pub use order::natural;

use std::collections::HashMap;
use std::time::Duration;

use crate::driver::State;
use crate::error::Error;
pub use crate::store::Listed;
use crate::store::{EngineOptions, SwarmOptions};
use crate::template::Fields;

/// One machine as `ls` shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The machine's name.
    pub name: String,
    /// `DOCKER_HOST` is its engine.
    pub active_host: bool,
    /// `DOCKER_HOST` is the swarm whose master it is.
    pub active_swarm: bool,
    /// The driver's name; `not found` if the record cannot be read.
    pub driver: String,
    /// The computer's state.
    pub state: State,
    /// The engine's URL.
    pub url: String,
    /// The name of its swarm's master, with ` (master)` if it is that itself.
    pub swarm: String,
    /// The engine's version with a `v`, or `Unknown`.
    pub docker: String,
    /// What went wrong, in one line.
    pub error: String,
    /// How long it took to ask; whole milliseconds.
    pub response_time: Duration,
    /// From the record; `None` if that cannot be read.
    pub engine_options: Option<EngineOptions>,
    /// From the record; `None` if that cannot be read.
    pub swarm_options: Option<SwarmOptions>,
}

impl Row {
    /// The `ACTIVE` column.
    pub fn active(&self) -> &'static str {
        match (self.active_swarm, self.active_host) {
            (true, _) => "* (swarm)",
            (_, true) => "*",
            _ if self.is_unreadable() => "",
            _ => "-",
        }
    }

    fn unreadable(name: String, error: &Error) -> Self {
        let error = one_line(error.message());
        Self { name, driver: NOT_FOUND.to_owned(), state: State::Error, error, ..Self::default() }
    }

    fn is_unreadable(&self) -> bool {
        self.driver == NOT_FOUND
    }
}

/// The driver of a machine whose record cannot be read.
const NOT_FOUND: &str = "not found";

/// The names of the swarms' masters by their discovery address.
pub fn masters(machines: &[Listed]) -> HashMap<String, String> {
    let masters = machines.iter().filter_map(|machine| {
        let swarm = swarm_options(machine)?;
        swarm.master.then(|| (swarm.discovery.clone(), machine.name.clone()))
    });
    masters.collect()
}

fn swarm_options(machine: &Listed) -> Option<&SwarmOptions> {
    machine.record.as_ref().ok()?.1.host_options.as_ref()?.swarm_options.as_ref()
}

/// What a row says without asking anybody.
fn row_of(machine: &Listed, masters: &HashMap<String, String>) -> Row {
    let name = machine.name.clone();
    let (_, record) = match &machine.record {
        Ok(read) => read,
        Err(error) => return Row::unreadable(name, error),
    };
    let options = record.host_options.as_ref();
    Row {
        name,
        driver: record.driver_name.clone(),
        docker: "Unknown".to_owned(),
        swarm: swarm_options(machine).map(|swarm| swarm_column(swarm, masters)).unwrap_or_default(),
        engine_options: options.and_then(|options| options.engine_options.clone()),
        swarm_options: options.and_then(|options| options.swarm_options.clone()),
        ..Row::default()
    }
}

fn swarm_column(swarm: &SwarmOptions, masters: &HashMap<String, String>) -> String {
    match masters.get(&swarm.discovery).filter(|_| !swarm.discovery.is_empty()) {
        Some(master) if swarm.master => format!("{master} (master)"),
        Some(master) => master.clone(),
        None => String::new(),
    }
}

/// A cell holds one line.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Question {
    /// What must be asked to fill the fields that are shown. `docker_host`: without one, nothing can be active.
    pub fn for_fields(fields: &Fields, docker_host: Option<&str>) -> Self {
        let any = |names: &[&str]| names.iter().any(|name| fields.uses(name));
        let everything = any(&["Error", "ResponseTime"]);
        let active = docker_host.is_some() && any(&["Active", "ActiveHost", "ActiveSwarm"]);
        let state = everything || active || any(&["State"]);
        let version = everything || any(&["DockerVersion"]);
        Self { url: state || version || any(&["URL"]), state, version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shown_is_asked() {
        let question = |template: &str| Question::for_fields(&Fields::of(template), None);
        assert_eq!(question("{{.Name}} {{.DriverName}} {{.Active}}"), Question::default());
        assert_eq!(question("{{.URL}}"), Question { url: true, state: false, version: false });
        assert_eq!(question("{{.State}}"), Question { url: true, state: true, version: false });
        assert_eq!(question("{{.DockerVersion}}"), Question { url: true, state: false, version: true });
        assert_eq!(question("{{.}}"), Question { url: true, state: true, version: true });
        let active = Question::for_fields(&Fields::of("{{.Active}}"), Some("tcp://h:2376"));
        assert_eq!(active, Question { url: true, state: true, version: false });
    }

    #[test]
    fn a_swarms_members_name_their_master() {
        let swarm = |master| SwarmOptions { discovery: "token://x".into(), master, ..SwarmOptions::default() };
        let masters = HashMap::from([("token://x".to_owned(), "boss".to_owned())]);
        assert_eq!(swarm_column(&swarm(true), &masters), "boss (master)");
        assert_eq!(swarm_column(&swarm(false), &masters), "boss");
        assert_eq!(swarm_column(&SwarmOptions::default(), &masters), "");
    }

    #[test]
    fn an_unreadable_record_is_a_row() {
        let machine = Listed { name: "bad".into(), record: Err(Error::msg("no\n\nJSON\n")) };
        let row = row_of(&machine, &HashMap::new());
        assert_eq!((row.driver.as_str(), row.state, row.error.as_str()), ("not found", State::Error, "no JSON"));
        assert_eq!((row.active(), row.docker.as_str()), ("", ""));
    }
}
