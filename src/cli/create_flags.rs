//! The flags of `create`: the shared ones as a table, the driver's at run time, and what they are worth.

use clap::Arg;

use super::argv::Parsed;
use super::flag::{self, FlagSpec};
use crate::driver::{Flag, FlagKind, FlagValue, FlagValues, Setting};
use crate::env::Env;

/// The driver if nobody names one. Old scripts may set it up as a plugin; help shows it as the original does.
pub(crate) const DEFAULT_DRIVER: &str = "virtualbox";

/// A row of the table: name, type and default, variable, help.
type Row = (&'static str, Shape, &'static str, &'static str);

enum Shape {
    Text(&'static str),
    Bool,
    List,
}

use Shape::{Bool, List, Text};

/// The flags that every `create` has, in the order of `help create`.
const SHARED: &[Row] = &[
    ("driver", Text(DEFAULT_DRIVER), "MACHINE_DRIVER", "Driver that gets the computer"),
    ("engine-install-url", Text("https://get.docker.com"), "MACHINE_DOCKER_INSTALL_URL", "Script that installs Docker"),
    ("engine-opt", List, "", "Option for the engine in the form flag=value"),
    ("engine-insecure-registry", List, "", "Registry that the engine may talk to without TLS"),
    ("engine-registry-mirror", List, "ENGINE_REGISTRY_MIRROR", "Mirror that the engine asks before a registry"),
    ("engine-label", List, "", "Label for the engine in the form key=value"),
    ("engine-storage-driver", Text(""), "", "Storage driver of the engine (default: the engine's own choice)"),
    ("engine-env", List, "", "Variable for the engine in the form NAME=value"),
    ("swarm", Bool, "", "Join the machine to a swarm"),
    ("swarm-image", Text("swarm:latest"), "MACHINE_SWARM_IMAGE", "Image of classic swarm; kept for old scripts"),
    ("swarm-master", Bool, "", "Make the machine a manager of the swarm"),
    ("swarm-discovery", Text(""), "", "Discovery service of classic swarm, as a URL"),
    ("swarm-strategy", Text("spread"), "", "Scheduling strategy of classic swarm"),
    ("swarm-opt", List, "", "Option for the swarm manager"),
    ("swarm-join-opt", List, "", "Option for joining the swarm"),
    ("swarm-host", Text("tcp://0.0.0.0:3376"), "", "Where the swarm manager listens"),
    ("swarm-addr", Text(""), "", "Address that the machine tells the swarm (default: its own)"),
    ("swarm-experimental", Bool, "", "Experimental features of classic swarm"),
    ("tls-san", List, "", "One more name or address for the server certificate"),
];

/// The table as flags.
pub(crate) fn shared() -> Vec<Flag> {
    let kind = |shape: &Shape| match shape {
        Text(default) => FlagKind::String((*default).to_owned()),
        Bool => FlagKind::Bool,
        List => FlagKind::List(Vec::new()),
    };
    SHARED.iter().map(|(name, shape, env, usage)| Flag::new(name, kind(shape), env, usage)).collect()
}

/// All flags of a `create` as clap arguments: the shared ones and the driver's, in groups. `--driver` is the one with a
/// short name.
pub(crate) fn arguments(driver: &[Flag]) -> Vec<Arg> {
    let short = |arg: Arg| if arg.get_id() == "driver" { arg.short('d') } else { arg };
    let shared = shared();
    let mut arguments: Vec<Arg> =
        shared.iter().map(|flag| flag::argument(flag).help_heading(heading(&flag.name))).map(short).collect();
    // Groups are shown in the order in which they begin: the driver's before those of the engine.
    arguments.splice(1..1, driver_arguments(driver));
    arguments
}

fn driver_arguments(flags: &[Flag]) -> Vec<Arg> {
    let (common, others): (Vec<&Flag>, Vec<&Flag>) = flags.iter().partition(|flag| flag.is_common);
    let rest = if common.is_empty() { "Driver options" } else { "More driver options" };
    let common = common.into_iter().map(|flag| flag::argument(flag).help_heading("Common driver options"));
    common.chain(others.into_iter().map(|flag| flag::argument(flag).help_heading(rest))).collect()
}

/// The group of a shared flag, if it is not one of the first.
fn heading(name: &str) -> Option<&'static str> {
    let groups = [("engine", "Engine options"), ("swarm", "Swarm options")];
    groups.into_iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, heading)| heading)
}

/// A driver's flags without those whose name is taken or is no name: a plugin must not break the command line.
pub(crate) fn without_clashes(flags: Vec<Flag>) -> Vec<Flag> {
    let mut taken: Vec<String> = shared().into_iter().map(|flag| flag.name).collect();
    taken.extend(["help", "h", "d", ""].map(str::to_owned));
    let mut kept = Vec::new();
    for flag in flags {
        if !taken.contains(&flag.name) {
            taken.push(flag.name.clone());
            kept.push(flag);
        }
    }
    kept
}

/// What each flag is worth, and who says so. A shared list of which nobody says anything is absent; a driver's has its
/// default. `specs`: all flags of the command, by which the words were read.
pub(crate) fn values(parsed: &Parsed, specs: &[FlagSpec], driver: &[Flag], env: &Env) -> FlagValues {
    let mut values = FlagValues::default();
    let shared = shared();
    for (flag, is_shared) in shared.iter().map(|flag| (flag, true)).chain(driver.iter().map(|flag| (flag, false))) {
        let said = parsed.said(specs, &flag.name, env);
        let setting = Setting {
            flag: value(&flag.kind, said.typed),
            variable: value(&flag.kind, said.variable),
            default: flag.kind.default(),
        };
        let is_list = matches!(flag.kind, FlagKind::List(_));
        if !(is_shared && is_list && setting.flag.is_none() && setting.variable.is_none()) {
            values.insert(&flag.name, setting);
        }
    }
    values
}

/// What was said, if anything: the last value, or all of a list.
fn value(kind: &FlagKind, mut said: Vec<String>) -> Option<FlagValue> {
    let last = said.pop()?;
    Some(match kind {
        FlagKind::String(_) => FlagValue::String(last),
        FlagKind::Int(_) => FlagValue::Int(last.parse().ok()?),
        FlagKind::Bool => FlagValue::Bool(last == "true"),
        FlagKind::List(_) => {
            said.push(last);
            FlagValue::List(said)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::argv::{self, Flags};
    use crate::cli::tree;
    use crate::driver::Source;

    fn driver() -> Vec<Flag> {
        vec![
            Flag::new("x-ip", FlagKind::String("here".into()), "X_IP", ""),
            Flag::new("x-port", FlagKind::Int(22), "X_PORT", ""),
            Flag::new("x-fast", FlagKind::Bool, "X_FAST", ""),
            Flag::new("x-group", FlagKind::List(vec!["default".into()]), "X_GROUP", ""),
            Flag::new("names", FlagKind::String("own".into()), "", ""),
        ]
    }

    fn values_of(line: &str, vars: &[(&str, &str)]) -> FlagValues {
        let vars = vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let env = Env { vars, ..Env::default() };
        let tree = tree::program(&driver());
        let flags = flag::of(tree.find_subcommand("create").unwrap());
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        values(&argv::parse(&words, &flags, Flags::Anywhere).unwrap(), &flags, &driver(), &env)
    }

    #[test]
    fn flags_that_were_not_given_have_their_defaults() {
        let values = values_of("n", &[]);
        assert_eq!(values.string("driver"), "virtualbox");
        assert_eq!(values.string("swarm-host"), "tcp://0.0.0.0:3376");
        assert_eq!(values.string("x-ip"), "here");
        assert_eq!(values.int("x-port"), 22);
        assert_eq!(values.get("x-fast").unwrap().value(), FlagValue::Bool(false));
        assert_eq!(values.source("x-fast"), Source::Default);
        assert_eq!(values.list("x-group"), ["default"]);
        assert_eq!(values.string("names"), "own");
    }

    #[test]
    fn a_shared_list_that_was_not_given_is_absent() {
        assert_eq!(values_of("n", &[]).get("engine-label"), None);
        assert_eq!(values_of("n --engine-label a=b,c -engine-label d", &[]).list("engine-label"), ["a=b,c", "d"]);
    }

    #[test]
    fn a_value_beats_a_variable_and_a_variable_beats_the_default() {
        let vars = [("X_IP", "there"), ("X_PORT", "0x17"), ("X_FAST", "1"), ("MACHINE_DRIVER", "x")];
        let values = values_of("n --x-port 24 --x-fast=false", &vars);
        assert_eq!(values.string("x-ip"), "there");
        assert_eq!(values.int("x-port"), 24);
        assert!(!values.bool("x-fast"));
        assert_eq!(values.string("driver"), "x");
        let sources = ["x-ip", "x-port", "x-fast", "driver", "names"].map(|name| values.source(name));
        use Source::{Default, Flag, Variable};
        assert_eq!(sources, [Variable, Flag, Flag, Variable, Default]);
        assert_eq!(values.get("x-port").unwrap().variable, Some(FlagValue::Int(23)));
    }

    #[test]
    fn the_variable_of_a_driver_list_counts() {
        assert_eq!(values_of("n", &[("X_GROUP", "a, b")]).list("x-group"), ["a", "b"]);
        assert_eq!(values_of("--x-group c n", &[("X_GROUP", "a")]).list("x-group"), ["a", "c"]);
        assert_eq!(values_of("--x-group c n", &[]).list("x-group"), ["c"]);
    }

    #[test]
    fn empty_values_are_values() {
        let values = values_of("n --x-ip= --engine-label=", &[]);
        assert_eq!(values.get("x-ip").unwrap().flag, Some(FlagValue::String(String::new())));
        assert_eq!(values.list("engine-label"), [""]);
    }

    #[test]
    fn a_driver_cannot_take_a_shared_flag_s_name() {
        let mut flags = driver();
        flags.push(Flag::new("tls-san", FlagKind::Bool, "", ""));
        flags.push(Flag::new("x-ip", FlagKind::Bool, "", ""));
        assert_eq!(without_clashes(flags), driver());
    }
}
