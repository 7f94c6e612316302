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

/// The lines after which a `create` is killed, in the order in which they come. From the third on there is a record.
const STEPS: &[(&str, Then)] = &[
    ("Creating CA: ", Then::Remove),
    ("Running pre-create checks...", Then::Create),
    ("Creating machine...", Then::Provision),
    ("Waiting for machine to be running, ", Then::Remove),
    ("Detecting operating system of created instance...", Then::Create),
    ("Waiting for SSH to be available...", Then::Provision),
    ("Detecting the provisioner...", Then::Remove),
    ("Provisioning with debian...", Then::Create),
    ("Installing Docker...", Then::Provision),
    ("Copying certs to the local machine directory...", Then::Remove),
    ("Copying certs to the remote machine...", Then::Create),
    ("Setting Docker configuration on the remote daemon...", Then::Provision),
];

#[test]
fn killed_at_every_step_the_same_command_or_provision_or_rm_ends_well() {
    let lab = Lab::new();
    for (number, (line, then)) in STEPS.iter().enumerate() {
        let host = lab.host(&format!("host{number}")).up();
        Midway::at(line, &mut lab.create_command(&host, "web", &[])).kill();
        lab.run(&["ls"]).succeeds();
        let there = lab.machine_folder("web").exists();
        assert!(there || number < 2, "no record after {line:?}");
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
        lab.create(&host, "web", &[]).succeeds();
        lab.run(&["rm", "-y", "web"]).succeeds();
        host.power(&["down"]);
    }
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
