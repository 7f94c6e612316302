//! `amazonec2`: instances of Amazon EC2.
//!
//! What is going to be made is saved before the call that makes it, and what was made after it; everything carries the
//! machine's id as a tag from its birth. So whenever the program is killed, the same `create` or a `rm` finds it again.

mod api;
mod batch;
mod configure;
mod convert;
mod credentials;
mod flags;
mod gc;
mod groups;
mod hints;
mod image;
mod keypair;
mod launch;
mod life;
mod model;
mod network;
mod remove;
mod retry;
mod rules;
mod state;
mod tags;
mod user_data;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use self::api::{Api, ApiResult};
use self::batch::{Announced, Ec2};
use self::credentials::{Keys, Source, Target};
use self::flags::Given;
pub use self::gc::{Kind as OrphanKind, Orphan, Orphans, Sweep};
use self::model::{ApiError, Instance, NO_ANSWER, Phase, Tags};
use self::state::Fields;
use super::base::engine_url;
use super::{Checkpoint, Driver, Flag, FlagValue, FlagValues, MachinePlace, State, encode, not_running};
use crate::clock;
use crate::console::Console;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ssh::SshTarget;

/// How long one try of a call may take, and its connection.
const API_PATIENCE: Duration = Duration::from_secs(30);
/// See [`API_PATIENCE`].
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a call that is under way when `create` is interrupted may take to end.
const IN_FLIGHT: Duration = Duration::from_secs(15);
/// How long an answer is believed: one command asks several times in a row.
const MEMORY: Duration = Duration::from_millis(800);
/// How long EC2 may deny an instance that it has just launched.
const YOUNG: Duration = Duration::from_secs(180);

/// The driver `amazonec2`.
#[derive(Debug)]
pub struct Amazonec2 {
    place: MachinePlace,
    fields: Fields,
    /// Keys that are not kept in the record.
    keys: Option<Keys>,
    /// An interrupted `create` is gone on with: everything was checked then.
    resumed: bool,
    /// A `create` that fails leaves nothing, however far it got.
    removed_on_failure: bool,
    looked: Mutex<Option<Looked>>,
    announced: Mutex<Option<Announced>>,
    in_flight: Option<JoinHandle<()>>,
    launched: Arc<Mutex<Vec<String>>>,
}

/// What EC2 said last of the instance.
#[derive(Clone, Debug)]
struct Looked {
    /// `None`: believed until something is done (a query's look ahead).
    at: Option<Instant>,
    found: Option<Instance>,
}

/// What a step of `create` works with.
struct Work<'w> {
    ec2: Arc<Ec2>,
    console: Console,
    place: &'w MachinePlace,
    fields: &'w mut Fields,
    checkpoint: &'w dyn Checkpoint,
    in_flight: &'w mut Option<JoinHandle<()>>,
    launched: Arc<Mutex<Vec<String>>>,
}

impl Work<'_> {
    fn api(&self) -> &Api {
        self.ec2.api()
    }

    async fn save(&self) -> Result<()> {
        self.checkpoint.save(encode(self.fields)?).await
    }

    /// Our tags and the user's.
    fn tags(&self) -> Result<Tags> {
        let (user, _) = tags::parse(&self.fields.tags)?;
        let ours = vec![
            (tags::MACHINE.to_owned(), self.fields.id.clone()),
            (tags::STORE.to_owned(), self.fields.store_id.clone()),
        ];
        Ok(tags::all(&self.fields.base.machine_name, &user, ours))
    }

    /// A call that makes something: it is carried through even if `create` is interrupted in the middle of it, so that
    /// what it makes can be removed.
    async fn finish<T: Send + 'static>(
        &mut self,
        call: impl Future<Output = ApiResult<T>> + Send + 'static,
    ) -> ApiResult<T> {
        let (sender, answer) = oneshot::channel();
        *self.in_flight = Some(tokio::spawn(async move { _ = sender.send(call.await) }));
        let answer = answer.await;
        *self.in_flight = None;
        answer.unwrap_or_else(|_| {
            Err(ApiError {
                code: NO_ANSWER.to_owned(),
                message: "the call broke off".to_owned(),
                ..ApiError::default()
            })
        })
    }
}

/// 32 hex digits that nobody else has.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

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
            removed_on_failure: false,
            looked: Mutex::default(),
            announced: Mutex::default(),
            in_flight: None,
            launched: Arc::default(),
        }
    }

    /// For nothing but looking into a region, as the environment has it.
    ///
    /// # Errors
    /// The region's name is malformed.
    pub async fn for_region(cx: &Context, place: &MachinePlace, region: Option<&str>) -> Result<Self> {
        let mut driver = Self::new(place);
        let mut values = flags::from_env(&cx.env);
        if let Some(region) = region {
            values.0.insert("amazonec2-region".to_owned(), FlagValue::String(region.to_owned()));
        }
        let source = Source::from_flags(&values, &cx.env);
        let given = Given { values: &values, env: &cx.env };
        driver.fields.profile.clone_from(&source.profile);
        driver.fields.region = configure::region(&given, &source).await?;
        driver.fields.endpoint = given.text("endpoint");
        driver.fields.disable_ssl = given.is_on("insecure-transport");
        driver.fields.retry_count = 5;
        driver.keys = source.keys;
        Ok(driver)
    }

    /// `Driver.Id`.
    pub fn id(&self) -> &str {
        &self.fields.id
    }

    /// `us-east-1`.
    pub fn region(&self) -> &str {
        &self.fields.region
    }

    /// The same for machines of the same account as far as can be told, region and endpoint.
    pub fn place_key(&self) -> (String, String, String, String) {
        let Target { keys, profile, region, endpoint, .. } = self.target();
        (region, endpoint, profile, keys.map(|keys| keys.id).unwrap_or_default())
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

    async fn ec2(&self, cx: &Context) -> Result<Arc<Ec2>> {
        credentials::connect(cx, &self.target()).await
    }

    fn console(&self, cx: &Context) -> Console {
        cx.console.for_machine(self.place.name.as_str())
    }

    /// The instance as EC2 sees it now, or saw it a moment ago.
    async fn look(&self, cx: &Context) -> Result<Option<Instance>> {
        let announced = self.announced.lock().expect("no panic while held").take();
        if let Some(looked) = &*self.looked.lock().expect("no panic while held")
            && looked.at.is_none_or(|at| at.elapsed() < MEMORY)
        {
            return Ok(looked.found.clone());
        }
        if self.fields.instance_id.is_empty() {
            return Err(self.unfinished());
        }
        let found = self.ec2(cx).await?.announced_instance(&self.fields.instance_id, announced).await?;
        self.remember(found.clone(), Some(Instant::now()));
        Ok(found)
    }

    /// Why no instance is known: its `create` ended too early. It may run all the same.
    fn unfinished(&self) -> Error {
        let name = &self.place.name;
        match self.fields.is_tagged() {
            true => Error::msg(format!("the creation of \"{name}\" has not ended"))
                .hint(format!("if it was interrupted, `docker-machine provision {name}` goes on with it"))
                .hint(format!("or `docker-machine rm {name}` removes what there is of it")),
            false => Error::msg(format!("machine \"{name}\" has no instance"))
                .hint("its creation was interrupted: `docker-machine rm` removes what there is"),
        }
    }

    fn remember(&self, found: Option<Instance>, at: Option<Instant>) {
        *self.looked.lock().expect("no panic while held") = Some(Looked { at, found });
    }

    fn forget(&self) {
        *self.looked.lock().expect("no panic while held") = None;
    }

    /// The instance, which must be there.
    async fn instance(&self, cx: &Context) -> Result<Instance> {
        self.look(cx).await?.ok_or_else(|| self.unknown())
    }

    /// In EC2's own words, which scripts look for: it does not say them to a question by filter.
    fn unknown(&self) -> Error {
        let id = &self.fields.instance_id;
        Error::msg(format!("InvalidInstanceID.NotFound: The instance ID '{id}' does not exist"))
    }

    /// The record was written so recently that EC2 may not know the instance yet.
    fn is_young(&self) -> bool {
        let written = self.place.folder.join("config.json").metadata().and_then(|data| data.modified());
        let age = |written: SystemTime| clock::now().duration_since(written).unwrap_or_default();
        written.is_ok_and(|written| age(written) < YOUNG)
    }

    /// The addresses of an instance that runs.
    fn take_addresses(&mut self, instance: &Instance) -> Result<()> {
        self.fields.base.ip_address = life::address(&self.fields, instance)?;
        self.fields.private_ip_address.clone_from(&instance.private_ip);
        self.fields.ipv6_address.clone_from(&instance.ipv6);
        Ok(())
    }

    async fn switch_off(&self, cx: &Context, force: bool) -> Result<()> {
        self.living(cx).await?;
        self.forget();
        let ec2 = self.ec2(cx).await?;
        let id = &self.fields.instance_id;
        match ec2.api().stop(id, force).await {
            Err(error) if error.is("UnsupportedOperation") && self.fields.request_spot_instance => {
                let name = &self.place.name;
                return Err(Error::from(error)
                    .hint(format!("a spot instance cannot be stopped, only removed: `docker-machine rm {name}`")));
            }
            answer => answer?,
        }
        life::wait_stopped(&ec2, id).await
    }

    /// The instance, if anything can still be done with it.
    async fn living(&self, cx: &Context) -> Result<Instance> {
        let instance = self.instance(cx).await?;
        match instance.phase.is_final() {
            true => {
                Err(life::ended(&instance).hint(format!("`docker-machine rm {}` removes the rest", self.place.name)))
            }
            false => Ok(instance),
        }
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

#[async_trait]
impl Driver for Amazonec2 {
    fn name(&self) -> &str {
        "amazonec2"
    }

    async fn flags(&self) -> Result<Vec<Flag>> {
        Ok(flags::flags())
    }

    async fn configure(&mut self, cx: &Context, values: &FlagValues) -> Result<()> {
        let source = Source::from_flags(values, &cx.env);
        let given = Given { values, env: &cx.env };
        configure::fill(cx, &mut self.fields, &given, &source).await?;
        self.keys = source.keys;
        self.removed_on_failure = given.is_on("terminate-on-failure");
        self.fields.id = random_id();
        let ec2 = self.ec2(cx).await?;
        network::resolve_vpc(ec2.api(), &cx.console, &mut self.fields).await
    }

    async fn resume(&mut self, cx: &Context, earlier: Value) -> Result<()> {
        let mut earlier = Fields::load(earlier)?;
        if !earlier.is_tagged() || (earlier.key_name.is_empty() && earlier.client_token.is_empty()) {
            // Nothing was begun.
            return Ok(());
        }
        let place = |fields: &Fields| (fields.region.clone(), fields.endpoint.clone());
        if place(&earlier) != place(&self.fields) {
            let name = &self.place.name;
            return Err(Error::msg(format!("\"{name}\" was begun in region {}", earlier.region))
                .hint(format!("`docker-machine rm {name}` removes what was made there")));
        }
        // It is gone on with as it was begun; only who we are may have changed.
        earlier.access_key.clone_from(&self.fields.access_key);
        earlier.secret_key.clone_from(&self.fields.secret_key);
        earlier.profile.clone_from(&self.fields.profile);
        self.fields = earlier;
        self.resumed = true;
        cx.console.debug(format!("taking over what was made for id {}", self.fields.id));
        Ok(())
    }

    async fn save(&self) -> Result<Value> {
        encode(&self.fields)
    }

    async fn check(&mut self, cx: &Context) -> Result<()> {
        if self.resumed {
            return Ok(());
        }
        self.fields.store_id = cx.store.id()?;
        let ec2 = self.ec2(cx).await?;
        let console = self.console(cx);
        if let (_, Some(warning)) = tags::parse(&self.fields.tags)? {
            console.say(warning);
        }
        keypair::check_own(cx, &self.fields).await?;
        let (api, fields) = (ec2.api(), &self.fields);
        let ((), subnets, image) =
            tokio::try_join!(keypair::check(api, fields), network::candidates(api, fields), image::look(api, fields))?;
        network::keep(&mut self.fields, subnets);
        image::keep(&console, &mut self.fields, image)
    }

    async fn create(&mut self, cx: &Context, checkpoint: &dyn Checkpoint) -> Result<()> {
        let console = self.console(cx);
        console.say("Launching instance...");
        let mut work = Work {
            ec2: self.ec2(cx).await?,
            console,
            place: &self.place,
            fields: &mut self.fields,
            checkpoint,
            in_flight: &mut self.in_flight,
            launched: Arc::clone(&self.launched),
        };
        keypair::ensure(cx, &mut work).await?;
        groups::ensure(&mut work).await?;
        if let Err(error) = launch::ensure(cx, &mut work).await {
            if !error.message().contains("InvalidGroup.NotFound") {
                return Err(error);
            }
            // Somebody removed the group with its last machine at this moment.
            groups::ensure(&mut work).await?;
            launch::ensure(cx, &mut work).await?;
        }
        let instance = life::wait_running(&work.ec2, work.fields).await?;
        self.take_addresses(&instance)?;
        self.remember(Some(instance), Some(Instant::now()));
        checkpoint.save(encode(&self.fields)?).await
    }

    async fn remove(&mut self, cx: &Context) -> Result<()> {
        if let Some(call) = self.in_flight.take() {
            _ = timeout(IN_FLIGHT, call).await;
        }
        self.forget();
        let mut launched = self.launched.lock().expect("no panic while held").clone();
        if self.is_young() && cx.store.creating(&self.place.name).is_some() {
            launched.extend((!self.fields.instance_id.is_empty()).then(|| self.fields.instance_id.clone()));
        }
        let ec2 = self.ec2(cx).await?;
        remove::all(ec2.api(), &self.console(cx), &self.fields, &launched).await
    }

    fn traces(&self) -> Vec<String> {
        let Fields { instance_id, key_name, existing_key, region, .. } = &self.fields;
        let mut all = self.launched.lock().expect("no panic while held").clone();
        all.push(instance_id.clone());
        all.retain(|id| !id.is_empty());
        all.dedup();
        let mut traces: Vec<String> = all.into_iter().map(|id| format!("instance {id} in {region}")).collect();
        if !key_name.is_empty() && !existing_key {
            traces.push(format!("key pair {key_name} in {region}"));
        }
        traces
    }

    fn is_removed_on_failure(&self) -> bool {
        self.removed_on_failure
    }

    fn announce(&mut self) {
        self.announced = Mutex::new(Some(Announced::new()));
    }

    async fn prepare(&self, cx: &Context) {
        // What fails here fails again when it is asked for.
        if let Ok(found) = self.look(cx).await {
            self.remember(found, None);
        }
    }

    async fn state(&self, cx: &Context) -> Result<State> {
        if self.fields.instance_id.is_empty() && self.fields.is_tagged() && self.is_young() {
            // Its `create` is under way, as far as anybody can tell.
            return Ok(State::Starting);
        }
        let Some(instance) = self.look(cx).await? else {
            if self.is_young() {
                return Ok(State::Starting);
            }
            return Err(self.unknown());
        };
        if instance.phase == Phase::Unknown {
            self.console(cx).say(format!("unrecognized instance state: {}", instance.reason));
        }
        Ok(life::state(instance.phase))
    }

    async fn url(&self, cx: &Context) -> Result<String> {
        let instance = self.instance(cx).await?;
        match instance.phase {
            Phase::Running => Ok(engine_url(&life::address(&self.fields, &instance)?, 2376)),
            Phase::Terminated => Err(life::ended(&instance)),
            _ => Err(not_running()),
        }
    }

    async fn ip(&self, cx: &Context) -> Result<String> {
        life::address(&self.fields, &self.instance(cx).await?)
    }

    async fn addresses(&self, cx: &Context) -> Result<Vec<String>> {
        let instance = self.instance(cx).await?;
        let mut all = vec![life::address(&self.fields, &instance)?];
        for other in [instance.public_ip, instance.private_ip, instance.ipv6] {
            if !other.is_empty() && !all.contains(&other) {
                all.push(other);
            }
        }
        Ok(all)
    }

    async fn ssh(&self, cx: &Context) -> Result<Option<SshTarget>> {
        let mut base = self.fields.base.clone();
        match self.look(cx).await {
            Ok(Some(instance)) => base.ip_address = life::address(&self.fields, &instance)?,
            Ok(None) => return Err(self.unknown()),
            // An address that is known is better than none while the API does not answer.
            Err(error) if base.ip_address.is_empty() => return Err(error),
            Err(_) => {}
        }
        let key = match base.ssh_key_path.is_empty() {
            true => self.place.folder.join("id_rsa"),
            false => PathBuf::from(&base.ssh_key_path),
        };
        Ok(Some(base.ssh_target(&self.place, Some(key))))
    }

    async fn ended(&self, cx: &Context) -> Option<Error> {
        let instance = self.look(cx).await.ok().flatten()?;
        life::over(&instance)
    }

    fn obstacles(&self) -> Vec<String> {
        let Fields { base, private_ip_address, .. } = &self.fields;
        let groups = self.fields.group_names().join(", ");
        let ids = self.fields.group_ids().join(", ");
        let mut all = vec![format!(
            "does the security group {groups} ({ids}) let your address in at port {}/tcp?",
            base.ssh_port
        )];
        if self.fields.is_private() {
            all.push(format!("{private_ip_address} is a private address: is there a way into its network from here?"));
        }
        all
    }

    async fn start(&mut self, cx: &Context) -> Result<()> {
        let instance = self.living(cx).await?;
        self.forget();
        let ec2 = self.ec2(cx).await?;
        let id = self.fields.instance_id.clone();
        if instance.phase == Phase::Stopping {
            life::wait_stopped(&ec2, &id).await?;
        }
        ec2.api().start(&id).await?;
        let instance = life::wait_running(&ec2, &self.fields).await?;
        self.take_addresses(&instance)?;
        self.remember(Some(instance), Some(Instant::now()));
        Ok(())
    }

    async fn stop(&mut self, cx: &Context) -> Result<()> {
        self.switch_off(cx, false).await
    }

    async fn kill(&mut self, cx: &Context) -> Result<()> {
        self.switch_off(cx, true).await
    }

    async fn restart(&mut self, cx: &Context) -> Result<()> {
        self.living(cx).await?;
        self.forget();
        Ok(self.ec2(cx).await?.api().reboot(&self.fields.instance_id).await?)
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

    #[test]
    fn ids_are_32_hex_digits() {
        let id = random_id();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, random_id());
    }
}
