//! Security groups: found or made, opened where they must be, and removed when nobody uses them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::api::Api;
use super::batch::Ec2;
use super::fields::Fields;
use super::model::{ApiError, ApiResult, Group, Phase, Rule, tag};
use super::work::Work;
use super::{rules, tags};
use crate::console::Console;
use crate::error::{Error, Result};
use crate::wait::{self, Look, Pace};

/// A new group is known everywhere within seconds.
const KNOWN: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(60));
/// How often a group may be refused although our instances are gone.
const FREED_LOOKS: u32 = 2;
/// The same if nobody may look whether they are.
const BLIND_LOOKS: u32 = 20;
/// A group is free once its last instance is terminated.
const UNUSED: Pace = Pace::new(Duration::from_secs(2), Duration::from_secs(180));

/// Finds or makes the machine's groups, and opens what must be open.
///
/// # Errors
/// A group is missing and may not be made, or EC2 refuses.
pub async fn ensure(work: &mut Work<'_>) -> Result<()> {
    let mut sources = work.fields.security_group_sources.clone().unwrap_or_default();
    if sources.is_empty() {
        let everybody = if work.fields.ipv6_address_only { rules::EVERYBODY } else { &rules::EVERYBODY[..1] };
        sources = everybody.iter().map(|one| (*one).to_owned()).collect();
    }
    let open = work.fields.open_ports.clone().unwrap_or_default();
    let wanted = rules::wanted(work.fields.base.ssh_port, &open, &sources)?;
    let mut ids = Vec::new();
    for name in work.fields.group_names() {
        let (group, made) = match find(work.api(), &name, &work.fields.vpc_id).await? {
            Some(group) => (group, false),
            None => (make(work, &name).await?, true),
        };
        if made || tag(&group.tags, tags::STORE).is_some() {
            // Known before the launch: whoever goes on with this machine must be of the same account.
            work.fields.owner_id.clone_from(&group.owner);
        }
        ids.push(group.id.clone());
        work.fields.security_group_ids = Some(ids.clone());
        work.save().await?;
        if !work.fields.security_group_read_only {
            open_ports(work, &group, made, &wanted).await?;
        }
    }
    Ok(())
}

async fn find(api: &Api, name: &str, vpc: &str) -> Result<Option<Group>, ApiError> {
    let (name, vpc) = ([name.to_owned()], [vpc.to_owned()]);
    let found = if is_id(&name[0]) {
        api.groups(&[("group-id", &name)]).await?
    } else {
        api.groups(&[("group-name", &name), ("vpc-id", &vpc)]).await?
    };
    Ok(found.into_iter().next())
}

fn is_id(name: &str) -> bool {
    name.strip_prefix("sg-").is_some_and(|rest| rest.len() >= 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

async fn make(work: &mut Work<'_>, name: &str) -> Result<Group> {
    let vpc = work.fields.vpc_id.clone();
    if is_id(name) {
        return Err(Error::msg(format!("there is no security group {name} in region {}", work.fields.region)));
    }
    if work.fields.security_group_read_only {
        return Err(Error::msg(format!("there is no security group {name} in {vpc}")).hint(
            "it is not created because of --amazonec2-security-group-readonly: without rules nobody could log in",
        ));
    }
    let (ec2, tags, asked) = (work.ec2.clone(), work.tags()?, (name.to_owned(), vpc.clone()));
    let made = work.finish(async move {
        let made = ec2.api().create_group(&asked.0, &asked.1, &tags).await;
        made.inspect(|id| ec2.has_made(id))
    });
    let made = made.await;
    match made {
        Ok(id) => work.console.debug(format!("made security group {name} ({id})")),
        // Another `create` was faster.
        Err(error) if error.is("InvalidGroup.Duplicate") => {}
        Err(error) => return Err(error.into()),
    }
    let api = work.api();
    wait::until(&format!("security group {name}"), KNOWN, || async {
        match find(api, name, &vpc).await {
            Ok(Some(group)) => Look::Done(group),
            Ok(None) => Look::NotYet("it is not known yet".to_owned()),
            Err(error) if error.is_not_found() || error.is_unclear() => Look::NotYet(error.to_string()),
            Err(error) => Look::Failed(error.into()),
        }
    })
    .await
}

async fn open_ports(work: &Work<'_>, group: &Group, made: bool, wanted: &[Rule]) -> Result<()> {
    let missing = rules::missing(&group.rules, wanted);
    if missing.is_empty() {
        return Ok(());
    }
    if !made && tag(&group.tags, tags::STORE).is_none() {
        for rule in &missing {
            let sources = rule.sources.join(", ");
            work.console.warn(format!(
                "opening {} to {sources} in security group {} ({}), which was not made by docker-machine",
                rules::shown(rule),
                group.name,
                group.id
            ));
        }
    }
    if authorize(work.api(), &group.id, &missing).await? == Authorized::SomeAreThere {
        // EC2 took none of them: each for itself.
        for rule in missing {
            authorize(work.api(), &group.id, &[rule]).await?;
        }
    }
    Ok(())
}

/// What EC2 says to new rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authorized {
    Opened,
    SomeAreThere,
}

async fn authorize(api: &Api, group: &str, rules: &[Rule]) -> Result<Authorized> {
    wait::until(&format!("opening ports in security group {group}"), KNOWN, || async {
        match api.authorize(group, rules).await {
            Ok(()) => Look::Done(Authorized::Opened),
            Err(error) if error.is("InvalidPermission.Duplicate") => Look::Done(Authorized::SomeAreThere),
            // It was made a moment ago.
            Err(error) if error.is("InvalidGroup.NotFound") => Look::NotYet(error.to_string()),
            Err(error) => Look::Failed(error.into()),
        }
    })
    .await
}

/// Which of a removed machine's groups go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that the store has made.
    Stores,
    /// Those that this process has made: what was there before it stays.
    Ours,
}

/// Removes those of a removed machine's groups that this store made and nobody else uses; also one that was made
/// without its id being known here.
///
/// # Errors
/// A group that is ours alone is left, with its id.
pub async fn remove_unused(ec2: &Ec2, console: &Console, fields: &Fields, gone: &[String], which: Which) -> Result<()> {
    let api = ec2.api();
    let ours = match api.groups(&[(tags::BY_STORE, std::slice::from_ref(&fields.store_id))]).await {
        // Whoever may not see groups could not make one either: `create` looks first.
        Err(error) if error.is_denied() => {
            console.debug(format!("security groups cannot be looked for: {error}"));
            return Ok(());
        }
        groups => groups?,
    };
    let ids = fields.group_ids();
    let is_its = |group: &Group| {
        // A machine that is new has an id that no other process can have written.
        let is_of_machine = tag(&group.tags, tags::MACHINE) == Some(&fields.id);
        is_of_machine || (ids.contains(&group.id) && (which == Which::Stores || ec2.made(&group.id)))
    };
    for group in ours.into_iter().filter(is_its) {
        let users = match api.instances(&[("instance.group-id", std::slice::from_ref(&group.id))]).await {
            // EC2 does not remove what is used.
            Err(error) if error.is_denied() => Vec::new(),
            users => users?,
        };
        if users.iter().any(|user| !user.phase.is_final() && !gone.contains(&user.id)) {
            continue;
        }
        console.debug(format!("removing security group {} ({})", group.name, group.id));
        match delete(api, console, &group.id, gone).await? {
            // Groups cost nothing, and the next machine finds this one.
            Deleted::Denied(error) => console.warn(format!("security group {} is left: {error}", group.id)),
            Deleted::Yes | Deleted::Used => {}
        }
    }
    Ok(())
}

/// How the removal of a group ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Yes,
    /// It stays: somebody else uses it.
    Used,
    /// It stays: this identity may not remove it.
    Denied(ApiError),
}

/// Deletes a group as soon as the instances `gone` are; one that somebody else uses stays.
///
/// # Errors
/// It is left, with its id.
pub async fn delete(api: &Api, console: &Console, id: &str, gone: &[String]) -> Result<Deleted> {
    let refusals = AtomicU32::new(0);
    wait::until(&format!("the removal of security group {id}"), UNUSED, || async {
        match api.delete_group(id).await {
            Ok(()) => Look::Done(Deleted::Yes),
            Err(error) if error.is_not_found() => Look::Done(Deleted::Yes),
            Err(error) if error.is("DependencyViolation") || error.is("InvalidGroup.InUse") => {
                // It may be free a moment after the last of our instances is.
                let looks = refusals.fetch_add(1, Ordering::Relaxed);
                let used = match is_going(api, gone).await {
                    Ok(going) => !going && looks >= FREED_LOOKS,
                    Err(error) => looks >= if error.is_denied() { BLIND_LOOKS } else { FREED_LOOKS },
                };
                if used {
                    console.debug(format!("security group {id} is used by others"));
                    Look::Done(Deleted::Used)
                } else {
                    Look::NotYet(error.to_string())
                }
            }
            Err(error) if error.is_denied() => Look::Done(Deleted::Denied(error)),
            Err(error) if error.is_unclear() => Look::NotYet(error.to_string()),
            Err(error) => Look::Failed(error.into()),
        }
    })
    .await
}

/// Whether one of the instances still has to end.
async fn is_going(api: &Api, gone: &[String]) -> ApiResult<bool> {
    if gone.is_empty() {
        return Ok(false);
    }
    let found = api.instances(&[("instance-id", gone)]).await?;
    Ok(found.iter().any(|one| one.phase != Phase::Terminated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("sg-0123456789abcdef0") && is_id("sg-01234567"));
        assert!(!is_id("sg-web") && !is_id("docker-machine"));
    }
}
