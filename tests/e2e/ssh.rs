//! `ssh` and `scp` on real hosts, with OpenSSH and with the built-in client.

use std::io::Write;
use std::process::Stdio;

use crate::support::lab::{Lab, LabHost, PROGRAM, Sudo};
use crate::support::run::Run;

/// A machine with Docker already there: these tests are about SSH.
fn machine<'a>(lab: &'a Lab, name: &str) -> LabHost<'a> {
    let host = lab.host(name).with_docker().with_user("admin", Sudo::NoPassword).up();
    lab.create(&host, name, &[]).succeeds();
    host
}

#[test]
fn commands_pass_status_streams_and_input_with_both_clients() {
    let lab = Lab::new();
    let _host = machine(&lab, "web");
    for native in [&[][..], &["--native-ssh"]] {
        let ssh = |words: &[&str]| lab.run(&[native, &["ssh", "web"], words].concat());
        let run = ssh(&["echo out; echo err >&2; exit 7"]).fails(7);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("out\n", "err\nexit status 7\n"), "{native:?}");
        assert_eq!(ssh(&["echo", "a", "b"]).succeeds().quietly().stdout, "a b\n");
        assert_eq!(ssh(&["--", "echo", "a"]).succeeds().quietly().stdout, "a\n");

        let mut cat = lab.command(PROGRAM);
        cat.args(native).args(["ssh", "web", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = cat.spawn().expect("ssh starts");
        child.stdin.take().expect("a pipe").write_all(b"one\ntwo\n").expect("input is taken");
        let output = child.wait_with_output().expect("ssh ends at the end of its input");
        assert_eq!(output.stdout, b"one\ntwo\n", "{native:?}");
    }
}

#[test]
fn files_and_folders_are_copied_in_every_direction_with_both_clients() {
    let lab = Lab::new();
    let (_web, _db) = (machine(&lab, "web"), machine(&lab, "db"));
    let here = lab.home.path().display().to_string();
    for native in [&[][..], &["--native-ssh"]] {
        let kind = if native.is_empty() { "openssh" } else { "native" };
        let scp = |words: &[&str]| lab.run(&[native, &["scp", "-q"], words].concat()).succeeds().quietly();
        let file = format!("{here}/a file {kind}");
        std::fs::write(&file, kind).expect("a local file");
        scp(&[&file, &format!("web:/tmp/{kind}")]);
        scp(&[&format!("web:/tmp/{kind}"), &format!("db:/tmp/{kind}")]);
        scp(&[&format!("db:/tmp/{kind}"), &format!("{here}/back")]);
        assert_eq!(std::fs::read_to_string(format!("{here}/back")).expect("the copy"), kind);

        lab.run(&["ssh", "web", &format!("mkdir -p /tmp/tree-{kind}/sub && echo deep > /tmp/tree-{kind}/sub/leaf")])
            .succeeds();
        scp(&["-r", &format!("web:/tmp/tree-{kind}"), &here]);
        let leaf = format!("{here}/tree-{kind}/sub/leaf");
        assert_eq!(std::fs::read_to_string(leaf).expect("the leaf"), "deep\n");
    }
}

#[test]
fn a_changed_host_key_is_refused_with_both_fingerprints_and_the_way_out() {
    let lab = Lab::new();
    let host = machine(&lab, "web");
    host.power(&["rekey"]);
    for native in [&[][..], &["--native-ssh"]] {
        let run = lab.run(&[native, &["ssh", "web", "true"]].concat()).fails(255);
        assert!(run.stderr.contains("known_hosts"), "{run:?}");
    }
    let run = lab.run(&["provision", "web"]).fails(1);
    assert_eq!(run.stderr.matches("SHA256:").count(), 2, "{run:?}");
    std::fs::remove_file(lab.machine_folder("web").join("known_hosts")).expect("the pinned key");
    lab.run(&["provision", "web"]).succeeds();
}

#[test]
fn an_interactive_shell_has_a_terminal_and_passes_the_status_on() {
    let lab = Lab::new();
    let _host = machine(&lab, "web");
    for native in ["", "--native-ssh "] {
        let line = format!("{PROGRAM} {native}ssh web");
        let mut script = lab.command("script");
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = script.spawn().expect("script starts");
        let input = b"test -t 0 && echo is-a-terminal-$((40 + 2)); exit 5\n";
        child.stdin.as_mut().expect("a pipe").write_all(input).expect("input is taken");
        let output = child.wait_with_output().expect("the shell ends");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("is-a-terminal-42"), "{native}: {text}");
        assert_eq!(output.status.code(), Some(5), "{native}: {text}");
    }
}

#[test]
fn the_builtin_client_forwards_ports() {
    let lab = Lab::new();
    let _host = machine(&lab, "web");
    let mut forward = lab.command(PROGRAM);
    forward.args(["--native-ssh", "ssh", "web", "-N", "-L", "7722:localhost:22"]).stdin(Stdio::null());
    let mut child = forward.spawn().expect("ssh starts");
    let look = "exec 3<>/dev/tcp/127.0.0.1/7722 && head -c 4 <&3";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    let greeting = loop {
        let run = Run::of(lab.command("bash").args(["-c", look]).stdin(Stdio::null()));
        if run.status == 0 || std::time::Instant::now() > deadline {
            break run.stdout;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    child.kill().expect("it forwards until it is ended");
    child.wait().expect("it ends");
    assert_eq!(greeting, "SSH-");
}
