//! The states of an instance, and waiting for them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::batch::Ec2;
use super::fields::Fields;
use super::model::{ApiResult, Instance, Phase};
use crate::console::Console;
use crate::driver::State;
use crate::error::{Error, Kind, Result};
use crate::names;
use crate::wait::{self, Look, Pace};

/// How long an instance may take to run and to have its address. Many machines at once soon ask more often than EC2
/// answers (20 times a second), so looks become rarer.
const RUNS: Pace = Pace::slowing(Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(300));
/// How long an operating system may take to shut down; EC2 itself gives it minutes.
const STOPS: Pace = Pace::slowing(Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(600));
/// How many looks may show a running instance without the address that it was launched to have: a minute.
const ADDRESS_LOOKS: u32 = 21;
/// How many looks may show an instance that was just started as it was before: ten seconds.
const STALE_LOOKS: u32 = 5;
/// How many looks in a row may not find an instance that was just launched: three minutes.
const UNKNOWN_LOOKS: u32 = 61;
/// The same for an instance that EC2 has shown before, or has had the time to: ten seconds.
const LOST_LOOKS: u32 = 4;

/// EC2's state as ours.
pub fn state(phase: Phase) -> State {
    match phase {
        Phase::Pending => State::Starting,
        Phase::Running => State::Running,
        Phase::Stopping | Phase::ShuttingDown => State::Stopping,
        Phase::Stopped => State::Stopped,
        Phase::Terminated | Phase::Unknown => State::Error,
    }
}

/// The address that the machine is used by.
///
/// # Errors
/// The instance has none of the kind: the original's texts.
pub fn address(fields: &Fields, instance: &Instance) -> Result<String> {
    let id = &instance.id;
    let (address, kind) = match (fields.is_private(), fields.ipv6_address_only) {
        (true, _) => (&instance.private_ip, "No private IP for instance"),
        (_, true) => (&instance.ipv6, "no IPv6 address for instance"),
        _ => (&instance.public_ip, "No IP for instance"),
    };
    if address.is_empty() {
        Err(Error::msg(format!("{kind} {id}")))
    } else {
        names::check_host(address).map(|()| address.clone())
    }
}

/// Why an instance that goes or is gone does so, in one line.
pub fn ended(instance: &Instance) -> Error {
    let Instance { id, reason, .. } = instance;
    if reason.is_empty() {
        Error::new(Kind::Gone, format!("instance {id} is terminated"))
    } else {
        Error::new(Kind::Gone, format!("instance {id} is terminated: {reason}"))
    }
}

/// Why an instance will not run any more by itself, if it will not.
pub fn over(instance: &Instance) -> Option<Error> {
    match instance.phase {
        phase if phase.is_final() => Some(ended(instance)),
        Phase::Stopped | Phase::Stopping => {
            let Instance { id, reason, .. } = instance;
            Some(Error::msg(format!("instance {id} stopped: {reason}")))
        }
        _ => None,
    }
}

/// Waits until a launched or started instance runs and can be reached. `is_new`: EC2 may not know it everywhere yet.
///
/// # Errors
/// It ended, has no address, or takes too long.
pub async fn wait_running(ec2: &Ec2, fields: &Fields, is_new: bool) -> Result<Instance> {
    let id = &fields.instance_id;
    let seen = Seen { is_new, ..Seen::default() };
    wait::until(&format!("the start of instance {id}"), RUNS, || async { seen.judge(ec2.instance(id).await, fields) })
        .await
}

/// How often something was missing that may come late.
#[derive(Debug, Default)]
struct Seen {
    is_new: bool,
    unknown: AtomicU32,
    without_address: AtomicU32,
    off: AtomicU32,
}

impl Seen {
    fn judge(&self, found: ApiResult<Option<Instance>>, fields: &Fields) -> Look<Instance> {
        let instance = match found {
            Ok(Some(instance)) => instance,
            // EC2 may deny for some time what it has just launched.
            Ok(None) => {
                let (looks, kind) = if self.is_new { (UNKNOWN_LOOKS, Kind::General) } else { (LOST_LOOKS, Kind::Gone) };
                return if self.unknown.fetch_add(1, Ordering::Relaxed) >= looks {
                    Look::Failed(Error::new(kind, format!("instance {} not found", fields.instance_id)))
                } else {
                    Look::NotYet("EC2 does not know it yet".to_owned())
                };
            }
            Err(error) if error.is_unclear() || error.is_not_found() || error.is("RequestLimitExceeded") => {
                return Look::NotYet(error.to_string());
            }
            Err(error) => return Look::Failed(error.into()),
        };
        let is_stale = || !instance.phase.is_final() && self.off.fetch_add(1, Ordering::Relaxed) < STALE_LOOKS;
        match over(&instance) {
            Some(error) if !is_stale() => return Look::Failed(error),
            _ => {}
        }
        match instance.phase {
            Phase::Running => match address(fields, &instance) {
                Ok(_) => Look::Done(instance),
                Err(error) if self.without_address.fetch_add(1, Ordering::Relaxed) >= ADDRESS_LOOKS => Look::Failed(
                    error.hint("does the subnet give public addresses? see --amazonec2-private-address-only"),
                ),
                Err(error) => Look::NotYet(error.message().to_owned()),
            },
            phase => Look::NotYet(format!("it is {}", state(phase))),
        }
    }
}

/// Switches an instance on that is off, or is going off; one that runs is left alone.
///
/// # Errors
/// It has ended, or EC2 refuses.
pub async fn switch_on(ec2: &Ec2, console: &Console, instance: &Instance) -> Result<()> {
    let id = &instance.id;
    match instance.phase {
        Phase::Stopping => wait_stopped(ec2, id).await?,
        Phase::Stopped => {}
        phase if phase.is_final() => return Err(ended(instance)),
        _ => {
            console.say(format!("Going on with instance {id}."));
            return Ok(());
        }
    }
    console.say(format!("Starting instance {id}..."));
    Ok(ec2.api().start(id).await?)
}

/// Waits until a stopping instance is off.
///
/// # Errors
/// It ended, or takes too long.
pub async fn wait_stopped(ec2: &Ec2, id: &str) -> Result<()> {
    wait::until(&format!("the stop of instance {id}"), STOPS, || async {
        match ec2.instance(id).await {
            Ok(Some(instance)) if instance.phase == Phase::Stopped => Look::Done(()),
            Ok(Some(instance)) if instance.phase.is_final() => Look::Failed(ended(&instance)),
            Ok(Some(instance)) => Look::NotYet(format!("it is {}", state(instance.phase))),
            Ok(None) => Look::Failed(Error::msg(format!("instance {id} not found"))),
            Err(error) if error.is_unclear() || error.is("RequestLimitExceeded") => Look::NotYet(error.to_string()),
            Err(error) => Look::Failed(error.into()),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(phase: Phase, public_ip: &str, private_ip: &str) -> Instance {
        let (public_ip, private_ip) = (public_ip.into(), private_ip.into());
        Instance { id: "i-1".into(), phase, public_ip, private_ip, ..Instance::default() }
    }

    #[test]
    fn the_private_address_is_used_where_it_was_asked_for() {
        let one = instance(Phase::Running, "192.0.2.1", "10.0.0.1");
        let fields = Fields::default();
        assert_eq!(address(&fields, &one).unwrap(), "192.0.2.1");
        assert_eq!(address(&Fields { use_private_ip: true, ..fields.clone() }, &one).unwrap(), "10.0.0.1");
        let none = instance(Phase::Running, "", "");
        assert_eq!(address(&fields, &none).unwrap_err().message(), "No IP for instance i-1");
        let error = address(&Fields { private_ip_only: true, ..fields }, &none).unwrap_err();
        assert_eq!(error.message(), "No private IP for instance i-1");
    }

    fn looked(found: ApiResult<Option<Instance>>, before: u32) -> Look<Instance> {
        judged(found, before, true)
    }

    fn judged(found: ApiResult<Option<Instance>>, before: u32, is_new: bool) -> Look<Instance> {
        let seen = Seen { is_new, unknown: before.into(), without_address: before.into(), off: before.into() };
        seen.judge(found, &Fields { instance_id: "i-1".into(), ..Fields::default() })
    }

    #[test]
    fn an_instance_that_dies_ends_the_wait_at_once() {
        for phase in [Phase::ShuttingDown, Phase::Terminated] {
            assert!(matches!(looked(Ok(Some(instance(phase, "", ""))), 0), Look::Failed(_)), "{phase:?}");
        }
        assert!(matches!(looked(Ok(Some(instance(Phase::Pending, "", ""))), 0), Look::NotYet(_)));
        assert!(matches!(looked(Ok(Some(instance(Phase::Running, "192.0.2.1", ""))), 0), Look::Done(_)));
    }

    #[test]
    fn an_instance_that_was_off_may_be_shown_so_for_a_moment() {
        let off = || Ok(Some(instance(Phase::Stopped, "", "")));
        assert!(matches!(looked(off(), 0), Look::NotYet(_)));
        assert!(matches!(looked(off(), STALE_LOOKS), Look::Failed(_)));
    }

    #[test]
    fn a_new_instance_may_be_unknown_and_without_address_for_a_while() {
        assert!(matches!(looked(Ok(None), 0), Look::NotYet(_)));
        assert!(matches!(looked(Ok(None), UNKNOWN_LOOKS), Look::Failed(_)));
        assert!(matches!(judged(Ok(None), LOST_LOOKS - 1, false), Look::NotYet(_)));
        assert!(matches!(judged(Ok(None), LOST_LOOKS, false), Look::Failed(error) if error.kind() == Kind::Gone));
        let bare = || Ok(Some(instance(Phase::Running, "", "10.0.0.1")));
        assert!(matches!(looked(bare(), 0), Look::NotYet(_)));
        assert!(matches!(looked(bare(), ADDRESS_LOOKS), Look::Failed(_)));
    }
}
