//! Many invocations at once on one store, some of them killed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::engine::{EngineStub, Pki, modern};
use crate::support::sandbox::Output;

/// Machines that nobody removes.
const KEPT: [&str; 3] = ["kept1", "kept2", "kept3"];
const AT_ONCE: u64 = 50;
const ROUNDS: u64 = 4;

/// Numbers that look random and are the same in every run (a linear congruential generator, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What is known about the machines that come and go.
#[derive(Default)]
struct Known {
    /// Their `create` was not killed, and no `rm` was begun.
    there: BTreeSet<String>,
    /// Their `rm` was not killed.
    gone: BTreeSet<String>,
    /// Invocations that were killed.
    killed: u64,
}

#[test]
fn fifty_at_once_and_kills_lose_nothing_and_leave_no_lock() {
    let sandbox = Sandbox::new();
    for name in KEPT {
        succeeded(&sandbox.run(&create(&sandbox, name)).output());
    }
    let pki = Pki::of_store(&sandbox.path(".docker/certs"));
    let _engine = EngineStub::start(&pki, &format!("{}:2376", sandbox.address()), &[sandbox.address()], modern);
    let records = || KEPT.map(|name| sandbox.read(&format!(".docker/machines/{name}/config.json")));
    let before = records();
    let known = Mutex::new(Known::default());
    for round in 0..ROUNDS {
        std::thread::scope(|scope| {
            for number in 0..AT_ONCE {
                let (sandbox, known) = (&sandbox, &known);
                scope.spawn(move || act(sandbox, known, round, number));
            }
        });
        assert_eq!(records(), before, "round {round}");
        check_store(&sandbox, &known.lock().unwrap());
    }
    let killed = known.lock().unwrap().killed;
    assert!((ROUNDS * AT_ONCE / 20..ROUNDS * AT_ONCE * 9 / 10).contains(&killed), "{killed} were killed");
    check_locks(&sandbox);
    succeeded(&sandbox.run("config kept1").output());
}

/// The line that makes a machine.
fn create(sandbox: &Sandbox, name: &str) -> String {
    format!("create -d none --url tcp://{}:2376 {name}", sandbox.address())
}

/// One invocation, killed in every other case.
fn act(sandbox: &Sandbox, known: &Mutex<Known>, round: u64, number: u64) {
    let mut dice = Dice(round * AT_ONCE + number);
    dice.roll(2);
    let kept = KEPT[usize::try_from(dice.roll(3)).unwrap()];
    let new = format!("m{round}-{number}");
    let action = dice.roll(6);
    // What was made earlier, if anything was; from now on nobody knows whether it is there.
    let old = (action == 1).then(|| known.lock().unwrap().there.pop_first()).flatten();
    let line = match (action, &old) {
        (0 | 1, None) => create(sandbox, &new),
        (1, Some(old)) => format!("rm -y {old}"),
        (2, _) => "ls".to_owned(),
        (3, _) => format!("inspect {kept}"),
        (4, _) => format!("config {kept}"),
        _ => format!("env {kept}"),
    };
    let patience = match dice.roll(2) {
        0 => Duration::MAX,
        // Mostly early, while a short run is still under way.
        _ => Duration::from_millis(dice.roll(20).pow(2)),
    };
    let output = sandbox.run(&line).killed_after(patience);
    if output.status.is_none() {
        known.lock().unwrap().killed += 1;
        return;
    }
    succeeded(&output);
    let mut known = known.lock().unwrap();
    match (action, old) {
        (0 | 1, None) => _ = known.there.insert(new),
        (1, Some(old)) => _ = known.gone.insert(old),
        (2, _) => assert!(KEPT.iter().all(|name| output.stdout.contains(name)), "{output:?}"),
        _ => {}
    }
}

/// Every machine that is listed has a whole record; none is lost, none comes back.
fn check_store(sandbox: &Sandbox, known: &Known) {
    let output = sandbox.run("ls -f '{{.Name}} {{.State}}'").output();
    succeeded(&output);
    assert!(output.stdout.lines().all(|line| line.ends_with(" Running")), "{output:?}");
    let listed: BTreeSet<&str> = output.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    for name in known.there.iter().map(String::as_str).chain(KEPT) {
        assert!(listed.contains(name), "{name} is lost: {output:?}");
    }
    assert!(known.gone.iter().all(|name| !listed.contains(name.as_str())), "{output:?}");
    for name in listed {
        let record = sandbox.read(&format!(".docker/machines/{name}/config.json"));
        assert_eq!(serde_json::from_str::<Value>(&record).expect("a whole record")["Name"], name);
    }
}

/// Every name that was ever used can be made anew and removed, without waiting for somebody who is dead.
fn check_locks(sandbox: &Sandbox) {
    for round in 0..ROUNDS {
        for number in (0..AT_ONCE).step_by(7) {
            let name = format!("m{round}-{number}");
            let begin = Instant::now();
            assert_eq!(sandbox.run(&format!("rm -f {name}")).output().status, Some(0), "{name}");
            succeeded(&sandbox.run(&create(sandbox, &name)).output());
            succeeded(&sandbox.run(&format!("rm -y {name}")).output());
            // A living holder is waited for ten minutes.
            assert!(begin.elapsed() < Duration::from_secs(120), "{name}: {:?}", begin.elapsed());
        }
    }
}

#[track_caller]
fn succeeded(output: &Output) {
    assert_eq!((output.stderr.as_str(), output.status), ("", Some(0)), "{output:?}");
}
