//! Everything that a person can get wrong: one clear error each, and nothing lost.

use crate::support::lab::{Lab, LabHost, Sudo};
use crate::support::run::Run;

/// After a failed `create` the name is free again and nothing is in the store.
#[track_caller]
fn nothing_is_left(lab: &Lab, machine: &str) {
    assert!(!lab.machine_folder(machine).exists(), "the machine's folder is left behind");
    assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout, "");
}

#[test]
fn an_unreachable_host() {
    let lab = Lab::new();
    lab.set("MACHINE_SSH_TIMEOUT", "5");
    let nobody = LabHost::at(&lab, "10.90.0.250");
    let started = std::time::Instant::now();
    let run = lab.create(&nobody, "web", &[]).fails(1);
    let run = run.complains("Error creating machine: ").complains("nobody answers at 10.90.0.250 port 22");
    _ = run.complains("hint: gave up after 5 s; set MACHINE_SSH_TIMEOUT to wait longer\n");
    assert!(started.elapsed().as_secs() < 120, "the usual 180 s were not waited: {:?}", started.elapsed());
    nothing_is_left(&lab, "web");
}

#[test]
fn a_wrong_key_a_wrong_user_and_a_missing_key() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    let other = lab.home.path().join("other").display().to_string();
    Run::of(std::process::Command::new("ssh-keygen").args(["-q", "-N", "", "-t", "ed25519", "-f", &other])).succeeds();
    let run =
        lab.create(&host, "web", &["--generic-ssh-key", &other]).fails(1).complains("does not accept the SSH key");
    assert!(run.stderr.contains(&host.ip) && run.stderr.contains("root"), "{run:?}");
    nothing_is_left(&lab, "web");

    lab.create(&host, "web", &["--generic-ssh-user", "nobody-here"]).fails(1).complains("nobody-here");
    nothing_is_left(&lab, "web");

    lab.create(&host, "web", &["--generic-ssh-key", "/no/such/key"])
        .fails(3)
        .complains(r#"Error with pre-create check: "SSH key does not exist: \"/no/such/key\"""#);
    nothing_is_left(&lab, "web");
    lab.create(&host, "web", &[]).succeeds();
}

#[test]
fn a_user_without_sudo_or_with_a_password_for_it() {
    let lab = Lab::new();
    let password = lab.host("one").with_user("admin", Sudo::WithPassword).up();
    lab.create(&password, "one", &[]).fails(1).complains("sudo").complains("password");
    let never = lab.host("two").with_user("admin", Sudo::Never).up();
    lab.create(&never, "two", &[]).fails(1).complains("sudo");
    let absent = lab.host("three").with_user("admin", Sudo::Never).option(&["--no-sudo-package"]).up();
    lab.create(&absent, "three", &[]).fails(1).complains("sudo");
    for name in ["one", "two", "three"] {
        nothing_is_left(&lab, name);
    }
}

#[test]
fn an_install_script_that_fails_or_is_not_there() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    let fail = lab.url("fail.sh");
    lab.create(&host, "web", &["--engine-install-url", &fail])
        .fails(1)
        .complains("E: Unable to locate package docker-ce")
        .complains(&fail);
    lab.run(&["rm", "-y", "web"]).succeeds();
    let absent = lab.url("nothing-here.sh");
    lab.create(&host, "web", &["--engine-install-url", &absent]).fails(1).complains("404").complains(&absent);
    lab.run(&["rm", "-y", "web"]).succeeds();
    lab.publish("page.sh", "<html>Not a script</html>\n");
    lab.create(&host, "web", &["--engine-install-url", &lab.url("page.sh")]).fails(1).complains("script");
    lab.run(&["rm", "-y", "web"]).succeeds();
    lab.create(&host, "web", &[]).succeeds();
}

#[test]
fn a_full_disk_on_the_host() {
    let lab = Lab::new();
    let host = lab.host("web").option(&["--disk", "60M"]).up();
    lab.create(&host, "web", &[]).fails(1).complains("disk");
}

#[test]
fn an_unknown_operating_system() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    host.text("rm /etc/os-release; printf 'ID=plan9\\nNAME=\"Plan 9\"\\n' > /etc/os-release");
    lab.create(&host, "web", &[])
        .fails(1)
        .complains("Error creating machine: Error detecting OS: OS type not recognized\n")
        .complains("plan9");
    nothing_is_left(&lab, "web");
}

#[test]
fn an_engine_that_does_not_start_shows_its_last_words() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    let before = host.text("docker info -f '{{.ID}}'");
    let wrong = lab.create(&host, "web", &["--engine-opt", "no-such-option"]).fails(1);
    let wrong = wrong
        .complains("unknown flag: --no-such-option")
        .complains("\nDocker runs with its earlier configuration again.\n");
    _ = wrong.complains("hint: or run the same `create` again, with other options if needed\n");
    assert_eq!(host.text("docker info -f '{{.ID}}'"), before, "whoever used it can use it");
    lab.run(&["provision", "web"]).fails(1).complains("unknown flag: --no-such-option");
    lab.create(&host, "web", &[]).succeeds();
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn values_of_flags_that_cannot_be() {
    let lab = Lab::new();
    let host = LabHost::at(&lab, "10.90.0.250");
    for (flags, complaint) in [
        (&["--generic-ssh-port", "0"][..], "generic-ssh-port"),
        (&["--generic-ssh-port", "70000"], "generic-ssh-port"),
        (&["--generic-ssh-port", "many"], "invalid value \"many\" for flag -generic-ssh-port"),
        (&["--generic-engine-port", "-1"], "generic-engine-port"),
        (&["--engine-env", "NOVALUE"], "--engine-env `NOVALUE`"),
        (&["--engine-label", "nokey"], "--engine-label `nokey` is not of the form KEY=VALUE"),
        (&["--engine-registry-mirror", "mirror.example"], "--engine-registry-mirror `mirror.example`"),
        (&["--engine-opt", "x='"], "--engine-opt `x='`"),
        (&["--swarm"], "--swarm"),
        (&["--swarm-discovery", "foo"], "Swarm Discovery URL was in the wrong format: foo"),
        (&["--generic-ip-address", "root@10.0.0.1"], "generic-ip-address"),
        (&["--generic-ip-address", "10.0.0.1:22"], "the port have flags of their own"),
        (&["--generic-ip-address", ""], "generic driver requires the --generic-ip-address option"),
    ] {
        lab.create(&host, "web", flags).fails(1).complains(complaint);
        nothing_is_left(&lab, "web");
    }
}

#[test]
fn a_store_that_cannot_be_written() {
    let lab = Lab::new();
    lab.set("MACHINE_STORAGE_PATH", "/proc/no-such-place");
    lab.run(&["create", "-d", "none", "--url", "tcp://127.0.0.1:1", "x"]).fails(1).complains("/proc/no-such-place");
}
