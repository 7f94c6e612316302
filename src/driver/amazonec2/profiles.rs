//! The profiles in the two files that all AWS tools share. The SDK reads them too, but only in a runtime and in full;
//! TAB and the question whether a key stands there need neither.

use std::path::PathBuf;

use crate::env::Env;

/// What a profile says, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) name: String,
    /// Empty if it names none.
    pub(super) region: String,
    /// `aws_access_key_id`; empty if it has none.
    pub(super) access_key: String,
}

/// The profiles of `~/.aws/config`, then those of `~/.aws/credentials`; one may be in both. What is no profile, and a
/// file that cannot be read, is left out.
pub(super) fn read(env: &Env) -> Vec<Profile> {
    let home = env.var("HOME").map(PathBuf::from).or_else(|| env.passwd_home.clone()).unwrap_or_default();
    let text = |variable: &str, usual: &str| {
        let path = env.var(variable).map_or_else(|| home.join(usual), PathBuf::from);
        std::fs::read_to_string(env.cwd.join(path)).unwrap_or_default()
    };
    let mut profiles = parse(&text("AWS_CONFIG_FILE", ".aws/config"), true);
    profiles.extend(parse(&text("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), false));
    profiles
}

/// Reads one of the files. In the configuration all but the first profile are called `profile NAME`, and there are
/// sections that are no profiles.
fn parse(text: &str, is_config: bool) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let section = section.trim();
            let (kind, name) = section.split_once(char::is_whitespace).unwrap_or(("", section));
            let name = name.trim().trim_matches('"');
            inside = if is_config { kind == "profile" || name == "default" } else { kind.is_empty() };
            if inside {
                profiles.push(Profile { name: name.to_owned(), ..Profile::default() });
            }
        } else if let (true, Some(profile), Some((key, value))) = (inside, profiles.last_mut(), line.split_once('=')) {
            let value = value.split_whitespace().next().unwrap_or_default();
            match key.trim_end() {
                // What belongs to another setting is indented.
                "region" => value.clone_into(&mut profile.region),
                key if key.trim_start().eq_ignore_ascii_case("aws_access_key_id") && profile.access_key.is_empty() => {
                    value.clone_into(&mut profile.access_key);
                }
                _ => {}
            }
        }
    }
    profiles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, region: &str, access_key: &str) -> Profile {
        Profile { name: name.into(), region: region.into(), access_key: access_key.into() }
    }

    #[test]
    fn profiles_are_read_from_both_files() {
        let config = "[default]\nregion = eu-west-1\n\n[profile work] # mine\nsso_region = us-east-1\n\
                      region=eu-central-1 \naws_access_key_id = AKIA1 # not AKIA2\n\
                      s3 =\n  region = no\n[sso-session corp]\nregion = no\n[profile \"two words\"]\n# region = no\n";
        let wanted = [
            profile("default", "eu-west-1", ""),
            profile("work", "eu-central-1", "AKIA1"),
            profile("two words", "", ""),
        ];
        assert_eq!(parse(config, true), wanted);
        let credentials =
            "aws_access_key_id = x\n[default]\nAWS_ACCESS_KEY_ID=AKIA3\n[ci]\nregion = us-west-2\n[profile odd]\n";
        assert_eq!(parse(credentials, false), [profile("default", "", "AKIA3"), profile("ci", "us-west-2", "")]);
    }
}
