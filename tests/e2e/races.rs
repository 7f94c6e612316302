//! Several processes on one store.

use std::process::Stdio;

use crate::support::lab::Lab;
use crate::support::run::Run;

#[test]
fn of_two_creates_of_one_name_one_wins_and_the_other_says_it_exists() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    let start = || {
        let mut command = lab.create_command(&host, "web", &[]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts")
    };
    let (one, two) = (start(), start());
    let mut ended = [one, two]
        .map(|child| child.wait_with_output().expect("create ends"))
        .map(|out| (out.status.code(), out.stderr));
    ended.sort_by_key(|(status, _)| *status);
    assert_eq!(ended[0].0, Some(0), "{}", String::from_utf8_lossy(&ended[0].1));
    assert_eq!(ended[1].0, Some(1));
    let loser = String::from_utf8_lossy(&ended[1].1).into_owned();
    assert!(loser.starts_with("Docker machine \"web\" already exists\n"), "{loser}");
    lab.docker("web", &["version"]).succeeds();
}

#[test]
fn twenty_first_creates_at_once_make_one_authority_and_twenty_machines() {
    let lab = Lab::new();
    let names: Vec<String> = (1..=20).map(|number| format!("m{number}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            let mut command = lab.command(crate::support::lab::PROGRAM);
            command.args(["create", "-d", "none", "--url", "tcp://127.0.0.1:9", name]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts")
        })
        .collect();
    let mut made = 0;
    for child in children {
        let output = child.wait_with_output().expect("create ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made += String::from_utf8_lossy(&output.stdout).matches("Creating CA: ").count();
    }
    assert_eq!(made, 1);
    assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout.lines().count(), 20);
    let certs = lab.home.path().join(".docker/certs");
    let mut verify = std::process::Command::new("openssl");
    Run::of(verify.args(["verify", "-CAfile"]).arg(certs.join("ca.pem")).arg(certs.join("cert.pem"))).succeeds();
}

#[test]
fn names_that_are_paths_are_refused_and_nothing_is_deleted() {
    let lab = Lab::new();
    lab.run(&["create", "-d", "none", "--url", "tcp://127.0.0.1:9", "kept"]).succeeds();
    let tree = || Run::of(std::process::Command::new("find").arg(lab.home.path())).succeeds().stdout;
    let before = tree();
    for name in ["", "..", ".", "../certs", "/etc", "kept/../../certs", "kept/"] {
        lab.run(&["rm", "-f", name]).succeeds().complains("Error removing host");
        lab.run(&["rm", "-y", name]).fails(1).complains("does not exist");
        assert_eq!(tree(), before, "after rm -f {name:?}");
    }
}
