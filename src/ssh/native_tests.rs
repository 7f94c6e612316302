//! The built-in client against a real OpenSSH server.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::console::Console;
use crate::context::{Context, Globals};
use crate::env::Env;
use crate::error::{Error, Kind};
use crate::shared::Shared;
use crate::ssh::sshd::Sshd;
use crate::ssh::{Exec, LastFailure, Output, Patience, Remote, SshTarget, connect, keys, wait_for};
use crate::store::Store;

impl Sshd {
    /// How to log in with a key; `None`: agent and default files.
    pub fn target(&self, key: Option<&Path>) -> SshTarget {
        SshTarget {
            host: "127.0.0.1".into(),
            port: self.port(),
            user: Self::login(),
            key: key.map(Path::to_owned),
            known_hosts: self.path("known_hosts"),
            alias: "web".into(),
            vouching: crate::ssh::Vouching::default(),
        }
    }

    /// How to log in with the key that is let in.
    pub fn user(&self) -> SshTarget {
        self.target(Some(&self.path("user")))
    }

    /// A context with an empty environment, its home in the server's folder.
    pub fn context(&self) -> Context {
        let folder = self.path("");
        let mut env = Env { cwd: folder.clone(), ..Env::default() };
        env.vars.insert("HOME".into(), folder.display().to_string());
        let (console, store) = (Console::captured(&[]), Store::new(self.path("store")));
        Context { env, console, store, globals: Globals::default(), shared: Shared::default() }
    }
}

async fn run(server: &Sshd, command: &str) -> Output {
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    connection.exec(&Exec::new(command)).await.unwrap()
}

async fn refusal(server: &Sshd, target: &SshTarget) -> Error {
    connect(&server.context(), target).await.err().expect("a refusal")
}

#[tokio::test]
async fn output_error_and_status_come_back_apart() {
    let output = run(&Sshd::start(), "echo out; echo err >&2; exit 7").await;
    assert_eq!((output.text().as_str(), &output.stderr[..], output.status), ("out\n", &b"err\n"[..], 7));
}

#[tokio::test]
async fn a_signal_is_128_plus_its_number() {
    assert_eq!(run(&Sshd::start(), "kill -KILL $$").await.status, 137);
}

#[tokio::test]
async fn large_input_and_output_flow_at_the_same_time() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    let input: Vec<u8> = (0..16_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    let output = connection.exec(&Exec::new("cat").with_stdin(input.clone())).await.unwrap();
    assert!(output.ok() && output.stdout == input);
}

#[tokio::test]
async fn input_that_nobody_reads_does_not_hang() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    let exec = Exec::new("exec 0<&-; exit 3").with_stdin(vec![0; 10_000_000]).within(Duration::from_secs(20));
    assert_eq!(connection.exec(&exec).await.unwrap().status, 3);
}

#[tokio::test]
async fn commands_run_side_by_side_on_one_connection() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    // The first can end only while the second runs.
    let flag = server.path("flag").display().to_string();
    let waits = Exec::new(format!("until test -e {flag}; do sleep 0.05; done; echo $SSH_CONNECTION"));
    let releases = Exec::new(format!("touch {flag}; echo $SSH_CONNECTION"));
    let (one, two) = tokio::join!(connection.exec(&waits), connection.exec(&releases));
    assert_eq!(one.unwrap().text(), two.unwrap().text());
}

#[tokio::test]
async fn a_command_that_does_not_end_is_named() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    let error = connection.exec(&Exec::new("sleep 60").within(Duration::from_millis(300))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().starts_with("`sleep 60` did not end within 0"), "{error}");
    assert_eq!(connection.exec(&Exec::new("echo still")).await.unwrap().text(), "still\n");
}

/// Another port of the server; nothing gets through any more once `stall` is told.
async fn stallable(server: &Sshd, stall: Arc<Notify>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.port());
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut host = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut host) => {}
            () = stall.notified() => std::future::pending().await,
        }
    });
    port
}

#[tokio::test]
async fn a_host_that_falls_silent_in_a_command_is_not_waited_for() {
    let (server, stall) = (Sshd::start(), Arc::new(Notify::new()));
    let target = SshTarget { port: stallable(&server, Arc::clone(&stall)).await, ..server.user() };
    let connection = connect(&server.context(), &target).await.unwrap();
    let (command, start) = (Exec::new("sleep 600").within(Duration::from_secs(600)), Instant::now());
    let (ended, ()) = tokio::join!(connection.exec(&command), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        stall.notify_one();
    });
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().ends_with("broke (`sleep 600`): it was closed, or nobody answers any more"), "{error}");
    connection.close().await;
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_command_that_writes_too_much_is_stopped() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    let error = connection.exec(&Exec::new("yes")).await.unwrap_err();
    assert!(error.message().starts_with("`yes` wrote more than 16 MiB on "), "{error}");
    assert_eq!(connection.exec(&Exec::new("echo still")).await.unwrap().text(), "still\n");
}

#[tokio::test]
async fn a_broken_connection_is_made_anew_for_the_next_command() {
    let server = Sshd::start();
    let connection = connect(&server.context(), &server.user()).await.unwrap();
    // The session's own sshd process: the parent of the shell.
    let error = connection.exec(&Exec::new("kill -9 $PPID; sleep 5")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().contains("`kill -9 $PPID; sleep 5`"), "{error}");
    assert_eq!(connection.exec(&Exec::new("echo back")).await.unwrap().text(), "back\n");
}

/// Every type and file form that `ssh-keygen` writes.
const KEYS: &[(&str, &[&str])] = &[
    ("ed25519", &["-t", "ed25519"]),
    ("rsa", &["-t", "rsa", "-b", "2048"]),
    ("rsa_pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
    ("rsa_pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
    ("ecdsa256", &["-t", "ecdsa", "-b", "256"]),
    ("ecdsa384", &["-t", "ecdsa", "-b", "384"]),
    ("ecdsa521", &["-t", "ecdsa", "-b", "521"]),
    ("ecdsa256_pem", &["-t", "ecdsa", "-b", "256", "-m", "PEM"]),
    ("ecdsa384_pem", &["-t", "ecdsa", "-b", "384", "-m", "PEM"]),
    ("ecdsa521_pem", &["-t", "ecdsa", "-b", "521", "-m", "PEM"]),
    ("ecdsa256_pkcs8", &["-t", "ecdsa", "-b", "256", "-m", "PKCS8"]),
    ("ecdsa384_pkcs8", &["-t", "ecdsa", "-b", "384", "-m", "PKCS8"]),
    ("ecdsa521_pkcs8", &["-t", "ecdsa", "-b", "521", "-m", "PKCS8"]),
];

#[tokio::test]
async fn every_key_type_and_file_form_logs_in() {
    let server = Sshd::with("MaxStartups 100");
    for (name, options) in KEYS {
        let key = server.make_key(name, options);
        server.authorize(&key);
        let connected = connect(&server.context(), &server.target(Some(&key))).await;
        assert!(connected.is_ok(), "{name}: {}", connected.err().unwrap());
    }
}

#[tokio::test]
async fn generated_keys_log_in_natively_and_with_openssh() {
    let server = Sshd::start();
    for kind in [keys::NewKey::Rsa, keys::NewKey::Ed25519] {
        let key = server.path("id_rsa");
        keys::generate(&key, kind).unwrap();
        server.authorize(&key);
        connect(&server.context(), &server.target(Some(&key))).await.unwrap();
        let derived = Command::new("ssh-keygen").args(["-y", "-f"]).arg(&key).output().unwrap().stdout;
        assert_eq!(derived, std::fs::read(keys::beside(&key, ".pub")).unwrap());
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_with_user_host_port_and_key() {
    let server = Sshd::start();
    let key = server.make_key("other", &["-t", "rsa", "-b", "2048"]);
    let target = server.target(Some(&key));
    let error = refusal(&server, &target).await;
    assert_eq!(error.kind(), Kind::Refused);
    let start = format!("{}@127.0.0.1:{} does not accept the SSH key '{}'", target.user, target.port, key.display());
    assert!(error.message().starts_with(&start), "{error}");
    assert!(error.hints()[0].contains("authorized_keys"));
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused_before_anything_is_sent() {
    let server = Sshd::start();
    let target = SshTarget { host: "192.0.2.1".into(), ..server.user() };
    std::fs::set_permissions(server.path("user"), PermissionsExt::from_mode(0o644)).unwrap();
    let error = refusal(&server, &target).await;
    assert_eq!(error.message(), format!("permissions 0644 for '{}' are too open", server.path("user").display()));
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let mut server = Sshd::start();
    server.stop();
    let error = refusal(&server, &server.user()).await;
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().ends_with(": connection refused"), "{error}");
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_not_ssh() {
    let server = Sshd::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = SshTarget { port: listener.local_addr().unwrap().port(), ..server.user() };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let text = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        _ = tokio::io::AsyncWriteExt::write_all(&mut stream, text).await;
    });
    let error = refusal(&server, &target).await;
    assert!(error.message().contains(&format!(":{}", target.port)), "{error}");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_until_the_pin_is_deleted_or_switched_off() {
    let mut server = Sshd::start();
    run(&server, "true").await;
    server.reinstall();
    let error = refusal(&server, &server.user()).await;
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(error.message().matches("SHA256:").count(), 2, "{error}");

    let mut cx = server.context();
    cx.env.vars.insert("MACHINE_SSH_HOST_KEYS".into(), "off".into());
    connect(&cx, &server.user()).await.unwrap();

    std::fs::remove_file(server.path("known_hosts")).unwrap();
    run(&server, "true").await;
}

#[tokio::test]
async fn the_pinned_type_is_negotiated_when_the_host_has_several() {
    let server = Sshd::start();
    let rsa = server.make_key("host_rsa", &["-t", "rsa", "-b", "2048"]);
    let two = Sshd::with(&format!("HostKey {}", rsa.display()));
    let public = std::fs::read_to_string(keys::beside(&rsa, ".pub")).unwrap();
    std::fs::write(two.path("known_hosts"), format!("web {public}")).unwrap();
    run(&two, "true").await;
    assert!(std::fs::read_to_string(two.path("known_hosts")).unwrap().lines().count() == 1);
}

#[tokio::test]
async fn openssh_accepts_what_we_pinned_and_we_what_it_pinned() {
    let mut server = Sshd::start();
    run(&server, "true").await;
    let strict = |server: &Sshd, policy: &str| {
        let target = server.user();
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "/dev/null", "-o", "HostKeyAlias=Web", "-o", &format!("StrictHostKeyChecking={policy}")]);
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", target.known_hosts.display()));
        ssh.arg("-i").arg(server.path("user")).args(["-p", &target.port.to_string(), "127.0.0.1", "true"]);
        ssh.stdin(Stdio::null()).status().unwrap().success()
    };
    assert!(strict(&server, "yes"));
    std::fs::remove_file(server.path("known_hosts")).unwrap();
    assert!(strict(&server, "accept-new"));
    run(&server, "true").await;
    server.reinstall();
    assert_eq!(refusal(&server, &server.user()).await.kind(), Kind::Refused);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_a_warning_only() {
    let server = Sshd::start();
    let target = SshTarget { known_hosts: PathBuf::from("/proc/nowhere/known_hosts"), ..server.user() };
    let cx = server.context();
    connect(&cx, &target).await.unwrap();
    assert!(cx.console.captured_text().1.contains("could not be pinned"));
}

/// An agent of its own; ended when dropped.
struct TestAgent {
    child: Child,
    socket: PathBuf,
}

impl TestAgent {
    fn start(server: &Sshd) -> Self {
        let socket = server.path("agent");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, socket }
    }

    fn add(&self, key: &Path) {
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).env("DISPLAY", ":0");
        // The passphrase of the encrypted key below.
        let ask = self.socket.with_extension("ask");
        std::fs::write(&ask, "#!/bin/sh\necho secret\n").unwrap();
        std::fs::set_permissions(&ask, PermissionsExt::from_mode(0o700)).unwrap();
        add.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force");
        assert!(add.stdin(Stdio::null()).status().unwrap().success());
    }
}

impl Drop for TestAgent {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[tokio::test]
async fn without_a_key_file_the_agents_keys_are_tried_in_turn() {
    let server = Sshd::start();
    let agent = TestAgent::start(&server);
    agent.add(&server.make_key("wrong", &["-t", "ed25519"]));
    let rsa = server.make_key("right", &["-t", "rsa", "-b", "2048"]);
    agent.add(&rsa);
    server.authorize(&rsa);
    let mut cx = server.context();
    cx.env.vars.insert("SSH_AUTH_SOCK".into(), agent.socket.display().to_string());
    let connection = connect(&cx, &server.target(None)).await.unwrap();
    assert_eq!(connection.exec(&Exec::new("echo in")).await.unwrap().text(), "in\n");
}

#[tokio::test]
async fn without_a_key_file_and_agent_the_default_files_are_tried() {
    let server = Sshd::start();
    std::fs::create_dir(server.path(".ssh")).unwrap();
    assert_eq!(refusal(&server, &server.target(None)).await.kind(), Kind::Refused);
    server.make_key(".ssh/id_ed25519", &["-t", "ed25519"]);
    let ecdsa = server.make_key(".ssh/id_ecdsa", &["-t", "ecdsa"]);
    server.authorize(&ecdsa);
    connect(&server.context(), &server.target(None)).await.unwrap();
}

#[tokio::test]
async fn an_encrypted_key_works_through_the_agent_only() {
    let server = Sshd::start();
    let forms: &[&[&str]] = &[&["-t", "ed25519"], &["-t", "rsa", "-m", "PEM"], &["-t", "ecdsa", "-m", "PKCS8"]];
    let agent = TestAgent::start(&server);
    for form in forms {
        let key = server.make_key("locked", &[form, &["-N", "secret"][..]].concat());
        server.authorize(&key);
        let error = refusal(&server, &server.target(Some(&key))).await;
        assert!(error.message().contains("is encrypted and no agent holds it"), "{form:?}: {error}");
        assert!(keys::check_key(&key, &server.context().env).await.is_err());
        agent.add(&key);
        let mut cx = server.context();
        cx.env.vars.insert("SSH_AUTH_SOCK".into(), agent.socket.display().to_string());
        keys::check_key(&key, &cx.env).await.unwrap();
        connect(&cx, &server.target(Some(&key))).await.unwrap();
    }
}

#[tokio::test]
async fn waiting_ends_as_soon_as_the_host_is_up() {
    let mut server = Sshd::start();
    server.stop();
    let (cx, target) = (server.context(), server.user());
    let (start, last) = (Instant::now(), LastFailure::default());
    let up = async {
        while last.get().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.reinstall();
    };
    tokio::join!(wait_for(&cx, &target, Patience::SETTLED, &last), up).0.unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn waiting_for_a_settled_host_ends_with_a_wrong_key() {
    let server = Sshd::start();
    let key = server.make_key("other", &["-t", "ed25519"]);
    let start = Instant::now();
    let error = wait_for(&server.context(), &server.target(Some(&key)), Patience::SETTLED, &LastFailure::default())
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_wait_that_runs_out_says_what_was_seen_last() {
    let mut server = Sshd::start();
    server.stop();
    let patience = Patience { within: Duration::from_millis(300), booting: true };
    let last = LastFailure::default();
    let error = wait_for(&server.context(), &server.user(), patience, &last).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().starts_with("cannot reach "), "{error}");
    assert_eq!(last.get().expect("the failure").message(), error.message());
}
