//! The flags of a `create` as the driver's state: the checks that need no network.

use std::path::Path;

use super::credentials::{KeySource, profile_region};
use super::fields::{DEFAULT_REGION, Fields};
use super::flags::Given;
use super::rules::Port;
use super::tags;
use crate::context::DriverContext;
use crate::error::{Context as _, Error, Result};
use crate::names;
use crate::ssh;

/// The type if nobody names one: in nearly every region, and free for new accounts.
const DEFAULT_TYPE: &str = "t3.micro";
/// The security group if nobody names one.
const DEFAULT_GROUP: &str = "docker-machine";
/// Containers are one network hop further away than the host.
const METADATA_HOPS: i64 = 2;

/// Fills the state from the flags.
///
/// # Errors
/// The original's texts, or ours, for values that cannot be.
pub async fn fill(cx: &DriverContext<'_>, fields: &mut Fields, given: &Given<'_>, source: &KeySource) -> Result<()> {
    let (keys, profile) = source.to_keep(cx.env);
    if let Some(keys) = keys {
        (fields.access_key, fields.secret_key) = (keys.id, keys.secret);
    }
    fields.profile = profile;
    fields.region = region(given, source).await?;
    fields.endpoint = given.text("endpoint");
    fields.disable_ssl = given.is_on("insecure-transport");
    if fields.disable_ssl && fields.endpoint.is_empty() {
        return Err(Error::msg("using --amazonec2-insecure-transport also requires --amazonec2-endpoint"));
    }
    fields.retry_count = given.number("retries");
    login(cx, fields, given)?;
    machine(fields, given)?;
    volume(fields, given)?;
    metadata(fields, given)?;
    network(fields, given)?;
    fields.tags = given.text("tags");
    tags::parse(&fields.tags)?;
    fields.user_data_file = given.text("userdata");
    fields.authorized_keys = authorized_keys(cx, &given.list("ssh-authorized-key"))?;
    fields.base.swarm_master = given.values.bool("swarm-master");
    fields.base.swarm_host = given.values.string("swarm-host");
    fields.base.swarm_discovery = given.values.string("swarm-discovery");
    Ok(())
}

/// The region: flag, variables, profile, then the original's.
///
/// # Errors
/// `Invalid region specified`.
pub async fn region(given: &Given<'_>, source: &KeySource) -> Result<String> {
    let mut region = given.text("region");
    if region.is_empty() {
        region = profile_region(&source.profile).await.unwrap_or_default();
    }
    if region.is_empty() {
        region = DEFAULT_REGION.to_owned();
    }
    if is_region(&region) {
        Ok(region)
    } else {
        Err(Error::msg("Invalid region specified").hint(format!("`{region}` does not look like one; `us-east-1` does")))
    }
}

/// No table: AWS opens regions more often than programs are released.
fn is_region(text: &str) -> bool {
    let of =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.contains('-') && text.split('-').all(of)
}

fn login(cx: &DriverContext<'_>, fields: &mut Fields, given: &Given<'_>) -> Result<()> {
    fields.base.ssh_user = given.text("ssh-user");
    if fields.base.ssh_user.is_empty() {
        super::fields::DEFAULT_USER.clone_into(&mut fields.base.ssh_user);
    }
    names::check_user(&fields.base.ssh_user).context("--amazonec2-ssh-user")?;
    let port = given.number("ssh-port");
    fields.base.ssh_port = u16::try_from(port)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| Error::msg(format!("--amazonec2-ssh-port {port} is no TCP port; ports are 1 to 65535")))?;
    fields.key_name = given.text("keypair-name");
    fields.ssh_private_key_path = given.text("ssh-keypath");
    fields.existing_key = !fields.key_name.is_empty();
    if fields.ssh_private_key_path.is_empty() {
        return if fields.existing_key {
            Err(Error::msg("using --amazonec2-keypair-name also requires --amazonec2-ssh-keypath"))
        } else {
            Ok(())
        };
    }
    ssh::keys::read(&cx.env.cwd.join(&fields.ssh_private_key_path)).map(drop)
}

fn machine(fields: &mut Fields, given: &Given<'_>) -> Result<()> {
    fields.ami = given.text("ami");
    let mut types = given.list("instance-type");
    if types.is_empty() {
        types.push(DEFAULT_TYPE.to_owned());
        // What the original's default type had; this one could cost more than its price otherwise.
        "standard".clone_into(&mut fields.cpu_credits);
    }
    if let Some(mac) = types.iter().find(|name| name.starts_with("mac")) {
        return Err(Error::msg(format!(
            "instance type {mac} runs macOS on a dedicated host: Docker has no use for it"
        )));
    }
    fields.instance_type = types.remove(0);
    fields.instance_types = Some(types).filter(|more| !more.is_empty());
    fields.iam_instance_profile = given.text("iam-instance-profile");
    fields.request_spot_instance = given.is_on("request-spot-instance") || given.is_on("request-spot-fleet");
    fields.spot_price = given.text("spot-price");
    fields.spot_fallback = given.is_on("spot-fallback");
    if !fields.spot_price.is_empty() && fields.spot_price.parse::<f64>().is_err() {
        return Err(Error::msg(format!("--amazonec2-spot-price `{}` is no price in USD", fields.spot_price)));
    }
    fields.block_duration_minutes = given.number("block-duration-minutes");
    fields.launch_template = given.text("launch-template");
    fields.monitoring = given.is_on("monitoring");
    fields.use_ebs_optimized_instance = given.is_on("use-ebs-optimized-instance");
    Ok(())
}

fn volume(fields: &mut Fields, given: &Given<'_>) -> Result<()> {
    fields.device_name = given.text("device-name");
    fields.root_size = given.number("root-size");
    fields.volume_type = given.text("volume-type");
    fields.volume_iops = given.chosen("volume-iops");
    fields.volume_throughput = given.chosen("volume-throughput");
    fields.volume_kms_key_id = given.either("volume-kms-key", "kms-key")?;
    let encrypted = given.is_on("volume-encrypted") || given.is_on("encrypt-ebs-volume");
    fields.volume_encrypted = (encrypted || !fields.volume_kms_key_id.is_empty()).then_some(true);
    if fields.volume_throughput.is_some() && fields.volume_type != "gp3" {
        return Err(Error::msg(format!("volumes of type {} have no throughput to choose", fields.volume_type)));
    }
    Ok(())
}

fn metadata(fields: &mut Fields, given: &Given<'_>) -> Result<()> {
    let either = |value: &str, choice: [&str; 2], name: &str| {
        if value.is_empty() || choice.contains(&value) {
            Ok(())
        } else {
            Err(Error::msg(format!("{name} must be either {} or {}", choice[0], choice[1])))
        }
    };
    fields.http_endpoint = given.text("http-endpoint");
    fields.metadata_token_setting = given.either("metadata-token", "http-tokens")?;
    fields.http_protocol_ipv6 = given.text("http-protocol-ipv6");
    fields.metadata_hops = given.chosen("metadata-token-response-hop-limit").or(Some(METADATA_HOPS));
    either(&fields.http_endpoint, ["enabled", "disabled"], "httpEndpoint")?;
    either(&fields.metadata_token_setting, ["optional", "required"], "httpToken")?;
    either(&fields.http_protocol_ipv6, ["enabled", "disabled"], "httpProtocolIpv6")?;
    Ok(())
}

fn network(fields: &mut Fields, given: &Given<'_>) -> Result<()> {
    fields.vpc_id = given.text("vpc-id");
    let mut subnets = given.list("subnet-id");
    fields.subnet_id = if subnets.is_empty() { String::new() } else { subnets.remove(0) };
    fields.subnet_ids = Some(subnets).filter(|more| !more.is_empty());
    fields.zone = given.list("zone").join(",");
    let groups = given.list("security-group");
    fields.security_group_names = Some(if groups.is_empty() { vec![DEFAULT_GROUP.to_owned()] } else { groups });
    fields.security_group_read_only = given.is_on("security-group-readonly");
    fields.security_group_sources = Some(given.list("security-group-source")).filter(|list| !list.is_empty());
    fields.open_ports = Some(given.list("open-port")).filter(|list| !list.is_empty());
    for port in fields.open_ports.iter().flatten() {
        port.parse::<Port>()?;
    }
    for source in fields.security_group_sources.iter().flatten() {
        check_source(source)?;
    }
    fields.private_ip_only = given.is_on("private-address-only");
    fields.use_private_ip = given.is_on("use-private-address");
    fields.ipv6_address_count = given.number("ipv6-address-count");
    fields.enable_primary_ipv6 = given.is_on("enable-primary-ipv6");
    fields.ipv6_address_only = given.is_on("ipv6-address-only");
    if fields.ipv6_address_only && fields.ipv6_address_count < 1 {
        return Err(Error::msg("ipv6AddressCount must be greater than zero when Ipv6AddressOnly is true"));
    }
    Ok(())
}

fn check_source(source: &str) -> Result<()> {
    let good = source.split_once('/').is_some_and(|(address, bits)| {
        let widest = if address.contains(':') { 128 } else { 32 };
        address.parse::<std::net::IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= widest)
    });
    if good {
        Ok(())
    } else {
        Err(Error::msg(format!("--amazonec2-security-group-source `{source}` is no CIDR; `192.0.2.7/32` is")))
    }
}

/// The lines of public key files. The content is kept, not the path: a later run sends the same.
fn authorized_keys(cx: &DriverContext<'_>, files: &[String]) -> Result<Option<Vec<String>>> {
    let mut keys = Vec::new();
    for file in files {
        let path = cx.env.cwd.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::file("open", &path, &error))?;
        keys.extend(public_keys(&text, &path)?);
    }
    Ok(Some(keys).filter(|keys| !keys.is_empty()))
}

fn public_keys(text: &str, path: &Path) -> Result<Vec<String>> {
    if text.contains("PRIVATE KEY") {
        return Err(Error::msg(format!("{} is a private key; give the public one", path.display()))
            .hint(format!("it is usually {}.pub", path.display())));
    }
    let lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let is_key = |line: &String| {
        ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| line.starts_with(kind) || line.contains(&format!(" {kind}")))
    };
    if lines.iter().all(is_key) && !lines.is_empty() {
        Ok(lines)
    } else {
        Err(Error::msg(format!("{} holds no public SSH key", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_recognised_by_their_form() {
        for region in ["us-east-1", "ap-southeast-7", "us-gov-west-1", "mx-central-1", "custom-endpoint"] {
            assert!(is_region(region), "{region}");
        }
        for text in ["", "us east", "useast", "us-east-1/", "US-EAST-1", "-"] {
            assert!(!is_region(text), "{text}");
        }
    }

    #[test]
    fn a_source_is_an_address_with_a_prefix() {
        for source in ["0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32"] {
            check_source(source).unwrap();
        }
        for source in ["192.0.2.7", "192.0.2.7/33", "home/8", "2001:db8::/129"] {
            assert!(check_source(source).is_err(), "{source}");
        }
    }

    #[test]
    fn a_private_key_is_not_put_on_a_machine() {
        let path = Path::new("/k");
        assert_eq!(public_keys("# me\nssh-ed25519 AAAA me\n\n", path).unwrap(), ["ssh-ed25519 AAAA me"]);
        assert_eq!(public_keys("no-pty ssh-rsa AAAA\n", path).unwrap().len(), 1);
        let error = public_keys("-----BEGIN OPENSSH PRIVATE KEY-----\n", path).unwrap_err();
        assert!(error.message().contains("private key"), "{error}");
        assert!(public_keys("hello\n", path).is_err());
        assert!(public_keys("", path).is_err());
    }
}
