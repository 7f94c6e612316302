//! What is done with machines of any driver, seen with the smallest one (`driver/example.rs`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gc::{self, Event, Outcome, Wanted};
use super::order::{Order, Request};
use super::remove::{Force, remove};
use super::{Host, create, lifecycle};
use crate::context::Context;
use crate::driver::{FlagValue, FlagValues, State, registry};
use crate::interrupt::Interruption;
use crate::store::{Name, Store};
use crate::wait::{self, Look, Pace};

/// A store, and the folder in which the computers are.
struct House {
    _home: tempfile::TempDir,
    root: PathBuf,
    cx: Context,
}

impl House {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("computers");
        fs::create_dir(&root).unwrap();
        let mut cx = Context { store: Store::new(home.path().join("store")), ..Context::for_test() };
        cx.env.vars.insert("FOLDER_ROOT".to_owned(), root.display().to_string());
        Self { _home: home, root, cx }
    }

    fn order(&self, name: &str, hangs: bool) -> Order {
        let mut values = FlagValues::default();
        values.give("folder-root", FlagValue::String(self.root.display().to_string()));
        values.give("folder-hangs", FlagValue::Bool(hangs));
        let request = Request { name: name.parse().unwrap(), driver: "folder".to_owned(), values };
        Order::of(&self.cx, request).unwrap()
    }

    async fn create(&self, name: &str) -> Host {
        create::one(&self.cx, self.order(name, false), Interruption::for_test().0).await.unwrap();
        self.load(name)
    }

    fn load(&self, name: &str) -> Host {
        Host::load(&self.cx, &name.parse().unwrap()).unwrap()
    }

    /// The computers that there are.
    fn computers(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    }

    async fn gc(&self, wanted: Wanted) -> (Outcome, Vec<String>) {
        let mut heard = Vec::new();
        let mut hear = |event: Event<'_>| heard.push(format!("{event:?}"));
        let kinds: Vec<_> = registry::collecting().filter(|kind| kind.name == "folder").collect();
        let outcome = gc::run(&self.cx, &kinds, &wanted, &mut hear).await.unwrap().unwrap();
        (outcome, heard)
    }
}

async fn state(house: &House, host: &Host) -> State {
    host.driver.state(&house.cx.for_driver()).await.unwrap()
}

#[tokio::test]
async fn a_driver_in_the_registry_is_made_switched_and_removed() {
    let house = House::new();
    let mut host = house.create("web").await;
    assert_eq!((host.record.driver_name.as_str(), state(&house, &host).await), ("folder", State::Running));
    lifecycle::stop(&house.cx, &mut host).await.unwrap();
    assert_eq!(state(&house, &host).await, State::Stopped);
    lifecycle::start(&house.cx, &mut host).await.unwrap();
    assert_eq!(house.computers().len(), 1);
    let removal = remove(&house.cx, &host.name, Force::No, Interruption::for_test().0).await;
    removal.forgotten.unwrap();
    assert!(house.computers().is_empty() && !house.cx.store.exists(&host.name));
}

#[tokio::test]
async fn a_create_that_was_killed_goes_on_with_what_it_has_made() {
    let house = House::new();
    let (cx, order) = (house.cx.clone(), house.order("web", true));
    let killed = tokio::spawn(async move { create::one(&cx, order, Interruption::for_test().0).await });
    let pace = Pace::new(Duration::from_millis(20), Duration::from_secs(60));
    let made = wait::until("the computer", pace, || async {
        let is_there = house.computers().iter().any(|path| path.join("store").exists());
        if is_there { Look::Done(()) } else { Look::NotYet(String::new()) }
    });
    made.await.unwrap();
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    let before = house.computers();
    let host = house.create("web").await;
    assert_eq!(house.computers(), before, "the same computer, and no second one");
    assert_eq!(state(&house, &host).await, State::Running);
}

#[tokio::test]
async fn gc_finds_what_a_forced_removal_has_left() {
    let house = House::new();
    let kept = house.create("kept").await;
    let lost = house.create("lost").await;
    let path = |host: &Host| house.root.join(host.driver.leftovers().unwrap().id().unwrap());
    let (kept, lost_path) = (path(&kept), path(&lost));
    fs::write(lost_path.join("stuck"), "").unwrap();
    let removal = remove(&house.cx, &lost.name, Force::Yes, Interruption::for_test().0).await;
    assert_eq!(removal.left.unwrap().traces, [format!("folder {}", lost_path.display())]);
    removal.forgotten.unwrap();

    let young = Wanted { young: true, ..Wanted::default() };
    assert_eq!(house.gc(Wanted::default()).await.0.young, 1, "it was made just now");
    let ids = |outcome: &Outcome| outcome.removable.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let id = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(ids(&house.gc(young.clone()).await.0), [id(&lost_path)]);

    let (outcome, heard) = house.gc(Wanted { remove: true, ..young.clone() }).await;
    assert_eq!((outcome.removed, outcome.left), (0, 1), "{heard:?}");
    assert!(heard[0].contains("is stuck"), "{heard:?}");
    fs::remove_file(lost_path.join("stuck")).unwrap();
    let (outcome, _) = house.gc(Wanted { remove: true, ..young }).await;
    assert_eq!((outcome.removed, outcome.left), (1, 0));
    assert_eq!(house.computers(), [kept], "what is in the store stays");
}

#[tokio::test]
async fn what_the_registry_lacks_is_listed_and_kept() {
    let house = House::new();
    let name: Name = house.create("web").await.name;
    let mut record = house.cx.store.load(&name).unwrap();
    record.driver_name = "no-such-driver".to_owned();
    house.cx.store.save(&record).unwrap();
    let host = house.load("web");
    assert_eq!((host.driver.name(), state(&house, &host).await), ("not-found", State::Error));
    let removal = remove(&house.cx, &name, Force::No, Interruption::for_test().0).await;
    assert!(removal.forgotten.unwrap_err().message().contains("Driver \"no-such-driver\" not found"));
    assert!(house.cx.store.exists(&name));
}
