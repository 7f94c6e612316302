//! Disks that are full or broken at any moment of a `create`, and file systems without locks.

use crate::failing::{
    BROKEN, FULL, Fault, failing_at, is_signed_pair, keys_are_private, nothing_is_half_done, without_locks,
};
use crate::support::Sandbox;
use crate::support::sandbox::Output;

const CREATE: &str = "create -d none --url tcp://127.0.0.1:2376 web";

/// Runs with further variables.
fn run(sandbox: &Sandbox, line: &str, variables: Vec<(&'static str, String)>) -> Output {
    variables.into_iter().fold(sandbox.run(line), |run, (name, value)| run.env(name, value)).output()
}

/// Lets every change of a first `create` fail, one after the other; how many there were.
fn every_change_fails(fault: Fault) -> u32 {
    for nth in 1.. {
        let (sandbox, outside) = (Sandbox::new(), tempfile::tempdir().unwrap());
        let (log, store) = (outside.path().join("log"), sandbox.path(".docker"));
        let tried = run(&sandbox, CREATE, failing_at(fault, nth, &store, &log));
        let Ok(failed) = std::fs::read_to_string(&log) else {
            assert_eq!(tried.status, Some(0), "nothing failed: {tried:?}");
            return nth - 1;
        };
        let when = format!("{fault:?} at change {nth}: {failed}{tried:?}");
        keys_are_private(&store, &when);
        let listed = sandbox.run("ls -q").output();
        assert_eq!((listed.status, listed.stderr.as_str()), (Some(0), ""), "{when}");
        match tried.status {
            // It can be done without, as the holder's id in a lock.
            Some(0) => assert_eq!(listed.stdout, "web\n", "{when}"),
            status => {
                assert!(matches!(status, Some(1 | 3)), "{when}");
                let home = sandbox.home().display().to_string();
                assert!(tried.stderr.contains(fault.reason) && tried.stderr.contains(&home), "{when}");
                if !listed.stdout.is_empty() {
                    assert_eq!(sandbox.run("inspect web").output().status, Some(0), "{when}");
                }
                let again = sandbox.run(CREATE).output();
                assert_eq!(again.status, Some(0), "{when}\n{again:?}");
            }
        }
        assert_eq!(sandbox.run("url web").output().stdout, "tcp://127.0.0.1:2376\n", "{when}");
        keys_are_private(&store, &when);
        nothing_is_half_done(&store, &when);
        let certs = |file: &str| store.join("certs").join(file);
        is_signed_pair(&certs("ca.pem"), &certs("ca.pem"), &certs("ca-key.pem"), &when);
        is_signed_pair(&certs("ca.pem"), &certs("cert.pem"), &certs("key.pem"), &when);
    }
    unreachable!("a create ends")
}

#[test]
fn a_disk_that_gets_full_at_any_moment_of_a_create_costs_nothing_but_a_second_try() {
    let count = every_change_fails(FULL);
    assert!(count > 30, "only {count} changes were seen: the layer does not see them");
}

#[test]
fn a_write_that_is_lost_at_any_moment_of_a_create_costs_nothing_but_a_second_try() {
    let count = every_change_fails(BROKEN);
    assert!(count > 30, "only {count} changes were seen: the layer does not see them");
}

#[test]
fn where_files_cannot_be_locked_looking_works_and_changing_says_why_not() {
    for (errno, reason) in [(37, "no locks available"), (95, "operation not supported"), (38, "not implemented")] {
        let sandbox = Sandbox::new();
        let refused = run(&sandbox, CREATE, without_locks(errno));
        assert_eq!(refused.status, Some(1), "{refused:?}");
        let lock = sandbox.path(".docker/machines/.web.lock").display().to_string();
        assert!(refused.stderr.contains(&format!("lock {lock}: ")), "{refused:?}");
        assert!(refused.stderr.contains(reason) && refused.stderr.contains("\nhint: "), "{refused:?}");
        assert_eq!(sandbox.run("ls -q").output().stdout, "");

        assert_eq!(sandbox.run(CREATE).output().status, Some(0));
        for looking in ["ls -q", "url web", "inspect web"] {
            let looked = run(&sandbox, looking, without_locks(errno));
            assert_eq!((looked.status, looked.stderr.as_str()), (Some(0), ""), "{looking}");
        }
        let refused = run(&sandbox, "rm -y web", without_locks(errno));
        assert_eq!(refused.status, Some(1), "{refused:?}");
        assert_eq!(sandbox.run("ls -q").output().stdout, "web\n");
    }
}
