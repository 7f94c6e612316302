//! `create` ended from outside: by SIGKILL at every step, or by Ctrl-C.

use std::time::{Duration, Instant};

use crate::support::lab::Lab;
use crate::support::midway::Midway;

/// What is done with a machine whose `create` was killed.
enum Then {
    /// The same command once more.
    Create,
    Provision,
    Remove,
}

/// The lines at which there may be no record yet.
const TOO_EARLY: [&str; 2] = ["Creating CA: ", "Running pre-create checks..."];

/// Kills a `create` after each of these lines, on one host, and brings every machine to a good end. The last of them is
/// not removed before it has worked: that shows that those before it have left nothing in the way.
fn killed_at(steps: &[(&str, Then)]) {
    let lab = Lab::new();
    let host = lab.host("web").up();
    for (line, then) in steps {
        Midway::at(line, &mut lab.create_command(&host, "web", &[])).kill();
        lab.run(&["ls"]).succeeds();
        assert!(lab.machine_folder("web").exists() || TOO_EARLY.contains(line), "no record after {line:?}");
        let go_on = match then {
            Then::Create => Some(lab.create(&host, "web", &[])),
            Then::Provision => Some(lab.run(&["provision", "web"])),
            Then::Remove => None,
        };
        if let Some(run) = go_on {
            run.succeeds();
            lab.docker("web", &["version"]).succeeds();
        }
        lab.run(&["rm", "-f", "web"]).succeeds();
        assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout, "", "after {line:?}");
    }
    assert!(!matches!(steps, [.., (_, Then::Remove)]), "nothing works at the end");
}

#[test]
fn killed_before_it_reaches_the_host() {
    killed_at(&[
        ("Creating CA: ", Then::Remove),
        ("Waiting for machine to be running, ", Then::Remove),
        ("Running pre-create checks...", Then::Create),
        ("Creating machine...", Then::Provision),
    ]);
}

#[test]
fn killed_while_it_looks_at_the_host() {
    killed_at(&[
        ("Detecting the provisioner...", Then::Remove),
        ("Detecting operating system of created instance...", Then::Create),
        ("Waiting for SSH to be available...", Then::Provision),
    ]);
}

#[test]
fn killed_before_it_installs_and_while_it_copies_certificates() {
    killed_at(&[
        ("Provisioning with debian...", Then::Create),
        ("Copying certs to the local machine directory...", Then::Remove),
        ("Copying certs to the remote machine...", Then::Create),
    ]);
}

#[test]
fn killed_while_it_installs_and_while_it_configures() {
    killed_at(&[
        ("Installing Docker...", Then::Provision),
        ("Setting Docker configuration on the remote daemon...", Then::Provision),
    ]);
}

#[test]
fn ctrl_c_ends_at_once_and_says_how_to_go_on() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    // Without Ctrl-C it would never end.
    lab.publish("endless.sh", "#!/bin/sh\nwhile :; do sleep 1; done\n");
    let endless = lab.url("endless.sh");
    for line in ["Detecting operating system of created instance...", "Installing Docker..."] {
        let mut command = lab.create_command(&host, "web", &["--engine-install-url", &endless]);
        let create = Midway::at(line, &mut command);
        let asked = Instant::now();
        create.signal("-INT").fails(130).complains("interrupted").complains("hint: ");
        assert!(asked.elapsed() < Duration::from_secs(60), "it took {:?}", asked.elapsed());
    }
    lab.create(&host, "web", &[]).succeeds();
    lab.docker("web", &["version"]).succeeds();
}
