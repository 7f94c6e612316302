//! Histories: random sequences of commands, kills, faults, and things that happen behind our back, played on an EC2
//! region without computers. After every step nothing that was made is lost, nothing was destroyed that nobody asked
//! to, the store loads, and all locks are free.
//!
//! `HISTORIES=5000 SEED=7 cargo test --test histories` plays more, and others. A failure prints the shortest sequence
//! that still fails, all that was said in it, and its number: `HISTORIES=1 SEED=NUMBER` plays just that.

mod hosts;
mod player;
mod regions;
mod rules;
mod state;
mod steps;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use steps::Step;

/// How many are played unless `HISTORIES` says otherwise.
const HISTORIES: u64 = 200;
/// How many are played at the same time: they mostly wait.
const AT_ONCE: usize = 24;

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
fn no_history_loses_or_destroys_anything() {
    let (histories, seed) = (from_environment("HISTORIES", HISTORIES), from_environment("SEED", 1));
    let at_once = usize::try_from(from_environment("AT_ONCE", AT_ONCE as u64)).expect("a small number");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let regions = regions::Regions::start();
    let (next, played) = (AtomicU64::new(seed), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seed + histories || failures.lock().expect("no panic while held").len() >= 3 {
                        return;
                    }
                    let play = |steps: &[Step]| {
                        played.fetch_add(steps.len() as u64, Ordering::Relaxed);
                        player::play(&regions, runtime.handle(), steps)
                    };
                    if let Some(failure) = failure(number, play) {
                        tell(&failure);
                        failures.lock().expect("no panic while held").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic while held");
    let steps = played.into_inner();
    let took = started.elapsed().as_secs();
    assert!(failures.is_empty(), "{}\n({steps} steps in {took} s)", failures.join("\n"));
    assert!(steps >= 3 * histories, "{steps} steps are no {histories} histories");
    tell(&format!("{histories} histories, {steps} steps, {took} s"));
}

/// How the history of this number fails, made as short as can be.
fn failure(number: u64, play: impl Fn(&[Step]) -> Result<(), String>) -> Option<String> {
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
        Err(TestError::Fail(reason, steps)) => {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            Some(format!("SEED={number}:\n  {}\n{reason}", steps.join("\n  ")))
        }
        Err(error) => Some(format!("SEED={number}: {error}")),
    }
}
