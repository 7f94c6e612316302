//! What the driver knows of EC2: plain types, so that decisions need neither the SDK nor a network.

use std::fmt;

use crate::error::Cause;

/// A failed call as EC2 tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// `InvalidInstanceID.NotFound`; `RequestError` if there was no answer.
    pub code: String,
    /// EC2's sentence.
    pub message: String,
    /// The HTTP status; `None` without an answer.
    pub status: Option<u16>,
    /// What the provider's support asks for.
    pub request_id: String,
    /// What was asked for: `RunInstances`, or empty.
    pub action: String,
    /// What the SDK makes of it.
    pub cause: Option<Box<Cause>>,
}

/// `Result` of a call.
pub type ApiResult<T> = Result<T, ApiError>;

/// A filter of a describe call.
pub type Filter<'f> = (&'f str, &'f [String]);

/// The code of a call that got no answer, as the original's SDK calls it.
pub const NO_ANSWER: &str = "RequestError";

impl ApiError {
    /// Whether EC2 said `code`.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// The resource is not known (any more, or not yet).
    pub fn is_not_found(&self) -> bool {
        self.code.ends_with(".NotFound") || self.code.ends_with(".Malformed")
    }

    /// The account may not do this.
    pub fn is_denied(&self) -> bool {
        matches!(self.code.as_str(), "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException")
    }

    /// There were too many calls lately.
    pub fn is_throttled(&self) -> bool {
        is_throttled(&self.code)
    }

    /// The credentials themselves are refused: missing, wrong, or out of date.
    pub fn is_bad_credentials(&self) -> bool {
        const CODES: [&str; 7] = [
            "AuthFailure",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "ExpiredToken",
            "RequestExpired",
            "ExpiredTokenException",
        ];
        CODES.contains(&self.code.as_str())
    }

    /// Another zone, subnet or instance type may have what this one has not.
    pub fn is_no_capacity(&self) -> bool {
        is_no_capacity(&self.code)
    }

    /// Whether the call may have worked although it failed here.
    pub fn is_unclear(&self) -> bool {
        // A full zone is an answer, although its status is 500.
        self.code == NO_ANSWER || (self.status.is_none_or(|status| status >= 500) && !self.is_no_capacity())
    }
}

/// The codes of [`ApiError::is_throttled`].
pub fn is_throttled(code: &str) -> bool {
    code.starts_with("Throttling") || code == "RequestLimitExceeded"
}

/// The codes of [`ApiError::is_no_capacity`].
pub fn is_no_capacity(code: &str) -> bool {
    const CODES: [&str; 7] = [
        "InsufficientInstanceCapacity",
        "InsufficientFreeAddressesInSubnet",
        "Unsupported",
        "InsufficientCapacity",
        "SpotMaxPriceTooLow",
        "UnfulfillableCapacity",
        "MaxSpotInstanceCountExceeded",
    ];
    CODES.contains(&code)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

/// What EC2 calls the state of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// `pending`.
    Pending,
    /// `running`.
    Running,
    /// `stopping`.
    Stopping,
    /// `stopped`.
    Stopped,
    /// `shutting-down`.
    ShuttingDown,
    /// `terminated`.
    Terminated,
    /// A state that this program does not know.
    #[default]
    Unknown,
}

impl Phase {
    /// It goes, or is gone, for good.
    pub fn is_final(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }

    /// A state by EC2's name.
    pub fn parse(name: &str) -> Self {
        match name {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            "shutting-down" => Self::ShuttingDown,
            "terminated" => Self::Terminated,
            _ => Self::Unknown,
        }
    }
}

/// What an instance has printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleOutput {
    /// The text, with whatever the instance has put into it.
    pub text: String,
    /// It is of this moment; otherwise EC2 may have it minutes later.
    pub is_latest: bool,
}

/// An instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Its state.
    pub phase: Phase,
    /// Why it is in this state, if EC2 says so.
    pub reason: String,
    /// Public IPv4 address, or empty.
    pub public_ip: String,
    /// Private IPv4 address, or empty.
    pub private_ip: String,
    /// IPv6 address, or empty.
    pub ipv6: String,
    /// When it was launched, in seconds since 1970.
    pub launched: i64,
    /// The spot request that it came from, or empty.
    pub spot_request: String,
    /// The account it is in, or empty.
    pub owner: String,
    /// Its key pair, or empty.
    pub key_name: String,
    /// Its subnet, or empty.
    pub subnet: String,
    /// Its zone, or empty.
    pub zone: String,
    /// Its image, or empty.
    pub image: String,
    /// Its tags.
    pub tags: Tags,
}

/// Tags in order.
pub type Tags = Vec<(String, String)>;

/// A tag's value.
pub fn tag<'t>(tags: &'t Tags, key: &str) -> Option<&'t str> {
    tags.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// `vpc-…`.
    pub vpc: String,
    /// `us-east-1a`.
    pub zone: String,
    /// The one that EC2 takes in this zone if nobody names one.
    pub default_for_zone: bool,
    /// Free private addresses.
    pub free: i32,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// `ami-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `x86_64`, `arm64`.
    pub architecture: String,
    /// `/dev/sda1`.
    pub root_device: String,
    /// GiB of the root's snapshot; 0 if it is not told.
    pub root_size: i32,
    /// ISO 8601.
    pub created: String,
    /// Its other EBS devices.
    pub other_devices: Vec<String>,
}

/// A key pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPair {
    /// Its name.
    pub name: String,
    /// `key-…`, or empty.
    pub id: String,
    /// The public key as a line, or empty.
    pub public: String,
    /// When it was made, in seconds since 1970, if EC2 tells.
    pub made: Option<i64>,
    /// Its tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
    /// The account it is in.
    pub owner: String,
    /// What comes in.
    pub rules: Vec<Rule>,
    /// Its tags.
    pub tags: Tags,
}

/// Ports that a security group lets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`; `-1`: everything.
    pub protocol: String,
    /// First port; -1 with [`Rule::last`] -1: all.
    pub first: i32,
    /// Last port.
    pub last: i32,
    /// Who may come; empty in rules that name groups or lists.
    pub sources: Vec<String>,
}

/// Everything that `RunInstances` is told. Empty texts and lists are not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// Makes a repeated call the same call.
    pub client_token: String,
    /// `ami-…`.
    pub image: String,
    /// `t3.micro`.
    pub instance_type: String,
    /// The key pair's name.
    pub key_name: String,
    /// `subnet-…`.
    pub subnet: String,
    /// `sg-…`.
    pub groups: Vec<String>,
    /// Whether a public IPv4 address is wanted.
    pub public_address: bool,
    /// How many IPv6 addresses.
    pub ipv6_addresses: i32,
    /// Whether the first of them is kept for the instance's life.
    pub primary_ipv6: bool,
    /// Name or ARN.
    pub profile: String,
    /// Detailed monitoring.
    pub monitoring: bool,
    /// EBS-optimized.
    pub ebs_optimized: bool,
    /// The root volume.
    pub root: Volume,
    /// Other EBS devices of the image, which must end with the instance.
    pub other_devices: Vec<String>,
    /// Raw user data.
    pub user_data: Vec<u8>,
    /// Metadata service.
    pub metadata: Metadata,
    /// `standard`, `unlimited` or empty.
    pub cpu_credits: String,
    /// Spot.
    pub spot: Option<Spot>,
    /// Name or `lt-…`, or empty.
    pub template: String,
    /// For everything that the call makes.
    pub tags: Tags,
}

/// The root volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// `/dev/sda1`.
    pub device: String,
    /// GiB.
    pub size: i32,
    /// `gp3`.
    pub kind: String,
    /// Operations a second; `None`: the type's own.
    pub iops: Option<i32>,
    /// MiB a second; `None`: the type's own.
    pub throughput: Option<i32>,
    /// `None`: as the account has it.
    pub encrypted: Option<bool>,
    /// A KMS key, or empty.
    pub kms_key: String,
}

/// The instance's metadata service. Empty: as the account or image has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `enabled`, `disabled`.
    pub endpoint: String,
    /// `required`, `optional`.
    pub tokens: String,
    /// Network hops; `None`: as the account or image has it.
    pub hops: Option<i32>,
    /// `enabled`, `disabled`.
    pub ipv6: String,
}

/// Spot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// USD an hour; empty: up to the on-demand price.
    pub max_price: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_an_answer_may_have_worked() {
        let lost = ApiError { code: NO_ANSWER.into(), ..ApiError::default() };
        assert!(lost.is_unclear());
        let refused = ApiError { code: "Unsupported".into(), status: Some(400), ..ApiError::default() };
        assert!(!refused.is_unclear() && refused.is_no_capacity());
        let failed = |code: &str| ApiError { code: code.into(), status: Some(500), ..ApiError::default() };
        assert!(failed("InternalError").is_unclear() && !failed("InsufficientInstanceCapacity").is_unclear());
    }
}
