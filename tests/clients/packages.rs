//! Packages from npm and `PyPI` that call docker-machine, on a real host: with its engine up, and down.

use std::process::Command;

use crate::support::lab::{Lab, LabHost, PROGRAM, Sudo};
use crate::support::run::Run;

/// The installed packages, and a network with a home in which `docker-machine` is on `PATH`.
struct Bench {
    lab: Lab,
    packages: String,
}

impl Bench {
    fn new() -> Self {
        let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/setup");
        let packages = Run::of(&mut Command::new(setup)).succeeds().stdout.trim_end().to_owned();
        let lab = Lab::new();
        let bin = lab.home.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder in the home");
        std::os::unix::fs::symlink(PROGRAM, bin.join("docker-machine")).expect("a link");
        lab.set("PATH", format!("{}:{packages}/python/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin", bin.display()));
        lab.set("NODE_PATH", format!("{packages}/node/node_modules"));
        lab.set("ANSIBLE_COLLECTIONS_PATH", format!("{packages}/collections"));
        Self { lab, packages }
    }

    /// One phase of a client's script.
    fn play(&self, script: &str, words: &[&str]) {
        let interpreter = match script.rsplit_once('.') {
            Some((_, "py")) => format!("{}/python/bin/python", self.packages),
            _ => "node".to_owned(),
        };
        let script = format!("{}/tests/clients/scripts/{script}", env!("CARGO_MANIFEST_DIR"));
        Run::of(self.lab.command(interpreter).arg(script).args(words)).succeeds();
    }

    /// `create` by the client's own call.
    fn create(&self, script: &str, host: &LabHost<'_>) {
        self.play(script, &["create", &host.ip, &self.lab.key(), &self.lab.url("install.sh")]);
    }
}

fn stop_engine(host: &LabHost<'_>) {
    host.text("systemctl stop docker.socket docker.service 2>&1");
}

#[test]
fn node_docker_machine() {
    let bench = Bench::new();
    let host = bench.lab.host("web").with_docker().up();
    let script = "node-docker-machine.js";
    bench.create(script, &host);
    bench.play(script, &["up", &host.ip]);
    stop_engine(&host);
    bench.play(script, &["down"]);
    bench.lab.run(&["rm", "-y", "web"]).succeeds().quietly();
}

/// It looks for quotes in the output of `config`, and passes only `HOME` and `PATH` on: the variable that brings the
/// quotes back is set by a script in the program's place.
#[test]
fn dockermachine_cli_js() {
    let bench = Bench::new();
    let program = bench.lab.home.path().join("bin/docker-machine");
    std::fs::remove_file(&program).expect("the link is there");
    let quoting = format!("#!/bin/sh\nMACHINE_CONFIG_QUOTES=always exec {PROGRAM} \"$@\"\n");
    std::fs::write(&program, quoting).expect("a script");
    Run::of(Command::new("chmod").arg("755").arg(&program)).succeeds();
    let host = bench.lab.host("web").with_docker().up();
    let script = "dockermachine-cli-js.js";
    bench.create(script, &host);
    bench.play(script, &["up", &host.ip, &bench.lab.machine_folder("web").display().to_string()]);
    stop_engine(&host);
    bench.play(script, &["down"]);
    bench.play(script, &["rm"]);
}

/// It looks for quotes in the output of `config`.
#[test]
fn python_docker_machine() {
    let bench = Bench::new();
    bench.lab.set("MACHINE_CONFIG_QUOTES", "always");
    let host = bench.lab.host("web").with_docker().up();
    let script = "python_docker_machine.py";
    bench.create(script, &host);
    bench.play(script, &["up", &host.ip]);
    stop_engine(&host);
    bench.play(script, &["down", &host.ip]);
    bench.play(script, &["rm"]);
}

/// It writes an entry into the user's SSH configuration, always for a user `docker`; the user's own ssh then logs in.
#[test]
fn docker_machine_add_ssh() {
    let bench = Bench::new();
    let host = bench.lab.host("web").with_user("docker", Sudo::NoPassword).up();
    // It wants `id_rsa` in the machine's folder: the driver generic keeps the name of the key that it was given.
    let key = bench.lab.home.path().join("id_rsa");
    Run::of(Command::new("install").args(["-m", "600", &bench.lab.key()]).arg(&key)).succeeds();
    bench.lab.create(&host, "web", &["--generic-ssh-key", &key.display().to_string()]).succeeds();
    let add = |words: &[&str]| Run::of(bench.lab.command("docker-machine-add-ssh").args(words));
    let log_in = || {
        let config = bench.lab.home.path().join(".ssh/config");
        let mut ssh = bench.lab.command("ssh");
        ssh.arg("-F").arg(config).args(["-o", "UserKnownHostsFile=/dev/null", "web", "id -un; hostname"]);
        assert_eq!(Run::of(&mut ssh).succeeds().stdout, "docker\nweb\n");
    };
    // Through `env`.
    add(&["--nostrict", "web"]).succeeds().says("web entry added to ");
    log_in();
    // From the record, at the place where the original has its store.
    add(&["--nostrict", "--replace", "--files", "web"]).succeeds().says("web entry replaced in ");
    log_in();
    stop_engine(&host);
    add(&["--replace", "web"]).fails(1).complains("Error checking TLS connection");
    add(&["--files", "nope"]).fails(1).complains("No docker machine \"nope\" exists.");
}

#[test]
fn ansible_inventory() {
    let bench = Bench::new();
    let lab = &bench.lab;
    let host = lab.host("web").with_docker().up();
    // The collection's integration test.
    lab.run(&["--version"]).succeeds().says("docker-machine version ").quietly();
    let create = ["--debug", "create", "--driver", "generic", "--generic-ip-address", &host.ip, "--generic-ssh-user"];
    lab.run(&[&create[..], &["root", "--generic-ssh-key", &lab.key(), "vm"]].concat()).succeeds();
    let line = "{{.Name}} | {{.DriverName}} | {{.State}} | {{.URL}} | {{.Error}}";
    let listed = lab.run(&["ls", "--format", line]).succeeds().quietly().stdout;
    assert_eq!(listed, format!("vm | generic | Running | tcp://{}:2376 | \n", host.ip));

    let inventory = lab.home.path().join("lab.docker_machine.yml");
    let plugin = |more: &str| {
        std::fs::write(&inventory, format!("plugin: community.docker.docker_machine\n{more}")).expect("an inventory");
    };
    let ansible = |words: &[&str]| {
        let mut command = lab.command(words[0]);
        Run::of(command.env("ANSIBLE_HOST_KEY_CHECKING", "False").arg("-i").arg(&inventory).args(&words[1..]))
    };
    plugin("keyed_groups: [{separator: '', key: docker_machine_node_attributes.DriverName}]\n");
    let list = ansible(&["ansible-inventory", "--list"]).succeeds();
    let list: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(list["generic"]["hosts"][0], "vm");
    let variables = &list["_meta"]["hostvars"]["vm"];
    let folder = lab.machine_folder("vm").display().to_string();
    for (name, expected) in [
        ("ansible_host", host.ip.as_str()),
        ("ansible_user", "root"),
        ("dm_DOCKER_HOST", &format!("tcp://{}:2376", host.ip)),
        ("dm_DOCKER_CERT_PATH", &folder),
        ("dm_DOCKER_MACHINE_NAME", "vm"),
    ] {
        let value = &variables[name];
        // Ansible marks most strings of strangers as not to be evaluated.
        assert_eq!(value.get("__ansible_unsafe").unwrap_or(value), expected, "{name}");
    }
    assert_eq!(variables["ansible_port"], 22);
    ansible(&["ansible", "vm", "-m", "raw", "-a", "hostname"]).succeeds().says("vm");

    stop_engine(&host);
    plugin("daemon_env: require\n");
    let list = ansible(&["ansible-inventory", "--list"]).succeeds();
    let list: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(list["_meta"]["hostvars"], serde_json::json!({}));
    lab.run(&["rm", "vm", "-f"]).succeeds().says("Successfully removed vm\n").quietly();
}
