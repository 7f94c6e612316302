//! Whose answer it is: "not found" means "gone" only in the account, region and endpoint that made the machine.
//!
//! Every VPC has a group called `default`, which can be neither removed nor shared with other accounts. Asked for by
//! name, these groups tell which account answers and which VPCs it has. It is asked only when something was not found,
//! once for each client, and needs no permission that `create` does not need.
//!
//! - The machine's VPC is there: this is where it was made. No other account, region or endpoint has a VPC of that id.
//! - Another account answers: what is not found here says nothing.
//! - The same account answers without that VPC (removed since, or shared by another account): gone, if it is asked at
//!   the same endpoint. Emulators of EC2 all have the same few account numbers.
//! - Nothing is known of where it was made, as in very old records: EC2 is believed, as the original does.

use super::batch::Ec2;
use super::fields::Fields;
use super::model::Group;
use crate::error::Error;

/// Who answers, seen from a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The account, region and endpoint that made it.
    Its,
    /// Another account.
    Another(String),
    /// Another endpoint.
    Elsewhere(String),
    /// That cannot be told, and why.
    Unclear(String),
}

impl Whose {
    /// Asks who answers.
    pub async fn of(ec2: &Ec2, fields: &Fields) -> Self {
        match ec2.default_groups().await {
            Ok(groups) => judge(fields, &endpoint(fields, ec2.endpoint()), groups),
            Err(error) => Self::Unclear(format!("the account that answers cannot be told: {error}")),
        }
    }

    /// Whether it is certain that what is not found here may be elsewhere.
    pub fn is_not_its(&self) -> bool {
        matches!(self, Self::Another(_) | Self::Elsewhere(_))
    }

    /// Why nothing can be said about the machine; `None`: it was looked for in the right place.
    pub fn obstacle(&self, fields: &Fields) -> Option<Error> {
        let machine = &fields.base.machine_name;
        let what = match fields.instance_id.as_str() {
            "" => format!("\"{machine}\" was begun"),
            id => format!("instance {id} of \"{machine}\" was made"),
        };
        let error = match self {
            Self::Its => return None,
            Self::Another(now) if fields.owner_id.is_empty() => Error::msg(format!(
                "{what} in {} ({}), which AWS account {now} does not have",
                fields.vpc_id, fields.region
            ))
            .hint("set AWS_PROFILE to a profile of the account that it was made in"),
            Self::Another(now) => {
                let owner = &fields.owner_id;
                let error =
                    Error::msg(format!("{what} in AWS account {owner}, but these credentials are of account {now}"));
                match fields.profile.as_str() {
                    "" => error.hint(format!("set AWS_PROFILE to a profile of account {owner}: `AWS_PROFILE=...`")),
                    profile => error.hint(format!(
                        "the record names the profile `{profile}`, which led to account {owner} when it was made"
                    )),
                }
            }
            Self::Elsewhere(now) => {
                let made = &fields.endpoint_url;
                let shown = |url: &str| if url.is_empty() { "AWS itself".to_owned() } else { url.to_owned() };
                let error = Error::msg(format!("{what} at {}, but {} is asked now", shown(made), shown(now)));
                if made.is_empty() {
                    error.hint("unset AWS_ENDPOINT_URL")
                } else {
                    error.hint(format!("set AWS_ENDPOINT_URL={made}"))
                }
            }
            Self::Unclear(why) => {
                Error::msg(format!("nothing of \"{machine}\" is found, which need not mean that it is gone: {why}"))
                    .hint("set AWS_PROFILE to a profile of the account that it was made in")
            }
        };
        Some(error)
    }
}

/// The endpoint that is asked, in the words of the record: one that stands in the record itself is always the same.
fn endpoint(fields: &Fields, asked: &str) -> String {
    if fields.endpoint.is_empty() { asked.to_owned() } else { fields.endpoint_url.clone() }
}

/// See the top of this file. `defaults`: the `default` group of each VPC of the account that answers.
fn judge(fields: &Fields, asked: &str, defaults: &[Group]) -> Whose {
    let Fields { owner_id: owner, vpc_id: vpc, endpoint_url: made, .. } = fields;
    let mut owners: Vec<&str> = defaults.iter().map(|group| group.owner.as_str()).filter(|it| !it.is_empty()).collect();
    owners.sort_unstable();
    owners.dedup();
    let has_vpc = defaults.iter().any(|group| !vpc.is_empty() && group.vpc == *vpc);
    let is_anothers = |account: &str| !owner.is_empty() && account != owner;
    match owners.as_slice() {
        [account] if is_anothers(account) => Whose::Another((*account).to_owned()),
        _ if has_vpc => Whose::Its,
        _ if owner.is_empty() && vpc.is_empty() => Whose::Its,
        [account] if owner.is_empty() => Whose::Another((*account).to_owned()),
        [_] if made == asked => Whose::Its,
        [_] => Whose::Elsewhere(asked.to_owned()),
        [] => Whose::Unclear(format!("the account that answers has no VPC in {} to tell it by", fields.region)),
        _ => Whose::Unclear("groups of several accounts answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(owner: &str, vpc: &str, endpoint_url: &str) -> Fields {
        let (owner_id, vpc_id, endpoint_url) = (owner.into(), vpc.into(), endpoint_url.into());
        Fields { owner_id, vpc_id, endpoint_url, instance_id: "i-1".into(), ..Fields::default() }
    }

    fn groups(all: &[(&str, &str)]) -> Vec<Group> {
        let group = |(owner, vpc): &(&str, &str)| Group {
            owner: (*owner).into(),
            vpc: (*vpc).into(),
            name: "default".into(),
            ..Group::default()
        };
        all.iter().map(group).collect()
    }

    #[test]
    fn a_vpc_or_an_account_tells_where_a_machine_was_made() {
        let one = fields("1", "vpc-1", "");
        let judged = |all: &[(&str, &str)]| judge(&one, "", &groups(all));
        assert_eq!(judged(&[("1", "vpc-0"), ("1", "vpc-1")]), Whose::Its);
        assert_eq!(judged(&[("1", "vpc-0")]), Whose::Its, "the VPC was removed since");
        assert_eq!(judged(&[("2", "vpc-2")]), Whose::Another("2".into()));
        assert_eq!(judged(&[("2", "vpc-1")]), Whose::Another("2".into()), "the machine is a guest in its VPC");
        assert!(matches!(judged(&[]), Whose::Unclear(_)));
        assert!(matches!(judged(&[("1", "vpc-0"), ("2", "vpc-2")]), Whose::Unclear(_)));
    }

    #[test]
    fn a_record_without_an_account_goes_by_its_vpc() {
        let judged = |vpc: &str, all: &[(&str, &str)]| judge(&fields("", vpc, ""), "", &groups(all));
        assert_eq!(judged("vpc-1", &[("1", "vpc-1")]), Whose::Its);
        assert_eq!(judged("vpc-1", &[("2", "vpc-2")]), Whose::Another("2".into()));
        assert!(matches!(judged("vpc-1", &[]), Whose::Unclear(_)));
        assert_eq!(judged("", &[("1", "vpc-1")]), Whose::Its, "nothing is known: as the original does");
    }

    #[test]
    fn the_same_account_number_at_another_endpoint_is_another_account() {
        let judged = |made: &str, now: &str| {
            judge(&fields("000000000000", "vpc-1", made), now, &groups(&[("000000000000", "vpc-9")]))
        };
        assert_eq!(judged("http://a", "http://a"), Whose::Its);
        assert_eq!(judged("http://a", "http://b"), Whose::Elsewhere("http://b".into()));
        assert_eq!(judged("http://a", ""), Whose::Elsewhere(String::new()));
    }

    #[test]
    fn the_reason_names_both_sides_and_the_way_out() {
        let mut one = fields("111122223333", "vpc-1", "http://a");
        one.base.machine_name = "web".into();
        assert!(Whose::Its.obstacle(&one).is_none());
        let error = Whose::Another("444455556666".into()).obstacle(&one).unwrap();
        assert_eq!(
            error.message(),
            "instance i-1 of \"web\" was made in AWS account 111122223333, but these credentials are of account \
             444455556666"
        );
        assert_eq!(error.hints(), ["set AWS_PROFILE to a profile of account 111122223333: `AWS_PROFILE=...`"]);
        one.profile = "work".into();
        assert!(Whose::Another("4".into()).obstacle(&one).unwrap().hints()[0].contains("the profile `work`"));
        let error = Whose::Elsewhere(String::new()).obstacle(&one).unwrap();
        assert_eq!(error.message(), "instance i-1 of \"web\" was made at http://a, but AWS itself is asked now");
        assert_eq!(error.hints(), ["set AWS_ENDPOINT_URL=http://a"]);
    }
}
