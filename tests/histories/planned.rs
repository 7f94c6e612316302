//! Histories that were thought of instead of drawn: what once lost or destroyed something, with everything near it.

use crate::hosts::Manner;
use crate::steps::{Command, Event, Identity, Options, Run, Signal, Step, Store, Trouble};

/// All of them.
pub fn histories() -> Vec<Vec<Step>> {
    let mut all = going_on();
    all.extend(copied_stores());
    all.extend(other_accounts());
    all.extend(given_up());
    all.extend(at_once());
    all
}

/// A `create` that goes on with what an earlier one made never takes that back, whatever meets it.
fn going_on() -> Vec<Vec<Step>> {
    let mut second: Vec<Run> = [Manner::Silent, Manner::Refusing, Manner::Failing]
        .into_iter()
        .map(|manner| Run { manner, ..run(create()) })
        .collect();
    let denied = ["StartInstances", "DescribeInstances", "DescribeSecurityGroups", "DescribeKeyPairs"];
    second.extend(denied.map(|action| Run { trouble: Trouble::Deny(action), ..run(create()) }));
    second.extend(signals(7).map(|trouble| Run { trouble, ..run(create()) }));
    second.push(Run { identity: Identity::Other, ..run(create()) });
    second.push(Run { manner: Manner::Silent, ..run(Command::Create { machines: vec![0], options: UNDONE }) });
    let is_stopped = [true, false].into_iter();
    is_stopped
        .flat_map(|is_stopped| second.iter().map(move |second| (is_stopped, second.clone())))
        .map(|(is_stopped, second)| {
            let mut steps = kept();
            if is_stopped {
                steps.extend([alone(Command::Stop(0)), expect(Some(true), 1)]);
            }
            steps.extend([Step::Run(vec![second]), expect(None, 1), alone(create()), expect(None, 1)]);
            steps.extend([alone(Command::Provision(0)), expect(Some(true), 1)]);
            steps
        })
        .collect()
}

/// A `create` whose provisioning fails: the machine is kept.
fn kept() -> Vec<Step> {
    vec![Step::Run(vec![Run { manner: Manner::Failing, ..run(create()) }]), expect(Some(false), 1)]
}

/// What one of two stores with a common past makes, `gc` of the other never takes.
fn copied_stores() -> Vec<Vec<Step>> {
    let make = |machine, store| Step::Run(vec![Run { store, ..run(create_of(machine)) }]);
    let gc = |store| Step::Run(vec![Run { store, ..run(GC) }]);
    let made = expect(Some(true), 2);
    [(Store::Home, Store::Copy), (Store::Copy, Store::Home)]
        .map(|(maker, collector)| {
            let copy = [make(0, Store::Home), Step::Event(Event::StoreCopied), make(1, maker), made.clone()];
            let collect = [gc(collector), made.clone(), gc(maker), made.clone()];
            [&copy[..], &collect].concat()
        })
        .into_iter()
        .chain([vec![
            make(0, Store::Home),
            make(1, Store::Home),
            made.clone(),
            Step::Event(Event::FolderDeleted(1)),
            gc(Store::Home),
            made,
        ]])
        .collect()
}

/// Another account's "not found" says nothing about a machine.
fn other_accounts() -> Vec<Vec<Step>> {
    let commands = [remove(false), remove(true), GC, Command::Ls, Command::Status(0), Command::Stop(0), create()];
    commands
        .map(|command| {
            let other = Run { identity: Identity::Other, ..run(command) };
            vec![alone(create()), expect(Some(true), 1), Step::Run(vec![other]), expect(None, 1)]
        })
        .into()
}

/// What is left of a `create` that was killed, and that `rm -f` then forgot, is found and removed by `gc`.
fn given_up() -> Vec<Vec<Step>> {
    signals(14)
        .filter(|trouble| matches!(trouble, Trouble::Signal { signal: Signal::Kill, .. }))
        .map(|trouble| {
            let killed = Run { trouble, ..run(create()) };
            let denied = Run { trouble: Trouble::Deny("TerminateInstances"), ..run(remove(true)) };
            vec![Step::Run(vec![killed]), Step::Run(vec![denied]), alone(GC), expect(Some(true), 0)]
        })
        .collect()
}

/// Two commands at once on one machine that is there, or is not yet.
fn at_once() -> Vec<Vec<Step>> {
    let pairs = [
        (create(), remove(false)),
        (create(), create()),
        (create(), GC),
        (remove(false), remove(false)),
        (remove(true), remove(false)),
        (Command::Provision(0), remove(false)),
        (Command::RegenerateCerts(0), remove(false)),
        (Command::Stop(0), create()),
    ];
    let all = pairs.into_iter().flat_map(|(one, other)| {
        let both = || Step::Run(vec![run(one.clone()), run(other.clone())]);
        [vec![both(), both()], vec![alone(create()), expect(Some(true), 1), both()], [kept(), vec![both()]].concat()]
    });
    all.collect()
}

/// A signal at each of so many calls, before it is carried out and after.
fn signals(calls: u32) -> impl Iterator<Item = Trouble> {
    (1..=calls).flat_map(|call| {
        [(Signal::Interrupt, false), (Signal::Interrupt, true), (Signal::Kill, false), (Signal::Kill, true)]
            .map(|(signal, after)| Trouble::Signal { signal, call, after })
    })
}

const USUAL: Options = Options { spot: false, terminate_on_failure: false, own_group: false, retries: 0 };
const UNDONE: Options = Options { terminate_on_failure: true, ..USUAL };
const GC: Command = Command::Gc { yes: true, young: true };

pub fn create() -> Command {
    create_of(0)
}

fn create_of(machine: usize) -> Command {
    Command::Create { machines: vec![machine], options: USUAL }
}

pub fn remove(force: bool) -> Command {
    Command::Remove { machines: vec![0], force }
}

pub fn run(command: Command) -> Run {
    Run { command, store: Store::Home, identity: Identity::Usual, trouble: Trouble::None, manner: Manner::Well }
}

pub fn alone(command: Command) -> Step {
    Step::Run(vec![run(command)])
}

pub fn expect(success: Option<bool>, instances: usize) -> Step {
    Step::Expect { success, instances }
}
