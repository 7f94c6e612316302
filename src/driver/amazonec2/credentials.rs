//! Who we are to AWS: keys of flags and records, or the chain that every AWS tool uses.

use std::fmt;
use std::time::Duration;

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as ProvideFuture;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::convert::first_cause;
use super::profiles;
use crate::clock;
use crate::context::DriverContext;
use crate::driver::{FlagValue, FlagValues, Source};
use crate::env::Env;
use crate::error::{Error, Result};

/// Temporary credentials are replaced this long before their end.
const NEARLY_ENDED: Duration = Duration::from_secs(60);

/// The original's sentence for every way of having no credentials.
const MISSING: &str = "amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and \
                       --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role";

/// Access keys. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Keys {
    /// `AKIA…`, or `ASIA…` for temporary ones.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// Only temporary keys have one.
    pub token: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Keys, if both halves are there.
    pub fn new(id: &str, secret: &str, token: &str) -> Option<Self> {
        (!id.is_empty() && !secret.is_empty()).then(|| Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: token.to_owned(),
        })
    }

    /// They end by themselves, so they are never kept.
    pub fn are_temporary(&self) -> bool {
        !self.token.is_empty() || self.id.starts_with("ASIA")
    }
}

/// Where access keys come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource {
    /// Given as they are; nothing else is asked then.
    pub keys: Option<Keys>,
    /// A profile of the shared configuration, asked for by name; empty: the whole chain.
    pub profile: String,
}

impl KeySource {
    /// What the flags of a `create` and the variables behind them say. A profile that was given beats keys that only
    /// stand in the environment.
    pub fn from_flags(values: &FlagValues) -> Self {
        let (id, profile) = (values.string("amazonec2-access-key"), values.string("amazonec2-profile"));
        let is_given = |name: &str, value: &str| !value.is_empty() && values.source(name) == Source::Flag;
        if is_given("amazonec2-profile", &profile) && !is_given("amazonec2-access-key", &id) {
            return Self { keys: None, profile };
        }
        let mut token = values.string("amazonec2-session-token");
        let variable = values.get("amazonec2-access-key").and_then(|setting| setting.variable.as_ref());
        let is_environments = variable == Some(&FlagValue::String(id.clone()));
        if values.source("amazonec2-session-token") == Source::Variable && !is_environments {
            // It belongs to the environment's own keys.
            token.clear();
        }
        let keys = Keys::new(&id, &values.string("amazonec2-secret-key"), &token);
        Self { profile: if keys.is_some() { String::new() } else { profile }, keys }
    }

    /// What a record keeps: lasting keys that no profile gives again, or the name of a profile.
    pub fn to_keep(&self, env: &Env) -> (Option<Keys>, String) {
        let Some(keys) = self.keys.clone().filter(|keys| !keys.are_temporary()) else {
            return (None, self.profile.clone());
        };
        let profile = env.var("AWS_PROFILE").unwrap_or_default();
        if profile_gives(env, profile, &keys.id) { (None, profile.to_owned()) } else { (Some(keys), String::new()) }
    }
}

/// Whether a profile (empty: the default one) has this access key in one of the shared files.
fn profile_gives(env: &Env, profile: &str, key: &str) -> bool {
    let name = if profile.is_empty() { "default" } else { profile };
    profiles::read(env).iter().any(|profile| profile.name == name && profile.access_key == key)
}

/// The region of a profile; an empty name is the one that the chain would take.
pub async fn profile_region(profile: &str) -> Option<String> {
    let mut builder = ProfileFileRegionProvider::builder();
    if !profile.is_empty() {
        builder = builder.profile_name(profile);
    }
    Some(builder.build().region().await?.to_string())
}

/// Everything that makes two clients different.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Keys as they are.
    pub keys: Option<Keys>,
    /// The keys were stored with a machine: if they are refused by now, the chain is tried.
    pub stored: bool,
    /// Or a profile.
    pub profile: String,
    /// `us-east-1`.
    pub region: String,
    /// A URL, or empty.
    pub endpoint: String,
    /// Repetitions of a failed call.
    pub retries: u32,
}

/// The configuration of a client, and the credentials that it begins with.
pub async fn load(env: &Env, target: &Target) -> Result<(SdkConfig, Credentials), CredentialsError> {
    let region = Region::new(target.region.clone());
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region.clone());
    if !target.endpoint.is_empty() {
        loader = loader.endpoint_url(&target.endpoint);
    }
    if let Some(Keys { id, secret, token }) = target.keys.clone().or_else(|| old_variables(env, target)) {
        let token = (!token.is_empty()).then_some(token);
        loader = loader.credentials_provider(Credentials::new(id, secret, token, None, "docker-machine"));
    } else if !target.profile.is_empty() {
        // Its keys, whatever stands in the environment, and its other settings too. A role is asked for in our region.
        let setting = ProviderConfig::without_region().with_region(Some(region));
        let keys = ProfileFileCredentialsProvider::builder().configure(&setting).profile_name(&target.profile).build();
        loader = loader.credentials_provider(keys).profile_name(&target.profile);
    }
    let config = loader.load().await;
    let chain = config.credentials_provider().ok_or_else(|| CredentialsError::not_loaded("there is no provider"))?;
    let first = chain.provide_credentials().await?;
    let known = SharedCredentialsProvider::new(Known { first: first.clone(), chain });
    Ok((config.into_builder().credentials_provider(known).build(), first))
}

/// The names that AWS's first tools had for the variables, which the original knows too.
fn old_variables(env: &Env, target: &Target) -> Option<Keys> {
    let var = |new: &str, old: &str| env.var(new).or_else(|| env.var(old)).unwrap_or_default().to_owned();
    let is_new = env.var("AWS_ACCESS_KEY_ID").is_some() && env.var("AWS_SECRET_ACCESS_KEY").is_some();
    (!is_new && target.profile.is_empty()).then_some(())?;
    let (id, secret) = (var("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"), var("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"));
    Keys::new(&id, &secret, env.var("AWS_SESSION_TOKEN").unwrap_or_default())
}

/// Credentials that were found already, so that nobody is asked for them twice; when they have ended, new ones.
#[derive(Debug)]
struct Known {
    first: Credentials,
    chain: SharedCredentialsProvider,
}

impl ProvideCredentials for Known {
    fn provide_credentials<'a>(&'a self) -> ProvideFuture<'a>
    where
        Self: 'a,
    {
        if self.first.expiry().is_none_or(|end| end > clock::now() + NEARLY_ENDED) {
            ProvideFuture::ready(Ok(self.first.clone()))
        } else {
            self.chain.provide_credentials()
        }
    }
}

/// The original's sentence, and what is known of the reason.
pub fn missing(cx: &DriverContext<'_>, target: &Target, error: &CredentialsError) -> Error {
    let cause = first_cause(error);
    cx.console.debug(format!("no AWS credentials: {cause}"));
    let mut missing = Error::msg(MISSING);
    if !target.profile.is_empty() {
        missing = missing.hint(format!("the profile `{}` gave none: {cause}", target.profile));
    } else if !matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        missing = missing.hint(format!("what is configured gave none: {cause}"));
    }
    missing.hint("run `aws configure` for long-lived credentials, or `aws sso login` for temporary ones")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::Setting;

    fn env(vars: &[(&str, &str)]) -> Env {
        let vars = vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Env { vars, cwd: "/".into(), ..Env::default() }
    }

    /// `flags` and `variables` by short names.
    fn source(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> KeySource {
        let said = |all: &[(&str, &str)], name: &str| {
            all.iter().find(|(known, _)| *known == name).map(|(_, text)| FlagValue::String((*text).to_owned()))
        };
        let mut values = FlagValues::default();
        for name in ["access-key", "secret-key", "session-token", "profile"] {
            let default = FlagValue::String(String::new());
            let setting = Setting { flag: said(flags, name), variable: said(variables, name), default };
            values.insert(&format!("amazonec2-{name}"), setting);
        }
        KeySource::from_flags(&values)
    }

    #[test]
    fn one_half_of_a_key_is_no_key() {
        assert_eq!(source(&[("access-key", "AKIA1")], &[]).keys, None);
        assert_eq!(source(&[("secret-key", "s")], &[]).keys, None);
        assert!(source(&[("access-key", "AKIA1"), ("secret-key", "s")], &[]).keys.is_some());
    }

    #[test]
    fn a_token_of_the_environment_is_not_for_other_keys_of_the_command_line() {
        let variables = [("access-key", "ASIA2"), ("secret-key", "s"), ("session-token", "t")];
        let with = |id: &str| source(&[("access-key", id), ("secret-key", "s")], &variables).keys.unwrap().token;
        assert_eq!(with("AKIA1"), "");
        assert_eq!(with("ASIA2"), "t");
        assert_eq!(source(&[], &variables).keys.unwrap().token, "t");
        let given = [("access-key", "ASIA3"), ("secret-key", "s"), ("session-token", "t")];
        assert_eq!(source(&given, &variables).keys.unwrap().token, "t", "given, though the same");
    }

    #[test]
    fn a_profile_that_was_given_beats_keys_of_the_environment() {
        let keys = [("access-key", "AKIA1"), ("secret-key", "s")];
        let profile = [("profile", "work")];
        let of_profile = KeySource { keys: None, profile: "work".into() };
        assert_eq!(source(&profile, &keys), of_profile);
        assert!(source(&[keys[0], keys[1], profile[0]], &keys).keys.is_some(), "not keys that were given too");
        assert!(source(&keys, &profile).keys.is_some(), "nor a profile of the environment");
    }

    #[test]
    fn temporary_keys_and_those_of_a_profile_are_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, "[other]\naws_access_key_id = AKIA1\n\n[default]\naws_access_key_id=AKIA2\n").unwrap();
        let env = env(&[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())]);
        let stored = |id: &str, token: &str| {
            KeySource { keys: Keys::new(id, "s", token), profile: String::new() }.to_keep(&env).0.is_some()
        };
        assert!(stored("AKIA1", ""), "of another profile");
        assert!(!stored("AKIA2", ""), "of the profile that the chain takes");
        assert!(!stored("AKIA3", "token"));
        assert!(!stored("ASIA3", ""));
    }

    #[test]
    fn keys_that_a_named_profile_gives_are_kept_as_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, "[profile work] # mine\naws_access_key_id = AKIA1 # not AKIA2\n").unwrap();
        let env = env(&[("AWS_CONFIG_FILE", file.to_str().unwrap()), ("AWS_PROFILE", "work")]);
        let kept = |id: &str| KeySource { keys: Keys::new(id, "s", ""), profile: String::new() }.to_keep(&env);
        assert_eq!(kept("AKIA1"), (None, "work".to_owned()));
        assert_eq!(kept("AKIA2"), (Keys::new("AKIA2", "s", ""), String::new()));
        assert_eq!(KeySource { keys: None, profile: "other".into() }.to_keep(&env), (None, "other".to_owned()));
    }

    #[test]
    fn the_old_names_of_the_variables_are_known() {
        let target = Target {
            keys: None,
            stored: false,
            profile: String::new(),
            region: "us-east-1".into(),
            endpoint: String::new(),
            retries: 0,
        };
        let old = [("AWS_ACCESS_KEY", "AKIA1"), ("AWS_SECRET_KEY", "s")];
        assert_eq!(old_variables(&env(&old), &target), Keys::new("AKIA1", "s", ""));
        assert_eq!(old_variables(&env(&old[..1]), &target), None);
        let both = [old[0], old[1], ("AWS_ACCESS_KEY_ID", "AKIA2"), ("AWS_SECRET_ACCESS_KEY", "t")];
        assert_eq!(old_variables(&env(&both), &target), None, "the chain takes the new ones");
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = Keys::new("AKIA1", "secret", "").unwrap();
        assert_eq!(format!("{keys:?}"), "Keys(…)");
    }
}
