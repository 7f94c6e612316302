//! The SDK's types as ours, and ours as the SDK's. With `api.rs` the only file that knows the SDK.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types as ec2;

use super::bound::too_long;
use super::model::{
    ApiError, Filter, Group, Image, Instance, Launch, Metadata, NO_ANSWER, Phase, Rule, Spot, Tags, Volume,
};
use crate::error::{Cause, os_text};

impl<E> From<SdkError<E>> for ApiError
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let request_id = error.as_service_error().and_then(RequestId::request_id).unwrap_or_default().to_owned();
        let action = action::<E>();
        let cause = Some(Box::new(Cause::of(&error)));
        if let Some(message) = too_long(&error) {
            // It may have worked all the same: as if there were none.
            return Self { code: NO_ANSWER.to_owned(), message, status: None, request_id, action, cause };
        }
        match (error.code(), error.message()) {
            (Some(code), message) => {
                let message = message.unwrap_or_default().to_owned();
                Self { code: code.to_owned(), message, status, request_id, action, cause }
            }
            (None, _) if status.is_some() => {
                let message = "the answer is none of EC2's; is the endpoint right?".to_owned();
                Self { code: "SerializationError".to_owned(), message, status, request_id, action, cause }
            }
            (None, _) => {
                let message = format!("send request failed: {}", first_cause(&error));
                Self { code: NO_ANSWER.to_owned(), message, status, request_id, action, cause }
            }
        }
    }
}

/// The action by the name of its error type, `RunInstancesError`. For hints only: Rust promises no form of the name.
fn action<E>() -> String {
    let name = std::any::type_name::<E>().rsplit("::").next().unwrap_or_default();
    name.strip_suffix("Error").unwrap_or_default().to_owned()
}

/// What went wrong first, which is what a person can do something about: `connection refused` rather than
/// `dispatch failure`.
pub fn first_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let first = std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error);
    if let Some(error) = first.downcast_ref() {
        return os_text(error);
    }
    // Of a service's error that the SDK has no type for it would show Rust's debug form.
    let known = first.downcast_ref::<ErrorMetadata>();
    match known.and_then(|error| Some((error.code()?, error.message()?))) {
        Some((code, message)) => format!("{code}: {message}"),
        None => first.to_string().trim_end().to_owned(),
    }
}

/// Filters of a describe call.
pub fn filters(filters: &[Filter<'_>]) -> Option<Vec<ec2::Filter>> {
    let one =
        |(name, values): &Filter<'_>| ec2::Filter::builder().name(*name).set_values(Some(values.to_vec())).build();
    Some(filters.iter().map(one).collect())
}

/// A text that may be missing.
pub fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// A text that is not sent when empty.
pub fn given(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn given_number(value: i32) -> Option<i32> {
    (value != 0).then_some(value)
}

/// Tags in their order.
pub fn tags_of(tags: &[ec2::Tag]) -> Tags {
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

/// Tags for what a call makes.
pub fn tag_specification(kind: ec2::ResourceType, tags: &Tags) -> ec2::TagSpecification {
    let tags = tags.iter().map(|(key, value)| ec2::Tag::builder().key(key).value(value).build());
    ec2::TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What was printed on a console, whatever bytes they were.
pub fn console_text(output: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(output).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The state of an instance.
pub fn phase(state: Option<&ec2::InstanceState>) -> Phase {
    state.and_then(|state| state.name()).map_or(Phase::Unknown, |name| Phase::parse(name.as_str()))
}

/// An instance of the account `owner`.
pub fn instance(one: &ec2::Instance, owner: &str) -> Instance {
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
        image: text(one.image_id()),
        tags: tags_of(one.tags()),
    }
}

/// An image.
pub fn image(one: &ec2::Image) -> Image {
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

/// A security group.
pub fn group(one: &ec2::SecurityGroup) -> Group {
    let sources = |permission: &ec2::IpPermission| {
        let v4 = permission.ip_ranges().iter().map(|range| text(range.cidr_ip()));
        v4.chain(permission.ipv6_ranges().iter().map(|range| text(range.cidr_ipv6()))).collect()
    };
    let rule = |permission: &ec2::IpPermission| Rule {
        protocol: text(permission.ip_protocol()),
        first: permission.from_port().unwrap_or(-1),
        last: permission.to_port().unwrap_or(-1),
        sources: sources(permission),
    };
    Group {
        id: text(one.group_id()),
        name: text(one.group_name()),
        vpc: text(one.vpc_id()),
        owner: text(one.owner_id()),
        rules: one.ip_permissions().iter().map(rule).collect(),
        tags: tags_of(one.tags()),
    }
}

/// A rule.
pub fn permission(rule: &Rule) -> ec2::IpPermission {
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

/// Everything that a launch says.
pub fn run_instances(client: &Client, launch: &Launch) -> RunInstancesFluentBuilder {
    let mut kinds = vec![ec2::ResourceType::Instance, ec2::ResourceType::Volume, ec2::ResourceType::NetworkInterface];
    if launch.spot.is_some() {
        kinds.push(ec2::ResourceType::SpotInstancesRequest);
    }
    let tags = kinds.into_iter().map(|kind| tag_specification(kind, &launch.tags)).collect();
    let credits = |credits: String| ec2::CreditSpecificationRequest::builder().cpu_credits(credits).build();
    client
        .run_instances()
        .client_token(&launch.client_token)
        .min_count(1)
        .max_count(1)
        .set_image_id(given(&launch.image))
        .set_instance_type(given(&launch.instance_type).map(|name| name.as_str().into()))
        .set_key_name(given(&launch.key_name))
        .network_interfaces(interface(launch))
        .set_iam_instance_profile(profile(&launch.profile))
        .set_monitoring(launch.monitoring.then(|| ec2::RunInstancesMonitoringEnabled::builder().enabled(true).build()))
        .set_ebs_optimized(launch.ebs_optimized.then_some(true))
        .set_block_device_mappings(Some(devices(launch)))
        .set_user_data((!launch.user_data.is_empty()).then(|| base64(&launch.user_data)))
        .set_metadata_options(metadata(&launch.metadata))
        .set_credit_specification(given(&launch.cpu_credits).map(credits))
        .set_enable_primary_ipv6(launch.primary_ipv6.then_some(true))
        .set_launch_template(template(&launch.template))
        .set_instance_market_options(launch.spot.as_ref().map(market))
        .set_tag_specifications(Some(tags))
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
        .set_iops(*iops)
        .set_throughput(*throughput)
        .set_encrypted(*encrypted)
        .set_kms_key_id(given(kms_key));
    let mut all = vec![ec2::BlockDeviceMapping::builder().device_name(device).ebs(root.build()).build()];
    for other in &launch.other_devices {
        let ends = ec2::EbsBlockDevice::builder().delete_on_termination(true);
        let ends = ends.set_encrypted(*encrypted).set_kms_key_id(given(kms_key)).build();
        all.push(ec2::BlockDeviceMapping::builder().device_name(other).ebs(ends).build());
    }
    all
}

fn metadata(options: &Metadata) -> Option<ec2::InstanceMetadataOptionsRequest> {
    (*options != Metadata::default()).then(|| {
        ec2::InstanceMetadataOptionsRequest::builder()
            .set_http_endpoint(given(&options.endpoint).map(|it| it.as_str().into()))
            .set_http_tokens(given(&options.tokens).map(|it| it.as_str().into()))
            .set_http_put_response_hop_limit(options.hops)
            .set_http_protocol_ipv6(given(&options.ipv6).map(|it| it.as_str().into()))
            .build()
    })
}

fn template(name: &str) -> Option<ec2::LaunchTemplateSpecification> {
    let template = ec2::LaunchTemplateSpecification::builder();
    given(name).map(|name| {
        if name.starts_with("lt-") {
            template.launch_template_id(name).build()
        } else {
            template.launch_template_name(name).build()
        }
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
