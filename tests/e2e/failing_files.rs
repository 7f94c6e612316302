//! Disks that are full or broken at any moment of a `regenerate-certs`.

use crate::failing::{BROKEN, FULL, failing_at, is_signed_pair, keys_are_private, nothing_is_half_done};
use crate::support::lab::{Lab, PROGRAM};
use crate::support::run::Run;

#[test]
fn every_change_of_a_regenerate_certs_may_fail_and_the_next_one_works() {
    let lab = Lab::new();
    let host = lab.host("web").with_docker().up();
    lab.create(&host, "web", &[]).succeeds();
    let (store, folder) = (lab.home.path().join(".docker"), lab.machine_folder("web"));
    let certificate = || std::fs::read(folder.join("server.pem")).expect("a certificate");
    let on_host = || host.text("cat /etc/docker/server.pem");
    let mut seen = Vec::new();
    for fault in [FULL, BROKEN] {
        for nth in 1.. {
            let log = lab.home.path().join(format!("log-{}-{nth}", fault.errno));
            let mut command = lab.command(PROGRAM);
            command.args(["regenerate-certs", "-f", "web"]).envs(failing_at(fault, nth, &store, &log));
            let tried = Run::of(&mut command);
            let failed = std::fs::read_to_string(&log).unwrap_or_default();
            let when = format!("{fault:?} at change {nth}: {failed}{tried:?}");
            keys_are_private(&store, &when);
            assert_eq!(lab.run(&["ls", "-q"]).succeeds().quietly().stdout, "web\n", "{when}");
            if tried.status != 0 {
                assert!(tried.stderr.contains(fault.reason), "{when}");
                assert!(tried.stderr.contains(&store.display().to_string()), "{when}");
                // The engine was not touched, or has its new certificate: it answers in any case.
                lab.docker("web", &["version"]).succeeds();
                let before = certificate();
                lab.run(&["regenerate-certs", "-f", "web"]).succeeds();
                assert_ne!(certificate(), before, "{when}");
            }
            nothing_is_half_done(&store, &when);
            is_signed_pair(&folder.join("ca.pem"), &folder.join("server.pem"), &folder.join("server-key.pem"), &when);
            assert_eq!(on_host().trim(), String::from_utf8_lossy(&certificate()).trim(), "{when}");
            if failed.is_empty() {
                seen.push(nth - 1);
                break;
            }
        }
    }
    lab.docker("web", &["version"]).succeeds();
    assert!(seen.iter().all(|count| *count >= 8), "only {seen:?} changes were seen");
}
