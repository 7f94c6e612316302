//! Commands on several machines: whom a line is about, what Ctrl-C does, what stands at the end.

use std::net::TcpListener;
use std::process::Command;

use snapbox::str;

use crate::support::Sandbox;

/// Makes machines of driver none.
fn make(sandbox: &Sandbox, names: &[&str]) {
    for (name, port) in names.iter().zip(2376..) {
        let line = format!("create -d none --url tcp://{}:{port} {name}", sandbox.address());
        assert_eq!(sandbox.run(&line).output().status, Some(0));
    }
}

/// The lines of both streams in byte order: those of different machines come as they come.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn every_line_names_its_machine_even_if_a_message_has_the_name_in_it() {
    let sandbox = Sandbox::new();
    make(&sandbox, &["a", "is"]);
    let seen = sandbox.run("start a is").output();
    assert_eq!(sorted(&seen.stdout), ["(a) Starting \"a\"...", "(is) Starting \"is\"..."]);
    let expected = [
        "(a) Machine \"a\" is already running.",
        "(is) Machine \"is\" is already running.",
        "2 of 2 machines failed: a, is",
    ];
    assert_eq!((sorted(&seen.stderr), seen.status), (expected.to_vec(), Some(1)));
    assert_eq!(seen.stderr.lines().last(), Some(expected[2]));
}

#[test]
fn one_that_cannot_be_read_stops_all_and_is_named() {
    let sandbox = Sandbox::new();
    make(&sandbox, &["a", "b"]);
    sandbox.write(".docker/machines/cut/config.json", "{");
    for command in ["start", "ip"] {
        sandbox.run(&format!("{command} a cut b")).shows(str![[r#"
------- stderr -------
(cut) Error getting migrated host: unexpected end of JSON input
(cut) hint: the record is $HOME/.docker/machines/cut/config.json
nothing was done: 1 of 3 machines cannot be read: cut
[exit status: 1]

"#]]);
    }
}

#[test]
fn ip_names_those_that_cannot_tell_and_prints_the_others_in_order() {
    let sandbox = Sandbox::new();
    make(&sandbox, &["a", "b"]);
    sandbox
        .write(".docker/machines/p/config.json", r#"{"ConfigVersion":3,"Driver":{},"DriverName":"gone","Name":"p"}"#);
    sandbox.run("ip b p a").shows(str![[r#"
127.AA.B.CC:2377
127.AA.B.CC:2376
------- stderr -------
(p) Error getting IP address: Driver "gone" not found. Do you have the plugin binary accessible in your PATH?
(p) hint: the program `docker-machine-driver-gone` must be in a folder of $PATH
1 of 3 machines failed: p
[exit status: 1]

"#]]);
}

/// A machine at an address where somebody takes the call and never says a word.
fn silent(sandbox: &Sandbox, name: &str, server: &TcpListener) {
    let (port, key) = (server.local_addr().expect("it is bound").port(), sandbox.path("key"));
    if !key.exists() {
        let mut keygen = Command::new("ssh-keygen");
        assert!(keygen.args(["-q", "-N", "", "-t", "ed25519", "-f"]).arg(&key).status().expect("it runs").success());
    }
    let record = format!(
        r#"{{"ConfigVersion": 3, "DriverName": "generic", "Name": "{name}", "HostOptions": null, "Driver": {{
            "IPAddress": "{}", "MachineName": "{name}", "SSHUser": "root", "SSHPort": {port}, "SSHKeyPath": "{}",
            "EnginePort": 2376, "SSHKey": ""}}}}"#,
        sandbox.address(),
        key.display()
    );
    sandbox.write(&format!(".docker/machines/{name}/config.json"), record);
}

#[test]
fn ctrl_c_ends_every_machine_and_says_which_are_not_done() {
    let sandbox = Sandbox::new();
    let server = TcpListener::bind((sandbox.address(), 0)).expect("a free port");
    silent(&sandbox, "a", &server);
    silent(&sandbox, "b", &server);
    for command in ["provision", "upgrade", "regenerate-certs -f"] {
        let waiting = ["(a) Waiting for SSH to be available...\n", "(b) Waiting for SSH to be available...\n"];
        let seen = sandbox.run(&format!("{command} a b")).interrupted_at(&waiting);
        let expected = [
            "(a) hint: run the same command again to finish it",
            "(a) interrupted",
            "(b) hint: run the same command again to finish it",
            "(b) interrupted",
            "interrupted: 2 of 2 machines are not done: a, b",
        ];
        assert_eq!((sorted(&seen.stderr), seen.status), (expected.to_vec(), Some(130)), "{command}");
    }
    let seen = sandbox.run("provision a").interrupted_at(&["Waiting for SSH to be available...\n"]);
    let expected = "interrupted\nhint: run the same command again to finish it\n";
    assert_eq!((seen.stderr.as_str(), seen.status), (expected, Some(130)));
}
