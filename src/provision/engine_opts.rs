//! `--engine-opt`: options of the daemon as the user wrote them, and what they are about.

use crate::error::{Error, Result};
use crate::store::EngineOptions;

/// Options whose change is visible only on a new `docker0`.
const BRIDGE_OPTIONS: &[&str] = &["bip", "fixed-cidr", "mtu", "bridge", "default-gateway"];

/// Each `--engine-opt` as words, split as a shell would, with `--` in front.
pub(super) fn engine_opts(engine: &EngineOptions) -> Result<Vec<Vec<String>>> {
    let words = |text: &String| {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        let mut words = words.ok_or_else(|| Error::msg(format!("--engine-opt {text:?}: a quote is not closed")))?;
        if !words[0].starts_with("--") {
            words[0].insert_str(0, "--");
        }
        Ok(words)
    };
    engine.arbitrary_flags.iter().flatten().filter(|text| !text.trim().is_empty()).map(words).collect()
}

/// Whether any option changes the default bridge.
pub(super) fn changes_bridge(engine: &EngineOptions) -> Result<bool> {
    Ok(engine_opts(engine)?.iter().any(|words| BRIDGE_OPTIONS.contains(&option_name(&words[0]))))
}

/// Whether no option keeps containers from outliving a restart, or lets them do so in any case.
pub(super) fn leaves_containers(engine: &EngineOptions) -> Result<bool> {
    let decides = |words: &Vec<String>| option_name(&words[0]) == "live-restore";
    Ok(!changes_bridge(engine)? && !engine_opts(engine)?.iter().any(decides))
}

/// `--bip=10.0.0.1/24` is about `bip`.
pub(super) fn option_name(word: &str) -> &str {
    let name = word.trim_start_matches('-');
    name.split_once('=').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn engine_options_are_split_as_a_shell_would() {
        let engine = EngineOptions {
            arbitrary_flags: list(&["exec-opt native.cgroupdriver=systemd", "log-opt 'tag=a b'", "--debug", ""]),
            ..EngineOptions::default()
        };
        let words: Vec<String> = engine_opts(&engine).expect("closed quotes").concat();
        assert_eq!(words, ["--exec-opt", "native.cgroupdriver=systemd", "--log-opt", "tag=a b", "--debug"]);
        let open = EngineOptions { arbitrary_flags: list(&["label 'x"]), ..EngineOptions::default() };
        assert!(engine_opts(&open).is_err());
    }
}
