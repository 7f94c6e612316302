//! What the drop-in says, and what systemd makes of it: words that mean something to systemd reach the program as they
//! are, byte for byte.

use std::collections::BTreeMap;

use docker_machine::fuzzing::drop_in;

use crate::support::lab::{Lab, LabHost};
use crate::words::{Controls, words};

/// How many units, and how many arguments and variables each of them has.
const UNITS: usize = 20;
const ARGUMENTS: usize = 80;
const VARIABLES: usize = 30;

/// The packaged unit. What it starts writes down how it was started.
const UNIT: &str = "[Service]\nType=oneshot\nEnvironment=UNIT=%N\nExecStart=/opt/dockerd -H fd://\n";
const DAEMON: &str =
    "#!/bin/sh\nfor what in cmdline environ; do cat /proc/$$/$what >\"/run/$UNIT.$what\" || exit 1; done\n";

/// Starts a unit for each pair of arguments and assignments, all of them in one go.
fn start(lab: &Lab, host: &LabHost<'_>, units: &[(&[String], &[String])]) {
    lab.publish("unit", UNIT);
    lab.publish("daemon", DAEMON);
    let mut script = format!(
        "set -e\ncurl -fsS -o /opt/dockerd {}\nchmod 755 /opt/dockerd\ncd /etc/systemd/system\n",
        lab.url("daemon")
    );
    for (number, (arguments, assignments)) in units.iter().enumerate() {
        let unit = format!("words-{number}");
        lab.publish(&unit, &drop_in(UNIT, arguments, assignments));
        let (packaged, ours) = (lab.url("unit"), lab.url(&unit));
        script += &format!("mkdir {unit}.service.d\ncurl -fsS -o {unit}.service {packaged}\n");
        script += &format!("curl -fsS -o {unit}.service.d/10-machine.conf {ours}\n");
    }
    script += "systemctl daemon-reload\nsystemctl start words-*.service\n";
    host.sh(&script).succeeds();
}

/// A list of which each part ends with NUL, of what a unit's program was given.
fn given(host: &LabHost<'_>, unit: usize, what: &str) -> Vec<String> {
    let list = host.sh(&format!("cat /run/words-{unit}.{what}")).succeeds().stdout;
    list.split_terminator('\0').map(str::to_owned).collect()
}

/// The variables of a unit's program.
fn variables(host: &LabHost<'_>, unit: usize) -> BTreeMap<String, String> {
    let pair = |one: String| one.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    given(host, unit, "environ").into_iter().map(|one| pair(one).expect("an assignment")).collect()
}

#[test]
fn systemd_hands_every_argument_and_variable_on_as_it_is() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    let arguments = words(UNITS * ARGUMENTS, Controls::Any);
    let values = words(UNITS * VARIABLES, Controls::Any);
    let assignments: Vec<String> = values.iter().enumerate().map(|(at, value)| format!("V{at}={value}")).collect();
    let mut units: Vec<_> = arguments.chunks(ARGUMENTS).zip(assignments.chunks(VARIABLES)).collect();
    // The last one shows which variables are systemd's own.
    units.push((&[], &[]));
    start(&lab, &host, &units);
    let own: Vec<String> = variables(&host, UNITS).into_keys().collect();
    for (unit, (arguments, assignments)) in units.iter().enumerate() {
        let seen = given(&host, unit, "cmdline");
        assert_eq!(seen[..2], ["/bin/sh", "/opt/dockerd"], "in unit {unit}");
        for (seen, argument) in seen[2..].iter().zip(*arguments) {
            assert_eq!(seen, argument, "in unit {unit}");
        }
        assert_eq!(seen.len(), arguments.len() + 2, "in unit {unit}");

        let mut seen = variables(&host, unit);
        for assignment in *assignments {
            let (name, value) = assignment.split_once('=').expect("an assignment");
            assert_eq!(seen.remove(name).as_deref(), Some(value), "{name} in unit {unit}");
        }
        assert_eq!(seen.into_keys().collect::<Vec<_>>(), own, "in unit {unit}");
    }
}
