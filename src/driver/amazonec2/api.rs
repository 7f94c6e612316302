//! The calls of EC2 that we use, in our own types. With `convert.rs` the only file that knows the SDK.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::error::SdkError;
use aws_sdk_ec2::primitives::{Blob, DateTime};
use aws_sdk_ec2::types as ec2;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::bound::Bound;
use super::convert::{
    console_text, filters, given, group, image, instance, permission, phase, run_instances, tag_specification, tags_of,
    text,
};
use super::credentials::{self, Target};
use super::model::{
    ApiError, ApiResult, ConsoleOutput, Filter, Group, Image, Instance, KeyPair, Launch, NO_ANSWER, Phase, Rule,
    Subnet, Tags,
};
use super::pending::Account;
use super::retry::NoCapacity;
use crate::console::Console;
use crate::env::Env;

/// The longest pause before the first repetition; it doubles with each. Pauses are random, so that the five of a
/// throttled call are shorter than the usual ten seconds of throttling in less than one of a hundred cases.
const FIRST_PAUSE: Duration = Duration::from_secs(4);

/// How long one try of a call may take, and its connection.
const API_PATIENCE: Duration = Duration::from_secs(30);
/// See [`API_PATIENCE`].
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// After how long it is mentioned that a call has no answer yet.
const SLOW: Duration = Duration::from_secs(8);

/// EC2 in one region, with one identity, and perhaps another one for when that is refused.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    spare: Option<Arc<Spare>>,
    /// Of whoever asks now.
    console: Console,
    /// It was said that EC2 takes its time: once is enough.
    said: Arc<AtomicBool>,
}

impl Api {
    /// EC2 for a configuration. `retries`: how often a failed call is repeated.
    pub fn new(console: &Console, config: &aws_config::SdkConfig, retries: u32, spare: Option<Spare>) -> Self {
        let builder = aws_sdk_ec2::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(retries + 1).with_initial_backoff(FIRST_PAUSE))
            .retry_classifier(NoCapacity)
            .retry_classifier(Bound)
            .interceptor(Account)
            .interceptor(Bound)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_PATIENCE)
                    .operation_attempt_timeout(API_PATIENCE)
                    .build(),
            );
        let client = Client::from_conf(builder.build());
        Self { client, spare: spare.map(Arc::new), console: console.clone(), said: Arc::default() }
    }

    /// The same, for somebody with another console.
    pub fn for_console(&self, console: &Console) -> Self {
        Self { console: console.clone(), ..self.clone() }
    }

    /// One call, repeated with the spare credentials when the first ones are refused.
    async fn ask<T, E, F>(&self, call: impl Fn(&Client) -> F + Send) -> ApiResult<T>
    where
        F: Future<Output = Result<T, SdkError<E>>> + Send,
        ApiError: From<SdkError<E>>,
    {
        let Some(spare) = &self.spare else { return Ok(self.patiently(call(&self.client)).await?) };
        if let Some(other) = spare.in_use() {
            return Ok(self.patiently(call(&other.client)).await?);
        }
        match self.patiently(call(&self.client)).await.map_err(ApiError::from) {
            Err(error) if error.is_bad_credentials() => match spare.instead_of(&error, &self.console).await {
                Some(other) => Ok(self.patiently(call(&other.client)).await?),
                None => Err(error),
            },
            answer => answer,
        }
    }

    /// Waits for an answer. Throttling and lost connections can take a minute: nobody shall sit before a silent screen.
    async fn patiently<T>(&self, answer: impl Future<Output = T> + Send) -> T {
        let mut answer = pin!(answer);
        if let Ok(answer) = timeout(SLOW, &mut answer).await {
            return answer;
        }
        if !self.console.is_query() && !self.said.swap(true, Ordering::Relaxed) {
            self.console.say("Still waiting for EC2 to answer...");
        }
        answer.await
    }

    /// All instances that pass the filters. There must be one: no filter would mean the whole account.
    pub async fn instances(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Instance>> {
        assert!(!wanted.is_empty(), "a filter is needed");
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .ask(|client| {
                    let call = client.describe_instances().set_filters(filters(wanted));
                    call.max_results(1000).set_next_token(token.clone()).send()
                })
                .await?;
            for reservation in page.reservations() {
                let owner = text(reservation.owner_id());
                found.extend(reservation.instances().iter().map(|one| instance(one, &owner)));
            }
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Launches one instance.
    pub async fn run(&self, launch: &Launch) -> ApiResult<Instance> {
        let answer = self.ask(|client| run_instances(client, launch).send()).await?;
        let owner = text(answer.owner_id());
        let first = answer.instances().first().map(|one| instance(one, &owner));
        first.filter(|instance| !instance.id.is_empty()).ok_or_else(|| ApiError {
            code: NO_ANSWER.to_owned(),
            message: "RunInstances named no instance".to_owned(),
            ..ApiError::default()
        })
    }

    /// Ends an instance; its phase now.
    pub async fn terminate(&self, id: &str) -> ApiResult<Phase> {
        let answer = self.ask(|client| client.terminate_instances().instance_ids(known(id)).send()).await?;
        let now = answer.terminating_instances().first().and_then(|change| change.current_state());
        Ok(phase(now))
    }

    /// Switches an instance on.
    pub async fn start(&self, id: &str) -> ApiResult<()> {
        self.ask(|client| client.start_instances().instance_ids(known(id)).send()).await?;
        Ok(())
    }

    /// Shuts an instance down; with `force` without asking its operating system.
    pub async fn stop(&self, id: &str, force: bool) -> ApiResult<()> {
        self.ask(|client| client.stop_instances().instance_ids(known(id)).force(force).send()).await?;
        Ok(())
    }

    /// Restarts an instance's operating system.
    pub async fn reboot(&self, id: &str) -> ApiResult<()> {
        self.ask(|client| client.reboot_instances().instance_ids(known(id)).send()).await?;
        Ok(())
    }

    /// What an instance has printed on its console: the latest where its type allows that, else what EC2 has of it.
    pub async fn console(&self, id: &str) -> ApiResult<ConsoleOutput> {
        let output = |latest: Option<bool>| {
            self.ask(move |client| client.get_console_output().instance_id(known(id)).set_latest(latest).send())
        };
        let (answer, is_latest) = match output(Some(true)).await {
            Err(error) if error.is("UnsupportedOperation") => (output(None).await?, false),
            answer => (answer?, true),
        };
        Ok(ConsoleOutput { text: console_text(answer.output().unwrap_or_default()), is_latest })
    }

    /// The account's default VPC, if it has one.
    pub async fn default_vpc(&self) -> ApiResult<Option<String>> {
        let yes = ["true".to_owned()];
        let answer =
            self.ask(|client| client.describe_vpcs().set_filters(filters(&[("is-default", &yes)])).send()).await?;
        Ok(answer.vpcs().first().and_then(|vpc| vpc.vpc_id()).and_then(given))
    }

    /// The default VPC as an account attribute: `none` in accounts without.
    pub async fn default_vpc_attribute(&self) -> ApiResult<Option<String>> {
        let answer = self.ask(|client| client.describe_account_attributes().send()).await?;
        let mut all = answer.account_attributes().iter();
        let attribute = all.find(|attribute| attribute.attribute_name() == Some("default-vpc"));
        Ok(attribute.map(|found| {
            found.attribute_values().first().and_then(|value| value.attribute_value()).unwrap_or_default().to_owned()
        }))
    }

    /// Subnets.
    pub async fn subnets(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Subnet>> {
        let answer = self.ask(|client| client.describe_subnets().set_filters(filters(wanted)).send()).await?;
        let subnet = |one: &ec2::Subnet| Subnet {
            id: text(one.subnet_id()),
            vpc: text(one.vpc_id()),
            zone: text(one.availability_zone()),
            default_for_zone: one.default_for_az().unwrap_or_default(),
            free: one.available_ip_address_count().unwrap_or_default(),
        };
        Ok(answer.subnets().iter().map(subnet).collect())
    }

    /// The architectures of an instance type.
    pub async fn architectures(&self, instance_type: &str) -> ApiResult<Vec<String>> {
        let call = |client: &Client| client.describe_instance_types().instance_types(instance_type.into()).send();
        let answer = self.ask(call).await?;
        let info = answer.instance_types().first().and_then(|info| info.processor_info());
        let all = info.map(ec2::ProcessorInfo::supported_architectures).unwrap_or_default();
        Ok(all.iter().map(|one| one.as_str().to_owned()).collect())
    }

    /// An image by its id.
    pub async fn image(&self, id: &str) -> ApiResult<Option<Image>> {
        let answer = self.ask(|client| client.describe_images().image_ids(known(id)).send()).await?;
        Ok(answer.images().first().map(image))
    }

    /// The images of an owner that pass the filters.
    pub async fn images(&self, owner: &str, wanted: &[Filter<'_>]) -> ApiResult<Vec<Image>> {
        let answer =
            self.ask(|client| client.describe_images().owners(owner).set_filters(filters(wanted)).send()).await?;
        Ok(answer.images().iter().map(image).collect())
    }

    /// Key pairs with their public keys.
    pub async fn key_pairs(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<KeyPair>> {
        let answer = self
            .ask(|client| client.describe_key_pairs().set_filters(filters(wanted)).include_public_key(true).send())
            .await?;
        let pair = |one: &ec2::KeyPairInfo| KeyPair {
            name: text(one.key_name()),
            id: text(one.key_pair_id()),
            public: text(one.public_key()),
            made: one.create_time().map(DateTime::secs),
            tags: tags_of(one.tags()),
        };
        Ok(answer.key_pairs().iter().map(pair).collect())
    }

    /// Makes a public key known under a name; its `key-…`.
    pub async fn import_key_pair(&self, name: &str, public: &str, tags: &Tags) -> ApiResult<String> {
        let answer = self
            .ask(|client| {
                let call = client.import_key_pair().key_name(known(name)).public_key_material(Blob::new(public));
                call.tag_specifications(tag_specification(ec2::ResourceType::KeyPair, tags)).send()
            })
            .await?;
        Ok(text(answer.key_pair_id()))
    }

    /// Forgets a key pair; fine if there is none.
    pub async fn delete_key_pair(&self, name: &str) -> ApiResult<()> {
        self.ask(|client| client.delete_key_pair().key_name(known(name)).send()).await?;
        Ok(())
    }

    /// Security groups.
    pub async fn groups(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Group>> {
        let answer = self.ask(|client| client.describe_security_groups().set_filters(filters(wanted)).send()).await?;
        Ok(answer.security_groups().iter().map(group).collect())
    }

    /// Makes a security group without rules; its id.
    pub async fn create_group(&self, name: &str, vpc: &str, tags: &Tags) -> ApiResult<String> {
        let answer = self
            .ask(|client| {
                let call = client.create_security_group().group_name(known(name)).description("Docker Machine");
                let tags = tag_specification(ec2::ResourceType::SecurityGroup, tags);
                call.set_vpc_id(given(vpc)).tag_specifications(tags).send()
            })
            .await?;
        Ok(text(answer.group_id()))
    }

    /// Lets more in.
    pub async fn authorize(&self, group: &str, rules: &[Rule]) -> ApiResult<()> {
        let permissions: Vec<_> = rules.iter().map(permission).collect();
        self.ask(|client| {
            let call = client.authorize_security_group_ingress().group_id(known(group));
            call.set_ip_permissions(Some(permissions.clone())).send()
        })
        .await?;
        Ok(())
    }

    /// Deletes a security group that nothing uses.
    pub async fn delete_group(&self, id: &str) -> ApiResult<()> {
        self.ask(|client| client.delete_security_group().group_id(known(id)).send()).await?;
        Ok(())
    }

    /// Takes a spot request back.
    pub async fn cancel_spot(&self, id: &str) -> ApiResult<()> {
        self.ask(|client| client.cancel_spot_instance_requests().spot_instance_request_ids(known(id)).send()).await?;
        Ok(())
    }

    /// The volumes that pass the filters and that nothing uses: id, tags, when they were made.
    pub async fn free_volumes(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<(String, Tags, Option<i64>)>> {
        let free = ["available".to_owned()];
        let mut all = wanted.to_vec();
        all.push(("status", &free));
        let answer = self.ask(|client| client.describe_volumes().set_filters(filters(&all)).send()).await?;
        let volume =
            |one: &ec2::Volume| (text(one.volume_id()), tags_of(one.tags()), one.create_time().map(DateTime::secs));
        Ok(answer.volumes().iter().map(volume).collect())
    }

    /// Deletes a volume that nothing uses.
    pub async fn delete_volume(&self, id: &str) -> ApiResult<()> {
        self.ask(|client| client.delete_volume().volume_id(known(id)).send()).await?;
        Ok(())
    }

    /// The open or active spot requests that pass the filters: id, tags, when they were made.
    pub async fn spot_requests(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<(String, Tags, Option<i64>)>> {
        let live = ["open".to_owned(), "active".to_owned()];
        let mut all = wanted.to_vec();
        all.push(("state", &live));
        let answer =
            self.ask(|client| client.describe_spot_instance_requests().set_filters(filters(&all)).send()).await?;
        let request = |one: &ec2::SpotInstanceRequest| {
            (text(one.spot_instance_request_id()), tags_of(one.tags()), one.create_time().map(DateTime::secs))
        };
        Ok(answer.spot_instance_requests().iter().map(request).collect())
    }
}

/// An empty id would mean every resource of the account, or a refusal that says nothing.
fn known(id: &str) -> &str {
    assert!(!id.is_empty(), "an id is needed");
    id
}

/// The chain, for when keys that were stored with a machine are refused: they may have been replaced since.
#[derive(Debug)]
pub struct Spare {
    target: Target,
    env: Env,
    api: OnceCell<Option<Api>>,
}

impl Spare {
    /// For the client of a target.
    pub fn new(env: &Env, target: &Target) -> Self {
        Self { target: target.clone(), env: env.clone(), api: OnceCell::new() }
    }

    /// EC2 by the chain, if it has taken over.
    fn in_use(&self) -> Option<&Api> {
        self.api.get()?.as_ref()
    }

    /// The chain takes over, if it gives another key; said once.
    async fn instead_of(&self, refused: &ApiError, console: &Console) -> Option<&Api> {
        self.api.get_or_init(|| self.open(refused, console)).await.as_ref()
    }

    async fn open(&self, refused: &ApiError, console: &Console) -> Option<Api> {
        let chain = Target { keys: None, stored: false, ..self.target.clone() };
        let (config, found) = credentials::load(&self.env, &chain).await.ok()?;
        if self.target.keys.as_ref().is_some_and(|keys| keys.id == found.access_key_id()) {
            return None;
        }
        let text = format!(
            "The access keys that were stored with the machine are refused ({}): using this computer's AWS \
             configuration instead",
            refused.code
        );
        if console.is_query() {
            console.debug(text);
        } else {
            console.warn(text);
        }
        Some(Api::new(console, &config, self.target.retries, None))
    }
}
