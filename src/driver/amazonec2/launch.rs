//! `RunInstances`: saved before the call, found again after it, tried elsewhere for want of capacity.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::fields::Fields;
use super::image::BY_NAME;
use super::model::{ApiError, Instance, Launch, Metadata, Spot, Volume};
use super::network::short_zone;
use super::work::Work;
use super::{tags, user_data};
use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::random;

/// How often to look for an instance whose launch nobody heard the answer of, and the pause between.
const LOOKS: u32 = 4;
const LOOK_PAUSE: Duration = Duration::from_secs(2);
/// How often EC2 is asked for a launch with something that was made a moment ago, and the pause between.
const NEW_TRIES: u32 = 9;
const NEW_PAUSE: Duration = Duration::from_secs(2);
/// The same for a group: one that somebody removed meanwhile is made again.
const GROUP_TRIES: u32 = 4;

/// One way of launching.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    instance_type: String,
    subnet: String,
    spot: bool,
}

/// What ended an attempt.
enum Stop {
    /// EC2's answer.
    Refused(ApiError),
    /// Something on this computer.
    Here(Error),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

/// Launches the instance, unless it is there.
///
/// # Errors
/// EC2 refuses everywhere, or the instance cannot be found again.
pub async fn ensure(cx: &DriverContext<'_>, work: &mut Work<'_>) -> Result<()> {
    if !work.fields.instance_id.is_empty() {
        return Ok(());
    }
    let data = user_data(cx, work)?;
    if !work.fields.client_token.is_empty() {
        // An earlier `create` was killed: the instance may be there without being known here.
        if let Some(found) = find(work, LOOKS).await? {
            work.console.say(format!("Going on with instance {}.", found.id));
            return taken(work, found).await;
        }
        work.console.say("Launching instance...");
    }
    if work.fields.block_duration_minutes != 0 {
        work.console.warn("AWS no longer offers spot instances of a fixed duration: the duration is ignored");
    }
    let mut last = None;
    // A launch that may still be under way: the same token makes it the same launch.
    let mut token = work.fields.client_token.clone();
    for candidate in candidates(work.fields) {
        match attempt(work, &candidate, &data, std::mem::take(&mut token)).await {
            Ok(instance) => return taken(work, instance).await,
            Err(Stop::Refused(error)) if error.is_no_capacity() => {
                let Candidate { instance_type, subnet, spot } = &candidate;
                let how = if *spot { "spot " } else { "" };
                work.console.say(format!("No capacity for {how}{instance_type} in {subnet}: {}", error.code));
                last = Some(error);
            }
            Err(Stop::Refused(error)) => return Err(refused(work.fields, error)),
            Err(Stop::Here(error)) => return Err(error.context("Error launching instance")),
        }
    }
    Err(refused(work.fields, last.unwrap_or_default()))
}

fn refused(fields: &Fields, error: ApiError) -> Error {
    let no_capacity = error.is_no_capacity();
    let mut told = Error::from(error).context("Error launching instance");
    if fields.ami.starts_with(BY_NAME) && !no_capacity {
        told = told.hint("EC2 looks this image up with ssm:GetParameters; --amazonec2-ami names another one");
    }
    if no_capacity {
        told.hint("other types or subnets: repeat --amazonec2-instance-type, --amazonec2-subnet-id, --amazonec2-zone")
    } else {
        told
    }
}

/// All ways in the order in which they are tried.
fn candidates(fields: &Fields) -> Vec<Candidate> {
    let kinds: &[bool] = match (fields.request_spot_instance, fields.spot_fallback) {
        (true, true) => &[true, false],
        (true, false) => &[true],
        _ => &[false],
    };
    let types = || std::iter::once(&fields.instance_type).chain(fields.instance_types.iter().flatten());
    let subnets = || std::iter::once(&fields.subnet_id).chain(fields.subnet_ids.iter().flatten());
    let mut all = Vec::new();
    for spot in kinds {
        for instance_type in types() {
            for subnet in subnets() {
                all.push(Candidate { instance_type: instance_type.clone(), subnet: subnet.clone(), spot: *spot });
            }
        }
    }
    all
}

/// One call, and repetitions of the same call as long as it is not clear whether it worked.
async fn attempt(work: &mut Work<'_>, candidate: &Candidate, data: &[u8], token: String) -> Result<Instance, Stop> {
    let mut launch = launch(work.fields, candidate, data)?;
    launch.tags = work.tags()?;
    let mut is_new = token.is_empty();
    launch.client_token = if is_new { random::id() } else { token };
    work.fields.client_token.clone_from(&launch.client_token);
    work.save().await?;
    let mut tries = 0;
    loop {
        tries += 1;
        let (api, call, launches) = (work.api().clone(), launch.clone(), Arc::clone(&work.launches));
        work.launches.lock().expect("no panic while held").open = true;
        let answer = work.finish(async move {
            let answer = api.run(&call).await;
            launches.lock().expect("no panic while held").hear(&answer, is_new);
            answer
        });
        match answer.await {
            Err(error) if error.is_unclear() => {
                work.console.debug(format!("the answer to RunInstances is unclear: {error}"));
                return match find(work, LOOKS).await {
                    Ok(Some(instance)) => {
                        work.launches.lock().expect("no panic while held").know(&instance, is_new);
                        Ok(instance)
                    }
                    _ => Err(error.into()),
                };
            }
            // An earlier launch with this token was another one: its instance was looked for.
            Err(error) if error.is("IdempotentParameterMismatch") && tries == 1 => {
                launch.client_token = random::id();
                is_new = true;
                work.fields.client_token.clone_from(&launch.client_token);
                work.save().await?;
            }
            Err(error) if tries < tries_until_known(&error, work.fields) => {
                work.console.debug(format!("EC2 does not know everything yet: {error}"));
                sleep(NEW_PAUSE).await;
            }
            Err(error) if is_new && !error.is_bad_credentials() && !is_open(work) => {
                // A clear no to a token that was never used before: there is no instance to look for.
                work.fields.client_token.clear();
                return Err(error.into());
            }
            answer => return Ok(answer?),
        }
    }
}

/// Whether an instance may have been launched although no answer says so.
fn is_open(work: &Work<'_>) -> bool {
    work.launches.lock().expect("no panic while held").open
}

/// What was made a moment ago is not known everywhere in EC2 yet: a group, a key pair, an instance profile of IAM's.
fn tries_until_known(error: &ApiError, fields: &Fields) -> u32 {
    let is_profile = error.is("InvalidParameterValue") && error.message.contains("iamInstanceProfile");
    match error.code.as_str() {
        "InvalidGroup.NotFound" => GROUP_TRIES,
        "InvalidKeyPair.NotFound" if !fields.existing_key => NEW_TRIES,
        _ if is_profile => NEW_TRIES,
        _ => 1,
    }
}

fn launch(fields: &Fields, candidate: &Candidate, data: &[u8]) -> Result<Launch> {
    let small = |number: i64, what: &str| {
        i32::try_from(number).map_err(|_| Error::msg(format!("{what} {number} is out of range")))
    };
    let chosen = |number: Option<i64>, what: &str| number.map(|number| small(number, what)).transpose();
    let endpoint = if fields.metadata_token_setting.is_empty() { "" } else { "enabled" };
    Ok(Launch {
        image: fields.ami.clone(),
        instance_type: candidate.instance_type.clone(),
        key_name: fields.key_name.clone(),
        subnet: candidate.subnet.clone(),
        groups: fields.group_ids(),
        public_address: !fields.private_ip_only && !fields.ipv6_address_only,
        ipv6_addresses: small(fields.ipv6_address_count, "--amazonec2-ipv6-address-count")?,
        primary_ipv6: fields.enable_primary_ipv6,
        profile: fields.iam_instance_profile.clone(),
        monitoring: fields.monitoring,
        ebs_optimized: fields.use_ebs_optimized_instance,
        root: Volume {
            device: fields.device_name.clone(),
            size: small(fields.root_size, "--amazonec2-root-size")?,
            kind: fields.volume_type.clone(),
            iops: chosen(fields.volume_iops, "--amazonec2-volume-iops")?,
            throughput: chosen(fields.volume_throughput, "--amazonec2-volume-throughput")?,
            encrypted: fields.volume_encrypted.filter(|encrypted| *encrypted),
            kms_key: fields.volume_kms_key_id.clone(),
        },
        other_devices: fields.other_devices.clone().unwrap_or_default(),
        user_data: data.to_vec(),
        metadata: Metadata {
            endpoint: if fields.http_endpoint.is_empty() { endpoint.to_owned() } else { fields.http_endpoint.clone() },
            tokens: fields.metadata_token_setting.clone(),
            hops: chosen(fields.metadata_hops, "--amazonec2-metadata-token-response-hop-limit")?,
            ipv6: fields.http_protocol_ipv6.clone(),
        },
        cpu_credits: fields.cpu_credits.clone(),
        spot: candidate.spot.then(|| Spot { max_price: fields.spot_price.clone() }),
        template: fields.launch_template.clone(),
        ..Launch::default()
    })
}

fn user_data(cx: &DriverContext<'_>, work: &Work<'_>) -> Result<Vec<u8>> {
    let file = &work.fields.user_data_file;
    let theirs = if file.is_empty() {
        Vec::new()
    } else {
        std::fs::read(cx.env.cwd.join(file)).map_err(|error| {
            let reason = Error::file("open", file.as_ref(), &error);
            work.console.say(format!("failed to read user data file {file:?}: {reason}"));
            Error::msg("unable to read --amazonec2-userdata file")
        })?
    };
    let keys = work.fields.authorized_keys.as_deref().unwrap_or_default();
    user_data::build(&theirs, keys, &work.fields.base.ssh_user)
}

/// The machine's instance by its tag: what was launched without its id being known here.
async fn find(work: &Work<'_>, looks: u32) -> Result<Option<Instance>> {
    for look in 0..looks {
        if look > 0 {
            sleep(LOOK_PAUSE).await;
        }
        let found = work.api().instances(&[(tags::BY_MACHINE, std::slice::from_ref(&work.fields.id))]).await?;
        if let Some(instance) = found.into_iter().find(|instance| !instance.phase.is_final()) {
            return Ok(Some(instance));
        }
    }
    Ok(None)
}

/// The instance is known: saved at once.
async fn taken(work: &mut Work<'_>, instance: Instance) -> Result<()> {
    let fields = &mut *work.fields;
    fields.zone =
        if instance.zone.is_empty() { fields.zone.clone() } else { short_zone(&instance.zone, &fields.region) };
    if !instance.subnet.is_empty() {
        fields.subnet_id.clone_from(&instance.subnet);
    }
    if !instance.image.is_empty() {
        fields.ami.clone_from(&instance.image);
    }
    fields.owner_id.clone_from(&instance.owner);
    fields.spot_request.clone_from(&instance.spot_request);
    fields.instance_id = instance.id;
    fields.subnet_ids = None;
    work.console.debug(format!("created instance ID {}", work.fields.instance_id));
    work.save().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_tried_before_the_next_type_and_spot_before_on_demand() {
        let mut fields = Fields { instance_type: "t3.micro".into(), subnet_id: "s1".into(), ..Fields::default() };
        fields.instance_types = Some(vec!["t3.small".into()]);
        fields.subnet_ids = Some(vec!["s2".into()]);
        let shown = |fields: &Fields| {
            let all = candidates(fields).into_iter();
            all.map(|it| format!("{}{}@{}", if it.spot { "spot " } else { "" }, it.instance_type, it.subnet))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&fields), ["t3.micro@s1", "t3.micro@s2", "t3.small@s1", "t3.small@s2"]);
        fields = Fields { request_spot_instance: true, spot_fallback: true, instance_types: None, ..fields };
        assert_eq!(shown(&fields), ["spot t3.micro@s1", "spot t3.micro@s2", "t3.micro@s1", "t3.micro@s2"]);
    }

    #[test]
    fn nothing_empty_and_no_encryption_is_sent_unasked() {
        let fields = Fields { volume_encrypted: Some(false), ..Fields::default() };
        let candidate = Candidate { instance_type: "t3.micro".into(), subnet: "s".into(), spot: false };
        let launch = launch(&fields, &candidate, b"").unwrap();
        assert_eq!((launch.root.encrypted, launch.metadata, launch.spot), (None, Metadata::default(), None));
        assert!(launch.public_address);
    }
}
