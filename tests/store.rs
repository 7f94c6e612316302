//! The store between processes: many at once, and killed at any moment.
//!
//! A test starts this very binary again as the other process. Such a child is an ignored test that works on the
//! store in its current folder; where no test put one it does nothing, and the test that started it notices.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use docker_machine::certs::{CaVerifier, CertPaths, Identity, KeyType, ensure};
use docker_machine::clock;
use docker_machine::console::Console;
use docker_machine::context::Globals;
use docker_machine::error::Kind;
use docker_machine::store::{Name, Record, Store};
use serde_json::json;

/// In the root of a store that a child may work on.
const PERMIT: &str = "children-may-work-here";
/// How often a child is killed at least.
const ROUNDS: u64 = 40;

fn new_store() -> (tempfile::TempDir, Store) {
    let root = tempfile::tempdir().expect("a temporary folder");
    fs::write(root.path().join(PERMIT), "").expect("a file in it");
    let store = Store::new(root.path().into());
    (root, store)
}

/// The store that a child works on.
fn inherited_store() -> Option<Store> {
    let root = Path::new(".").canonicalize().expect("a current folder");
    if !root.join(PERMIT).exists() {
        return None;
    }
    let store = Store::new(root);
    fs::write(sign_of_life(&store, std::process::id()), "").expect("a file in the store");
    Some(store)
}

/// Made by a child that begins: tells its parent that it works on the store, and that there is something to kill.
fn sign_of_life(store: &Store, child: u32) -> PathBuf {
    store.root().join(format!("child-{child}-has-begun"))
}

fn child(store: &Store, role: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", role, "--ignored"]).current_dir(store.root());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("this binary again")
}

fn name(text: &str) -> Name {
    text.parse().expect("a machine name")
}

fn record(count: u64) -> Record {
    // Long enough that a write of it can be cut in two.
    let filling = "x".repeat(20_000);
    Record {
        config_version: 3,
        driver: json!({"Count": count, "Filling": filling}),
        driver_name: "none".into(),
        name: "web".into(),
        ..Default::default()
    }
}

fn count(record: &Record) -> u64 {
    record.driver["Count"].as_u64().expect("a number")
}

fn put(store: &Store) {
    let claim = store.claim(&Console::captured(&[]), &name("web")).expect("a free name");
    claim.begin(&record(0)).and_then(|()| claim.finish()).expect("a new machine");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

async fn increment(store: &Store) {
    let _lock = store.lock(&Console::captured(&[]), &name("web")).await.expect("the lock in time");
    let mut record = store.load(&name("web")).expect("a record");
    record.driver["Count"] = (count(&record) + 1).into();
    store.save(&record).expect("a save");
}

#[test]
#[ignore = "a child of the tests below"]
fn child_increments_for_ever() {
    let Some(store) = inherited_store() else { return };
    block_on(async {
        loop {
            increment(&store).await;
        }
    });
}

#[test]
#[ignore = "a child of the tests below"]
fn child_increments_fifty_times() {
    let Some(store) = inherited_store() else { return };
    block_on(async {
        for _ in 0..50 {
            increment(&store).await;
        }
    });
}

#[test]
#[ignore = "a child of the tests below"]
fn child_creates_and_removes_for_ever() {
    let Some(store) = inherited_store() else { return };
    loop {
        let claim = store.claim(&Console::captured(&[]), &name("web")).expect("a free or half-made machine");
        claim.begin(&record(0)).expect("a machine");
        for count in 1..4 {
            store.save(&record(count)).expect("a save");
        }
        store.remove(&name("web")).expect("a removal");
    }
}

#[test]
#[ignore = "a child of the tests below"]
fn child_ensures_certificates() {
    let Some(store) = inherited_store() else { return };
    let console = Console::process(false);
    block_on(ensure(&console, &store, &paths(&store), &identity())).expect("certificates");
}

fn paths(store: &Store) -> CertPaths {
    CertPaths::for_create(store, &Globals::default())
}

fn identity() -> Identity {
    Identity { user: "alice".into(), key_type: KeyType::Ecdsa }
}

/// Lets a child work for a little while, another while each round, and kills it; false if it had done its work before.
fn kill_at_work(store: &Store, role: &str, round: u64) -> bool {
    let mut child = child(store, role);
    let begun = sign_of_life(store, child.id());
    while !begun.exists() {
        assert!(child.try_wait().expect("a child").is_none(), "the child ended before it began");
        std::thread::sleep(Duration::from_micros(200));
    }
    std::thread::sleep(Duration::from_micros(round * 1_377 % 12_000));
    child.kill().expect("it has not been waited for");
    let end = child.wait().expect("its end");
    assert!(end.success() || end.signal() == Some(9), "{role} failed: {end}");
    end.signal().is_some()
}

/// Waits for children that have to do their work.
fn all_succeed(store: &Store, children: Vec<Child>) {
    for mut child in children {
        let end: ExitStatus = child.wait().expect("its end");
        assert!(end.success() && sign_of_life(store, child.id()).exists(), "{end}");
    }
}

#[test]
fn no_increment_is_lost_between_processes() {
    let (_root, store) = new_store();
    put(&store);
    all_succeed(&store, (0..4).map(|_| child(&store, "child_increments_fifty_times")).collect());
    assert_eq!(count(&store.load(&name("web")).expect("a record")), 200);
}

#[test]
fn a_save_that_is_killed_leaves_a_whole_record() {
    let (_root, store) = new_store();
    put(&store);
    let mut last = 0;
    for round in 0.. {
        assert!(kill_at_work(&store, "child_increments_for_ever", round), "it ended by itself");
        let now = count(&store.load(&name("web")).expect("a record that loads"));
        assert!(now >= last, "{now} after {last}");
        last = now;
        if round >= ROUNDS && last >= ROUNDS {
            break;
        }
    }
    block_on(increment(&store));
}

#[test]
fn a_creation_that_is_killed_can_be_taken_up_or_removed() {
    let (_root, store) = new_store();
    let (mut resumed, mut fresh) = (0, 0);
    for round in 0.. {
        assert!(kill_at_work(&store, "child_creates_and_removes_for_ever", round), "it ended by itself");
        assert!(store.names().expect("a list").len() <= 1);
        let claim = store.claim(&Console::captured(&[]), &name("web")).expect("no living holder, so the name is free");
        match claim.resumed() {
            Some(record) => {
                assert!(count(record) < 4);
                resumed += 1;
                if round % 2 == 0 {
                    store.remove(&name("web")).expect("a removal");
                }
            }
            None => fresh += 1,
        }
        // Which of the two a kill hits depends on the load; both have to be seen.
        if round >= ROUNDS && resumed > 3 && fresh > 3 {
            break;
        }
    }
}

#[test]
fn of_many_creators_of_one_name_one_wins() {
    let (_root, store) = new_store();
    let winners = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| match store.claim(&Console::captured(&[]), &name("web")) {
                Ok(claim) => {
                    claim.begin(&record(0)).and_then(|()| claim.finish()).expect("a new machine");
                    winners.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
                Err(error) => assert_eq!(error.kind(), Kind::Exists, "{error}"),
            });
        }
    });
    assert_eq!(winners.into_inner(), 1);
}

#[test]
fn certificates_that_were_being_made_by_killed_processes_are_finished() {
    let mut killed = 0;
    for round in 0.. {
        let (_root, store) = new_store();
        killed += u32::from(kill_at_work(&store, "child_ensures_certificates", round));
        let paths = paths(&store);
        block_on(ensure(&Console::captured(&[]), &store, &paths, &identity())).expect("certificates in the end");
        let read = |path: &Path| fs::read(path).expect("a certificate");
        let trust = CaVerifier::of(&read(&paths.ca)).expect("a CA");
        assert!(trust.accepts_client(&read(&paths.client), clock::now()));
        let left = fs::read_dir(&paths.cert_dir).expect("a folder").filter_map(Result::ok);
        let left: Vec<_> = left.map(|file| file.file_name()).filter(|file| !is_temporary(file)).collect();
        assert_eq!(left.len(), 5, "four files and the lock: {left:?}");
        // A child that was quick enough shows little.
        if round >= 25 && killed > 3 {
            break;
        }
    }
}

/// What the killed process was just writing.
fn is_temporary(file: &std::ffi::OsStr) -> bool {
    file.to_string_lossy().contains(".tmp")
}

#[test]
fn twenty_processes_make_one_ca() {
    let (_root, store) = new_store();
    all_succeed(&store, (0..20).map(|_| child(&store, "child_ensures_certificates")).collect());
    let paths = paths(&store);
    let trust = CaVerifier::of(&fs::read(&paths.ca).expect("a CA")).expect("a CA");
    assert!(trust.accepts_client(&fs::read(&paths.client).expect("a certificate"), clock::now()));
}
