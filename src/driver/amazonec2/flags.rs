//! The flags: the original's, its forks', and ours, as a table.

use crate::driver::{Flag, FlagKind, FlagValue, FlagValues, Setting};
use crate::env::Env;
use crate::error::{Error, Result};

/// A row: name without `amazonec2-`, type and default, variables, help.
type Row = (&'static str, Shape, &'static str, &'static str);

#[derive(Clone, Copy)]
enum Shape {
    Text(&'static str),
    Number(i64),
    Switch,
    List,
}

use Shape::{List, Number, Switch, Text};

/// In the order of the alphabet, as help shows them.
const FLAGS: &[Row] = &[
    ("access-key", Text(""), "AWS_ACCESS_KEY_ID", "AWS access key (default: the AWS configuration, or the role)"),
    ("ami", Text(""), "AWS_AMI", "Image (default: the newest Ubuntu LTS for the instance type)"),
    ("block-duration-minutes", Number(0), "", "Spot block duration; AWS no longer offers it, so it is ignored"),
    ("device-name", Text(""), "AWS_DEVICE_NAME", "Root device (default: the image's own)"),
    ("enable-primary-ipv6", Switch, "AWS_ENABLE_PRIMARY_IPV6", "Keep the first IPv6 address for the instance's life"),
    ("encrypt-ebs-volume", Switch, "AWS_ENCRYPT_EBS_VOLUME", "Same as --amazonec2-volume-encrypted"),
    ("endpoint", Text(""), "AWS_ENDPOINT", "Another EC2 API: host name or URL"),
    ("http-endpoint", Text(""), "AWS_HTTP_ENDPOINT", "Metadata service: enabled or disabled"),
    ("http-protocol-ipv6", Text(""), "AWS_HTTP_PROTOCOL_IPV6", "Metadata service over IPv6: enabled or disabled"),
    ("http-tokens", Text(""), "AWS_HTTP_TOKENS", "Same as --amazonec2-metadata-token"),
    ("iam-fleet-role", Text(""), "AWS_IAM_FLEET_ROLE", "Kept for old scripts: no fleet is made, so no role is needed"),
    ("iam-instance-profile", Text(""), "AWS_INSTANCE_PROFILE", "IAM instance profile: name or ARN"),
    ("insecure-transport", Switch, "AWS_INSECURE_TRANSPORT", "Talk http to --amazonec2-endpoint"),
    ("instance-type", List, "AWS_INSTANCE_TYPE", "Instance type (default: t3.micro); several are tried in order"),
    ("ipv6-address-count", Number(0), "AWS_IPV6_ADDRESS_COUNT", "Number of IPv6 addresses"),
    ("ipv6-address-only", Switch, "AWS_IPV6_ADDRESS_ONLY", "No public IPv4 address; the IPv6 address is used"),
    ("keypair-name", Text(""), "AWS_KEYPAIR_NAME", "Existing key pair; needs --amazonec2-ssh-keypath"),
    ("kms-key", Text(""), "AWS_KMS_KEY", "Same as --amazonec2-volume-kms-key"),
    ("launch-template", Text(""), "", "Launch template: name or id"),
    ("metadata-token", Text(""), "", "Metadata tokens: required or optional (default: required)"),
    ("metadata-token-response-hop-limit", Number(0), "", "Metadata hops (default: 2, so that containers reach it)"),
    ("monitoring", Switch, "", "Detailed monitoring"),
    ("open-port", List, "", "One more open port: PORT, PORT/PROTOCOL or FIRST-LAST/PROTOCOL"),
    ("private-address-only", Switch, "", "No public address; the private address is used"),
    ("profile", Text(""), "AWS_PROFILE", "Profile of the AWS configuration"),
    ("region", Text(""), "AWS_DEFAULT_REGION,AWS_REGION", "Region (default: the profile's, then us-east-1)"),
    ("request-spot-fleet", Switch, "", "Same as --amazonec2-request-spot-instance"),
    ("request-spot-instance", Switch, "", "Spot instance"),
    ("retries", Number(5), "", "How often a failed API call is repeated; -1 and 0: never"),
    ("root-size", Number(16), "AWS_ROOT_SIZE", "Size of the root volume in GiB"),
    ("secret-key", Text(""), "AWS_SECRET_ACCESS_KEY", "AWS secret key"),
    ("security-group", List, "AWS_SECURITY_GROUP", "Security group: name or sg-… (default: docker-machine)"),
    ("security-group-readonly", Switch, "AWS_SECURITY_GROUP_READONLY", "Never change the rules of security groups"),
    ("security-group-source", List, "AWS_SECURITY_GROUP_SOURCE", "Who may connect, as CIDR (default: 0.0.0.0/0)"),
    ("session-token", Text(""), "AWS_SESSION_TOKEN", "AWS session token"),
    ("spot-fallback", Switch, "", "Launch on demand if there is no spot capacity"),
    ("spot-price", Text(""), "", "Highest spot price in USD an hour (default: the on-demand price)"),
    ("ssh-authorized-key", List, "", "File with public keys that may log in too, from the first boot on"),
    ("ssh-key-type", Text("ed25519"), "AWS_SSH_KEY_TYPE", "Type of a new key: ed25519 or rsa"),
    ("ssh-keypath", Text(""), "AWS_SSH_KEYPATH", "Your own private key (default: a new one)"),
    ("ssh-port", Number(22), "AWS_SSH_PORT", "SSH port"),
    ("ssh-user", Text("ubuntu"), "AWS_SSH_USER", "User to log in as"),
    ("subnet-id", List, "AWS_SUBNET_ID", "Subnet; several are tried in order"),
    ("tags", Text(""), "AWS_TAGS", "Tags: key1,value1,key2,value2"),
    ("terminate-on-failure", Switch, "", "Remove the machine if Docker cannot be set up on it"),
    ("use-ebs-optimized-instance", Switch, "", "EBS-optimized instance"),
    ("use-fleet", Switch, "", "Kept for old scripts: several types and subnets are tried in any case"),
    ("use-private-address", Switch, "", "Use the private address although there is a public one"),
    ("userdata", Text(""), "AWS_USERDATA", "File with user data"),
    ("volume-encrypted", Switch, "", "Encrypt the volumes (default: as the account has it)"),
    ("volume-iops", Number(0), "AWS_VOLUME_IOPS", "Operations a second of the root volume"),
    ("volume-kms-key", Text(""), "AWS_VOLUME_KMS_KEY", "KMS key of encrypted volumes"),
    ("volume-throughput", Number(0), "AWS_VOLUME_THROUGHPUT", "Throughput of the root volume in MiB a second"),
    ("volume-type", Text("gp3"), "AWS_VOLUME_TYPE", "Type of the root volume"),
    ("vpc-id", Text(""), "AWS_VPC_ID", "VPC (default: the account's)"),
    ("zone", List, "AWS_ZONE", "Zone: letter or name (default: any, in order); several are tried in order"),
];

/// Those that most people need: where, what, how big, who may come in.
const COMMON: &[&str] = &[
    "ami",
    "iam-instance-profile",
    "instance-type",
    "open-port",
    "private-address-only",
    "profile",
    "region",
    "request-spot-instance",
    "root-size",
    "security-group",
    "ssh-keypath",
    "ssh-user",
    "subnet-id",
    "tags",
    "userdata",
    "vpc-id",
    "zone",
];

/// The table as flags.
pub fn flags() -> Vec<Flag> {
    let kind = |shape| match shape {
        Text(default) => FlagKind::String(default.to_owned()),
        Number(default) => FlagKind::Int(default),
        Switch => FlagKind::Bool,
        List => FlagKind::List(Vec::new()),
    };
    FLAGS
        .iter()
        .map(|(name, shape, env, usage)| {
            let flag = Flag::new(&format!("amazonec2-{name}"), kind(*shape), env, usage);
            if COMMON.contains(name) { flag.common() } else { flag }
        })
        .collect()
}

/// What the variables alone say, for commands without flags of the driver.
pub fn from_env(env: &Env) -> FlagValues {
    let mut values = FlagValues::default();
    for (name, shape, variables, _) in FLAGS {
        let Some(text) = variables.split(',').find_map(|variable| env.var(variable)) else { continue };
        let (default, value) = match shape {
            Text(default) => (FlagValue::String((*default).to_owned()), FlagValue::String(text.to_owned())),
            Switch => {
                let is_on = matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True");
                (FlagValue::Bool(false), FlagValue::Bool(is_on))
            }
            Number(_) | List => continue,
        };
        values.insert(&format!("amazonec2-{name}"), Setting { flag: None, variable: Some(value), default });
    }
    values
}

/// The values of one `create`, by short names.
pub struct Given<'v> {
    /// All of them.
    pub values: &'v FlagValues,
}

impl Given<'_> {
    /// A text.
    pub fn text(&self, name: &str) -> String {
        self.values.string(&format!("amazonec2-{name}"))
    }

    /// A number.
    pub fn number(&self, name: &str) -> i64 {
        self.values.int(&format!("amazonec2-{name}"))
    }

    /// A number whose 0 means that none was chosen.
    pub fn chosen(&self, name: &str) -> Option<i64> {
        Some(self.number(name)).filter(|number| *number != 0)
    }

    /// A switch.
    pub fn is_on(&self, name: &str) -> bool {
        self.values.bool(&format!("amazonec2-{name}"))
    }

    /// A list without empty items. Those that are given replace those of the variable, where the original joins them.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.values.get(&format!("amazonec2-{name}")).map(Setting::strongest) {
            Some(FlagValue::List(items)) => items.iter().filter(|item| !item.is_empty()).cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// A text that two forks have given different names.
    ///
    /// # Errors
    /// Both are given and differ.
    pub fn either(&self, name: &str, other: &str) -> Result<String> {
        match (self.text(name), self.text(other)) {
            (first, second) if second.is_empty() || first == second => Ok(first),
            (first, second) if first.is_empty() => Ok(second),
            (first, second) => Err(Error::msg(format!(
                "--amazonec2-{name} and --amazonec2-{other} mean the same, but `{first}` is not `{second}`"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(flags: &[(&str, FlagValue)]) -> FlagValues {
        let mut values = FlagValues::default();
        for (name, value) in flags {
            values.give(&format!("amazonec2-{name}"), value.clone());
        }
        values
    }

    #[test]
    fn help_shows_the_flags_in_order_and_each_once() {
        assert!(FLAGS.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn groups_of_the_command_line_replace_those_of_the_variable() {
        let list = |items: &[&str]| FlagValue::List(items.iter().map(|item| (*item).to_owned()).collect());
        let groups = |flag: Option<FlagValue>| {
            let mut values = FlagValues::default();
            let setting = Setting { flag, variable: Some(list(&["a", ""])), default: list(&[]) };
            values.insert("amazonec2-security-group", setting);
            Given { values: &values }.list("security-group")
        };
        assert_eq!(groups(Some(list(&["a", "b"]))), ["a", "b"], "also one that the variable names too");
        assert_eq!(groups(Some(list(&["b"]))), ["b"]);
        assert_eq!(groups(None), ["a"]);
    }

    #[test]
    fn names_of_two_forks_must_agree() {
        let text = |text: &str| FlagValue::String(text.to_owned());
        let either = |key: &str, other: &str| {
            let values = given(&[("kms-key", text(key)), ("volume-kms-key", text(other))]);
            Given { values: &values }.either("volume-kms-key", "kms-key")
        };
        assert_eq!(either("k", "").unwrap(), "k");
        assert!(either("k", "j").is_err());
    }
}
