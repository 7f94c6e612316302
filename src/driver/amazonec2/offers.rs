//! What a shell offers for the flags' values: what is common, what the AWS configuration names, what machines of the store have.
//! AWS itself is not asked: a TAB waits for nobody.

use serde_json::Value;

use super::profiles::{self, Profile};
use crate::driver::{Offer, Offers, Sight};
use crate::env::Env;

/// A value, and what there is to say about it.
type Hinted = (&'static str, &'static str);

/// Where the values of a flag come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValuesFrom {
    /// Files of this computer.
    Files,
    /// Common values, those of the AWS configuration, and those that machines have.
    Known(Known),
}

/// Of what a flag's values are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    /// Fields of a machine's driver: a text, or a list of them.
    fields: &'static [&'static str],
    common: &'static [Hinted],
    configured: Configured,
}

/// What the files of the AWS tools say about a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    Nothing,
    Regions,
    Profiles,
}

const KEYS: &[Hinted] = &[("ed25519", "the default"), ("rsa", "for old images")];

/// Values of the driver's flags, by long name.
const FLAGS: &[(&str, ValuesFrom)] = &[
    ("amazonec2-ami", used(&["AMI"], &[])),
    ("amazonec2-device-name", used(&[], &[("/dev/sda1", "Ubuntu"), ("/dev/xvda", "Amazon Linux, Debian")])),
    ("amazonec2-http-endpoint", used(&[], ENABLED)),
    ("amazonec2-http-protocol-ipv6", used(&[], ENABLED)),
    ("amazonec2-http-tokens", used(&[], TOKENS)),
    ("amazonec2-iam-instance-profile", used(&["IamInstanceProfile"], &[])),
    ("amazonec2-instance-type", used(&["InstanceType", "InstanceTypes"], TYPES)),
    ("amazonec2-kms-key", used(&["VolumeKmsKeyId"], &[])),
    ("amazonec2-launch-template", used(&["LaunchTemplate"], &[])),
    ("amazonec2-metadata-token", used(&[], TOKENS)),
    (
        "amazonec2-profile",
        ValuesFrom::Known(Known { fields: &["Profile"], common: &[], configured: Configured::Profiles }),
    ),
    ("amazonec2-region", REGION),
    ("amazonec2-security-group", used(&["SecurityGroupNames"], &[("docker-machine", "the default")])),
    ("amazonec2-ssh-authorized-key", ValuesFrom::Files),
    ("amazonec2-ssh-key-type", used(&[], KEYS)),
    ("amazonec2-ssh-keypath", ValuesFrom::Files),
    ("amazonec2-ssh-user", used(&["SSHUser"], USERS)),
    ("amazonec2-subnet-id", used(&["SubnetId", "SubnetIds"], &[])),
    ("amazonec2-tags", used(&["Tags"], &[])),
    ("amazonec2-userdata", ValuesFrom::Files),
    ("amazonec2-volume-kms-key", used(&["VolumeKmsKeyId"], &[])),
    ("amazonec2-volume-type", used(&["VolumeType"], VOLUMES)),
    ("amazonec2-vpc-id", used(&["VpcId"], &[])),
    ("amazonec2-zone", used(&["Zone"], ZONES)),
    // Of `gc`.
    ("region", REGION),
];

const fn used(fields: &'static [&'static str], common: &'static [Hinted]) -> ValuesFrom {
    ValuesFrom::Known(Known { fields, common, configured: Configured::Nothing })
}

const REGION: ValuesFrom =
    ValuesFrom::Known(Known { fields: &["Region"], common: REGIONS, configured: Configured::Regions });

const ENABLED: &[Hinted] = &[("disabled", ""), ("enabled", "")];
const TOKENS: &[Hinted] = &[("optional", ""), ("required", "the default")];
const USERS: &[Hinted] =
    &[("admin", "Debian"), ("ec2-user", "Amazon Linux, RHEL, SUSE"), ("fedora", "Fedora"), ("ubuntu", "Ubuntu")];
const ZONES: &[Hinted] = &[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", ""), ("f", "")];
const VOLUMES: &[Hinted] = &[
    ("gp2", "SSD of the last generation"),
    ("gp3", "SSD, the default"),
    ("io1", "fast SSD of the last generation, needs --amazonec2-volume-iops"),
    ("io2", "fast SSD, needs --amazonec2-volume-iops"),
    ("standard", "magnetic"),
];

/// AWS's own names of the places.
const REGIONS: &[Hinted] = &[
    ("af-south-1", "Cape Town"),
    ("ap-east-1", "Hong Kong"),
    ("ap-east-2", "Taipei"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
    ("ap-south-1", "Mumbai"),
    ("ap-south-2", "Hyderabad"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-southeast-3", "Jakarta"),
    ("ap-southeast-4", "Melbourne"),
    ("ap-southeast-5", "Malaysia"),
    ("ap-southeast-6", "New Zealand"),
    ("ap-southeast-7", "Thailand"),
    ("ca-central-1", "Canada"),
    ("ca-west-1", "Calgary"),
    ("cn-north-1", "Beijing"),
    ("cn-northwest-1", "Ningxia"),
    ("eu-central-1", "Frankfurt"),
    ("eu-central-2", "Zurich"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("eu-south-2", "Spain"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("il-central-1", "Tel Aviv"),
    ("me-central-1", "UAE"),
    ("me-south-1", "Bahrain"),
    ("mx-central-1", "Mexico"),
    ("sa-east-1", "Sao Paulo"),
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-gov-east-1", "GovCloud East"),
    ("us-gov-west-1", "GovCloud West"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
];

/// A choice: small general ones, then today's families up to 8 CPUs.
const TYPES: &[Hinted] = &[
    ("c7g.2xlarge", "8 CPUs, 16 GiB, arm64"),
    ("c7g.large", "2 CPUs, 4 GiB, arm64"),
    ("c7g.xlarge", "4 CPUs, 8 GiB, arm64"),
    ("c7i.2xlarge", "8 CPUs, 16 GiB"),
    ("c7i.large", "2 CPUs, 4 GiB"),
    ("c7i.xlarge", "4 CPUs, 8 GiB"),
    ("g4dn.xlarge", "4 CPUs, 16 GiB, NVIDIA T4"),
    ("g5.xlarge", "4 CPUs, 16 GiB, NVIDIA A10G"),
    ("g6.xlarge", "4 CPUs, 16 GiB, NVIDIA L4"),
    ("m7g.2xlarge", "8 CPUs, 32 GiB, arm64"),
    ("m7g.large", "2 CPUs, 8 GiB, arm64"),
    ("m7g.xlarge", "4 CPUs, 16 GiB, arm64"),
    ("m7i.2xlarge", "8 CPUs, 32 GiB"),
    ("m7i.large", "2 CPUs, 8 GiB"),
    ("m7i.xlarge", "4 CPUs, 16 GiB"),
    ("r7g.large", "2 CPUs, 16 GiB, arm64"),
    ("r7g.xlarge", "4 CPUs, 32 GiB, arm64"),
    ("r7i.large", "2 CPUs, 16 GiB"),
    ("r7i.xlarge", "4 CPUs, 32 GiB"),
    ("t2.micro", "1 CPU, 1 GiB"),
    ("t3.2xlarge", "8 CPUs, 32 GiB"),
    ("t3.large", "2 CPUs, 8 GiB"),
    ("t3.medium", "2 CPUs, 4 GiB"),
    ("t3.micro", "2 CPUs, 1 GiB, the default"),
    ("t3.nano", "2 CPUs, 0.5 GiB"),
    ("t3.small", "2 CPUs, 2 GiB"),
    ("t3.xlarge", "4 CPUs, 16 GiB"),
    ("t4g.large", "2 CPUs, 8 GiB, arm64"),
    ("t4g.medium", "2 CPUs, 4 GiB, arm64"),
    ("t4g.micro", "2 CPUs, 1 GiB, arm64"),
    ("t4g.small", "2 CPUs, 2 GiB, arm64"),
    ("t4g.xlarge", "4 CPUs, 16 GiB, arm64"),
];

/// What is offered for the flag of this name.
pub fn offers(flag: &str, sight: &Sight<'_>) -> Offers {
    match FLAGS.iter().find(|(name, _)| *name == flag) {
        None => Offers::Nothing,
        Some((_, ValuesFrom::Files)) => Offers::Files,
        Some((_, ValuesFrom::Known(known))) => Offers::Values(known.values(sight.env, sight.machines)),
    }
}

fn offer(text: &str, help: &str) -> Offer {
    Offer { text: text.to_owned(), help: help.to_owned() }
}

impl Known {
    /// The values. `machines`: names and records of the store's machines.
    fn values(self, env: &Env, machines: &[(String, Value)]) -> Vec<Offer> {
        let mut found: Vec<Offer> = self.common.iter().map(|(text, help)| offer(text, help)).collect();
        let mut add = |text: &str, help: String| {
            if !text.is_empty() && !found.iter().any(|known| known.text == text) {
                found.push(Offer { text: text.to_owned(), help });
            }
        };
        let configured = if self.configured == Configured::Nothing { Vec::new() } else { profiles::read(env) };
        for Profile { name, region, .. } in configured {
            match self.configured {
                Configured::Regions => add(&region, format!("of profile {name}")),
                _ => add(&name, region),
            }
        }
        for (machine, record) in machines.iter().filter(|(_, record)| record["DriverName"] == "amazonec2") {
            for field in self.fields {
                for text in texts(&record["Driver"][field]) {
                    add(text, format!("as {machine}"));
                }
            }
        }
        found.sort_by(|one, other| one.text.cmp(&other.text));
        found
    }
}

/// A text, or those of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    std::iter::once(value).chain(list).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A renamed flag must not be forgotten here.
    #[test]
    fn every_row_is_a_flag() {
        let flags = crate::driver::amazonec2::flags::flags();
        for (name, _) in FLAGS.iter().filter(|(name, _)| *name != "region") {
            assert!(flags.iter().any(|flag| flag.name == *name), "no flag --{name}");
        }
    }

    #[test]
    fn lists_are_in_order_and_name_nothing_twice() {
        for list in [ENABLED, TOKENS, USERS, ZONES, VOLUMES, REGIONS, TYPES] {
            assert!(list.is_sorted_by(|one, other| one.0 < other.0), "{list:?}");
        }
        assert!(FLAGS.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn machines_of_the_store_are_remembered() {
        let machine =
            |name: &str, driver: &str, state: Value| (name.to_owned(), json!({"DriverName": driver, "Driver": state}));
        let machines = [
            machine("aws01", "amazonec2", json!({"InstanceType": "x2gd.medium", "InstanceTypes": ["x2gd.large"]})),
            machine("aws02", "amazonec2", json!({"InstanceType": "x2gd.medium", "InstanceTypes": null})),
            machine("odd", "amazonec2", json!(null)),
            machine("other", "someone", json!({"InstanceType": "cx22"})),
        ];
        let known = Known { fields: &["InstanceType", "InstanceTypes"], common: &[], configured: Configured::Nothing };
        let seen = known.values(&Env::default(), &machines);
        assert_eq!(seen, [offer("x2gd.large", "as aws01"), offer("x2gd.medium", "as aws01")]);
    }
}
