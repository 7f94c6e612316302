//! Where a machine is put: VPC, subnets, zones.

use super::api::Api;
use super::fields::Fields;
use super::model::{ApiError, ApiResult, Subnet};
use crate::console::Console;
use crate::error::{Error, Result};

/// Finds the VPC that belongs to the flags, or checks that they fit together.
///
/// # Errors
/// The original's texts.
pub async fn resolve_vpc(api: &Api, console: &Console, fields: &mut Fields) -> Result<()> {
    if !fields.subnet_id.is_empty() {
        return resolve_subnets(api, fields).await;
    }
    if !fields.vpc_id.is_empty() {
        return Ok(());
    }
    match default_vpc(api).await.map_err(not_looked_up)? {
        Ok(vpc) => fields.vpc_id = vpc,
        Err(reason) => {
            console.say(format!("Couldn't determine your account Default VPC ID : {reason:?}"));
            return Err(Error::msg(
                "amazonec2 driver requires either the --amazonec2-subnet-id or --amazonec2-vpc-id option or an AWS \
                 Account with a default vpc-id",
            )
            .hint("`aws ec2 create-default-vpc` makes one"));
        }
    }
    Ok(())
}

/// The account's default VPC, or why it has none.
async fn default_vpc(api: &Api) -> ApiResult<std::result::Result<String, &'static str>> {
    let denied = match api.default_vpc().await {
        Ok(found) => return Ok(found.ok_or("default-vpc is 'none'")),
        Err(error) if error.is_denied() => error,
        Err(error) => return Err(error),
    };
    match api.default_vpc_attribute().await {
        Ok(Some(vpc)) if vpc != "none" => Ok(Ok(vpc)),
        Ok(Some(_)) => Ok(Err("default-vpc is 'none'")),
        Ok(None) => Ok(Err("No default-vpc attribute")),
        // A policy needs only one of the two, and the first is the usual one.
        Err(error) if error.is_denied() => Err(denied),
        Err(error) => Err(error),
    }
}

/// A lookup that failed says nothing about the account.
fn not_looked_up(error: ApiError) -> Error {
    let denied = error.is_denied();
    let error = error.while_doing("the account's default VPC cannot be looked up");
    if denied { error.hint("with --amazonec2-vpc-id or --amazonec2-subnet-id this needs no lookup") } else { error }
}

/// The subnets that were named: they exist, and are all in one VPC.
async fn resolve_subnets(api: &Api, fields: &mut Fields) -> Result<()> {
    let not_found = || {
        Error::msg(
            "The desired subnet could not be located in this region. Is '--amazonec2-subnet-id' or AWS_SUBNET_ID \
             configured correctly?",
        )
    };
    let mut ids = vec![fields.subnet_id.clone()];
    ids.extend(fields.subnet_ids.iter().flatten().cloned());
    let found = match api.subnets(&[("subnet-id", &ids)]).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Err(not_found()),
        Err(error) => return Err(error.while_doing("the subnet cannot be looked up")),
    };
    let zones = zone_names(&fields.zone, &fields.region, !fields.endpoint.is_empty());
    for id in &ids {
        let subnet = found.iter().find(|subnet| subnet.id == *id).ok_or_else(not_found)?;
        if fields.vpc_id.is_empty() {
            fields.vpc_id.clone_from(&subnet.vpc);
        }
        if subnet.vpc != fields.vpc_id {
            return Err(Error::msg(format!("SubnetId: {id} does not belong to VpcId: {}", fields.vpc_id)));
        }
        // `a` is what old command lines say without meaning it.
        if !zones.is_empty() && fields.zone != "a" && !zones.contains(&subnet.zone) {
            let zone = &subnet.zone;
            return Err(Error::msg(format!("subnet {id} is in zone {zone}, not in zone {}", fields.zone)));
        }
    }
    Ok(())
}

/// The full names of the zones in a list of letters and names. With an endpoint of its own a cloud may call them
/// anything, so the text itself is tried too.
pub fn zone_names(zones: &str, region: &str, endpoint: bool) -> Vec<String> {
    let mut names = Vec::new();
    for zone in zones.split(',').map(str::trim).filter(|zone| !zone.is_empty()) {
        let is_name = zone.len() > 1;
        if is_name || endpoint {
            names.push(zone.to_owned());
        }
        if !is_name {
            names.push(format!("{region}{zone}"));
        }
    }
    names
}

/// The zone as it is kept: one letter where the region says the rest, as the original writes it.
pub fn short_zone(zone: &str, region: &str) -> String {
    zone.strip_prefix(region).filter(|rest| rest.len() == 1).unwrap_or(zone).to_owned()
}

/// The subnets in which the machine may be launched, best first; none if the user named them.
///
/// # Errors
/// There is none; the original's text.
pub async fn candidates(api: &Api, fields: &Fields) -> Result<Vec<String>> {
    if !fields.subnet_id.is_empty() {
        return Ok(Vec::new());
    }
    let vpc = [fields.vpc_id.clone()];
    let zones = zone_names(&fields.zone, &fields.region, !fields.endpoint.is_empty());
    let mut filters: Vec<(&str, &[String])> = vec![("vpc-id", &vpc)];
    if !zones.is_empty() {
        filters.push(("availability-zone", &zones));
    }
    let found = in_order(api.subnets(&filters).await?, &zones);
    if found.is_empty() {
        let vpc = &fields.vpc_id;
        return Err(match zones.last() {
            Some(zone) => Error::msg(format!(
                "unable to find a subnet that is both in the zone {zone} and belonging to VPC ID {vpc}"
            )),
            None => Error::msg(format!("unable to find a subnet belonging to VPC ID {vpc}")),
        });
    }
    Ok(found.into_iter().map(|subnet| subnet.id).collect())
}

/// Keeps the candidates in the order in which they are tried.
pub fn keep(fields: &mut Fields, candidates: Vec<String>) {
    let mut all = candidates.into_iter();
    if let Some(first) = all.next() {
        fields.subnet_id = first;
        fields.subnet_ids = Some(all.collect()).filter(|more: &Vec<_>| !more.is_empty());
    }
}

/// The zones in the order that was asked for, or by name; in each the default subnet first, then by free addresses.
fn in_order(mut subnets: Vec<Subnet>, zones: &[String]) -> Vec<Subnet> {
    let place = |subnet: &Subnet| zones.iter().position(|zone| *zone == subnet.zone).unwrap_or(zones.len());
    subnets.sort_by(|one, other| {
        let key = |subnet: &Subnet| (place(subnet), subnet.zone.clone(), !subnet.default_for_zone, -subnet.free);
        key(one).cmp(&key(other))
    });
    // One subnet of each zone first: another subnet of a zone without capacity helps last.
    let mut first = Vec::new();
    let mut rest = Vec::new();
    for subnet in subnets {
        if first.iter().any(|known: &Subnet| known.zone == subnet.zone) {
            rest.push(subnet);
        } else {
            first.push(subnet);
        }
    }
    first.extend(rest);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_a_zone_of_the_region_and_a_name_is_a_name() {
        assert_eq!(zone_names("a", "us-east-1", false), ["us-east-1a"]);
        assert_eq!(zone_names("us-east-1c", "us-east-1", false), ["us-east-1c"]);
        assert_eq!(zone_names("us-west-2-lax-1a", "us-west-2", false), ["us-west-2-lax-1a"]);
        assert_eq!(zone_names("a", "us-east-1", true), ["a", "us-east-1a"]);
        assert_eq!(zone_names("b,a", "us-east-1", false), ["us-east-1b", "us-east-1a"]);
        assert_eq!(zone_names("", "us-east-1", false), [""; 0]);
    }

    #[test]
    fn a_zone_is_kept_as_the_original_writes_it() {
        assert_eq!(short_zone("us-east-1a", "us-east-1"), "a");
        assert_eq!(short_zone("us-east-1-bos-1a", "us-east-1"), "us-east-1-bos-1a");
        assert_eq!(short_zone("nova", "region-one"), "nova");
    }

    #[test]
    fn every_zone_is_tried_before_a_second_subnet_of_one() {
        let subnet = |id: &str, zone: &str, default_for_zone: bool, free: i32| Subnet {
            id: id.into(),
            zone: zone.into(),
            default_for_zone,
            free,
            ..Subnet::default()
        };
        let all = vec![
            subnet("b1", "b", false, 9),
            subnet("a1", "a", false, 9),
            subnet("a2", "a", true, 1),
            subnet("b2", "b", false, 10),
        ];
        let ids = |zones: &[String]| in_order(all.clone(), zones).into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&[]), ["a2", "b2", "a1", "b1"]);
        assert_eq!(ids(&["b".to_owned(), "a".to_owned()]), ["b2", "a2", "b1", "a1"]);
    }
}
