//! Ourselves as a driver plugin: a host in Go drives our drivers.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::plugin_programs::built;

const PROGRAM: &str = env!("CARGO_BIN_EXE_docker-machine");

/// What the host prints after these calls.
fn calls(driver: &str, words: &[&str]) -> Vec<String> {
    calls_of(PROGRAM, driver, words)
}

fn calls_of(program: &str, driver: &str, words: &[&str]) -> Vec<String> {
    let home = tempfile::tempdir().expect("a folder");
    let mut host = Command::new(built().join("host"));
    host.args([program, driver]).args(words).env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
    let output = host.output().expect("the host starts");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// The answer to a call.
#[track_caller]
fn answer(lines: &[String], method: &str) -> String {
    let prefix = format!("{method}: ");
    let found = lines.iter().rev().find_map(|line| line.strip_prefix(&prefix));
    found.unwrap_or_else(|| panic!("no {method}: {lines:#?}")).to_owned()
}

fn machine(folder: &str) -> String {
    format!("SetConfigRaw={}", json!({"IPAddress": "", "MachineName": "m1", "SSHPort": 0, "StorePath": folder}))
}

#[test]
fn driver_none_is_the_original_s() {
    let lines = calls(
        "none",
        &[
            "GetVersion",
            &machine("/s"),
            "GetMachineName",
            "DriverName",
            "GetCreateFlags",
            r#"SetConfigFromFlags={"url": "tcp://127.0.0.1:2376", "swarm-master": false}"#,
            "PreCreateCheck",
            "Create",
            "GetConfigRaw",
            "GetState",
            "GetIP",
            "GetURL",
            "Stop",
            "Kill",
            "GetSSHHostname",
            "GetSSHPort",
            "GetIPv6",
            "Upgrade",
            "Remove",
            "Close",
        ],
    );
    let flags = "Name\":\"url\",\"Usage\":";
    assert!(answer(&lines, "GetCreateFlags").contains(flags), "{lines:#?}");
    for (method, expected) in [
        ("GetVersion", "1"),
        ("SetConfigRaw", "null"),
        ("GetMachineName", "\"m1\""),
        ("DriverName", "\"none\""),
        ("SetConfigFromFlags", "null"),
        ("Create", "null"),
        ("GetState", "1"),
        ("GetIP", "\"127.0.0.1:2376\""),
        ("GetURL", "\"tcp://127.0.0.1:2376\""),
        ("Stop", "error: hosts without a driver cannot be stopped"),
        ("Kill", "error: hosts without a driver cannot be killed"),
        ("GetSSHHostname", "\"\""),
        ("GetSSHPort", "0"),
        ("GetIPv6", "error: IPv6 address is not set"),
        ("Upgrade", "error: rpc: can't find method RPCServerDriver.Upgrade"),
        ("Remove", "null"),
        ("Close", "null"),
    ] {
        assert_eq!(answer(&lines, method), expected, "{method}");
    }
    let state: Value = serde_json::from_str(&answer(&lines, "GetConfigRaw")).unwrap();
    assert_eq!((&state["URL"], &state["IPAddress"]), (&json!("tcp://127.0.0.1:2376"), &json!("127.0.0.1:2376")));
    assert_eq!(lines.last().unwrap(), "ended: <nil>");
}

#[test]
fn a_machine_s_state_is_merged_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let stored = json!({"IPAddress": "192.0.2.9", "MachineName": "web", "sshuser": "admin", "SSHPort": 2222,
        "SSHKeyPath": "/k", "StorePath": folder.path(), "EnginePort": 2377, "SSHKey": "", "Mine": {"a": 1}});
    let lines = calls(
        "generic",
        &[
            &format!("SetConfigRaw={stored}"),
            "GetMachineName",
            "GetSSHHostname",
            "GetSSHPort",
            "GetSSHUsername",
            "GetSSHKeyPath",
            r#"SetConfigRaw={"SSHUser": "other"}"#,
            "GetConfigRaw",
            "SetConfigRaw=",
            "Stop",
            "Close",
        ],
    );
    for (method, expected) in [
        ("GetMachineName", "\"web\""),
        ("GetSSHHostname", "\"192.0.2.9\""),
        ("GetSSHPort", "2222"),
        ("GetSSHUsername", "\"admin\""),
        ("GetSSHKeyPath", "\"/k\""),
        ("SetConfigRaw", "error: unexpected end of JSON input"),
        ("Stop", "error: generic driver does not support stop"),
    ] {
        assert_eq!(answer(&lines, method), expected, "{method}");
    }
    let state: Value = serde_json::from_str(&answer(&lines, "GetConfigRaw")).unwrap();
    assert_eq!(
        (&state["SSHUser"], &state["EnginePort"], &state["Mine"]),
        (&json!("other"), &json!(2377), &json!({"a": 1}))
    );
}

#[test]
fn the_flags_are_those_of_the_command_line() {
    for (driver, flag, count) in [("generic", "generic-ip-address", 6), ("amazonec2", "amazonec2-instance-type", 32)] {
        let flags = answer(&calls(driver, &["GetCreateFlags", "Close"]), "GetCreateFlags");
        let flags: Vec<Value> = serde_json::from_str(&flags).unwrap();
        assert!(flags.len() >= count && flags.iter().any(|known| known["Name"] == flag), "{flags:#?}");
    }
}

#[test]
fn errors_are_the_driver_s_own() {
    let lines = calls("generic", &[&machine("/s"), "SetConfigFromFlags={}", "GetIP", "GetURL", "Close"]);
    let missing = "error: generic driver requires the --generic-ip-address option";
    assert_eq!(answer(&lines, "SetConfigFromFlags"), missing);
}

#[test]
fn a_host_that_is_silent_is_not_waited_for() {
    let began = Instant::now();
    let lines = calls("none", &["GetVersion", "mute", "wait=14s", "GetVersion"]);
    assert!(
        lines.iter().any(|line| line == "GetVersion: error: unexpected EOF" || line.contains("shut down")),
        "{lines:#?}"
    );
    assert_eq!(lines.last().unwrap(), "ended: exit status 1");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn many_calls_at_a_time_are_answered() {
    let url = r#"SetConfigFromFlags={"url": "tcp://127.0.0.1:2376"}"#;
    let lines = calls("none", &[&machine("/s"), url, "flood=300", "Close"]);
    assert!(lines.contains(&"flood: done".to_owned()), "{lines:#?}");
}

#[test]
fn a_driver_that_is_not_ours_is_refused() {
    let lines = calls("virtualbox", &["GetVersion"]);
    assert_eq!(lines, ["no address: Unsupported driver: virtualbox", "ended: exit status 1"]);
}

#[test]
fn linked_under_another_name_we_are_that_driver() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("docker-machine-driver-generic-next");
    std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    let lines = calls_of(link.to_str().unwrap(), "", &["DriverName", "GetCreateFlags", "Close"]);
    assert_eq!(answer(&lines, "DriverName"), "\"generic-next\"");
    assert!(answer(&lines, "GetCreateFlags").contains("generic-ip-address"));
}
