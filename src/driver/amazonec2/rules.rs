//! What security groups must let in, and what is missing in one.

use std::str::FromStr;

use super::model::Rule;
use crate::driver::base::ENGINE_PORT;
use crate::error::{Error, Result};

/// Everybody, over IPv4 and over IPv6.
pub const EVERYBODY: &[&str] = &["0.0.0.0/0", "::/0"];

/// `--amazonec2-open-port`: `80`, `53/udp`, `8000-8100/tcp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    protocol: String,
    first: i32,
    last: i32,
}

impl FromStr for Port {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        if !["tcp", "udp", "icmp", "-1"].contains(&protocol) {
            return Err(Error::msg(format!("--amazonec2-open-port `{text}`: the protocol is tcp, udp, icmp or -1")));
        }
        if protocol == "-1" || protocol == "icmp" {
            return Ok(Self { protocol: protocol.to_owned(), first: -1, last: -1 });
        }
        let number = |part: &str| part.parse::<u16>().ok().map(i32::from);
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { protocol: protocol.to_owned(), first, last }),
            _ => {
                let quoted = format!("strconv.ParseInt: parsing \"{ports}\": invalid syntax");
                Err(Error::msg(format!("invalid port number {ports}: {quoted}")))
            }
        }
    }
}

/// The rules that a machine needs: SSH, the engine, and what the user asks for, each once for every family of
/// addresses among the sources.
///
/// # Errors
/// A port cannot be read.
pub fn wanted(ssh_port: u16, open: &[String], sources: &[String]) -> Result<Vec<Rule>> {
    let tcp = |port: i32| Port { protocol: "tcp".to_owned(), first: port, last: port };
    let mut ports = vec![tcp(i32::from(ssh_port)), tcp(i32::from(ENGINE_PORT))];
    for text in open {
        ports.push(text.parse()?);
    }
    let (v6, v4): (Vec<String>, Vec<String>) = sources.iter().cloned().partition(|source| is_v6(source));
    let mut rules: Vec<Rule> = Vec::new();
    for Port { protocol, first, last } in ports {
        for sources in [&v4, &v6].into_iter().filter(|sources| !sources.is_empty()) {
            let rule = Rule { protocol: protocol.clone(), first, last, sources: sources.clone() };
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    Ok(rules)
}

fn is_v6(source: impl AsRef<str>) -> bool {
    source.as_ref().contains(':')
}

/// The wanted rules that nothing in a group covers. Whom a rule lets in is the user's affair: a group that opens the
/// port to some is not opened to all. But a rule for IPv4 addresses alone lets nobody in over IPv6.
pub fn missing(group: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    let covers = |has: &Rule, wants: &Rule| {
        let protocol = has.protocol == "-1" || has.protocol == wants.protocol;
        let all_ports = has.protocol == "-1" || (has.first == -1 && has.last == -1);
        let family = !wants.sources.iter().any(is_v6) || has.sources.is_empty() || has.sources.iter().any(is_v6);
        protocol && family && (all_ports || (has.first <= wants.first && has.last >= wants.last))
    };
    wanted.iter().filter(|wants| !group.iter().any(|has| covers(has, wants))).cloned().collect()
}

/// A rule for people: `22/tcp`.
pub fn shown(rule: &Rule) -> String {
    match (rule.first, rule.last) {
        (-1, _) => rule.protocol.clone(),
        (first, last) if first == last => format!("{first}/{}", rule.protocol),
        (first, last) => format!("{first}-{last}/{}", rule.protocol),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everybody(families: usize) -> Vec<String> {
        EVERYBODY[..families].iter().map(|one| (*one).to_owned()).collect()
    }

    fn rule(protocol: &str, first: i32, last: i32) -> Rule {
        Rule { protocol: protocol.into(), first, last, sources: vec!["192.0.2.0/24".into()] }
    }

    #[test]
    fn ports_are_single_or_ranges_of_a_protocol() {
        for (text, shows) in
            [("80", "80/tcp"), ("53/udp", "53/udp"), ("8000-8100/tcp", "8000-8100/tcp"), ("0/icmp", "icmp")]
        {
            let Port { protocol, first, last } = text.parse().unwrap();
            assert_eq!(shown(&rule(&protocol, first, last)), shows);
        }
        let error = "http".parse::<Port>().unwrap_err();
        assert_eq!(error.message(), "invalid port number http: strconv.ParseInt: parsing \"http\": invalid syntax");
        for text in ["", "70000", "90-80", "80/sctp"] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_that_is_asked_for_twice_is_one_rule() {
        let rules = wanted(22, &["22".into(), "2376/tcp".into(), "80".into()], &everybody(1)).unwrap();
        assert_eq!(rules.iter().map(shown).collect::<Vec<_>>(), ["22/tcp", "2376/tcp", "80/tcp"]);
        assert_eq!(rules[0].sources, ["0.0.0.0/0"]);
        assert_eq!(wanted(22, &[], &["10.0.0.0/8".into()]).unwrap()[0].sources, ["10.0.0.0/8"]);
    }

    #[test]
    fn a_rule_that_covers_a_port_is_enough() {
        let wanted = wanted(22, &[], &everybody(1)).unwrap();
        let lacks = |group: &[Rule]| missing(group, &wanted).iter().map(shown).collect::<Vec<_>>();
        assert_eq!(lacks(&[]), ["22/tcp", "2376/tcp"]);
        assert_eq!(lacks(&[rule("tcp", 22, 22)]), ["2376/tcp"]);
        assert_eq!(lacks(&[rule("tcp", 0, 65535)]), [""; 0]);
        assert_eq!(lacks(&[rule("-1", -1, -1)]), [""; 0]);
        assert_eq!(lacks(&[rule("udp", 0, 65535)]), ["22/tcp", "2376/tcp"]);
    }

    #[test]
    fn a_rule_for_ipv4_does_not_open_a_port_over_ipv6() {
        let wanted = wanted(22, &[], &everybody(2)).unwrap();
        let sources = |group: &[Rule]| missing(group, &wanted).into_iter().map(|rule| rule.sources).collect::<Vec<_>>();
        assert_eq!(sources(&[rule("tcp", 0, 65535)]), [["::/0"], ["::/0"]]);
        let both = Rule { sources: everybody(2), ..rule("tcp", 22, 22) };
        assert_eq!(sources(&[both, rule("tcp", 2376, 2376)]), [["::/0"]]);
        let group_of_others = Rule { sources: Vec::new(), ..rule("-1", -1, -1) };
        assert_eq!(sources(&[group_of_others]).len(), 0);
    }
}
