//! How a refusal of EC2 is told: its own words, and what to type next, by the code of its answer.

use super::model::{ApiError, NO_ANSWER};
use crate::error::{Error, Kind};

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

impl ApiError {
    /// EC2's words on a line of their own, where scripts look for the code, after what could not be done.
    pub fn while_doing(self, what: &str) -> Error {
        let error = Error::from(self);
        let message = format!("{what}:\n{}", error.message());
        error.with_message(message)
    }
}

impl From<ApiError> for Error {
    /// `CODE: MESSAGE`, and a second line with status and request, as the original prints it: scripts match the code
    /// at the beginning.
    fn from(error: ApiError) -> Self {
        let ApiError { code, message, status, request_id, .. } = &error;
        let text = match status {
            Some(status) => format!("{code}: {message}\n\tstatus code: {status}, request id: {request_id}"),
            None => format!("{code}: {message}"),
        };
        let kind = if *code == NO_ANSWER { Kind::Unreachable } else { Kind::General };
        of(&error).into_iter().fold(Self::new(kind, text), Self::hint).caused_by(error)
    }
}

/// Lines that say what to do about an error.
fn of(error: &ApiError) -> Vec<String> {
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

    #[test]
    fn an_api_error_is_printed_as_the_original_prints_it() {
        let error = ApiError {
            code: "InvalidAMIID.NotFound".into(),
            message: "The image id '[ami-1]' does not exist".into(),
            status: Some(400),
            request_id: "r-1".into(),
            action: "RunInstances".into(),
            cause: None,
        };
        let text = "InvalidAMIID.NotFound: The image id '[ami-1]' does not exist\n\tstatus code: 400, request id: r-1";
        assert_eq!(Error::from(error).message(), text);
    }

    #[test]
    fn what_could_not_be_done_stands_above_the_code() {
        let error = ApiError { code: "Throttling".into(), message: "Slow".into(), ..ApiError::default() };
        let told = error.while_doing("nothing can be looked up");
        assert_eq!(told.message(), "nothing can be looked up:\nThrottling: Slow");
        assert!(told.hints()[0].contains("--amazonec2-retries"), "{told:?}");
    }
}
