//! GitLab Runner's executor `docker+machine`: `helpers/docker/machine_command.go`, call by call.

use std::path::PathBuf;

use crate::calls::{Caller, listed};
use crate::support::midway::Midway;

const GLOBAL: &[&str] = &["--bugsnag-api-token=no-report"];

/// It reads the folder at the original's place.
fn store(runner: &Caller) -> PathBuf {
    runner.lab.home.path().join(".docker/machine")
}

#[test]
fn the_life_of_a_machine() {
    let runner = Caller::new(GLOBAL);
    let host = runner.lab.host("web").with_docker().up();
    // Options may be empty, and given several times.
    let more = ["--engine-storage-driver=", "--engine-label=a=1", "--engine-label=b=2", "--swarm=false"];
    runner.create(&host, &more, "runner-1");
    assert_eq!(listed(&store(&runner)), ["runner-1"]);

    // Exists?
    let record = store(&runner).join("machines/runner-1/config.json");
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    assert_eq!(record["DriverName"], "generic");
    assert_eq!(record["HostOptions"]["EngineOptions"]["Labels"], serde_json::json!(["a=1", "b=2"]));
    runner.text(&["inspect", "runner-1"]);
    // Can connect?
    runner.text(&["config", "runner-1"]);
    assert_eq!(runner.text(&["url", "runner-1"]), format!("tcp://{}:2376", host.ip));
    assert_eq!(runner.text(&["ip", "runner-1"]), host.ip);
    assert_eq!(runner.text(&["status", "runner-1"]), "Running");
    // Credentials; the flag stands after the name.
    let folder = runner.text(&["inspect", "runner-1", "-f", "{{.HostOptions.AuthOptions.StorePath}}"]);
    for file in ["ca.pem", "cert.pem", "key.pem"] {
        assert!(PathBuf::from(&folder).join(file).is_file(), "{folder}/{file}");
    }

    host.text("systemctl stop docker.socket docker.service 2>&1");
    runner.call(&["config", "runner-1"]).fails(1).complains("Error running connection boilerplate: ");
    runner.call(&["provision", "runner-1"]).succeeds().quietly();
    runner.text(&["config", "runner-1"]);
    runner.call(&["stop", "runner-1"]).fails(1);
    runner.text(&["rm", "-y", "runner-1"]);
    assert_eq!(listed(&store(&runner)), [""; 0]);
    runner.call(&["inspect", "runner-1"]).fails(1).complains("does not exist");
    runner.call(&["rm", "-y", "runner-1"]).fails(1);
    runner.call(&["rm", "-f", "runner-1"]).succeeds();
}

/// Its limit of an hour ends in SIGKILL; then it removes, thirty times if need be, and at last by force.
#[test]
fn killed_while_it_creates() {
    let runner = Caller::new(GLOBAL);
    let host = runner.lab.host("web").up();
    // Before there is a record, and after.
    for (line, shown) in [("Creating CA: ", false), ("Creating machine...", true), ("Installing Docker...", true)] {
        Midway::at(line, &mut runner.lab.create_command(&host, "killed", &[])).kill();
        // Whatever the folder shows has a record.
        assert_eq!(listed(&store(&runner)), &["killed"][..usize::from(shown)], "{line}");
        if shown {
            runner.text(&["inspect", "killed"]);
            runner.text(&["rm", "-y", "killed"]);
        }
        runner.call(&["rm", "-f", "killed"]).succeeds();
        assert_eq!(listed(&store(&runner)), [""; 0]);
    }
    // The host is as good as new.
    runner.create(&host, &[], "again");
    runner.text(&["config", "again"]);
}

#[test]
fn fails_to_create_and_leaves_no_half_machine() {
    let runner = Caller::new(GLOBAL);
    let host = runner.lab.host("web").up();
    let options = runner.options(&host);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let script = format!("--engine-install-url={}", runner.lab.url("fail.sh"));
    let failed = runner.call(&[&["create", "--driver", "generic"], &options[..], &[&script, "gone"]].concat()).fails(1);
    assert!(!failed.stderr.is_empty() && !failed.stderr.contains(['\u{1b}', '\r']), "{failed:#?}");
    assert_eq!(listed(&store(&runner)), ["gone"]);
    runner.text(&["inspect", "gone"]);
    runner.call(&["rm", "-f", "gone"]).succeeds();
    assert_eq!(listed(&store(&runner)), [""; 0]);
}
