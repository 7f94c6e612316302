//! `create` that ends in the middle: killed at every call of the API, at moments between, by Ctrl-C, or because an
//! answer was lost. Nothing may remain that a later command does not find.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::region::{Moment, Region};

/// Kills a `create` at each of its calls in turn, then removes what there is.
fn killed_at_every_call_then_rm(moment: Moment) {
    let region = Region::new();
    for number in 1.. {
        let killed = region.kill_at(&number.to_string(), moment, &mut region.create_command("aws01", &[]));
        if region.machine_folder("aws01").exists() {
            region.run(&["rm", "-y", "aws01"]).succeeds();
        }
        assert_eq!(region.left(), [""; 0], "{moment:?} {killed:?}");
        assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout, "", "{killed:?}");
        if killed.is_none() {
            assert!(number > 8, "a create makes more than {number} calls");
            return;
        }
        assert!(number < 60, "a create does not make so many calls");
    }
}

#[test]
fn killed_before_any_call_rm_leaves_nothing() {
    killed_at_every_call_then_rm(Moment::Before);
}

#[test]
fn killed_after_any_call_rm_leaves_nothing() {
    killed_at_every_call_then_rm(Moment::After);
}

/// Kills a `create` at the calls that make something, then creates again as it was.
fn killed_then_created_again(moment: Moment) {
    let region = Region::new();
    for action in ["ImportKeyPair", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RunInstances"] {
        let killed = region.kill_at(action, moment, &mut region.create_command("aws01", &[]));
        assert_eq!(killed.as_deref(), Some(action));
        region.create("aws01", &[]).succeeds();
        region.docker("aws01", &["version"]).succeeds();
        assert_eq!(region.live_instances().len(), 1, "killed {moment:?} {action}");
        region.run(&["rm", "-y", "aws01"]).succeeds();
        assert_eq!(region.left(), [""; 0], "killed {moment:?} {action}");
    }
}

#[test]
fn killed_before_something_is_made_the_same_create_makes_one_machine() {
    killed_then_created_again(Moment::Before);
}

#[test]
fn killed_after_something_was_made_the_same_create_makes_one_machine() {
    killed_then_created_again(Moment::After);
}

/// Starts a `create` and sends it a signal after a while; how it ended and what it said.
fn signalled(region: &Region, after: Duration, signal: &str) -> std::process::Output {
    let mut command = region.create_command("aws01", &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts");
    std::thread::sleep(after);
    _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    child.wait_with_output().expect("create ends")
}

#[test]
fn killed_at_ten_moments_rm_leaves_nothing() {
    let region = Region::new();
    let started = Instant::now();
    region.create("aws01", &[]).succeeds();
    let whole = started.elapsed();
    region.run(&["rm", "-y", "aws01"]).succeeds();
    for step in 0..10 {
        signalled(&region, whole * (step * 2 + 1) / 20, "-KILL");
        if region.machine_folder("aws01").exists() {
            region.run(&["rm", "-y", "aws01"]).succeeds();
        }
        assert_eq!(region.left(), [""; 0], "step {step}");
    }
}

#[test]
fn ctrl_c_removes_what_was_made_and_the_machine_s_folder() {
    let region = Region::new();
    for signal in ["-INT", "-TERM"] {
        // While the instance starts: the API's answers take long.
        region.fault("delay DescribeInstances 2");
        let began = Instant::now();
        let output = signalled(&region, Duration::from_millis(1500), signal);
        region.fault("clear");
        assert!(began.elapsed() < Duration::from_secs(30));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert_eq!(region.left(), [""; 0], "{said}");
        assert!(!region.machine_folder("aws01").exists(), "{said}");
    }
}

#[test]
fn a_lost_answer_to_the_launch_is_one_instance() {
    let region = Region::new();
    region.fault("drop RunInstances");
    region.create("aws01", &[]).succeeds();
    assert!(region.calls_of("RunInstances").iter().any(|call| call.status == Some(0)));
    assert_eq!(region.live_instances().len(), 1);
    region.docker("aws01", &["version"]).succeeds();
    region.run(&["rm", "-y", "aws01"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}
