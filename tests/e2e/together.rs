//! Two processes that change one machine at the same time. Each waits for the lock that the test holds; then one of
//! them goes first, and what `src/machine/mod.rs` promises must be true.

use std::fs::File;

use crate::support::lab::{Lab, LabHost, PROGRAM};
use crate::support::midway::Midway;
use crate::support::run::Run;

/// What everybody says who waits for the lock.
const WAITS: &str = "which is working on \"web\"";
/// The first words of whoever has begun to work on the host.
const WORKS: &str = "Waiting for SSH to be available...";

/// A machine called `web` that a test locks.
struct Machine<'a> {
    lab: &'a Lab,
    host: &'a LabHost<'a>,
}

impl Machine<'_> {
    fn create(&self) {
        self.lab.create(self.host, "web", &[]).succeeds();
    }

    /// Starts both commands while nobody may touch the machine. What was locked, and the two: both wait.
    fn both_wait(&self, commands: [&[&str]; 2]) -> (File, [Midway; 2]) {
        let lock = File::open(self.lab.machine_folder(".web.lock")).expect("the lock's file");
        lock.lock().expect("nobody else has it");
        let waiting = commands.map(|words| Midway::at(WAITS, self.lab.command(PROGRAM).args(words)));
        (lock, waiting)
    }

    /// Both wait, and the first one is let in first. How both ended.
    fn in_this_order(&self, first: &[&str], second: &[&str]) -> [Run; 2] {
        let (lock, [mut one, mut other]) = self.both_wait([first, second]);
        other.send("-STOP");
        lock.unlock().expect("it is ours");
        if first[0] == "rm" {
            let ended = one.end();
            other.send("-CONT");
            return [ended, other.end()];
        }
        // It has the lock by then, and the other one wants it, too.
        one.says(WORKS);
        other.send("-CONT");
        [one.end(), other.end()]
    }

    /// Nothing of the machine is in the store, its lock included.
    #[track_caller]
    fn is_forgotten(&self) {
        assert_eq!(self.lab.run(&["ls", "-q"]).succeeds().quietly().stdout, "");
        let left = std::fs::read_dir(self.lab.machine_folder("")).expect("the machines' folder");
        let left: Vec<_> = left.map(|entry| entry.expect("a readable folder").file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains("web")), "{left:?}");
    }

    /// The certificate that the host has is the one that the store has, and its engine answers to it.
    #[track_caller]
    fn is_whole(&self) {
        let file = self.lab.machine_folder("web").join("server.pem");
        let here = std::fs::read_to_string(file).expect("the certificate");
        assert_eq!(self.host.text("cat /etc/docker/server.pem"), here.trim());
        self.lab.docker("web", &["version"]).succeeds();
        self.lab.run(&["ls", "-f", "{{.Name}} {{.State}} {{.Error}}"]).succeeds().quietly().says("web Running");
    }

    fn engine(&self) -> String {
        self.host
            .text("systemctl show -p MainPID --value docker; cat /etc/systemd/system/docker.service.d/10-machine.conf")
    }
}

#[test]
fn of_two_rm_one_removes_the_machine_and_the_other_finds_none() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    let machine = Machine { lab: &lab, host: &host };
    machine.create();
    let engine = machine.engine();
    let (lock, mut both) = machine.both_wait([&["rm", "-y", "web"], &["rm", "-y", "web"]]);
    lock.unlock().expect("it is ours");
    let mut ended = both.each_mut().map(Midway::end);
    ended.sort_by_key(|run| run.status);
    let [winner, loser] = ended;
    winner.succeeds().quietly().says("Successfully removed web\n");
    let loser =
        loser.fails(1).complains("Error removing host \"web\"").complains("Docker machine \"web\" does not exist");
    assert!(!loser.stdout.contains("Successfully"), "{loser:#?}");
    machine.is_forgotten();
    assert_eq!(machine.engine(), engine, "a generic host is only forgotten");
}

#[test]
fn a_provision_that_meets_an_rm_ends_before_it_or_finds_no_machine() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    let machine = Machine { lab: &lab, host: &host };
    machine.create();
    let engine = machine.engine();

    let [provision, remove] = machine.in_this_order(&["provision", "web"], &["rm", "-y", "web"]);
    provision.succeeds();
    remove.succeeds().quietly().says("Successfully removed web\n");
    machine.is_forgotten();
    assert_eq!(machine.engine(), engine, "there was nothing to do");

    machine.create();
    let engine = machine.engine();
    let [remove, provision] = machine.in_this_order(&["rm", "-y", "web"], &["provision", "web"]);
    remove.succeeds().quietly().says("Successfully removed web\n");
    let provision = provision.fails(1).complains("Docker machine \"web\" does not exist");
    assert!(!provision.stdout.contains(WORKS), "{provision:#?}");
    machine.is_forgotten();
    assert_eq!(machine.engine(), engine);
}

#[test]
fn an_upgrade_and_new_certificates_come_one_after_the_other() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    let machine = Machine { lab: &lab, host: &host };
    machine.create();
    let certificate = || std::fs::read(lab.machine_folder("web").join("server.pem")).expect("the certificate");
    let (upgrade, renew): ([&str; 2], [&str; 3]) = (["upgrade", "web"], ["regenerate-certs", "-f", "web"]);
    for order in [[&upgrade[..], &renew[..]], [&renew[..], &upgrade[..]]] {
        let before = certificate();
        let ended = machine.in_this_order(order[0], order[1]);
        for run in ended {
            run.succeeds();
        }
        assert_ne!(certificate(), before);
        machine.is_whole();
    }
}
