//! Removing what was made for a machine: instances, spot requests, key pairs, security groups that nobody else uses.

use std::time::Duration;

use tokio::time::sleep;

use super::api::Api;
use super::model::Instance;
use super::state::Fields;
use super::{groups, keypair, tags};
use crate::console::Console;
use crate::error::{Error, Result};

/// How often to look for an instance whose launch nobody heard the answer of, and the pause between.
const LOOKS: u32 = 3;
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// Removes everything; fine if it is gone already. `launched`: ids that this process was told of by EC2.
///
/// # Errors
/// Something is left, by name.
pub async fn all(api: &Api, console: &Console, fields: &Fields, launched: &[String]) -> Result<()> {
    let ids = instances(api, console, fields, launched).await?;
    if ids.is_empty() && api.is_on_spare() {
        return Err(elsewhere("its instance"));
    }
    for id in &ids {
        terminate(api, console, id).await?;
    }
    spot_requests(api, fields).await?;
    keypair::remove(api, console, fields).await?;
    if fields.is_tagged() && !fields.security_group_read_only {
        groups::remove_unused(api, console, fields, &ids).await?;
    }
    Ok(())
}

/// Every instance of the machine: the known one, and what its tag finds.
async fn instances(api: &Api, console: &Console, fields: &Fields, launched: &[String]) -> Result<Vec<String>> {
    let mut ids: Vec<String> = launched.to_vec();
    if !fields.instance_id.is_empty() {
        ids.push(fields.instance_id.clone());
    }
    if fields.is_tagged() && !fields.client_token.is_empty() {
        let looks = if ids.is_empty() { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0 {
                sleep(LOOK_PAUSE).await;
            }
            let found = tagged(api, fields).await?;
            let enough = !found.is_empty();
            ids.extend(found.into_iter().filter(|one| !one.phase.is_final()).map(|one| one.id));
            if enough {
                break;
            }
        }
    } else if ids.is_empty() && !fields.is_tagged() {
        console.warn("Missing instance ID, this is likely due to a failure during machine creation");
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

async fn tagged(api: &Api, fields: &Fields) -> Result<Vec<Instance>> {
    Ok(api.instances(&[(tags::BY_MACHINE, std::slice::from_ref(&fields.id))]).await?)
}

async fn terminate(api: &Api, console: &Console, id: &str) -> Result<()> {
    console.debug(format!("terminating instance: {id}"));
    match api.terminate(id).await {
        // Only a final state is sure to end.
        Ok(phase) if phase.is_final() => Ok(()),
        Ok(phase) => Err(Error::msg(format!("unable to terminate instance: {id} is still {phase:?}"))),
        Err(error) if error.is_not_found() && api.is_on_spare() => Err(elsewhere(&format!("instance {id}"))),
        Err(error) if error.is_not_found() => {
            console.warn("Remote instance does not exist, proceeding with removing local reference");
            Ok(())
        }
        Err(error) => Err(Error::from(error).context("unable to terminate instance")),
    }
}

/// The machine's own keys are refused: in another account nothing is known of it, but that does not mean gone.
fn elsewhere(what: &str) -> Error {
    Error::msg(format!("{what} is not in the account of this computer's AWS configuration, but may be in another one"))
        .hint("set AWS_PROFILE to a profile of the account that it was made in")
        .hint("or forget the machine, whatever is left of it: `docker-machine rm -f`")
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
