//! Real hosts for a test: a network of its own with Debian hosts in it, gone when the test ends, however it ends.
//!
//! ```no_run
//! let lab = Lab::new();
//! let web = lab.host("web").with_user("admin", Sudo::NoPassword).up();
//! lab.run(&["create", "--driver", "generic", "--generic-ip-address", &web.ip, …, "web"]).succeeds();
//! ```
//!
//! The hosts are made by `tests/lab/lab`; see its README for what they are. The region belongs to this process: if
//! the test run is killed, the lab takes it down by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::run::Run;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_docker-machine");

/// A network with hosts, and a user's home with a store in it.
pub struct Lab {
    region: String,
    /// The user's home folder; the store is in `.docker` below it.
    pub home: tempfile::TempDir,
    environment: Mutex<Vec<(String, String)>>,
    cache: String,
}

/// Whether a login user may use sudo.
#[derive(Clone, Copy)]
pub enum Sudo {
    /// As cloud images set it up.
    NoPassword,
    /// As a desktop sets it up.
    WithPassword,
    /// The user is not in the sudoers file.
    Never,
}

/// A host that is about to be started.
#[must_use = "a host comes up with .up()"]
pub struct HostSpec<'a> {
    lab: &'a Lab,
    name: String,
    options: Vec<String>,
    user: String,
}

/// A running host.
pub struct LabHost<'a> {
    lab: &'a Lab,
    /// Its name in the lab.
    pub name: String,
    /// Its address.
    pub ip: String,
    /// Who may log in.
    pub user: String,
}

impl Lab {
    /// A new, empty network.
    pub fn new() -> Self {
        let region = Self::fresh_name();
        let owner = std::process::id().to_string();
        lab_text(&["region", &region, "up", "--owner", &owner]);
        Self::of(region)
    }

    /// A name that no other network of this machine has.
    pub fn fresh_name() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        format!("t{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
    }

    /// A network that is up already, with a new home for its user.
    pub fn of(region: String) -> Self {
        let home = tempfile::tempdir().expect("a home folder");
        Self { region, home, environment: Mutex::default(), cache: lab_text(&["path", "cache"]) }
    }

    /// The network's name in the lab.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A host of this network, root login unless said otherwise.
    pub fn host(&self, name: &str) -> HostSpec<'_> {
        HostSpec { lab: self, name: name.to_owned(), options: Vec::new(), user: "root".to_owned() }
    }

    /// Sets a variable for every program that this lab runs.
    pub fn set(&self, variable: &str, value: impl Into<String>) {
        self.environment.lock().expect("no panic while held").push((variable.to_owned(), value.into()));
    }

    /// Runs docker-machine with these arguments and waits for its end.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(PROGRAM).args(args))
    }

    /// Any program, inside the network, with the user's home and a clean environment.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = lab(&["region", &self.region, "exec"]);
        command.arg(program);
        // The lab finds its image below the home folder unless it is told where.
        command
            .env_clear()
            .env("DOCKER_MACHINE_LAB_CACHE", &self.cache)
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", self.home.path()).env("USER", "tester").env("SHELL", "/bin/bash");
        command.envs(self.environment.lock().expect("no panic while held").iter().cloned());
        command
    }

    /// The real docker CLI, pointed at a machine as `eval $(docker-machine env NAME)` does.
    #[must_use]
    pub fn docker(&self, machine: &str, args: &[&str]) -> Run {
        let script = r#"eval "$("$1" env "$2")" || exit 99; shift 2; exec "$@""#;
        let mut command = self.command("bash");
        command.args(["-c", script, "bash", PROGRAM, machine]).arg(docker_cli()).args(args);
        Run::of(&mut command)
    }

    /// The private key that hosts accept by default.
    pub fn key(&self) -> String {
        self.region_text("key")
    }

    /// The address of the region's own web server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.region_text("address"))
    }

    /// Apt's words for a source that has another system's engine.
    pub fn engine_of(&self, system: &str) -> String {
        lab_text(&["setup", system]);
        format!("deb [trusted=yes] {} ./", self.url(&format!("packages/{system}")))
    }

    /// Puts a file on the web server.
    pub fn publish(&self, path: &str, content: &str) {
        fs::write(Path::new(&self.region_text("www")).join(path), content).expect("a file on the web server");
    }

    /// A machine's folder in the store.
    pub fn machine_folder(&self, machine: &str) -> PathBuf {
        self.home.path().join(".docker/machines").join(machine)
    }

    /// `create --driver generic` on a host, with the lab's key and install script, and further flags.
    #[must_use]
    pub fn create(&self, host: &LabHost<'_>, machine: &str, more: &[&str]) -> Run {
        Run::of(&mut self.create_command(host, machine, more))
    }

    /// The command of [`Lab::create`], not started.
    pub fn create_command(&self, host: &LabHost<'_>, machine: &str, more: &[&str]) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(["create", "--driver", "generic", "--generic-ip-address", &host.ip]);
        command.args(["--generic-ssh-user", &host.user, "--engine-install-url", &self.url("install.sh")]);
        if !more.contains(&"--generic-ssh-key") {
            command.args(["--generic-ssh-key", &self.key()]);
        }
        command.args(more).arg(machine);
        command
    }

    fn region_text(&self, what: &str) -> String {
        lab_text(&["region", &self.region, what])
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        _ = lab(&["region", &self.region, "down"]).output();
    }
}

impl<'a> HostSpec<'a> {
    /// Logs in as this user instead of root.
    pub fn with_user(mut self, user: &str, sudo: Sudo) -> Self {
        let kind = match sudo {
            Sudo::NoPassword => "sudo",
            Sudo::WithPassword => "sudo-password",
            Sudo::Never => "nosudo",
        };
        self.user = user.to_owned();
        self.option(&["--user", &format!("{user}:{kind}")])
    }

    /// `trixie`, `bookworm` or `sid`.
    pub fn system(self, system: &str) -> Self {
        self.option(&["--system", system])
    }

    /// Docker is installed and running already.
    pub fn with_docker(self) -> Self {
        self.option(&["--with-docker"])
    }

    /// Any option of `lab host … up`.
    pub fn option(mut self, words: &[&str]) -> Self {
        self.options.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Boots it; returns when one can log in.
    pub fn up(self) -> LabHost<'a> {
        let mut args = vec!["host", &self.lab.region, &self.name, "up"];
        args.extend(self.options.iter().map(String::as_str));
        let printed = lab_text(&args);
        let ip = printed.lines().next().expect("the lab prints the address").to_owned();
        LabHost { lab: self.lab, name: self.name, ip, user: self.user }
    }
}

impl<'a> LabHost<'a> {
    /// An address of the network at which nobody is.
    pub fn at(lab: &'a Lab, ip: &str) -> Self {
        Self { lab, name: String::new(), ip: ip.to_owned(), user: "root".to_owned() }
    }
    /// Runs a shell script as root in the host, past SSH.
    #[must_use]
    pub fn sh(&self, script: &str) -> Run {
        Run::of(lab(&["host", &self.lab.region, &self.name, "shell", "--", "sh", "-c", script]).stdin(Stdio::null()))
    }

    /// The output of a script that must succeed.
    pub fn text(&self, script: &str) -> String {
        self.sh(script).succeeds().stdout.trim_end().to_owned()
    }

    /// Any command of `lab host`: `stop`, `start`, `reboot`, `crash`, `rekey`, …
    pub fn power(&self, words: &[&str]) {
        let mut args = vec!["host", &self.lab.region, &self.name];
        args.extend(words);
        lab_text(&args);
    }
}

/// The real docker CLI.
pub fn docker_cli() -> String {
    lab_text(&["path", "docker-cli"])
}

/// An image to import where there is no registry.
pub fn busybox_image() -> String {
    lab_text(&["path", "busybox-image"])
}

fn lab(args: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab"));
    command.args(args).stdin(Stdio::null());
    command
}

/// What a command of the lab prints.
pub fn lab_text(args: &[&str]) -> String {
    let run = Run::of(&mut lab(args));
    run.succeeds().stdout.trim_end().to_owned()
}
