//! What to type next when EC2 refuses a call, by the code of its answer.

use super::model::{ApiError, NO_ANSWER};

/// Codes, and what helps with them.
const HINTS: &[(&[&str], &str)] = &[
    (&[NO_ANSWER], "is the network up, and are the region and --amazonec2-endpoint right?"),
    (&["RequestExpired", "RequestInTheFuture"], "is this computer's clock right?"),
    (
        &["Unavailable", "ServiceUnavailable", "InternalError", "InternalFailure"],
        "EC2 itself has a problem: https://health.aws.amazon.com may say more",
    ),
    (&["OptInRequired"], "the region or the image's product must be enabled for the account first"),
    (
        &["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"],
        "an image has another id in each region: `aws ec2 describe-images --image-ids ...` looks it up",
    ),
    (
        &["InvalidInstanceType"],
        "not every region has every type: `aws ec2 describe-instance-type-offerings` lists them",
    ),
    (
        &["InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"],
        "a quota of the account: `aws service-quotas list-service-quotas --service-code ec2` shows it",
    ),
    (
        &["SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded"],
        "a quota of the account: name a group that is there with --amazonec2-security-group",
    ),
    (
        &["OperationNotPermitted"],
        "the instance is protected: `aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id ...`",
    ),
];

/// Lines that say what to do about an error.
pub fn of(error: &ApiError) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    if error.is_bad_credentials() {
        hints.push("`aws sts get-caller-identity` checks the credentials of your AWS configuration".to_owned());
        hints.push("they are also tried when keys that are stored with a machine are refused".to_owned());
    }
    if error.is_denied() {
        hints.push(not_allowed(&error.action));
    }
    if error.message.contains("Encoded authorization failure message: ") {
        hints.push("`aws sts decode-authorization-message --encoded-message ...` shows EC2's reason".to_owned());
    }
    if error.is_throttled() {
        hints.push("AWS asks for fewer calls: try again later, or be more patient with --amazonec2-retries".to_owned());
    }
    let known = HINTS.iter().filter(|(codes, _)| codes.contains(&error.code.as_str()));
    hints.extend(known.map(|(_, hint)| (*hint).to_owned()));
    hints
}

/// What the policy lacks. Most of EC2's denials do not say it.
fn not_allowed(action: &str) -> String {
    let with = match action {
        "RunInstances" => ", ec2:CreateTags for it (and iam:PassRole with --amazonec2-iam-instance-profile)",
        "CreateSecurityGroup" | "ImportKeyPair" => " or ec2:CreateTags for it",
        "" => return "an action is missing in the policy of this AWS identity".to_owned(),
        _ => "",
    };
    format!("the policy of this AWS identity does not allow ec2:{action}{with}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(code: &str, message: &str, action: &str) -> String {
        let error = ApiError { code: code.into(), message: message.into(), ..ApiError::default() };
        of(&ApiError { action: action.into(), ..error }).join("\n")
    }

    #[test]
    fn a_denial_names_the_action_and_how_to_read_the_reason() {
        let text = hints("UnauthorizedOperation", "No. Encoded authorization failure message: b3B", "StopInstances");
        assert!(text.starts_with("the policy of this AWS identity does not allow ec2:StopInstances\n"), "{text}");
        assert!(text.contains("decode-authorization-message"), "{text}");
        assert!(hints("UnauthorizedOperation", "No.", "RunInstances").contains("ec2:CreateTags"));
    }

    #[test]
    fn what_has_no_remedy_has_no_hint() {
        assert_eq!(hints("InsufficientInstanceCapacity", "None left", "RunInstances"), "");
        assert!(hints("VcpuLimitExceeded", "Too many", "RunInstances").contains("quota"));
    }
}
