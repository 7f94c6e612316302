//! Login keys of every kind.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::support::lab::Lab;
use crate::support::run::Run;

/// Makes a key pair with OpenSSH and returns the private file's path.
fn key(lab: &Lab, file: &str, options: &[&str], passphrase: &str) -> String {
    let path = lab.home.path().join(file);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-N", passphrase, "-f"]).arg(&path).args(options);
    Run::of(&mut command).succeeds();
    path.display().to_string()
}

fn public(key: &str) -> String {
    format!("{key}.pub")
}

#[test]
fn an_rsa_key_in_the_old_form_called_key_pem_is_imported_under_another_name() {
    let lab = Lab::new();
    let key = key(&lab, "key.pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"], "");
    let host = lab.host("web").option(&["--key", &public(&key)]).with_docker().up();
    lab.create(&host, "web", &["--generic-ssh-key", &key]).succeeds().says("(web) Importing SSH key...");

    let folder = lab.machine_folder("web");
    let copy = folder.join("id_rsa");
    assert_eq!(std::fs::read(&copy).expect("the imported key"), std::fs::read(&key).expect("the user's key"));
    assert_eq!(copy.metadata().expect("the key").permissions().mode() & 0o777, 0o600);
    let stored = lab.run(&["inspect", "-f", "{{.Driver.SSHKeyPath}}", "web"]).succeeds().stdout;
    assert_eq!(stored.trim(), copy.display().to_string());
    assert_eq!(lab.run(&["ssh", "web", "hostname"]).succeeds().stdout, "web\n");
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn an_encrypted_key_works_through_the_agent_and_is_refused_without() {
    let lab = Lab::new();
    let key = key(&lab, "id_ed25519", &["-t", "ed25519"], "secret words");
    let host = lab.host("web").option(&["--key", &public(&key)]).with_docker().up();
    lab.create(&host, "web", &["--generic-ssh-key", &key]).fails(3).complains("encrypted");
    assert!(!lab.machine_folder("web").exists());

    let agent = Agent::start(&lab, &key, "secret words");
    lab.set("SSH_AUTH_SOCK", agent.socket.clone());
    lab.create(&host, "web", &["--generic-ssh-key", &key]).succeeds();
    lab.docker("web", &["version"]).succeeds();
    lab.run(&["--native-ssh", "ssh", "web", "true"]).succeeds();
}

#[test]
fn without_a_key_the_agent_and_the_default_keys_are_tried() {
    let lab = Lab::new();
    std::fs::create_dir(lab.home.path().join(".ssh")).expect("~/.ssh");
    let key = key(&lab, ".ssh/id_ecdsa", &["-t", "ecdsa"], "");
    let host = lab.host("web").option(&["--key", &public(&key)]).with_docker().up();
    lab.create(&host, "web", &["--generic-ssh-key", ""])
        .succeeds()
        .says("(web) No SSH key specified. Assuming an existing key at the default location.");
    lab.docker("web", &["version"]).succeeds();
}

/// An ssh-agent that holds one key and ends with the test.
struct Agent {
    socket: String,
    process: std::process::Child,
}

impl Agent {
    fn start(lab: &Lab, key: &str, passphrase: &str) -> Self {
        let socket = lab.home.path().join("agent").display().to_string();
        let mut agent = Command::new("ssh-agent");
        let process = agent.args(["-D", "-a", &socket]).stdout(Stdio::null()).spawn().expect("ssh-agent starts");
        while !std::path::Path::new(&socket).exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let ask = lab.home.path().join("askpass");
        std::fs::write(&ask, format!("#!/bin/sh\necho '{passphrase}'\n")).expect("the passphrase program");
        std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o755)).expect("its mode");
        let mut add = Command::new("ssh-add");
        add.arg(key).env("SSH_AUTH_SOCK", &socket).env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force");
        Run::of(&mut add).succeeds();
        Self { socket, process }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
