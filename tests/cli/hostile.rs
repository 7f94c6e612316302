//! Hosts and engines that mean no good: each ends in a clear error, soon, in little memory, and harmlessly on the
//! terminal.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki, Secured};
use crate::support::hostile::{HostileSshd, Manner, make_key};
use crate::support::sandbox::Output;
use crate::support::sshd::Sshd;

/// A run takes some 20 MiB by itself.
const MEMORY: u64 = 160 * 1024;
/// Much longer than any of these takes, and much shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home with the machine `web` on a hostile server.
fn web(manner: Manner) -> (Sandbox, HostileSshd) {
    let sandbox = Sandbox::new();
    sandbox.write("server/README", "keys of the server");
    let server = HostileSshd::start(&sandbox.path("server"), manner);
    sandbox.write("store/machines/web/known_hosts", "");
    let key = sandbox.path("store/machines/web/id_rsa");
    make_key(&key);
    let record = json!({"ConfigVersion": 3, "DriverName": "generic", "Name": "web", "HostOptions": null, "Driver": {
        "IPAddress": "127.0.0.1", "MachineName": "web", "SSHUser": "me", "SSHPort": server.port(), "SSHKeyPath": key,
        "EnginePort": 2376, "SSHKey": ""}});
    sandbox.write("store/machines/web/config.json", record.to_string());
    (sandbox, server)
}

/// Runs a line, and gives what came out; it must end by itself and stay small.
#[track_caller]
fn measured(sandbox: &Sandbox, line: &str) -> Output {
    let (seen, memory) = sandbox.run(line).measured(PATIENCE);
    assert!(seen.status.is_some(), "{line} did not end: {}", seen.stderr);
    assert!(memory < MEMORY, "{line} took {memory} KiB");
    assert!(seen.stderr.len() < 5000, "{line} said {} bytes", seen.stderr.len());
    let harmless = |text: &str| !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
    assert!(harmless(&seen.stdout) && harmless(&seen.stderr), "{line} on the terminal: {seen:?}");
    seen
}

#[test]
fn a_host_that_talks_without_end_is_cut_off() {
    let (sandbox, _server) = web(Manner::TalksForEver);
    let seen = measured(&sandbox, "-s store restart web");
    assert_eq!(seen.status, Some(1));
    assert!(seen.stderr.contains(" wrote more than 16 MiB on me@127.0.0.1:"), "{}", seen.stderr);
}

#[test]
fn a_host_with_another_key_the_second_time_is_refused() {
    let (sandbox, _server) = web(Manner::ChangesItsKey);
    assert_eq!(sandbox.run("-s store --native-ssh ssh web true").output().status, Some(0));
    let pinned = sandbox.read("store/machines/web/known_hosts");
    let seen = measured(&sandbox, "-s store --native-ssh ssh web true");
    assert_eq!((seen.status, seen.stderr.matches("SHA256:").count()), (Some(255), 2), "{}", seen.stderr);
    assert_eq!(sandbox.read("store/machines/web/known_hosts"), pinned);
}

#[test]
fn names_that_would_leave_the_folder_end_the_copy() {
    for name in [&["../x"], &["/etc/x"], &["a/b"], &[""]] as [&[&str]; 4] {
        let (sandbox, _server) = web(Manner::Lists(name));
        let seen = measured(&sandbox, "-s store --native-ssh scp -r web:/tree copy");
        assert_eq!(seen.status, Some(1), "{name:?}");
        let said = format!("web:/tree: a file name that cannot be: {:?}\n", name[0]);
        assert_eq!((seen.stderr.as_str(), sandbox.has("x")), (said.as_str(), false));
    }
}

#[test]
fn a_name_as_long_as_a_book_is_told_in_short() {
    let (sandbox, _server) = web(Manner::Lists(&[include_str!("hostile.rs")]));
    let seen = measured(&sandbox, "-s store --native-ssh scp -r web:/tree copy");
    assert!(seen.stderr.starts_with("web:/tree: a file name that cannot be: "), "{}", seen.stderr);
}

#[test]
fn names_with_control_characters_are_shown_harmlessly() {
    let (sandbox, _server) = web(Manner::Lists(&["\u{1b}]0;title\u{7}", "two\nlines"]));
    let seen = measured(&sandbox, "-s store --native-ssh scp -r web:/tree copy");
    let said = "web:/tree/\\x1b]0;title\\x07: no such file or directory\n\
        web:/tree/two\\x0alines: no such file or directory\n";
    assert_eq!((seen.stderr.as_str(), seen.status), (said, Some(1)));
}

#[test]
fn a_listing_without_end_is_cut_off() {
    let (sandbox, _server) = web(Manner::ListsForEver);
    let seen = measured(&sandbox, "-s store --native-ssh scp -r web:/tree copy");
    assert_eq!((seen.stderr.as_str(), seen.status), ("web:/tree: its listing is longer than 32 MiB\n", Some(1)));
}

#[test]
fn requests_without_an_answer_are_given_up() {
    let (sandbox, _server) = web(Manner::FallsSilent);
    std::thread::scope(|scope| {
        let sandbox = &sandbox;
        let copy = scope.spawn(|| measured(sandbox, "-s store --native-ssh scp web:/a b"));
        let forward = measured(sandbox, "-s store --native-ssh ssh web -N -R 7000:localhost:7000");
        let why = "the host does not listen on port 7000 for us: no answer within 20 s\n";
        assert_eq!((forward.stderr.as_str(), forward.status), (why, Some(255)));
        let copy = copy.join().unwrap();
        assert!(copy.stderr.starts_with("\"web\" offers no sftp: it does not start within 20 s\n"), "{}", copy.stderr);
    });
}

/// A program that runs until this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_forward_goes_on_when_one_connection_cannot_be_taken() {
    let (sandbox, server) = (Sandbox::new(), Sshd::start());
    crate::ssh::machine(&sandbox, "web", &server);
    let goal = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let line = format!(
        "ulimit -n 40; exec {} -s store --native-ssh ssh web -N -L {}:127.0.0.1:{}",
        env!("CARGO_BIN_EXE_docker-machine"),
        free.port(),
        goal.local_addr().unwrap().port()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(sandbox.home()).env("HOME", sandbox.home());
    let running = Running(shell.spawn().unwrap());
    std::thread::spawn(move || {
        for stream in goal.incoming() {
            std::thread::spawn(move || _ = stream.and_then(|mut stream| stream.write_all(b"here")));
        }
    });
    let arrives = || {
        let mut said = String::new();
        TcpStream::connect(free).is_ok_and(|mut stream| stream.read_to_string(&mut said).is_ok()) && said == "here"
    };
    let end = Instant::now() + PATIENCE;
    let mut arrived = false;
    while !arrived && Instant::now() < end {
        arrived = arrives();
    }
    assert!(arrived, "it does not forward at all");
    // More than it may have open: the system has them wait, and the program fails to take one.
    let many: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(free).unwrap()).collect();
    let full = || std::fs::read_dir(format!("/proc/{}/fd", running.0.id())).map_or(0, Iterator::count) >= 40;
    while !full() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(full(), "it never had too many connections");
    std::thread::sleep(Duration::from_millis(300));
    drop(many);
    let mut arrived = false;
    while !arrived && Instant::now() < end {
        arrived = arrives();
    }
    assert!(arrived, "it forwards nothing after that");
}

/// A home with the machine `web`, whose engine answers every request in this way.
fn engine(answer: fn(&mut Secured) -> std::io::Result<()>) -> (Sandbox, EngineStub) {
    let (sandbox, pki) = (Sandbox::new(), Pki::new());
    sandbox.write("store/machines/web/note", "");
    pki.write_client_files(&sandbox.path("store/machines/web"));
    let stub = EngineStub::speaking(&pki, "127.0.0.1:0", &["127.0.0.1"], move |_, stream| answer(stream));
    let record = json!({"ConfigVersion": 3, "DriverName": "none", "Name": "web", "HostOptions": {"AuthOptions": {}},
        "Driver": {"IPAddress": "127.0.0.1", "MachineName": "web", "URL": stub.url()}});
    sandbox.write("store/machines/web/config.json", record.to_string());
    (sandbox, stub)
}

/// Writes without end.
fn pour(stream: &mut Secured, head: &str, piece: &[u8]) -> std::io::Result<()> {
    stream.write_all(head.as_bytes())?;
    loop {
        stream.write_all(piece)?;
    }
}

#[test]
fn an_engine_whose_answer_never_ends_is_no_engine() {
    let (sandbox, _stub) = engine(|stream| pour(stream, "HTTP/1.1 200 OK\r\n\r\n", &[b' '; 16 * 1024]));
    let seen = measured(&sandbox, "-s store ls");
    assert!(seen.stdout.contains(" answers with more than 1 MiB: that is no engine"), "{}", seen.stdout);
    let seen = measured(&sandbox, "-s store env web");
    assert_eq!(seen.status, Some(1));
    assert!(seen.stderr.contains(" answers with more than 1 MiB: that is no engine"), "{}", seen.stderr);
}

#[test]
fn an_engine_whose_headers_never_end_is_no_engine() {
    let (sandbox, _stub) = engine(|stream| {
        let line = b"X-More: and more of it, and more of it, and more of it\r\n";
        pour(stream, "HTTP/1.1 200 OK\r\n", line)
    });
    let seen = measured(&sandbox, "-s store ls");
    assert!(seen.stdout.contains("Unable to query docker version: "), "{}", seen.stdout);
}

#[test]
fn an_engine_that_drips_is_not_waited_for() {
    let (sandbox, _stub) = engine(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            stream.flush()?;
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let seen = measured(&sandbox, "-s store ls -t 2");
    assert!(seen.stdout.contains("Timeout"), "{}", seen.stdout);
}

#[test]
fn an_engine_with_escape_codes_in_its_words_changes_no_terminal() {
    let (sandbox, _stub) = engine(|stream| {
        let body = r#"{"Version":"29\u001b]0;title\u0007","ApiVersion":"1.52","MinAPIVersion":"1.44"}"#;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let why = r#"unexpected answer: "29\u{1b}]0;title\u{7}" is no version of an engine"#;
    let table = measured(&sandbox, "-s store ls");
    assert!(table.stdout.contains(why), "{}", table.stdout);
    // Templates are for programs and go out as they are: the version is none.
    assert_eq!(measured(&sandbox, "-s store ls -f {{.DockerVersion}}").stdout, "Unknown\n");
    let version = measured(&sandbox, "-s store version web");
    assert!(version.stderr.contains(why) && version.status == Some(1), "{version:?}");

    let (sandbox, _stub) = engine(|stream| {
        let body = format!("\u{1b}[2J\u{9b}31m{}", "no ".repeat(100_000));
        write!(stream, "HTTP/1.1 500 Oh\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let version = measured(&sandbox, "-s store version web");
    assert!(version.stderr.contains(r"500 Internal Server Error: \x1b[2J\x9b31mno no "), "{}", version.stderr);
    assert!(measured(&sandbox, "-s store ls").stdout.contains(r": \x1b[2J\x9b31mno no "));
}
