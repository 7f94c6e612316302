//! `amazonec2`: instances of Amazon EC2.
//!
//! What is going to be made is saved before the call that makes it, and what was made after it; everything carries the
//! machine's id as a tag from its birth. So whenever the program is killed, the same `create` or a `rm` finds it again.

mod abilities;
mod api;
mod batch;
mod bound;
mod clients;
mod configure;
mod console;
mod convert;
mod credentials;
mod driver;
pub(crate) mod fields;
mod flags;
mod gc;
mod groups;
mod hints;
mod image;
mod instance_state;
mod keypair;
mod launch;
mod look;
mod model;
mod network;
mod offers;
mod owner;
mod pending;
mod profiles;
mod remove;
mod retry;
mod rules;
pub(crate) mod tags;
pub(crate) mod user_data;
mod work;

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::time::Instant;

use self::batch::{Announced, Ec2};
use self::credentials::{KeySource, Keys, Target};
use self::fields::Fields;
use self::flags::Given;
use self::model::Instance;
use self::pending::Pending;
use self::work::Launches;
use super::{FlagValue, MachinePlace};
use crate::console::Console;
use crate::context::DriverContext;
use crate::error::Result;
use crate::ssh::keys::NewKey;

/// What EC2 said last of the instance.
#[derive(Clone, Debug)]
struct Looked {
    /// `None`: believed until something is done (a query's look ahead).
    at: Option<Instant>,
    found: Option<Instance>,
}

/// The driver `amazonec2`.
#[derive(Debug)]
pub struct Amazonec2 {
    place: MachinePlace,
    fields: Fields,
    /// Keys that are not kept in the record.
    keys: Option<Keys>,
    /// An earlier `create` is gone on with: everything was checked then, and what it made is not taken back.
    resumed: bool,
    /// Its record was written so recently that EC2 might not have known the instance yet.
    was_young: bool,
    /// A `create` that fails leaves nothing, however far it got.
    removed_on_failure: bool,
    /// Of a key that is made.
    key_kind: NewKey,
    looked: Mutex<Option<Looked>>,
    announced: Mutex<Option<Announced>>,
    in_flight: Option<Pending>,
    launches: Arc<Mutex<Launches>>,
    /// The instances that a removal found, whether or not the record knows of them.
    met: Vec<String>,
}

/// The driver, for the registry.
pub const KIND: super::Kind = super::Kind {
    name: "amazonec2",
    new: |place| Box::new(Amazonec2::new(place)),
    load: |place, state| Ok(Box::new(Amazonec2::load(place, state)?)),
    offers: offers::offers,
    collector: Some(&gc::Ec2Collector),
};

impl Amazonec2 {
    /// For a new machine.
    pub fn new(place: &MachinePlace) -> Self {
        Self::with(place, Fields::new(place))
    }

    /// For a machine of the store.
    ///
    /// # Errors
    /// The state has the wrong types.
    pub fn load(place: &MachinePlace, state: Value) -> Result<Self> {
        Ok(Self::with(place, Fields::load(state)?))
    }

    fn with(place: &MachinePlace, fields: Fields) -> Self {
        Self {
            place: place.clone(),
            fields,
            keys: None,
            resumed: false,
            was_young: true,
            removed_on_failure: false,
            key_kind: NewKey::Ed25519,
            looked: Mutex::default(),
            announced: Mutex::default(),
            in_flight: None,
            launches: Arc::default(),
            met: Vec::new(),
        }
    }

    /// For nothing but looking into a region, as the environment has it.
    ///
    /// # Errors
    /// The region's name is malformed.
    async fn for_region(cx: &DriverContext<'_>, place: &MachinePlace, region: Option<&str>) -> Result<Self> {
        let mut driver = Self::new(place);
        let mut values = flags::from_env(cx.env);
        if let Some(region) = region {
            values.give("amazonec2-region", FlagValue::String(region.to_owned()));
        }
        let source = KeySource::from_flags(&values);
        let given = Given { values: &values };
        driver.fields.profile.clone_from(&source.profile);
        driver.fields.region = configure::region(&given, &source).await?;
        driver.fields.endpoint = given.text("endpoint");
        driver.fields.disable_ssl = given.is_on("insecure-transport");
        driver.fields.retry_count = 5;
        driver.keys = source.keys;
        Ok(driver)
    }

    /// The same for machines of the same account as far as can be told, region and endpoint.
    fn place_key(&self) -> (String, String, String, String) {
        let Target { keys, profile, region, endpoint, .. } = self.target();
        (region, endpoint, profile, keys.map(|keys| keys.id).unwrap_or_default())
    }

    /// Where it was made, as its record says: the account or network, the region and the endpoint.
    fn birthplace(&self) -> (String, String, String) {
        let Fields { owner_id, vpc_id, region, endpoint_url, .. } = &self.fields;
        let whose = if owner_id.is_empty() { vpc_id } else { owner_id };
        (whose.clone(), region.clone(), endpoint_url.clone())
    }

    fn target(&self) -> Target {
        let Fields { access_key, secret_key, session_token, profile, endpoint, .. } = &self.fields;
        let stored = || Keys::new(access_key, secret_key, session_token);
        Target {
            keys: self.keys.clone().or_else(stored),
            stored: self.keys.is_none() && stored().is_some(),
            profile: profile.clone(),
            region: self.fields.region.clone(),
            endpoint: endpoint_url(endpoint, self.fields.disable_ssl),
            retries: u32::try_from(self.fields.retry_count).unwrap_or(0),
        }
    }

    async fn ec2(&self, cx: &DriverContext<'_>) -> Result<Ec2> {
        clients::connect(cx, &self.target()).await
    }

    fn console(&self, cx: &DriverContext<'_>) -> Console {
        cx.console.for_machine(self.place.name.as_str())
    }
}

/// The endpoint as a URL; a bare host is one of `https`.
fn endpoint_url(endpoint: &str, insecure: bool) -> String {
    match (endpoint.is_empty() || endpoint.contains("://"), insecure) {
        (true, _) => endpoint.to_owned(),
        (false, true) => format!("http://{endpoint}"),
        (false, false) => format!("https://{endpoint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_or_a_url() {
        assert_eq!(endpoint_url("", false), "");
        assert_eq!(endpoint_url("ec2.example", false), "https://ec2.example");
        assert_eq!(endpoint_url("127.0.0.1:5000", true), "http://127.0.0.1:5000");
        assert_eq!(endpoint_url("http://127.0.0.1:5000", false), "http://127.0.0.1:5000");
    }
}
