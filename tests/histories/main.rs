//! Histories: sequences of commands, kills, faults, and things that happen behind our back, planned ones and random
//! ones, played on an EC2 region without computers. After every step nothing that was made is lost, nothing was
//! destroyed that nobody asked to, the store loads, and all locks are free.
//!
//! `HISTORIES=5000 SEED=7 cargo test --test histories random` plays more, and others. A failure prints the shortest
//! sequence that still fails, all that was said in it, and its number: `HISTORIES=1 SEED=NUMBER`, or `PLANNED=NUMBER`,
//! plays just that.

#[path = "../failing/mod.rs"]
#[allow(dead_code, reason = "what must hold afterwards is in `rules.rs`")]
mod failing;

mod files;
mod hosts;
mod planned;
mod player;
mod processes;
mod regions;
mod rules;
mod state;
mod steps;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use steps::Step;

/// How many random ones are played unless `HISTORIES` says otherwise.
const HISTORIES: u64 = 200;
/// How many are played at the same time: they mostly wait.
const AT_ONCE: u64 = 24;

/// A number for whoever wants to run a test for longer.
#[expect(clippy::disallowed_methods, reason = "tests have no `Env`")]
fn from_environment(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Seen with `--nocapture`, and when the test fails.
#[expect(clippy::print_stderr, reason = "for whoever plays thousands and waits")]
fn tell(text: &str) {
    eprintln!("{text}");
}

#[test]
fn no_planned_history_loses_or_destroys_anything() {
    let planned = planned::histories();
    let count = u64::try_from(planned.len()).expect("not so many");
    let only = from_environment("PLANNED", count);
    let numbers = if only < count { only..only + 1 } else { 0..count };
    play_all(numbers, |number, play| {
        let steps = &planned[usize::try_from(number).expect("not so many")];
        play(steps).err().map(|reason| failed(&format!("PLANNED={number}"), steps, &reason))
    });
}

#[test]
fn no_failing_file_loses_anything() {
    let histories = files::histories(from_environment("EVERY", files::EVERY));
    play_all(0..histories.len() as u64, |number, play| {
        let steps = &histories[usize::try_from(number).expect("not so many")];
        play(steps).err().map(|reason| failed("failing files", steps, &reason))
    });
}

#[test]
fn no_random_history_loses_or_destroys_anything() {
    let (histories, seed) = (from_environment("HISTORIES", HISTORIES), from_environment("SEED", 1));
    let steps = play_all(seed..seed + histories, |number, play| random(number, play));
    assert!(steps >= 3 * histories, "{steps} steps are no {histories} histories");
}

/// Plays the steps of one history; the error is what it violates.
type Play<'a> = dyn Fn(&[Step]) -> Result<(), String> + Sync + 'a;

/// Plays histories of these numbers; `one` plays one, and says how it fails. How many steps that were.
fn play_all(numbers: std::ops::Range<u64>, one: impl Fn(u64, &Play<'_>) -> Option<String> + Sync) -> u64 {
    /// The tests of this file would only make each other slow.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let regions = regions::Regions::start();
    let (next, played) = (AtomicU64::new(numbers.start), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let started = Instant::now();
    let play = |steps: &[Step]| {
        played.fetch_add(steps.len() as u64, Ordering::Relaxed);
        player::play(&regions, runtime.handle(), steps)
    };
    std::thread::scope(|scope| {
        for _ in 0..from_environment("AT_ONCE", AT_ONCE) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !numbers.contains(&number) || failures.lock().expect("no panic while held").len() >= 3 {
                        return;
                    }
                    if let Some(failure) = one(number, &play) {
                        tell(&failure);
                        failures.lock().expect("no panic while held").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic while held");
    let (histories, steps, took) = (numbers.end - numbers.start, played.into_inner(), started.elapsed().as_secs());
    assert!(failures.is_empty(), "{}\n({steps} steps in {took} s)", failures.join("\n"));
    tell(&format!("{histories} histories, {steps} steps, {took} s"));
    steps
}

/// How the history of this number fails, made as short as can be.
fn random(number: u64, play: &Play<'_>) -> Option<String> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: 60,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let result =
        TestRunner::new_with_rng(config, rng).run(&steps::history(), |steps| play(&steps).map_err(TestCaseError::fail));
    match result {
        Ok(()) => None,
        Err(TestError::Fail(reason, steps)) => Some(failed(&format!("SEED={number}"), &steps, reason.message())),
        Err(error) => Some(format!("SEED={number}: {error}")),
    }
}

/// A history that fails, for people.
fn failed(name: &str, steps: &[Step], reason: &str) -> String {
    let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
    format!("{name}:\n  {}\n{reason}", steps.join("\n  "))
}
