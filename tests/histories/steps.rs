//! What can happen in a history.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

use crate::failing::Fault;
use crate::hosts::{Manner, STANDING};

/// The machines that a history may have.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody runs a command, or several at the same time.
    Run(Vec<Run>),
    /// Something happens behind our back.
    Event(Event),
    /// Of planned histories: how the command before ended, and how many instances live now.
    Expect { success: Option<bool>, instances: usize },
    /// Of planned histories: whether the files of the command before failed, so that none is played for nothing.
    FilesFailed(bool),
    /// Of planned histories: the `create` before made the machine, or found it made, or said that only `rm` helps.
    GoesOn,
}

/// A command, from where, as whom, and what goes wrong meanwhile.
#[derive(Clone, Debug)]
pub struct Run {
    pub command: Command,
    pub store: Store,
    pub identity: Identity,
    pub trouble: Trouble,
    pub manner: Manner,
}

/// Which store it works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// The first one.
    Home,
    /// Its copy, if there is one; the first one otherwise.
    Copy,
}

/// Whose credentials it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Those of the account that most is made in.
    Usual,
    /// Those of another account.
    Other,
}

/// A command line; the machines are numbers of [`NAMES`].
#[derive(Clone, Debug)]
pub enum Command {
    Create {
        machines: Vec<usize>,
        options: Options,
    },
    /// `create` on the computer that is there without the region.
    Adopt(usize),
    Remove {
        machines: Vec<usize>,
        force: bool,
    },
    Stop(usize),
    Start(usize),
    Kill(usize),
    Restart(usize),
    Provision(usize),
    RegenerateCerts(usize),
    Ls,
    Status(usize),
    Gc {
        yes: bool,
        young: bool,
    },
}

/// Of a `create`.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub spot: bool,
    pub terminate_on_failure: bool,
    pub own_group: bool,
    pub retries: u8,
}

/// What goes wrong while a command runs.
#[derive(Clone, Debug)]
pub enum Trouble {
    None,
    /// A signal at its call of this number (from 1), which has been carried out, or not yet.
    Signal {
        signal: Signal,
        call: u32,
        after: bool,
    },
    Deny(&'static str),
    Throttle {
        action: &'static str,
        times: u32,
    },
    /// Carried out, but the answer is lost.
    Drop(&'static str),
    /// New instances are not known for so many looks.
    Unknown(u32),
    /// The next instance ends while it is pending.
    Dies,
    /// No capacity, anywhere.
    Capacity,
    /// Its change of this number (from 1) to a file of the store fails.
    Files {
        fault: Fault,
        change: u32,
    },
}

/// How a command is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Kill,
    Interrupt,
}

/// Behind our back; a machine is meant by the record in the first store.
#[derive(Clone, Debug)]
pub enum Event {
    Ended(usize),
    Stopped(usize),
    Started(usize),
    KeyPairRemoved(usize),
    KeyPairReplaced(usize),
    GroupEmptied(usize),
    GroupRemoved(usize),
    /// Somebody removes the machine's folder by hand.
    FolderDeleted(usize),
    /// `cp -a` of the whole store, once.
    StoreCopied,
}

impl Step {
    /// The commands that are run in it.
    pub fn runs(&self) -> &[Run] {
        match self {
            Self::Run(runs) => runs,
            _ => &[],
        }
    }
}

impl Run {
    /// By which it is stopped.
    pub fn signal(&self) -> Option<Signal> {
        match self.trouble {
            Trouble::Signal { signal, .. } => Some(signal),
            _ => None,
        }
    }
}

impl Store {
    /// Its folder in the user's home.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Home => ".docker",
            Self::Copy => "copy",
        }
    }
}

impl Command {
    /// Its words after the program's name and global flags; `port`: where the computers of the network listen for SSH.
    pub fn words(&self, network: &str, port: u16) -> Vec<String> {
        let named = |words: &str, machines: &[usize]| {
            let names = machines.iter().map(|machine| NAMES[*machine]);
            words.split(' ').chain(names).map(str::to_owned).collect()
        };
        match self {
            Self::Create { machines, options } => {
                let mut words = format!("create --driver amazonec2 --amazonec2-ssh-port {port}");
                words += &format!(" --engine-install-url none --amazonec2-retries {}", options.retries);
                for (wanted, flag) in [
                    (options.spot, "--amazonec2-request-spot-instance"),
                    (options.terminate_on_failure, "--amazonec2-terminate-on-failure"),
                    (options.own_group, "--amazonec2-security-group own"),
                ] {
                    if wanted {
                        words = format!("{words} {flag}");
                    }
                }
                named(&words, machines)
            }
            Self::Adopt(machine) => {
                let words = format!(
                    "create --driver generic --generic-ip-address {network}.{STANDING} --generic-ssh-port {port} \
                     --generic-ssh-key key --engine-install-url none"
                );
                named(&words, &[*machine])
            }
            Self::Remove { machines, force } => named(if *force { "rm -f" } else { "rm -y" }, machines),
            Self::Stop(machine) => named("stop", &[*machine]),
            Self::Start(machine) => named("start", &[*machine]),
            Self::Kill(machine) => named("kill", &[*machine]),
            Self::Restart(machine) => named("restart", &[*machine]),
            Self::Provision(machine) => named("provision", &[*machine]),
            Self::RegenerateCerts(machine) => named("regenerate-certs -f", &[*machine]),
            Self::Ls => named("ls", &[]),
            Self::Status(machine) => named("status", &[*machine]),
            Self::Gc { yes, young } => {
                let mut words = "gc".to_owned();
                words += if *yes { " --yes" } else { "" };
                words += if *young { " --young" } else { "" };
                named(&words, &[])
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => write!(f, "{event:?}"),
            Self::Expect { success, instances } => write!(f, "success: {success:?}, instances: {instances}"),
            Self::FilesFailed(failed) => write!(f, "files failed: {failed}"),
            Self::GoesOn => write!(f, "it goes on"),
            Self::Run(runs) => {
                let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
                write!(f, "{}", runs.join("\n     at the same time: "))
            }
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, store, identity, trouble, manner } = self;
        write!(f, "{}", command.words("127.0.0", 22).join(" "))?;
        if *store == Store::Copy {
            write!(f, " | in the copy")?;
        }
        if *identity == Identity::Other {
            write!(f, " | as somebody else")?;
        }
        if *manner != Manner::Well {
            write!(f, " | hosts: {manner:?}")?;
        }
        match trouble {
            Trouble::None => Ok(()),
            trouble => write!(f, " | {trouble:?}"),
        }
    }
}

fn machine() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![4 => Just(0), 2 => Just(1), 1 => Just(2)]
}

/// One machine, or the first ones of all.
fn machines() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![5 => machine().prop_map(|one| vec![one]), 1 => (2..=NAMES.len()).prop_map(|count| (0..count).collect())]
}

fn options() -> impl Strategy<Value = Options> {
    let rarely = || proptest::bool::weighted(0.2);
    (rarely(), rarely(), rarely(), 0..2_u8).prop_map(|(spot, terminate_on_failure, own_group, retries)| Options {
        spot,
        terminate_on_failure,
        own_group,
        retries,
    })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        10 => (machines(), options()).prop_map(|(machines, options)| Command::Create { machines, options }),
        4 => (machines(), proptest::bool::weighted(0.3)).prop_map(|(machines, force)| Command::Remove { machines, force }),
        2 => machine().prop_map(Command::Stop),
        1 => machine().prop_map(Command::Start),
        1 => machine().prop_map(Command::Kill),
        1 => machine().prop_map(Command::Restart),
        2 => machine().prop_map(Command::Provision),
        1 => machine().prop_map(Command::RegenerateCerts),
        1 => Just(Command::Ls),
        1 => machine().prop_map(Command::Status),
        3 => (proptest::bool::weighted(0.8), proptest::bool::weighted(0.8))
            .prop_map(|(yes, young)| Command::Gc { yes, young }),
    ]
}

/// What somebody's policy may lack, in the order of a `create` and an `rm`.
const ACTIONS: &[&str] = &[
    "DescribeKeyPairs",
    "ImportKeyPair",
    "DescribeSecurityGroups",
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "RunInstances",
    "CreateTags",
    "DescribeInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
    "CancelSpotInstanceRequests",
    "DeleteKeyPair",
    "DeleteSecurityGroup",
];

fn trouble() -> impl Strategy<Value = Trouble> {
    let signal = (select(vec![Signal::Kill, Signal::Interrupt]), 1..22_u32, any::<bool>());
    let action = || select(ACTIONS);
    prop_oneof![
        8 => Just(Trouble::None),
        6 => signal.prop_map(|(signal, call, after)| Trouble::Signal { signal, call, after }),
        3 => action().prop_map(Trouble::Deny),
        1 => (action(), 1..3_u32).prop_map(|(action, times)| Trouble::Throttle { action, times }),
        1 => action().prop_map(Trouble::Drop),
        1 => (1..3_u32).prop_map(Trouble::Unknown),
        1 => Just(Trouble::Dies),
        1 => Just(Trouble::Capacity),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    let store = prop_oneof![3 => Just(Store::Home), 2 => Just(Store::Copy)];
    let identity = prop_oneof![9 => Just(Identity::Usual), 1 => Just(Identity::Other)];
    let manner = prop_oneof![6 => Just(Manner::Well), 1 => Just(Manner::Silent), 1 => Just(Manner::Failing), 1 => Just(Manner::Refusing)];
    (command(), store, identity, trouble(), manner).prop_map(|(command, store, identity, trouble, manner)| Run {
        command,
        store,
        identity,
        trouble,
        manner,
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => machine().prop_map(Event::Ended),
        1 => machine().prop_map(Event::Stopped),
        1 => machine().prop_map(Event::Started),
        1 => machine().prop_map(Event::KeyPairRemoved),
        1 => machine().prop_map(Event::KeyPairReplaced),
        1 => machine().prop_map(Event::GroupEmptied),
        1 => machine().prop_map(Event::GroupRemoved),
        2 => machine().prop_map(Event::FolderDeleted),
        3 => Just(Event::StoreCopied),
    ]
}

/// Two commands at once on one machine, each in one of the stores: what two people, or two scripts, do.
fn together() -> impl Strategy<Value = Vec<Run>> {
    let first = prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(2)];
    let second = prop_oneof![4 => Just(1), 2 => Just(0), 1 => Just(3)];
    (machine(), options(), (first, second), any::<bool>(), (run(), run())).prop_map(
        |(machine, options, (first, second), force, (one, other))| {
            let command = |which| match which {
                0 => Command::Create { machines: vec![machine], options },
                1 => Command::Remove { machines: vec![machine], force },
                2 => Command::Provision(machine),
                _ => Command::Gc { yes: true, young: true },
            };
            let one = Run { command: command(first), ..one };
            vec![one, Run { command: command(second), trouble: Trouble::None, ..other }]
        },
    )
}

/// A whole history.
pub fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => run().prop_map(|run| Step::Run(vec![run])),
        1 => together().prop_map(Step::Run),
        2 => event().prop_map(Step::Event),
    ];
    proptest::collection::vec(step, 3..9)
}
