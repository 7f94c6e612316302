//! Removing what was made for a machine: instances, spot requests, key pairs, security groups that nobody else uses.

use std::time::Duration;

use tokio::time::sleep;

use super::api::Api;
use super::batch::Ec2;
use super::fields::Fields;
use super::model::{ApiResult, Instance, Phase};
use super::owner::Whose;
use super::{groups, keypair, tags};
use crate::console::Console;
use crate::error::{Error, Result};
use crate::wait::{self, Look, Pace};

/// How often to look for an instance whose launch nobody heard the answer of, and the pause between. EC2 may take some
/// seconds to show what it has just launched.
const LOOKS: u32 = 6;
const LOOK_PAUSE: Duration = Duration::from_secs(2);
/// How long EC2 may deny an instance that it has just launched before it is believed to be lost.
const KNOWN: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(60));

/// Removes everything; fine if it is gone already. The instances that have ended with it. `launched`: ids that EC2 has
/// named so recently that it may not know them everywhere yet. `met`: gets all ids, so that they are known when this fails.
/// `which`: the groups that go.
///
/// # Errors
/// Something is left, by name.
pub async fn all(
    ec2: &Ec2,
    console: &Console,
    fields: &Fields,
    launched: &[String],
    met: &mut Vec<String>,
    which: groups::Which,
) -> Result<Vec<String>> {
    let api = ec2.api();
    let Found { ids, seen } = instances(api, console, fields, launched).await?;
    met.clone_from(&ids);
    let mut ended = Vec::new();
    for id in &ids {
        if launched.contains(id) {
            terminate_new(api, console, id).await?;
        } else if !terminate(api, console, id).await? {
            continue;
        }
        ended.push(id.clone());
    }
    if !seen && ended.is_empty() {
        be_sure(ec2, fields).await?;
    }
    if ended.len() < ids.len() {
        console.say("Remote instance does not exist, proceeding with removing local reference");
    }
    spot_requests(api, fields).await?;
    keypair::remove(api, console, fields).await?;
    if fields.is_tagged() && !fields.security_group_read_only {
        groups::remove_unused(ec2, console, fields, &ids, which).await?;
    }
    Ok(ended)
}

/// Removes instances that this process has launched, and nothing else.
///
/// # Errors
/// One is left.
pub async fn launched(api: &Api, console: &Console, ids: &[String]) -> Result<()> {
    for id in ids {
        terminate_new(api, console, id).await?;
    }
    Ok(())
}

/// Nothing was found, which only means that nothing is left where the machine was made.
async fn be_sure(ec2: &Ec2, fields: &Fields) -> Result<()> {
    let launched = !fields.instance_id.is_empty() || !fields.client_token.is_empty();
    if !launched && fields.key_pair_id.is_empty() {
        return Ok(());
    }
    let whose = Whose::of(ec2, fields).await;
    match whose.obstacle(fields) {
        // An instance costs money.
        Some(error) if launched || whose.is_not_its() => Err(error.hint_to_force(format!(
            "or forget the machine, whatever is left of it: `docker-machine rm -f {}`",
            fields.base.machine_name
        ))),
        _ => Ok(()),
    }
}

/// What EC2 has of the machine's instances.
struct Found {
    ids: Vec<String>,
    /// EC2 showed one, be it a terminated one: this is where the machine was made.
    seen: bool,
}

/// Every instance of the machine: the known one, and what its tag finds.
async fn instances(api: &Api, console: &Console, fields: &Fields, launched: &[String]) -> Result<Found> {
    let mut seen = false;
    let mut ids: Vec<String> = launched.to_vec();
    if !fields.instance_id.is_empty() {
        ids.push(fields.instance_id.clone());
    }
    if fields.is_tagged() {
        let looks = if ids.is_empty() && !fields.client_token.is_empty() { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0 {
                sleep(LOOK_PAUSE).await;
            }
            let found = match tagged(api, fields).await {
                // What is known goes all the same.
                Err(error) if error.is_denied() && !ids.is_empty() => {
                    console.debug(format!("further instances cannot be looked for: {error}"));
                    break;
                }
                found => found?,
            };
            seen = !found.is_empty();
            ids.extend(found.into_iter().filter(|one| !one.phase.is_final()).map(|one| one.id));
            if seen {
                break;
            }
        }
    } else if ids.is_empty() && !fields.is_tagged() {
        console.say("Missing instance ID, this is likely due to a failure during machine creation");
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Found { ids, seen })
}

async fn tagged(api: &Api, fields: &Fields) -> ApiResult<Vec<Instance>> {
    api.instances(&[(tags::BY_MACHINE, std::slice::from_ref(&fields.id))]).await
}

/// Whether it was there.
async fn terminate(api: &Api, console: &Console, id: &str) -> Result<bool> {
    console.debug(format!("terminating instance: {id}"));
    match api.terminate(id).await {
        Err(error) if error.is_not_found() => Ok(false),
        answer => ended(id, answer).map(|()| true),
    }
}

/// The end of an instance that was just launched: one that is not known is not known yet, and costs money.
async fn terminate_new(api: &Api, console: &Console, id: &str) -> Result<()> {
    console.debug(format!("terminating new instance: {id}"));
    wait::until(&format!("the end of instance {id}"), KNOWN, || async {
        match api.terminate(id).await {
            Err(error) if error.is_not_found() => Look::NotYet(error.to_string()),
            answer => ended(id, answer).map_or_else(Look::Failed, Look::Done),
        }
    })
    .await
}

fn ended(id: &str, answer: ApiResult<Phase>) -> Result<()> {
    match answer {
        // Only a final state is sure to end.
        Ok(phase) if phase.is_final() => Ok(()),
        Ok(phase) => Err(Error::msg(format!("unable to terminate instance: {id} is still {phase:?}"))),
        Err(error) => Err(Error::from(error).context("unable to terminate instance")),
    }
}

/// A request that is still open would launch another instance.
async fn spot_requests(api: &Api, fields: &Fields) -> Result<()> {
    if !fields.request_spot_instance || !fields.is_tagged() {
        return Ok(());
    }
    let mut ids = vec![fields.spot_request.clone()];
    match api.spot_requests(&[(tags::BY_MACHINE, std::slice::from_ref(&fields.id))]).await {
        Ok(found) => ids.extend(found.into_iter().map(|(id, ..)| id)),
        Err(error) if error.is_denied() => {}
        Err(error) => return Err(error.into()),
    }
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        match api.cancel_spot(&id).await {
            // One-time requests end with their instance anyway.
            Err(error) if !error.is_not_found() && !error.is_denied() => {
                return Err(Error::from(error).context(format!("spot request {id} is left")));
            }
            _ => {}
        }
    }
    Ok(())
}
