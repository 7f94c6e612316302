//! Output that goes to a program: plain lines only, and nothing on standard error from a query that succeeds.

use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki, modern};

/// Lines on a machine `web` whose engine answers, and a machine `off` where nobody listens.
const QUERIES: &[&str] = &[
    "",
    "help",
    "help create",
    "--version",
    "version",
    "version web",
    "ls",
    "ls -q",
    "ls -f '{{.Name}} {{.DockerVersion}} {{.ResponseTime}}'",
    "ls -f table",
    "ls -f json",
    "ls -f jsonl",
    "ls --filter state=Running",
    "active",
    "inspect web",
    "inspect -f '{{prettyjson .}}' web",
    "ip web off",
    "url web",
    "status web",
    "status off",
    "config web",
    "env web",
    "env --shell fish --no-proxy web",
    "env -u",
    "create --help",
    "create -d generic --help",
    "completion bash",
    "completion zsh",
    "completion fish",
];

/// What makes, changes or removes, what goes wrong, and debug output; the exit status of each.
const OTHERS: &[(&str, i32)] = &[
    ("create -d none --url tcp://127.0.0.1:9 new", 0),
    ("create -d none new", 1),
    ("create -d none --url tcp://127.0.0.1:9 new", 1),
    ("create -d generic --generic-ip-address 127.0.0.1 --generic-ssh-port 9 --generic-ssh-key /nowhere other", 3),
    ("create -d nosuch other", 1),
    ("create --nope", 1),
    ("config off", 1),
    ("env off", 1),
    ("version off", 1),
    ("ssh web true", 1),
    ("scp web:/a .", 1),
    ("mount web:/a", 1),
    ("start web", 1),
    ("stop web", 1),
    ("kill web", 1),
    ("restart web", 1),
    ("provision web", 1),
    ("upgrade web", 1),
    ("regenerate-certs -f web", 1),
    ("inspect nope", 1),
    ("ls --filter nope=1", 1),
    ("ls -f '{{.Nope}}'", 1),
    ("-D ls", 0),
    ("-D config web", 0),
    ("rm new", 0),
    ("rm -y new", 0),
    ("rm -f nope", 0),
    ("bogus", 1),
];

struct Site {
    sandbox: Sandbox,
    engine: EngineStub,
}

impl Site {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let host = sandbox.address().to_owned();
        let create = |name: &str, port: u16| {
            let output = sandbox.run(&format!("create -d none --url tcp://{host}:{port} {name}")).output();
            assert_eq!(output.status, Some(0), "{output:?}");
        };
        create("web", 2376);
        create("off", 9);
        let pki = Pki::of_store(&sandbox.path(".docker/certs"));
        let engine = EngineStub::start(&pki, &format!("{host}:2376"), &[&host], modern);
        Self { sandbox, engine }
    }

    /// Runs a line in surroundings that would tempt a program to decorate; its streams must be plain.
    fn plain(&self, line: &str) -> crate::support::sandbox::Output {
        let run = self.sandbox.run(line).stdin("n\n").env("DOCKER_HOST", self.engine.url());
        let output = run.env("TERM", "xterm-256color").env("COLORTERM", "truecolor").env("COLUMNS", "40").output();
        for stream in [&output.stdout, &output.stderr] {
            let decorated = stream.chars().find(|char| char.is_control() && !matches!(char, '\n' | '\t'));
            assert_eq!(decorated, None, "{line}: {output:?}");
        }
        output
    }
}

#[test]
fn a_query_that_succeeds_writes_its_answer_and_nothing_else() {
    let site = Site::new();
    for line in QUERIES {
        let output = site.plain(line);
        assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)), "{line}");
        assert!(!output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn no_command_decorates_what_goes_into_a_pipe() {
    let site = Site::new();
    for (line, status) in OTHERS {
        let output = site.plain(line);
        assert_eq!(output.status, Some(*status), "{line}: {output:?}");
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty(), "{line} says nothing");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_and_one_that_nobody_wants_is_not() {
    let site = Site::new();
    let path = site.sandbox.program_path();
    let shell = |line: &str| {
        let mut shell = std::process::Command::new("bash");
        shell.args(["-o", "pipefail", "-c", line]).env_clear().env("HOME", site.sandbox.home()).env("PATH", &path);
        let output = shell.output().expect("bash runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for line in ["--version", "help", "ls -q", "ls", "env web", "inspect web", "completion bash"] {
        let lost = "write standard output: no space left on device\n".to_owned();
        assert_eq!(shell(&format!("docker-machine {line} > /dev/full")), (Some(1), lost), "{line}");
        assert_eq!(shell(&format!("docker-machine {line} | true")), (Some(0), String::new()), "{line}");
        assert_eq!(shell(&format!("docker-machine {line} >&-")), (Some(0), String::new()), "{line}");
    }
}
