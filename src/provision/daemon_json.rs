//! `/etc/docker/daemon.json`: dockerd refuses to start when an option is there and on its command line.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::store::EngineOptions;

use super::engine_opts::{engine_opts, option_name};

/// Keys that our command line always sets; they are taken out of the file.
const OURS: &[&str] = &["hosts", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey"];

/// The switch that lets containers outlive the engine.
pub(crate) const LIVE_RESTORE: &str = "live-restore";

/// A copy of the file, made before [`LIVE_RESTORE`] was switched on for a restart of ours, and still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// There is none, as should be.
    Nothing,
    /// The switch was not taken back: the copy is what the file says by rights.
    Ours,
    /// The file was written anew since then.
    Outdated,
}

/// Options whose key is not simply their name or its plural.
const PLURALS: &[(&str, &str)] = &[("insecure-registry", "insecure-registries")];

/// The file's content, empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DaemonJson(Map<String, Value>);

impl DaemonJson {
    /// Reads the file's text.
    ///
    /// # Errors
    /// It is no JSON object: dockerd would not start with it either.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self> {
        let text = text.unwrap_or_default();
        // Only to see whether it is empty: blanks that JSON does not know are a mistake to dockerd, too.
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text).map(Self).map_err(|error| {
            Error::msg(format!("/etc/docker/daemon.json on the host is damaged: {error}"))
                .hint("correct or remove that file; Docker cannot start with it")
                .caused_by(error)
        })
    }

    /// What the file says when no switch of ours is in it: `held` is the copy that was made before, if it is there.
    ///
    /// # Errors
    /// As [`DaemonJson::parse`].
    pub(crate) fn lasting(text: Option<&str>, held: Option<&str>) -> Result<(Self, Held)> {
        let Some(held) = held else { return Ok((Self::parse(text)?, Held::Nothing)) };
        match (Self::parse(text), Self::parse(Some(held))) {
            (Ok(now), Ok(held)) if now == held || [true, false].iter().any(|on| now.is_switched(&held, *on)) => {
                Ok((held, Held::Ours))
            }
            (now, _) => Ok((now?, Held::Outdated)),
        }
    }

    fn is_switched(&self, before: &Self, on: bool) -> bool {
        let mut expected = before.clone();
        expected.0.insert(LIVE_RESTORE.to_owned(), Value::Bool(on));
        *self == expected
    }

    /// Whether the file sets this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// An option of the user's is in the file, too.
    ///
    /// # Errors
    /// Exactly then; names option and key.
    pub(crate) fn check(&self, engine: &EngineOptions) -> Result<()> {
        let given = |list: &Option<Vec<String>>| list.iter().flatten().next().is_some();
        let known = [
            ("--engine-storage-driver", "storage-driver", !engine.storage_driver.is_empty()),
            ("--engine-label", "labels", given(&engine.labels)),
            ("--engine-insecure-registry", "insecure-registries", given(&engine.insecure_registry)),
            ("--engine-registry-mirror", "registry-mirrors", given(&engine.registry_mirror)),
        ];
        for (option, key, is_given) in known {
            if is_given && self.has(key) {
                return Err(conflict(option, key));
            }
        }
        for words in engine_opts(engine)? {
            let name = option_name(&words[0]);
            if let Some(key) = self.key_of(name) {
                return Err(conflict(&format!("--engine-opt {name}"), &key));
            }
        }
        Ok(())
    }

    fn key_of(&self, option: &str) -> Option<String> {
        let plural = PLURALS.iter().find(|(name, _)| *name == option).map(|(_, key)| (*key).to_owned());
        [option.to_owned(), format!("{option}s")].into_iter().chain(plural).find(|key| self.has(key))
    }

    /// Whether nothing in the file decides what becomes of containers when the engine restarts.
    pub(crate) fn leaves_containers(&self) -> bool {
        !self.has(LIVE_RESTORE) && self.without_ours().is_none()
    }

    /// The file's text with one more switch.
    pub(crate) fn with(&self, key: &str, on: bool) -> String {
        let mut all = self.0.clone();
        all.insert(key.to_owned(), Value::Bool(on));
        format!("{:#}\n", Value::Object(all))
    }

    /// The file without the keys that our command line sets, and those keys; `None` if there are none.
    pub(crate) fn without_ours(&self) -> Option<(String, Vec<&'static str>)> {
        let removed: Vec<_> = OURS.iter().copied().filter(|key| self.has(key)).collect();
        if removed.is_empty() {
            return None;
        }
        let mut kept = self.0.clone();
        kept.retain(|key, _| !OURS.contains(&key.as_str()));
        Some((format!("{:#}\n", Value::Object(kept)), removed))
    }
}

fn conflict(option: &str, key: &str) -> Error {
    Error::msg(format!("{option} was given, but /etc/docker/daemon.json on the host sets \"{key}\" already"))
        .hint("Docker refuses to start with both: leave the option out, or remove the key from the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_is_in_the_file_is_refused_by_name() {
        let json = DaemonJson::parse(Some(r#"{"registry-mirrors": [], "log-opts": {}, "mtu": 1400}"#)).expect("valid");
        let with = |flag: &str| EngineOptions { arbitrary_flags: Some(vec![flag.into()]), ..EngineOptions::default() };
        assert!(json.check(&EngineOptions::default()).is_ok());
        assert!(json.check(&with("dns=8.8.8.8")).is_ok());
        for flag in ["mtu=1300", "log-opt max-size=1m", "registry-mirror https://x"] {
            assert!(json.check(&with(flag)).is_err(), "{flag}");
        }
        let mirror = EngineOptions { registry_mirror: Some(vec!["https://x".into()]), ..EngineOptions::default() };
        let error = json.check(&mirror).expect_err("a conflict");
        assert!(error.message().contains("registry-mirrors"));
    }

    #[test]
    fn blanks_that_json_does_not_know_are_damage() {
        assert!(DaemonJson::parse(Some("\u{c}{}")).is_err());
        assert!(DaemonJson::parse(Some(" \n{}\n")).is_ok() && DaemonJson::parse(Some(" \n")).is_ok());
    }

    #[test]
    fn our_keys_are_taken_out_and_the_others_stay_in_order() {
        let json = DaemonJson::parse(Some(r#"{"z": 1, "hosts": ["fd://"], "a": 2, "tls": true}"#)).expect("valid");
        let (text, removed) = json.without_ours().expect("something to remove");
        assert_eq!(text, "{\n  \"z\": 1,\n  \"a\": 2\n}\n");
        assert_eq!(removed, ["hosts", "tls"]);
        assert_eq!(DaemonJson::parse(Some(&text)).expect("valid").without_ours(), None);
    }

    #[test]
    fn a_switch_is_added_to_what_is_there() {
        let json = DaemonJson::parse(Some(r#"{"mtu": 1400}"#)).expect("valid");
        assert_eq!(json.with("live-restore", true), "{\n  \"mtu\": 1400,\n  \"live-restore\": true\n}\n");
        assert_eq!(DaemonJson::default().with("live-restore", false), "{\n  \"live-restore\": false\n}\n");
    }

    #[test]
    fn a_switch_that_nobody_took_back_is_told_from_the_administrator_s_own() {
        let lasting = |text: Option<&str>, held: Option<&str>| {
            let (json, held) = DaemonJson::lasting(text, held).expect("valid");
            (json.with("x", true).lines().count() - 3, held)
        };
        let on = r#"{"live-restore": true}"#;
        assert_eq!(lasting(Some(on), None), (1, Held::Nothing), "the administrator's");
        assert_eq!(lasting(Some(on), Some("")), (0, Held::Ours), "there was no file");
        let (before, switched) = (r#"{"mtu": 1400}"#, r#"{"mtu": 1400, "live-restore": false}"#);
        assert_eq!(lasting(Some(switched), Some(before)), (1, Held::Ours));
        assert_eq!(lasting(Some(before), Some(before)), (1, Held::Ours), "the plug was pulled before the switch");
        assert_eq!(lasting(Some(r#"{"mtu": 1500, "ipv6": true}"#), Some(before)), (2, Held::Outdated));
        assert_eq!(lasting(Some(before), Some("{")), (1, Held::Outdated));
        assert!(DaemonJson::lasting(Some("{"), Some(before)).is_err());
    }

    #[test]
    fn an_empty_file_is_fine_and_a_damaged_one_is_not() {
        assert_eq!(DaemonJson::parse(Some("\n")).expect("empty"), DaemonJson::default());
        assert!(DaemonJson::parse(Some("{")).is_err());
        assert!(DaemonJson::parse(Some("[]")).is_err());
    }
}
