//! `create` ended from outside: by SIGKILL at any moment, by Ctrl-C, by a connection that breaks.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::lab::{Lab, LabHost};

/// Starts a `create` and kills it after `moment`; whether it was still running.
fn kill_after(lab: &Lab, host: &LabHost<'_>, moment: Duration, signal: &str) -> bool {
    let mut command = lab.create_command(host, "web", &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("create starts");
    std::thread::sleep(moment);
    let running = child.try_wait().expect("its state").is_none();
    _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    _ = child.wait();
    running
}

/// Ten moments spread over a `create` that takes `whole`.
fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    (0..10).map(move |step| whole * (step * 2 + 1) / 20)
}

/// How long an undisturbed `create` takes here.
fn undisturbed(lab: &Lab) -> Duration {
    let host = lab.host("measure").up();
    let started = Instant::now();
    lab.create(&host, "measure", &[]).succeeds();
    let whole = started.elapsed();
    lab.run(&["rm", "-y", "measure"]).succeeds();
    host.power(&["down"]);
    whole
}

#[test]
fn killed_at_ten_moments_the_same_command_or_provision_or_rm_ends_well() {
    let lab = Lab::new();
    let whole = undisturbed(&lab);
    for (number, moment) in moments(whole).enumerate() {
        let host = lab.host(&format!("host{number}")).up();
        let killed = kill_after(&lab, &host, moment, "-KILL");
        lab.run(&["ls"]).succeeds();
        let there = lab.machine_folder("web").exists();
        match (number % 3, there) {
            (0, _) if killed => _ = lab.create(&host, "web", &[]).succeeds(),
            (1, true) => _ = lab.run(&["provision", "web"]).succeeds(),
            _ => {}
        }
        if number % 3 != 2 && lab.machine_folder("web").exists() {
            lab.docker("web", &["version"]).succeeds();
        }
        if lab.machine_folder("web").exists() {
            lab.run(&["rm", "-y", "web"]).succeeds();
        }
        assert_eq!(lab.run(&["ls", "-q"]).succeeds().stdout, "", "after {moment:?}");
        lab.create(&host, "web", &[]).succeeds();
        lab.run(&["rm", "-y", "web"]).succeeds();
        host.power(&["down"]);
    }
}

#[test]
fn ctrl_c_ends_at_once_and_says_how_to_go_on() {
    let lab = Lab::new();
    let host = lab.host("web").up();
    let mut command = lab.create_command(&host, "web", &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts");
    std::thread::sleep(Duration::from_secs(4));
    let asked = Instant::now();
    _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    let output = child.wait_with_output().expect("create ends");
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?}", asked.elapsed());
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("interrupted") && stderr.contains("hint: "), "{stderr}");
    lab.create(&host, "web", &[]).succeeds();
    lab.docker("web", &["version"]).succeeds();
}
