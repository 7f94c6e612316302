//! `ls --filter KEY=VALUE`: which machines are shown.

use std::collections::HashMap;

use regex_lite::Regex;

use super::{Listed, swarm_options};
use crate::driver::State;
use crate::error::{Error, Result};
use crate::store::Record;

/// The filters of a listing: of one key any may match, of different keys all must.
#[derive(Debug, Default)]
pub struct Filters {
    drivers: Vec<String>,
    states: Vec<String>,
    names: Vec<Regex>,
    swarms: Vec<String>,
    labels: Vec<String>,
}

impl Filters {
    /// Reads the values of `--filter`.
    ///
    /// # Errors
    /// No `=`, an unknown key, or a name that is no regular expression.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let mut filters = Self::default();
        for text in texts {
            let (key, value) = text.split_once('=').ok_or_else(|| Error::msg("Unsupported filter syntax"))?;
            let value = value.to_owned();
            match key.to_lowercase().as_str() {
                "driver" => filters.drivers.push(value),
                "state" => filters.states.push(value),
                "name" => filters.names.push(regex(&value)?),
                "swarm" => filters.swarms.push(value),
                "label" => filters.labels.push(value),
                key => return Err(Error::msg(format!("Unsupported filter key '{key}'"))),
            }
        }
        Ok(filters)
    }

    /// Whether a machine is shown, as far as its record tells. One whose record cannot be read is only hidden by name.
    pub fn accept(&self, machine: &Listed, masters: &HashMap<String, String>) -> bool {
        let named = any(&self.names, |name| name.is_match(&machine.name));
        let Ok((_, record)) = &machine.record else { return named };
        let discovery = swarm_options(machine).map(|swarm| swarm.discovery.as_str());
        let master = discovery.map(|discovery| masters.get(discovery).map_or("", String::as_str));
        named
            && any(&self.drivers, |driver| same(driver, &record.driver_name))
            && any(&self.swarms, |swarm| master.is_some_and(|master| same(swarm, master)))
            && any(&self.labels, |label| has_label(record, label))
    }

    /// Whether the driver must be asked for the state.
    pub fn need_state(&self) -> bool {
        !self.states.is_empty()
    }

    /// Whether a machine in that state is shown.
    pub fn accept_state(&self, state: State) -> bool {
        any(&self.states, |wanted| same(wanted, state.as_str()))
    }
}

fn any<T>(wanted: &[T], matches: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The key of a label counts with its case, the value without.
fn has_label(record: &Record, wanted: &str) -> bool {
    let engine = record.host_options.as_ref().and_then(|options| options.engine_options.as_ref());
    let Some(labels) = engine.and_then(|engine| engine.labels.as_ref()) else { return false };
    let Some((key, value)) = wanted.split_once('=') else { return false };
    labels.iter().filter_map(|label| label.split_once('=')).any(|(k, v)| k == key && same(v, value))
}

/// What people get wrong most: a part of the engine's words, and Go's.
const REGEX_TEXTS: &[(&str, &str)] = &[
    ("unclosed character class", "missing closing ]"),
    ("has no closing bracket", "missing closing ]"),
    ("open group without closing ')'", "missing closing )"),
    ("closing ')' without matching '('", "unexpected )"),
    ("must be applied to a sub-expression", "missing argument to repetition operator"),
];

fn regex(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let reason = REGEX_TEXTS.iter().find(|(ours, _)| text.contains(ours)).map_or(text.as_str(), |(_, go)| go);
        Error::msg(format!("error parsing regexp: {reason}: `{pattern}`")).caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(texts: &[&str]) -> Result<Filters> {
        Filters::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn machine(name: &str, driver: &str, labels: &[&str], swarm: &str) -> Listed {
        let record = serde_json::json!({
            "ConfigVersion": 3, "Driver": {}, "DriverName": driver, "Name": name,
            "HostOptions": {"EngineOptions": {"Labels": labels}, "SwarmOptions": {"Discovery": swarm}},
        });
        Listed { name: name.into(), record: Ok((name.parse().unwrap(), serde_json::from_value(record).unwrap())) }
    }

    fn shows(texts: &[&str], machine: &Listed) -> bool {
        let masters = HashMap::from([("token://x".to_owned(), "Boss".to_owned())]);
        filters(texts).unwrap().accept(machine, &masters)
    }

    #[test]
    fn values_of_one_key_are_alternatives_and_keys_add_up() {
        let web = machine("web-1", "generic", &["tier=Web", "odd"], "token://x");
        for (texts, shown) in [
            (&[][..], true),
            (&["name=^web"], true),
            (&["NAME=x", "name=1$"], true),
            (&["name=^eb"], false),
            (&["driver=Generic"], true),
            (&["driver=none"], false),
            (&["driver=generic", "name=db"], false),
            (&["swarm=boss"], true),
            (&["swarm="], false),
            (&["label=tier=WEB"], true),
            (&["label=Tier=Web"], false),
            (&["label=tier"], false),
            (&["label=odd="], false),
        ] {
            assert_eq!(shows(texts, &web), shown, "{texts:?}");
        }
        assert!(shows(&["swarm="], &machine("a", "none", &[], "")));
    }

    #[test]
    fn a_record_without_options_is_no_match() {
        let mut bare = machine("a", "none", &[], "");
        bare.record.as_mut().unwrap().1.host_options = None;
        assert!(!shows(&["label=a=b"], &bare));
        assert!(!shows(&["swarm="], &bare));
        assert!(shows(&["driver=none"], &bare));
    }

    #[test]
    fn an_unreadable_record_is_only_hidden_by_name() {
        let bad = Listed { name: "bad".into(), record: Err(Error::msg("x")) };
        assert!(shows(&["driver=none", "name=bad"], &bad));
        assert!(!shows(&["name=good"], &bad));
    }

    #[test]
    fn states_are_compared_without_case() {
        let filters = filters(&["state=running", "state=Error"]).unwrap();
        assert!(filters.need_state() && filters.accept_state(State::Running) && filters.accept_state(State::Error));
        assert!(!filters.accept_state(State::Stopped));
    }

    #[test]
    fn bad_filters_are_refused_in_the_originals_words() {
        for (text, message) in [
            ("foo", "Unsupported filter syntax"),
            ("Foo=bar", "Unsupported filter key 'foo'"),
            ("name=[", "error parsing regexp: missing closing ]: `[`"),
            ("name=(a", "error parsing regexp: missing closing ): `(a`"),
        ] {
            assert_eq!(filters(&[text]).unwrap_err().message(), message);
        }
    }
}
