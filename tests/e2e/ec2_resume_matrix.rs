//! The resume matrix: a kept machine, whatever has become of it, and everything that can be asked of it then. It survives
//! all of it but `rm`.
//!
//! `create` ends at the engine's install script here, so that the machine stays kept and serves for many cells.

use std::process::Command;

use crate::ec2_resume::{FAILING, survives};
use crate::support::midway::Midway;
use crate::support::region::Region;
use crate::support::run::Run;

/// Where a `create` is when it is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the call of this action and number.
    Call(&'static str, u32),
    /// When it has said this.
    Line(&'static str),
}

const CHECK: At = At::Call("DescribeVpcs", 1);
// The first one asks whose account it is.
const COMPUTER: At = At::Call("DescribeSecurityGroups", 2);
const START: At = At::Call("StartInstances", 1);
const WAITING: At = At::Line("Waiting for SSH");
const PROVISIONING: At = At::Line("Installing Docker");

/// What is asked of the machine.
#[derive(Clone, Copy, Debug)]
enum Do {
    Create,
    Provision,
    /// `create`, interrupted.
    Interrupt(At),
    /// `rm`, with what the machine still has: `None`, it goes.
    Remove(Option<&'static str>),
}

/// What has become of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Running,
    Stopped,
    /// Nobody answers at port 22.
    Blocked,
    Terminated,
    /// These calls are answered so.
    Refused(&'static str),
}

/// What an API that refuses is told to do: a denied action, keys that expire after the check, too many calls, and too
/// many only for a moment.
const DENIED: Fate = Fate::Refused("deny DescribeInstances,TerminateInstances");
const EXPIRED: Fate = Fate::Refused("error DescribeInstances,TerminateInstances ExpiredToken it has expired");
const THROTTLED: Fate = Fate::Refused("throttle --action DescribeInstances,TerminateInstances");
const THROTTLED_ONCE: Fate = Fate::Refused("throttle --action DescribeInstances,TerminateInstances --times 1");

/// A kept machine, and the cells that it has served for.
struct Matrix {
    region: Region,
    instance: String,
    cells: usize,
}

impl Matrix {
    fn new() -> Self {
        let region = Region::new();
        // It goes on for as long as the test wants. A signal may come after its start, and it does not end with who
        // started it: the next `create` would wait for it.
        region.publish("endless.sh", "#!/bin/sh\nuntil [ -e /run/enough ]; do sleep 0.2; done\nexit 1\n");
        let flags = ["--engine-install-url", &region.url(FAILING), "--amazonec2-retries", "1"];
        // A script that is not there would end a `create` elsewhere.
        region.create("web", &flags).fails(1).complains("E: Package containerd.io has no installation candidate");
        let instance = region.live_instances().pop().expect("the kept instance").id;
        Self { region, instance, cells: 0 }
    }

    /// The `create` that goes on, with an install script.
    fn create(&self, script: &str) -> Command {
        let url = self.region.url(script);
        let more = ["--engine-install-url", &url, "--amazonec2-terminate-on-failure", "--amazonec2-retries", "1"];
        self.region.create_command("web", &more)
    }

    /// Brings the machine into its state.
    fn becomes(&self, fate: Fate) {
        let Self { region, instance, .. } = self;
        match fate {
            Fate::Running => {}
            Fate::Stopped => {
                region.aws(&format!("ec2 stop-instances --instance-ids {instance}"));
                region.wait_state(instance, "stopped");
            }
            Fate::Blocked => {
                region.set("MACHINE_SSH_TIMEOUT", "5");
                let script = "systemctl stop ssh.socket ssh 2>/dev/null; systemctl is-active ssh.socket ssh";
                assert_ne!(region.inside(instance, script).status, 0, "sshd runs on");
            }
            Fate::Terminated => {
                region.aws(&format!("ec2 terminate-instances --instance-ids {instance}"));
                region.wait_state(instance, "terminated");
            }
            Fate::Refused(fault) => region.fault(fault),
        }
    }

    fn interrupted(&self, at: At) -> Run {
        if self.is_up() {
            _ = self.region.inside(&self.instance, "rm -f /run/enough");
        }
        let run = self.interrupt(at);
        if self.is_up() {
            _ = self.region.inside(&self.instance, "touch /run/enough");
        }
        run
    }

    fn is_up(&self) -> bool {
        self.region.live_instances().iter().any(|instance| instance.id == self.instance && instance.power == "running")
    }

    fn interrupt(&self, at: At) -> Run {
        let mut command = self.create("endless.sh");
        let midway = match at {
            At::Call(action, _) => {
                Midway::when(action, &mut command, |midway| self.region.held_call(&mut midway.child).is_some())
            }
            At::Line(line) => Midway::at(line, &mut command),
        };
        midway.signal("-INT")
    }

    /// One cell: the machine is brought into its state, and something is asked of it.
    fn cell(&mut self, fate: Fate, act: Do) {
        let region = &self.region;
        region.fault("clear");
        if let Do::Interrupt(At::Call(action, number)) = act {
            // Before the other faults: a call that is refused is not held any more.
            region.fault(&format!("pause before {action} --nth {number}"));
        }
        self.becomes(fate);
        let run = match act {
            Do::Create => Run::of(&mut self.create(FAILING)).fails(1),
            Do::Provision => region.run(&["provision", "web"]).fails(1),
            Do::Interrupt(at) => self.interrupted(at).fails(130),
            Do::Remove(None) => region.run(&["rm", "-y", "web"]).succeeds(),
            Do::Remove(Some(reason)) => region.run(&["rm", "-y", "web"]).fails(1).complains(reason),
        };
        let cell = format!("{fate:?}, {act:?}: {run:#?}");
        self.cells += 1;
        if matches!(act, Do::Remove(None)) {
            region.fault("clear");
            assert_eq!(region.left(), [""; 0], "{cell}");
            assert!(!region.machine_folder("web").exists(), "{cell}");
            return;
        }
        assert!(region.machine_folder("web").join("config.json").exists(), "the record is gone: {cell}");
        assert_eq!(region.instances().len(), 1, "another one was launched: {cell}");
        if fate != Fate::Terminated {
            survives(region, "web", &self.instance, &cell);
        }
        if matches!(act, Do::Create | Do::Interrupt(_)) {
            assert!(run.stderr.contains("kept"), "what is kept is not said: {cell}");
            assert!(run.stderr.contains("`docker-machine rm web`"), "how to remove it is not said: {cell}");
        }
    }

    /// A row, and how many cells the machine has served for with it.
    fn row(&mut self, fate: Fate, acts: &[Do]) -> usize {
        for act in acts {
            self.cell(fate, *act);
        }
        self.cells
    }
}

#[test]
fn a_kept_machine_that_runs_survives_everything_but_rm() {
    let interruptions = [CHECK, COMPUTER, WAITING, PROVISIONING].map(Do::Interrupt);
    let acts = [&interruptions[..], &[Do::Create, Do::Provision, Do::Remove(None)]].concat();
    assert_eq!(Matrix::new().row(Fate::Running, &acts), 7);
}

#[test]
fn a_kept_machine_that_is_stopped_survives_everything_but_rm() {
    let interruptions = [CHECK, COMPUTER, START, WAITING, PROVISIONING].map(Do::Interrupt);
    let acts = [&interruptions[..], &[Do::Create, Do::Provision, Do::Remove(None)]].concat();
    assert_eq!(Matrix::new().row(Fate::Stopped, &acts), 8);
}

#[test]
fn a_kept_machine_that_nobody_can_log_in_to_survives_everything_but_rm() {
    let interruptions = [CHECK, COMPUTER, WAITING].map(Do::Interrupt);
    let acts = [&interruptions[..], &[Do::Create, Do::Provision, Do::Remove(None)]].concat();
    assert_eq!(Matrix::new().row(Fate::Blocked, &acts), 6);
}

#[test]
fn the_record_of_a_kept_machine_that_was_terminated_goes_with_rm_only() {
    let interruptions = [CHECK, COMPUTER].map(Do::Interrupt);
    let acts = [&interruptions[..], &[Do::Create, Do::Provision, Do::Remove(None)]].concat();
    assert_eq!(Matrix::new().row(Fate::Terminated, &acts), 5);
}

#[test]
fn a_kept_machine_survives_an_api_that_refuses() {
    let mut matrix = Matrix::new();
    let acts = |reason| {
        let interruptions = [CHECK, COMPUTER].map(Do::Interrupt);
        [&interruptions[..], &[Do::Create, Do::Provision, Do::Remove(Some(reason))]].concat()
    };
    assert_eq!(matrix.row(DENIED, &acts("UnauthorizedOperation")), 5);
    assert_eq!(matrix.row(EXPIRED, &acts("ExpiredToken")), 10);
    assert_eq!(matrix.row(THROTTLED, &acts("RequestLimitExceeded")), 15);
    // Only what is tried again gets further.
    let later = [WAITING, PROVISIONING].map(Do::Interrupt);
    assert_eq!(matrix.row(THROTTLED_ONCE, &[&later[..], &[Do::Create, Do::Provision, Do::Remove(None)]].concat()), 20);
}
