//! The calls of EC2 that we use, in our own types. The only file that knows the SDK.

use std::fmt;
use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::primitives::{Blob, DateTime};
use aws_sdk_ec2::types as ec2;

use super::model::{
    ApiError, Group, Image, Instance, KeyPair, Launch, Metadata, NO_ANSWER, Phase, Rule, Spot, Subnet, Tags, Volume,
};
use super::retry::NoCapacity;
use super::{API_PATIENCE, CONNECT_PATIENCE};
use crate::error::os_text;

/// The longest pause before the first repetition; it doubles with each. Pauses are random, so that the five of a
/// throttled call are shorter than the usual ten seconds of throttling in less than one of a hundred cases.
const FIRST_PAUSE: Duration = Duration::from_secs(4);

/// `Result` of a call.
pub type ApiResult<T> = Result<T, ApiError>;

/// A filter of a describe call.
pub type Filter<'f> = (&'f str, &'f [String]);

/// EC2 in one region, with one identity.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
}

impl<E> From<SdkError<E>> for ApiError
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let request_id = error.as_service_error().and_then(RequestId::request_id).unwrap_or_default().to_owned();
        match (error.code(), error.message()) {
            (Some(code), message) => {
                Self { code: code.to_owned(), message: message.unwrap_or_default().to_owned(), status, request_id }
            }
            (None, _) if status.is_some() => {
                let message = "the answer is none of EC2's; is the endpoint right?".to_owned();
                Self { code: "SerializationError".to_owned(), message, status, request_id }
            }
            (None, _) => {
                let message = format!("send request failed: {}", first_cause(&error));
                Self { code: NO_ANSWER.to_owned(), message, status, request_id }
            }
        }
    }
}

/// What went wrong first, which is what a person can do something about: `connection refused` rather than
/// `dispatch failure`.
fn first_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let first = std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error);
    first.downcast_ref().map_or_else(|| first.to_string(), os_text)
}

fn filters(filters: &[Filter<'_>]) -> Option<Vec<ec2::Filter>> {
    let one =
        |(name, values): &Filter<'_>| ec2::Filter::builder().name(*name).set_values(Some(values.to_vec())).build();
    Some(filters.iter().map(one).collect())
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// A text that is not sent when empty.
fn given(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn given_number(value: i32) -> Option<i32> {
    (value != 0).then_some(value)
}

fn tags_of(tags: &[ec2::Tag]) -> Tags {
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

fn tag_specification(kind: ec2::ResourceType, tags: &Tags) -> ec2::TagSpecification {
    let tags = tags.iter().map(|(key, value)| ec2::Tag::builder().key(key).value(value).build());
    ec2::TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

impl Api {
    /// A client for a region. `retries`: how often a failed call is repeated.
    pub fn new(config: &aws_config::SdkConfig, retries: u32) -> Self {
        let builder = aws_sdk_ec2::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(retries + 1).with_initial_backoff(FIRST_PAUSE))
            .retry_classifier(NoCapacity)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_PATIENCE)
                    .operation_attempt_timeout(API_PATIENCE)
                    .build(),
            );
        Self { client: Client::from_conf(builder.build()) }
    }

    /// All instances that pass the filters. There must be one: no filter would mean the whole account.
    pub async fn instances(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Instance>> {
        assert!(!wanted.is_empty(), "a filter is needed");
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.describe_instances().set_filters(filters(wanted));
            let page = call.max_results(1000).set_next_token(token).send().await?;
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
        let Launch { image, tags, spot, .. } = launch;
        let mut kinds =
            vec![ec2::ResourceType::Instance, ec2::ResourceType::Volume, ec2::ResourceType::NetworkInterface];
        if spot.is_some() {
            kinds.push(ec2::ResourceType::SpotInstancesRequest);
        }
        let market = spot.as_ref().map(market);
        let answer = self
            .client
            .run_instances()
            .client_token(&launch.client_token)
            .min_count(1)
            .max_count(1)
            .set_image_id(given(image))
            .set_instance_type(given(&launch.instance_type).map(|name| name.as_str().into()))
            .set_key_name(given(&launch.key_name))
            .network_interfaces(interface(launch))
            .set_iam_instance_profile(profile(&launch.profile))
            .set_monitoring(
                launch.monitoring.then(|| ec2::RunInstancesMonitoringEnabled::builder().enabled(true).build()),
            )
            .set_ebs_optimized(launch.ebs_optimized.then_some(true))
            .set_block_device_mappings(Some(devices(launch)))
            .set_user_data((!launch.user_data.is_empty()).then(|| base64(&launch.user_data)))
            .set_metadata_options(metadata(&launch.metadata))
            .set_credit_specification(
                given(&launch.cpu_credits)
                    .map(|credits| ec2::CreditSpecificationRequest::builder().cpu_credits(credits).build()),
            )
            .set_enable_primary_ipv6(launch.primary_ipv6.then_some(true))
            .set_launch_template(template(&launch.template))
            .set_instance_market_options(market)
            .set_tag_specifications(Some(kinds.into_iter().map(|kind| tag_specification(kind, tags)).collect()))
            .send()
            .await?;
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
        let answer = self.client.terminate_instances().instance_ids(known(id)).send().await?;
        let now = answer.terminating_instances().first().and_then(|change| change.current_state());
        Ok(phase(now))
    }

    /// Switches an instance on.
    pub async fn start(&self, id: &str) -> ApiResult<()> {
        self.client.start_instances().instance_ids(known(id)).send().await?;
        Ok(())
    }

    /// Shuts an instance down; with `force` without asking its operating system.
    pub async fn stop(&self, id: &str, force: bool) -> ApiResult<()> {
        self.client.stop_instances().instance_ids(known(id)).force(force).send().await?;
        Ok(())
    }

    /// Restarts an instance's operating system.
    pub async fn reboot(&self, id: &str) -> ApiResult<()> {
        self.client.reboot_instances().instance_ids(known(id)).send().await?;
        Ok(())
    }

    /// The account's default VPC, if it has one.
    pub async fn default_vpc(&self) -> ApiResult<Option<String>> {
        let yes = ["true".to_owned()];
        let answer = self.client.describe_vpcs().set_filters(filters(&[("is-default", &yes)])).send().await?;
        Ok(answer.vpcs().first().and_then(|vpc| vpc.vpc_id()).and_then(given))
    }

    /// The default VPC as an account attribute: `none` in accounts without.
    pub async fn default_vpc_attribute(&self) -> ApiResult<Option<String>> {
        let answer = self.client.describe_account_attributes().send().await?;
        let mut all = answer.account_attributes().iter();
        let attribute = all.find(|attribute| attribute.attribute_name() == Some("default-vpc"));
        Ok(attribute.map(|found| {
            found.attribute_values().first().and_then(|value| value.attribute_value()).unwrap_or_default().to_owned()
        }))
    }

    /// Subnets.
    pub async fn subnets(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Subnet>> {
        let answer = self.client.describe_subnets().set_filters(filters(wanted)).send().await?;
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
        let call = self.client.describe_instance_types().instance_types(instance_type.into());
        let answer = call.send().await?;
        let info = answer.instance_types().first().and_then(|info| info.processor_info());
        let all = info.map(ec2::ProcessorInfo::supported_architectures).unwrap_or_default();
        Ok(all.iter().map(|one| one.as_str().to_owned()).collect())
    }

    /// An image by its id.
    pub async fn image(&self, id: &str) -> ApiResult<Option<Image>> {
        let answer = self.client.describe_images().image_ids(known(id)).send().await?;
        Ok(answer.images().first().map(image))
    }

    /// The images of an owner that pass the filters.
    pub async fn images(&self, owner: &str, wanted: &[Filter<'_>]) -> ApiResult<Vec<Image>> {
        let answer = self.client.describe_images().owners(owner).set_filters(filters(wanted)).send().await?;
        Ok(answer.images().iter().map(image).collect())
    }

    /// Key pairs with their public keys.
    pub async fn key_pairs(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<KeyPair>> {
        let call = self.client.describe_key_pairs().set_filters(filters(wanted));
        let answer = call.include_public_key(true).send().await?;
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
        let call = self.client.import_key_pair().key_name(known(name)).public_key_material(Blob::new(public));
        let answer = call.tag_specifications(tag_specification(ec2::ResourceType::KeyPair, tags)).send().await?;
        Ok(text(answer.key_pair_id()))
    }

    /// Forgets a key pair; fine if there is none.
    pub async fn delete_key_pair(&self, name: &str) -> ApiResult<()> {
        self.client.delete_key_pair().key_name(known(name)).send().await?;
        Ok(())
    }

    /// Security groups.
    pub async fn groups(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<Group>> {
        let answer = self.client.describe_security_groups().set_filters(filters(wanted)).send().await?;
        Ok(answer.security_groups().iter().map(group).collect())
    }

    /// Makes a security group without rules; its id.
    pub async fn create_group(&self, name: &str, vpc: &str, tags: &Tags) -> ApiResult<String> {
        let call = self.client.create_security_group().group_name(known(name)).description("Docker Machine");
        let call = call.set_vpc_id(given(vpc));
        let answer = call.tag_specifications(tag_specification(ec2::ResourceType::SecurityGroup, tags)).send().await?;
        Ok(text(answer.group_id()))
    }

    /// Lets more in.
    pub async fn authorize(&self, group: &str, rules: &[Rule]) -> ApiResult<()> {
        let permissions = rules.iter().map(permission).collect();
        let call = self.client.authorize_security_group_ingress().group_id(known(group));
        call.set_ip_permissions(Some(permissions)).send().await?;
        Ok(())
    }

    /// Deletes a security group that nothing uses.
    pub async fn delete_group(&self, id: &str) -> ApiResult<()> {
        self.client.delete_security_group().group_id(known(id)).send().await?;
        Ok(())
    }

    /// Takes a spot request back.
    pub async fn cancel_spot(&self, id: &str) -> ApiResult<()> {
        self.client.cancel_spot_instance_requests().spot_instance_request_ids(known(id)).send().await?;
        Ok(())
    }

    /// The volumes that pass the filters and that nothing uses: id, tags, when they were made.
    pub async fn free_volumes(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<(String, Tags, Option<i64>)>> {
        let free = ["available".to_owned()];
        let mut all = wanted.to_vec();
        all.push(("status", &free));
        let answer = self.client.describe_volumes().set_filters(filters(&all)).send().await?;
        let volume =
            |one: &ec2::Volume| (text(one.volume_id()), tags_of(one.tags()), one.create_time().map(DateTime::secs));
        Ok(answer.volumes().iter().map(volume).collect())
    }

    /// Deletes a volume that nothing uses.
    pub async fn delete_volume(&self, id: &str) -> ApiResult<()> {
        self.client.delete_volume().volume_id(known(id)).send().await?;
        Ok(())
    }

    /// The open or active spot requests that pass the filters: id, tags, when they were made.
    pub async fn spot_requests(&self, wanted: &[Filter<'_>]) -> ApiResult<Vec<(String, Tags, Option<i64>)>> {
        let live = ["open".to_owned(), "active".to_owned()];
        let mut all = wanted.to_vec();
        all.push(("state", &live));
        let answer = self.client.describe_spot_instance_requests().set_filters(filters(&all)).send().await?;
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

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn phase(state: Option<&ec2::InstanceState>) -> Phase {
    state.and_then(|state| state.name()).map_or(Phase::Unknown, |name| Phase::parse(name.as_str()))
}

fn instance(one: &ec2::Instance, owner: &str) -> Instance {
    let ipv6 = one.ipv6_address().or_else(|| {
        one.network_interfaces()
            .iter()
            .flat_map(ec2::InstanceNetworkInterface::ipv6_addresses)
            .find_map(|it| it.ipv6_address())
    });
    Instance {
        id: text(one.instance_id()),
        phase: phase(one.state()),
        reason: text(one.state_reason().and_then(|reason| reason.message()).or(one.state_transition_reason())),
        public_ip: text(one.public_ip_address()),
        private_ip: text(one.private_ip_address()),
        ipv6: text(ipv6),
        launched: one.launch_time().map_or(0, DateTime::secs),
        spot_request: text(one.spot_instance_request_id()),
        owner: owner.to_owned(),
        key_name: text(one.key_name()),
        subnet: text(one.subnet_id()),
        zone: text(one.placement().and_then(|placement| placement.availability_zone())),
        tags: tags_of(one.tags()),
    }
}

fn image(one: &ec2::Image) -> Image {
    let root_device = text(one.root_device_name());
    let mut image = Image {
        id: text(one.image_id()),
        name: text(one.name()),
        architecture: text(one.architecture().map(ec2::ArchitectureValues::as_str)),
        root_device,
        created: text(one.creation_date()),
        ..Image::default()
    };
    for mapping in one.block_device_mappings() {
        let (Some(device), Some(ebs)) = (mapping.device_name(), mapping.ebs()) else { continue };
        if device == image.root_device {
            image.root_size = ebs.volume_size().unwrap_or_default();
        } else {
            image.other_devices.push(device.to_owned());
        }
    }
    image
}

fn group(one: &ec2::SecurityGroup) -> Group {
    let rule = |permission: &ec2::IpPermission| Rule {
        protocol: text(permission.ip_protocol()),
        first: permission.from_port().unwrap_or(-1),
        last: permission.to_port().unwrap_or(-1),
        sources: permission.ip_ranges().iter().map(|range| text(range.cidr_ip())).collect(),
    };
    Group {
        id: text(one.group_id()),
        name: text(one.group_name()),
        vpc: text(one.vpc_id()),
        rules: one.ip_permissions().iter().map(rule).collect(),
        tags: tags_of(one.tags()),
    }
}

fn permission(rule: &Rule) -> ec2::IpPermission {
    let (v6, v4): (Vec<_>, Vec<_>) = rule.sources.iter().partition(|source| source.contains(':'));
    let v4 = v4.into_iter().map(|source| ec2::IpRange::builder().cidr_ip(source).build()).collect::<Vec<_>>();
    let v6 = v6.into_iter().map(|source| ec2::Ipv6Range::builder().cidr_ipv6(source).build()).collect::<Vec<_>>();
    ec2::IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .from_port(rule.first)
        .to_port(rule.last)
        .set_ip_ranges((!v4.is_empty()).then_some(v4))
        .set_ipv6_ranges((!v6.is_empty()).then_some(v6))
        .build()
}

fn interface(launch: &Launch) -> ec2::InstanceNetworkInterfaceSpecification {
    ec2::InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .set_subnet_id(given(&launch.subnet))
        .set_groups(Some(launch.groups.clone()).filter(|groups| !groups.is_empty()))
        .associate_public_ip_address(launch.public_address)
        .set_ipv6_address_count(given_number(launch.ipv6_addresses))
        .build()
}

fn profile(name: &str) -> Option<ec2::IamInstanceProfileSpecification> {
    let profile = ec2::IamInstanceProfileSpecification::builder();
    given(name).map(|name| if name.starts_with("arn:") { profile.arn(name) } else { profile.name(name) }.build())
}

fn devices(launch: &Launch) -> Vec<ec2::BlockDeviceMapping> {
    let Volume { device, size, kind, iops, throughput, encrypted, kms_key } = &launch.root;
    let root = ec2::EbsBlockDevice::builder()
        .delete_on_termination(true)
        .volume_size(*size)
        .set_volume_type(given(kind).map(|kind| kind.as_str().into()))
        .set_iops(given_number(*iops))
        .set_throughput(given_number(*throughput))
        .set_encrypted(*encrypted)
        .set_kms_key_id(given(kms_key));
    let mut all = vec![ec2::BlockDeviceMapping::builder().device_name(device).ebs(root.build()).build()];
    for other in &launch.other_devices {
        let ends = ec2::EbsBlockDevice::builder().delete_on_termination(true).build();
        all.push(ec2::BlockDeviceMapping::builder().device_name(other).ebs(ends).build());
    }
    all
}

fn metadata(options: &Metadata) -> Option<ec2::InstanceMetadataOptionsRequest> {
    (*options != Metadata::default()).then(|| {
        ec2::InstanceMetadataOptionsRequest::builder()
            .set_http_endpoint(given(&options.endpoint).map(|it| it.as_str().into()))
            .set_http_tokens(given(&options.tokens).map(|it| it.as_str().into()))
            .set_http_put_response_hop_limit(given_number(options.hops))
            .set_http_protocol_ipv6(given(&options.ipv6).map(|it| it.as_str().into()))
            .build()
    })
}

fn template(name: &str) -> Option<ec2::LaunchTemplateSpecification> {
    let template = ec2::LaunchTemplateSpecification::builder();
    given(name).map(|name| match name.starts_with("lt-") {
        true => template.launch_template_id(name).build(),
        false => template.launch_template_name(name).build(),
    })
}

fn market(spot: &Spot) -> ec2::InstanceMarketOptionsRequest {
    let options = ec2::SpotMarketOptions::builder()
        .set_max_price(given(&spot.max_price))
        .spot_instance_type(ec2::SpotInstanceType::OneTime)
        .instance_interruption_behavior(ec2::InstanceInterruptionBehavior::Terminate);
    ec2::InstanceMarketOptionsRequest::builder()
        .market_type(ec2::MarketType::Spot)
        .spot_options(options.build())
        .build()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
