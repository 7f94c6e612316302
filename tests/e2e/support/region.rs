//! A cloud region for a test: an EC2 API that can be told to fail, and real computers behind it.
//!
//! ```no_run
//! let region = Region::new();
//! region.create("aws01", &[]).succeeds();
//! region.fault("drop RunInstances");
//! assert_eq!(region.calls_of("RunInstances").len(), 1);
//! assert_eq!(region.left(), [""; 0]);
//! ```
//!
//! It is made by `tests/region/region`; see its README for how it differs from EC2. It belongs to this process and is
//! gone when the test ends, however it ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::ops::Deref;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::lab::{Lab, PROGRAM, lab_text};
use super::run::Run;

/// The access key that the region knows, an example of AWS's documentation.
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The access key of somebody in another account, and its secret.
pub const OTHER_KEYS: (&str, &str) = ("AKIAIOTHERACCEXAMPLE", "wJalrXUtnFEMI/K7MDENG/otherAccEXAMPLEKEY");
/// The accounts of [`ACCESS_KEY`] and of [`OTHER_KEYS`].
pub const ACCOUNTS: (&str, &str) = ("123456789012", "444455556666");

/// A network with an EC2 API, and a user's home with a store and AWS credentials in it.
pub struct Region {
    lab: Lab,
    name: String,
    control: PathBuf,
}

/// A call of the API, as it was written down.
#[derive(Debug, serde::Deserialize)]
pub struct Call {
    /// `RunInstances`, …
    pub action: String,
    /// As on the wire: `InstanceId.1`, …
    pub params: BTreeMap<String, String>,
    /// The access key that it was signed with.
    pub key: String,
    /// HTTP status of the answer: 0 when there was none, nothing while it is under way.
    pub status: Option<u16>,
}

/// An instance and the computer behind it.
#[derive(Debug, serde::Deserialize)]
pub struct Instance {
    /// `i-…`
    pub id: String,
    /// As EC2 names it: `running`, …
    pub state: String,
    /// `absent`, `running` or `stopped`.
    pub power: String,
    /// `ami-…`
    pub image: String,
    /// `us-east-1a`, …
    pub zone: String,
    /// The AWS region.
    pub region: String,
    /// Its addresses.
    pub private: Option<String>,
    /// See [`Instance::private`].
    pub public: Option<String>,
}

/// When a client is killed, seen from the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The call has arrived and will never be carried out.
    Before,
    /// The call was carried out, but its answer has not been sent.
    After,
}

impl Deref for Region {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl Region {
    /// A new region, nothing in it, with the user's access key in `~/.aws/credentials`.
    pub fn new() -> Self {
        let name = Lab::fresh_name();
        let endpoint = text(&[&name, "up", "--owner", &std::process::id().to_string(), "--from", &PRELOADED.socket]);
        let lab = Lab::of(name.clone());
        lab.set("AWS_ENDPOINT_URL", &endpoint);
        lab.set("MACHINE_DOCKER_INSTALL_URL", lab.url("install.sh"));
        let control = Path::new(&lab_text(&["path", "state"])).join(&name).join("ec2/control");
        let region = Self { lab, name, control };
        region
            .configure(&format!("[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"));
        region
    }

    /// A new region whose computers have Docker already, for tests of other things than its installation, which takes
    /// about 3 s of processor time.
    pub fn with_docker() -> Self {
        let region = Self::new();
        region.ask::<Value>(&json!({ "do": "with_docker" }));
        region
    }

    /// Replaces `~/.aws/credentials`.
    pub fn configure(&self, credentials: &str) {
        let folder = self.home.path().join(".aws");
        fs::create_dir_all(&folder).expect("~/.aws");
        fs::write(folder.join("credentials"), credentials).expect("~/.aws/credentials");
    }

    /// `create --driver amazonec2 … NAME`.
    #[must_use]
    pub fn create(&self, machine: &str, more: &[&str]) -> Run {
        Run::of(&mut self.create_command(machine, more))
    }

    /// The command of [`Region::create`], not started.
    pub fn create_command(&self, machine: &str, more: &[&str]) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(["create", "--driver", "amazonec2"]).args(more).arg(machine).stdin(Stdio::null());
        command
    }

    /// Lets something go wrong: the words of `region NAME fault`, e.g. `capacity us-east-1a`.
    pub fn fault(&self, words: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.ask::<Value>(&json!({ "do": "fault", "words": words }));
    }

    /// A question to the region's process, without a program in between: tests ask hundreds.
    fn ask<T: DeserializeOwned>(&self, question: &Value) -> T {
        let mut connection = UnixStream::connect(&self.control).expect("the region listens");
        writeln!(connection, "{question}").expect("the question arrives");
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).expect("an answer");
        let mut answer: Value = serde_json::from_str(&line).expect("JSON");
        assert!(answer.get("error").is_none(), "{question}: {answer}");
        serde_json::from_value(answer["answer"].take()).expect("an answer to this question")
    }

    /// What `region NAME …` prints.
    pub fn text(&self, words: &[&str]) -> String {
        text(&[&[self.name.as_str()], words].concat())
    }

    /// The AWS CLI, as somebody else in the same account: it meets no faults and is not in the log.
    pub fn aws(&self, words: &str) -> String {
        let mut args = vec!["aws"];
        args.extend(words.split_whitespace());
        self.text(&args)
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.ask(&json!({ "do": "calls" }))
    }

    /// The calls of one action so far.
    pub fn calls_of(&self, action: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.action == action).collect()
    }

    /// No call may carry an empty value: EC2 refuses some of them and misunderstands others.
    #[track_caller]
    pub fn sent_nothing_empty(&self) {
        for call in self.calls() {
            assert!(call.params.values().all(|value| !value.is_empty()), "{call:#?}");
        }
    }

    /// Begins a new log.
    pub fn forget_calls(&self) {
        self.ask::<Value>(&json!({ "do": "forget_calls" }));
    }

    /// Every instance, terminated ones too.
    pub fn instances(&self) -> Vec<Instance> {
        self.ask(&json!({ "do": "instances" }))
    }

    /// The instances that are not terminated.
    pub fn live_instances(&self) -> Vec<Instance> {
        self.instances().into_iter().filter(|instance| instance.state != "terminated").collect()
    }

    /// Root's shell in the computer behind an instance, past SSH.
    #[must_use]
    pub fn inside(&self, instance: &str, script: &str) -> Run {
        Run::of(region(&[&self.name, "shell", instance, "--", "sh", "-c", script]).stdin(Stdio::null()))
    }

    /// What was made in the account and is still there when what is starting or ending has done so: a line for each.
    pub fn left(&self) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(120);
        let changes = |instance: &Instance| ["pending", "shutting-down"].contains(&instance.state.as_str());
        while self.instances().iter().any(changes) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.ask::<Vec<Left>>(&json!({ "do": "left" })).iter().map(Left::line).collect()
    }

    /// Waits until EC2 says that an instance is in this state.
    pub fn wait_state(&self, instance: &str, state: &str) {
        let end = Instant::now() + Duration::from_secs(120);
        while !self.instances().iter().any(|one| one.id == instance && one.state == state) {
            assert!(Instant::now() < end, "{instance} is not {state}: {:?}", self.instances());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a command and kills it with SIGKILL at its first call of this action, or at its call of this number (from
    /// 1). The action at which it was killed; nothing if it had succeeded before.
    pub fn kill_at(&self, action: &str, moment: Moment, command: &mut Command) -> Option<String> {
        let word = if moment == Moment::Before { "before" } else { "after" };
        self.fault(&format!("pause {word} {action}"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let call = self.held_call(&mut child);
        if call.is_some() {
            child.kill().expect("it waits for the answer");
        }
        let end = child.wait().expect("it ends");
        assert!(end.success() != call.is_some(), "{call:?} was held, and it ended with {end}");
        self.fault("clear");
        call.map(|call| call.action)
    }

    /// Waits until a call is held; nothing if the client ends without.
    pub fn held_call(&self, child: &mut Child) -> Option<Call> {
        loop {
            let call: Option<Call> = self.ask(&json!({ "do": "paused" }));
            if call.is_some() || child.try_wait().expect("its state").is_some() {
                return call;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Something that was made in the account and is still there.
#[derive(serde::Deserialize)]
struct Left {
    region: String,
    kind: String,
    id: String,
    name: String,
    tags: BTreeMap<String, String>,
}

impl Left {
    /// As `region NAME left` prints it.
    fn line(&self) -> String {
        let Self { region, kind, id, name, .. } = self;
        let tags: Vec<String> = self.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{region}\t{kind}\t{id}\t{name}\t{}", tags.join(" ")).trim_end().to_owned()
    }
}

/// The process that regions are forked from. Like its socket, which has no file, it is gone with this process.
struct Preloaded {
    socket: String,
    _process: Child,
}

static PRELOADED: LazyLock<Preloaded> = LazyLock::new(|| {
    let socket = format!("@docker-machine-regions-{}", std::process::id());
    let mut command = region(&["preload", &socket]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the region's program");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n", "the region's program does not start");
    Preloaded { socket, _process: process }
});

fn region(args: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/region/region"));
    command.args(args).stdin(Stdio::null());
    command
}

fn text(args: &[&str]) -> String {
    Run::of(&mut region(args)).succeeds().stdout.trim_end().to_owned()
}
