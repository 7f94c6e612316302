//! Who we are to AWS: keys of flags and records, or the chain that every AWS tool uses; and one client for each of
//! those, whatever the number of machines.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use tokio::sync::OnceCell;

use super::batch::Ec2;
use crate::context::Context;
use crate::driver::FlagValues;
use crate::env::Env;
use crate::error::{Error, Result};

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

/// Where credentials come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Given as they are; nothing else is asked then.
    pub keys: Option<Keys>,
    /// A profile of the shared configuration, asked for by name; empty: the whole chain.
    pub profile: String,
}

impl Source {
    /// What the flags of a `create` and the variables behind them say. A profile that was named on the command line
    /// beats keys that only stand in the environment.
    pub fn from_flags(values: &FlagValues, env: &Env) -> Self {
        let (id, profile) = (values.string("amazonec2-access-key"), values.string("amazonec2-profile"));
        let from_env = |value: &str, variable: &str| env.var(variable) == Some(value);
        let keys_typed = !id.is_empty() && !from_env(&id, "AWS_ACCESS_KEY_ID");
        let profile_typed = !profile.is_empty() && !from_env(&profile, "AWS_PROFILE");
        if profile_typed && !keys_typed {
            return Self { keys: None, profile };
        }
        let mut token = values.string("amazonec2-session-token");
        if keys_typed && from_env(&token, "AWS_SESSION_TOKEN") {
            // It belongs to the environment's own keys.
            token.clear();
        }
        let keys = Keys::new(&id, &values.string("amazonec2-secret-key"), &token);
        Self { profile: if keys.is_some() { String::new() } else { profile }, keys }
    }

    /// The keys that a record must keep: lasting ones that no profile gives again.
    pub fn to_store(&self, env: &Env) -> Option<Keys> {
        let keys = self.keys.clone().filter(|keys| !keys.are_temporary())?;
        (profile_key(env).as_deref() != Some(keys.id.as_str())).then_some(keys)
    }
}

/// The access key id of the profile that the chain would take.
fn profile_key(env: &Env) -> Option<String> {
    let home = env.var("HOME").map(PathBuf::from).or_else(|| env.passwd_home.clone());
    let default = || Some(home?.join(".aws/credentials"));
    let path = env.var("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(default)?;
    let text = std::fs::read_to_string(env.cwd.join(path)).ok()?;
    key_in(&text, env.var("AWS_PROFILE").unwrap_or("default"))
}

/// `aws_access_key_id` of a profile in the text of a credentials file.
fn key_in(text: &str, profile: &str) -> Option<String> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == profile;
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("aws_access_key_id")
        {
            return Some(value.trim().to_owned());
        }
    }
    None
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
    /// Or a profile.
    pub profile: String,
    /// `us-east-1`.
    pub region: String,
    /// A URL, or empty.
    pub endpoint: String,
    /// Repetitions of a failed call.
    pub retries: u32,
}

type Clients = HashMap<Target, Arc<OnceCell<Arc<Ec2>>>>;

/// A client costs a TLS configuration and perhaps a sign-on: one for each target, for the life of the process.
static CLIENTS: LazyLock<Mutex<Clients>> = LazyLock::new(Mutex::default);

/// EC2 as this target sees it.
///
/// # Errors
/// There are no credentials.
pub async fn connect(cx: &Context, target: &Target) -> Result<Arc<Ec2>> {
    let cell = CLIENTS.lock().expect("no panic while held").entry(target.clone()).or_default().clone();
    cell.get_or_try_init(|| open(cx, target)).await.cloned()
}

async fn open(cx: &Context, target: &Target) -> Result<Arc<Ec2>> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(target.region.clone()));
    if !target.endpoint.is_empty() {
        loader = loader.endpoint_url(&target.endpoint);
    }
    if let Some(Keys { id, secret, token }) = &target.keys {
        let token = (!token.is_empty()).then(|| token.clone());
        loader = loader.credentials_provider(Credentials::new(id, secret, token, None, "docker-machine"));
    } else if !target.profile.is_empty() {
        let profile = ProfileFileCredentialsProvider::builder().profile_name(&target.profile).build();
        loader = loader.credentials_provider(profile);
    }
    let config = loader.load().await;
    let provider = config.credentials_provider().ok_or_else(|| Error::msg(MISSING))?;
    if let Err(error) = provider.provide_credentials().await {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        cx.console.debug(format!("no AWS credentials: {cause}"));
        let mut missing = Error::msg(MISSING);
        if !target.profile.is_empty() {
            missing = missing.hint(format!("the profile `{}` gave none: {cause}", target.profile));
        }
        return Err(missing.hint("`aws configure` writes lasting ones, `aws sso login` gets temporary ones"));
    }
    Ok(Arc::new(Ec2::new(super::api::Api::new(&config, target.retries))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::FlagValue;

    fn env(vars: &[(&str, &str)]) -> Env {
        let vars = vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Env { vars, cwd: "/".into(), ..Env::default() }
    }

    fn source(flags: &[(&str, &str)], env: &Env) -> Source {
        let values = flags.iter().map(|(key, value)| (format!("amazonec2-{key}"), FlagValue::String((*value).into())));
        Source::from_flags(&FlagValues(values.collect()), env)
    }

    #[test]
    fn one_half_of_a_key_is_no_key() {
        assert_eq!(source(&[("access-key", "AKIA1")], &env(&[])).keys, None);
        assert_eq!(source(&[("secret-key", "s")], &env(&[])).keys, None);
        assert!(source(&[("access-key", "AKIA1"), ("secret-key", "s")], &env(&[])).keys.is_some());
    }

    #[test]
    fn a_token_of_the_environment_is_not_for_keys_of_the_command_line() {
        let token = [("AWS_ACCESS_KEY_ID", "ASIA2"), ("AWS_SESSION_TOKEN", "t")];
        let flags = [("access-key", "AKIA1"), ("secret-key", "s"), ("session-token", "t")];
        assert_eq!(source(&flags, &env(&token)).keys.unwrap().token, "");
        let flags = [("access-key", "ASIA2"), ("secret-key", "s"), ("session-token", "t")];
        assert_eq!(source(&flags, &env(&token)).keys.unwrap().token, "t");
    }

    #[test]
    fn a_profile_that_was_typed_beats_keys_of_the_environment() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let flags = [("access-key", "AKIA1"), ("secret-key", "s"), ("profile", "work")];
        assert_eq!(source(&flags, &env(&keys)), Source { keys: None, profile: "work".into() });
        assert!(source(&flags, &env(&[])).keys.is_some(), "not keys that were typed too");
    }

    #[test]
    fn temporary_keys_and_those_of_a_profile_are_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, "[other]\naws_access_key_id = AKIA1\n\n[default]\naws_access_key_id=AKIA2\n").unwrap();
        let env = env(&[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())]);
        let stored = |id: &str, token: &str| {
            Source { keys: Keys::new(id, "s", token), profile: String::new() }.to_store(&env).is_some()
        };
        assert!(stored("AKIA1", ""), "of another profile");
        assert!(!stored("AKIA2", ""), "of the profile that the chain takes");
        assert!(!stored("AKIA3", "token"));
        assert!(!stored("ASIA3", ""));
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = Keys::new("AKIA1", "secret", "").unwrap();
        assert_eq!(format!("{keys:?}"), "Keys(…)");
    }
}
