//! `create` that ends in the middle: killed at every call of the API, at moments between, by Ctrl-C, or because an
//! answer was lost. Nothing may remain that a later command does not find.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::midway::Midway;
use crate::support::region::{Moment, Region};

/// Kills a `create` at each of its calls in turn, then removes what there is.
fn killed_at_every_call_then_rm(moment: Moment) {
    let region = Region::new();
    let mut had_begun = false;
    for number in 1.. {
        let killed = region.kill_at(&number.to_string(), moment, &mut region.create_command("aws01", &[]));
        if region.machine_folder("aws01").exists() {
            had_begun = true;
            region.run(&["rm", "-y", "aws01"]).succeeds();
        } else {
            assert!(!had_begun && killed.is_some(), "an earlier call left a record, {moment:?} {number} left none");
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

/// The lines of a `create`, up to the one after which there is little left to do.
const STEPS: [&str; 12] = [
    "Running pre-create checks...",
    "Creating machine...",
    "Launching instance...",
    "Waiting for machine to be running, ",
    "Detecting operating system of created instance...",
    "Waiting for SSH to be available...",
    "Detecting the provisioner...",
    "Provisioning with ",
    "Installing Docker...",
    "Copying certs to the local machine directory...",
    "Copying certs to the remote machine...",
    "Setting Docker configuration on the remote daemon...",
];

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    /// From 0 to below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What the things of the machine in this folder are tagged with.
fn driver_id(folder: &Path) -> String {
    // It may have been killed before the record was written.
    let record = fs::read(folder.join("config.json")).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap_or_default();
    record["Driver"]["Id"].as_str().unwrap_or_default().to_owned()
}

/// A number for whoever wants to run a test for longer.
#[expect(clippy::disallowed_methods, reason = "tests have no `Env`")]
fn from_environment(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// `KILL_ROUNDS=200 KILL_SEED=7 cargo test --test e2e killed_at_random_moments` looks for longer, and elsewhere.
#[test]
fn killed_at_random_moments_rm_or_gc_or_the_same_create_leaves_nothing() {
    let (rounds, seed) = (from_environment("KILL_ROUNDS", 10), from_environment("KILL_SEED", 1));
    let (region, mut dice) = (Region::new(), Dice(seed));
    for round in 0..rounds {
        let step = STEPS[usize::try_from(dice.roll(STEPS.len() as u64)).expect("one of them")];
        let moment = dice.roll(150);
        let what = format!("KILL_SEED={seed}, round {round}, {moment} ms after {step:?}");
        let create = Midway::at(step, &mut region.create_command("aws01", &[]));
        // Anywhere in the step: what it does can take less than that, and all that is left never does.
        std::thread::sleep(Duration::from_millis(moment));
        create.kill();
        let folder = region.machine_folder("aws01");
        match dice.roll(5) {
            0 if folder.exists() => {
                let id = driver_id(&folder);
                fs::remove_dir_all(&folder).expect("the folder");
                let found = region.run(&["gc", "--yes", "--young"]).succeeds();
                assert!(!found.stdout.contains("Removed instance"), "nobody gave it up: {found:#?}");
                if !region.left().is_empty() {
                    region.run(&["gc", "--yes", &id]).succeeds();
                }
            }
            1 => {
                region.create("aws01", &[]).succeeds();
                region.docker("aws01", &["version"]).succeeds();
                assert_eq!(region.live_instances().len(), 1, "{what}");
                region.run(&["rm", "-y", "aws01"]).succeeds();
            }
            _ if folder.exists() => _ = region.run(&["rm", "-y", "aws01"]).succeeds(),
            _ => {}
        }
        assert_eq!(region.left(), [""; 0], "{what}");
        assert_eq!(region.run(&["ls", "-q"]).succeeds().stdout, "", "{what}");
    }
}

/// Sends a `create` a signal while it waits for the answer to `action`, which never comes; how it ended, and how long
/// it took to.
fn interrupted(region: &Region, action: &str, signal: &str) -> (Output, Duration) {
    let mut command = region.create_command("aws01", &[]);
    region.fault(&format!("pause after {action}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("create starts");
    assert!(region.held_call(&mut child).is_some(), "it ended before {action}");
    let began = Instant::now();
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success(), "it ended before {signal}");
    (child.wait_with_output().expect("create ends"), began.elapsed())
}

#[test]
fn ctrl_c_removes_what_was_made_and_the_machine_s_folder() {
    let region = Region::new();
    // Before anything is made, and while the instance starts.
    for (action, signal, launched) in
        [("DescribeVpcs", "-INT", 0), ("DescribeInstances", "-INT", 1), ("DescribeInstances", "-TERM", 1)]
    {
        region.forget_calls();
        let (output, took) = interrupted(&region, action, signal);
        region.fault("clear");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(region.calls_of("RunInstances").len(), launched, "{said}");
        assert!(took < Duration::from_secs(60), "{took:?}: {said}");
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.starts_with("interrupted\nhint: "), "{said}");
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
