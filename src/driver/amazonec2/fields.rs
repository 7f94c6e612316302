//! The driver's state: the original's fields in its order, what its forks added, what we add, and every key that we
//! do not know.
//!
//! The original drops keys that it does not know when it rewrites a record, so nothing that a finished machine needs
//! stands only in a key of ours.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::driver::base::Base;
use crate::driver::{MachinePlace, decode};
use crate::error::Result;

/// The user of the images that the original and we choose.
pub const DEFAULT_USER: &str = "ubuntu";
/// The region if nobody names one.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The `Driver` object of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// The fields of all drivers.
    #[serde(flatten)]
    pub base: Base,
    /// 32 hex digits; the value of our tag.
    #[serde(rename = "Id")]
    pub id: String,
    /// Long-lived keys only, and only where nothing else gives them.
    #[serde(rename = "AccessKey")]
    pub access_key: String,
    /// See [`Fields::access_key`].
    #[serde(rename = "SecretKey")]
    pub secret_key: String,
    /// Only in records of the original.
    #[serde(rename = "SessionToken")]
    pub session_token: String,
    /// `us-east-1`.
    #[serde(rename = "Region")]
    pub region: String,
    /// The image that was launched.
    #[serde(rename = "AMI")]
    pub ami: String,
    /// Unused by everybody.
    #[serde(rename = "SSHKeyID")]
    pub ssh_key_id: i64,
    /// The key pair is the user's, and stays.
    #[serde(rename = "ExistingKey")]
    pub existing_key: bool,
    /// The key pair.
    #[serde(rename = "KeyName")]
    pub key_name: String,
    /// `i-…`.
    #[serde(rename = "InstanceId")]
    pub instance_id: String,
    /// The type that was launched, or the first to try.
    #[serde(rename = "InstanceType")]
    pub instance_type: String,
    /// Its private address after `create`.
    #[serde(rename = "PrivateIPAddress")]
    pub private_ip_address: String,
    /// Of old records.
    #[serde(rename = "SecurityGroupId")]
    pub security_group_id: String,
    /// Its groups.
    #[serde(rename = "SecurityGroupIds")]
    pub security_group_ids: Option<Vec<String>>,
    /// Of old records.
    #[serde(rename = "SecurityGroupName")]
    pub security_group_name: String,
    /// Names, or ids, as given.
    #[serde(rename = "SecurityGroupNames")]
    pub security_group_names: Option<Vec<String>>,
    /// The groups' rules are the user's affair.
    #[serde(rename = "SecurityGroupReadOnly")]
    pub security_group_read_only: bool,
    /// As given.
    #[serde(rename = "OpenPorts")]
    pub open_ports: Option<Vec<String>>,
    /// `key,value,…` as given.
    #[serde(rename = "Tags")]
    pub tags: String,
    /// Unused by everybody.
    #[serde(rename = "ReservationId")]
    pub reservation_id: String,
    /// The root device.
    #[serde(rename = "DeviceName")]
    pub device_name: String,
    /// GiB.
    #[serde(rename = "RootSize")]
    pub root_size: i64,
    /// Of the root volume.
    #[serde(rename = "VolumeType")]
    pub volume_type: String,
    /// Name or ARN.
    #[serde(rename = "IamInstanceProfile")]
    pub iam_instance_profile: String,
    /// Its VPC.
    #[serde(rename = "VpcId")]
    pub vpc_id: String,
    /// Its subnet.
    #[serde(rename = "SubnetId")]
    pub subnet_id: String,
    /// As given, or what was chosen: one letter where that is enough.
    #[serde(rename = "Zone")]
    pub zone: String,
    /// Spot.
    #[serde(rename = "RequestSpotInstance")]
    pub request_spot_instance: bool,
    /// USD an hour, or empty.
    #[serde(rename = "SpotPrice")]
    pub spot_price: String,
    /// No longer offered by AWS.
    #[serde(rename = "BlockDurationMinutes")]
    pub block_duration_minutes: i64,
    /// No public address.
    #[serde(rename = "PrivateIPOnly")]
    pub private_ip_only: bool,
    /// The private address is used although there is a public one.
    #[serde(rename = "UsePrivateIP")]
    pub use_private_ip: bool,
    /// EBS-optimized.
    #[serde(rename = "UseEbsOptimizedInstance")]
    pub use_ebs_optimized_instance: bool,
    /// Detailed monitoring.
    #[serde(rename = "Monitoring")]
    pub monitoring: bool,
    /// The user's own key, as given.
    #[serde(rename = "SSHPrivateKeyPath")]
    pub ssh_private_key_path: String,
    /// How often a failed call is repeated.
    #[serde(rename = "RetryCount")]
    pub retry_count: i64,
    /// Another EC2.
    #[serde(rename = "Endpoint")]
    pub endpoint: String,
    /// `http`.
    #[serde(rename = "DisableSSL")]
    pub disable_ssl: bool,
    /// As given.
    #[serde(rename = "UserDataFile")]
    pub user_data_file: String,
    /// GitLab's and Rancher's.
    #[serde(rename = "VolumeEncrypted", skip_serializing_if = "is_default")]
    pub volume_encrypted: Option<bool>,
    /// See [`Fields::volume_encrypted`].
    #[serde(rename = "VolumeKmsKeyId", skip_serializing_if = "is_default")]
    pub volume_kms_key_id: String,
    /// `required` or `optional`; empty: not sent.
    #[serde(rename = "MetadataTokenSetting", skip_serializing_if = "is_default")]
    pub metadata_token_setting: String,
    /// `None`: not sent.
    #[serde(rename = "MetadataTokenResponseHopLimit", deserialize_with = "chosen", skip_serializing_if = "is_default")]
    pub metadata_hops: Option<i64>,
    /// `enabled`, `disabled`.
    #[serde(rename = "HttpEndpoint", skip_serializing_if = "is_default")]
    pub http_endpoint: String,
    /// `enabled`, `disabled`.
    #[serde(rename = "HttpProtocolIpv6", skip_serializing_if = "is_default")]
    pub http_protocol_ipv6: String,
    /// Its IPv6 address.
    #[serde(rename = "IPv6Address", skip_serializing_if = "is_default")]
    pub ipv6_address: String,
    /// How many IPv6 addresses.
    #[serde(rename = "Ipv6AddressCount", skip_serializing_if = "is_default")]
    pub ipv6_address_count: i64,
    /// The first one stays for life.
    #[serde(rename = "EnablePrimaryIpv6", skip_serializing_if = "is_default")]
    pub enable_primary_ipv6: bool,
    /// No public IPv4 address.
    #[serde(rename = "Ipv6AddressOnly", skip_serializing_if = "is_default")]
    pub ipv6_address_only: bool,
    /// Of the launch that is under way or was the last.
    #[serde(rename = "ClientToken", skip_serializing_if = "is_default")]
    pub client_token: String,
    /// The account.
    #[serde(rename = "OwnerId", skip_serializing_if = "is_default")]
    pub owner_id: String,
    /// The endpoint that the environment named, which it may not name any more.
    #[serde(rename = "EndpointUrl", skip_serializing_if = "is_default")]
    pub endpoint_url: String,
    /// `x86_64`, `arm64`.
    #[serde(rename = "Architecture", skip_serializing_if = "is_default")]
    pub architecture: String,
    /// The profile of the shared configuration.
    #[serde(rename = "Profile", skip_serializing_if = "is_default")]
    pub profile: String,
    /// `sir-…`.
    #[serde(rename = "SpotInstanceRequestId", skip_serializing_if = "is_default")]
    pub spot_request: String,
    /// `None`: the type's own.
    #[serde(rename = "VolumeIops", deserialize_with = "chosen", skip_serializing_if = "is_default")]
    pub volume_iops: Option<i64>,
    /// MiB a second; `None`: the type's own.
    #[serde(rename = "VolumeThroughput", deserialize_with = "chosen", skip_serializing_if = "is_default")]
    pub volume_throughput: Option<i64>,
    /// This store's tag; also says that everything made for this machine is tagged.
    #[serde(rename = "StoreId", skip_serializing_if = "is_default")]
    pub store_id: String,
    /// `key-…`, once it is made.
    #[serde(rename = "KeyPairId", skip_serializing_if = "is_default")]
    pub key_pair_id: String,
    /// Further types, for want of capacity.
    #[serde(rename = "InstanceTypes", skip_serializing_if = "is_default")]
    pub instance_types: Option<Vec<String>>,
    /// Further subnets, for want of capacity.
    #[serde(rename = "SubnetIds", skip_serializing_if = "is_default")]
    pub subnet_ids: Option<Vec<String>>,
    /// Who may come in; everybody if empty.
    #[serde(rename = "SecurityGroupSources", skip_serializing_if = "is_default")]
    pub security_group_sources: Option<Vec<String>>,
    /// Public keys for the first boot.
    #[serde(rename = "AuthorizedKeys", skip_serializing_if = "is_default")]
    pub authorized_keys: Option<Vec<String>>,
    /// Further EBS devices of the image.
    #[serde(rename = "OtherDevices", skip_serializing_if = "is_default")]
    pub other_devices: Option<Vec<String>>,
    /// `standard` for the type that nobody chose.
    #[serde(rename = "CpuCredits", skip_serializing_if = "is_default")]
    pub cpu_credits: String,
    /// On demand if there is no spot capacity.
    #[serde(rename = "SpotFallback", skip_serializing_if = "is_default")]
    pub spot_fallback: bool,
    /// Name or `lt-…`.
    #[serde(rename = "LaunchTemplate", skip_serializing_if = "is_default")]
    pub launch_template: String,
    /// Keys of other programs.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A number whose 0 means that none was chosen.
fn chosen<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<i64>, D::Error> {
    i64::deserialize(from).map(|number| Some(number).filter(|number| *number != 0))
}

/// What the original takes for keys that a record does not have.
impl Default for Fields {
    fn default() -> Self {
        Self {
            base: Base { ssh_user: DEFAULT_USER.to_owned(), ssh_port: 22, ..Base::default() },
            id: String::new(),
            access_key: String::new(),
            secret_key: String::new(),
            session_token: String::new(),
            region: DEFAULT_REGION.to_owned(),
            ami: "ami-c60b90d1".to_owned(),
            ssh_key_id: 0,
            existing_key: false,
            key_name: String::new(),
            instance_id: String::new(),
            instance_type: "t2.micro".to_owned(),
            private_ip_address: String::new(),
            security_group_id: String::new(),
            security_group_ids: None,
            security_group_name: String::new(),
            security_group_names: Some(vec!["docker-machine".to_owned()]),
            security_group_read_only: false,
            open_ports: None,
            tags: String::new(),
            reservation_id: String::new(),
            device_name: String::new(),
            root_size: 16,
            volume_type: String::new(),
            iam_instance_profile: String::new(),
            vpc_id: String::new(),
            subnet_id: String::new(),
            zone: "a".to_owned(),
            request_spot_instance: false,
            spot_price: "0.50".to_owned(),
            block_duration_minutes: 0,
            private_ip_only: false,
            use_private_ip: false,
            use_ebs_optimized_instance: false,
            monitoring: false,
            ssh_private_key_path: String::new(),
            retry_count: 0,
            endpoint: String::new(),
            disable_ssl: false,
            user_data_file: String::new(),
            volume_encrypted: None,
            volume_kms_key_id: String::new(),
            metadata_token_setting: String::new(),
            metadata_hops: None,
            http_endpoint: String::new(),
            http_protocol_ipv6: String::new(),
            ipv6_address: String::new(),
            ipv6_address_count: 0,
            enable_primary_ipv6: false,
            ipv6_address_only: false,
            client_token: String::new(),
            owner_id: String::new(),
            endpoint_url: String::new(),
            architecture: String::new(),
            profile: String::new(),
            spot_request: String::new(),
            volume_iops: None,
            volume_throughput: None,
            store_id: String::new(),
            key_pair_id: String::new(),
            instance_types: None,
            subnet_ids: None,
            security_group_sources: None,
            authorized_keys: None,
            other_devices: None,
            cpu_credits: String::new(),
            spot_fallback: false,
            launch_template: String::new(),
            other: Map::new(),
        }
    }
}

impl Fields {
    /// For a new machine.
    pub fn new(place: &MachinePlace) -> Self {
        let base = Base { ssh_user: DEFAULT_USER.to_owned(), ssh_port: 22, ..Base::new(place) };
        Self { base, ami: String::new(), ..Self::default() }
    }

    /// From a record; `null` means absent, as in Go.
    ///
    /// # Errors
    /// The state has the wrong types.
    pub fn load(mut state: Value) -> Result<Self> {
        if let Value::Object(map) = &mut state {
            map.retain(|_, value| !value.is_null());
            // Rancher's names for what GitLab's fork has too.
            for (rancher, gitlab) in [("EncryptEbsVolume", "VolumeEncrypted"), ("HttpTokens", "MetadataTokenSetting")] {
                if let (Some(value), false) = (map.get(rancher).cloned(), map.contains_key(gitlab)) {
                    map.insert(gitlab.to_owned(), value);
                }
            }
        }
        let mut fields: Self = decode("amazonec2", state)?;
        fields.security_group_names.get_or_insert_default();
        if fields.base.ssh_user.is_empty() {
            DEFAULT_USER.clone_into(&mut fields.base.ssh_user);
        }
        Ok(fields)
    }

    /// The groups of old and new records.
    pub fn group_ids(&self) -> Vec<String> {
        let all = self.security_group_ids.iter().flatten().chain([&self.security_group_id]);
        all.filter(|id| !id.is_empty()).cloned().collect()
    }

    /// The groups' names, or ids, of old and new records.
    pub fn group_names(&self) -> Vec<String> {
        let old = [self.security_group_name.clone()];
        let mut all: Vec<String> = Vec::new();
        for name in old.iter().chain(self.security_group_names.iter().flatten()) {
            if !name.is_empty() && !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// Whether the private address is the one to use.
    pub fn is_private(&self) -> bool {
        self.private_ip_only || self.use_private_ip
    }

    /// Whether a `create` has come so far that something may be there.
    pub fn is_begun(&self) -> bool {
        let made = [&self.instance_id, &self.key_name, &self.client_token].iter().any(|id| !id.is_empty());
        self.is_tagged() && (made || !self.group_ids().is_empty())
    }

    /// The instance is gone; what was made before it is still there.
    pub fn forget_instance(&mut self) {
        for gone in [&mut self.instance_id, &mut self.client_token, &mut self.spot_request] {
            gone.clear();
        }
        for gone in [&mut self.base.ip_address, &mut self.private_ip_address, &mut self.ipv6_address] {
            gone.clear();
        }
    }

    /// All that was made is gone.
    pub fn forget_everything(&mut self) {
        self.forget_instance();
        if !self.existing_key {
            self.key_name.clear();
            self.key_pair_id.clear();
        }
        self.security_group_id.clear();
        self.security_group_ids = None;
    }

    /// Whether everything that was made for this machine carries our tags. The original tags instances only, after
    /// they run, and with names of the user's.
    pub fn is_tagged(&self) -> bool {
        !self.store_id.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_of_the_original_is_written_back_as_it_was() {
        let text = r#"{
            "IPAddress": "", "MachineName": "aws01", "SSHUser": "ubuntu", "SSHPort": 22, "SSHKeyPath": "",
            "StorePath": "/s", "SwarmMaster": false, "SwarmHost": "tcp://0.0.0.0:3376", "SwarmDiscovery": "",
            "Id": "0123", "AccessKey": "", "SecretKey": "", "SessionToken": "", "Region": "us-east-1",
            "AMI": "ami-927185ef", "SSHKeyID": 0, "ExistingKey": false, "KeyName": "aws01", "InstanceId": "i-1",
            "InstanceType": "t2.micro", "PrivateIPAddress": "", "SecurityGroupId": "", "SecurityGroupIds": null,
            "SecurityGroupName": "", "SecurityGroupNames": ["docker-machine"], "SecurityGroupReadOnly": false,
            "OpenPorts": null, "Tags": "", "ReservationId": "", "DeviceName": "/dev/sda1", "RootSize": 16,
            "VolumeType": "gp2", "IamInstanceProfile": "", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Zone": "a",
            "RequestSpotInstance": false, "SpotPrice": "0.50", "BlockDurationMinutes": 0, "PrivateIPOnly": false,
            "UsePrivateIP": false, "UseEbsOptimizedInstance": false, "Monitoring": false, "SSHPrivateKeyPath": "",
            "RetryCount": 5, "Endpoint": "", "DisableSSL": false, "UserDataFile": "", "SomebodysOwn": [1]
        }"#;
        let state: Value = serde_json::from_str(text).unwrap();
        let fields = Fields::load(state.clone()).unwrap();
        let written = serde_json::to_value(&fields).unwrap();
        assert_eq!(crate::json::pretty(&written), crate::json::pretty(&state));
        assert!(!fields.is_tagged());
    }

    #[test]
    fn keys_that_are_missing_are_worth_what_the_original_takes() {
        let fields = Fields::load(json!({"SecurityGroupName": "old", "SecurityGroupId": "sg-1"})).unwrap();
        assert_eq!((fields.region.as_str(), fields.zone.as_str(), fields.root_size), ("us-east-1", "a", 16));
        assert_eq!(fields.group_ids(), ["sg-1"]);
        assert_eq!(fields.group_names(), ["old", "docker-machine"]);
        assert_eq!((fields.base.ssh_user.as_str(), fields.retry_count), ("ubuntu", 0));
    }

    #[test]
    fn a_number_that_nobody_chose_is_none_and_is_not_written() {
        let fields = Fields::load(json!({"MetadataTokenResponseHopLimit": 0, "VolumeIops": 4000})).unwrap();
        assert_eq!((fields.metadata_hops, fields.volume_iops, fields.volume_throughput), (None, Some(4000), None));
        let written = serde_json::to_value(&fields).unwrap();
        assert_eq!(written.get("MetadataTokenResponseHopLimit"), None);
        assert_eq!(written["VolumeIops"], 4000);
    }

    #[test]
    fn ranchers_keys_are_understood() {
        let fields = Fields::load(json!({"EncryptEbsVolume": true, "HttpTokens": "required"})).unwrap();
        assert_eq!((fields.volume_encrypted, fields.metadata_token_setting.as_str()), (Some(true), "required"));
        assert!(fields.other.contains_key("EncryptEbsVolume"), "and kept");
    }
}
