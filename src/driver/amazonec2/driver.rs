//! The driver's part of every command.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;

use super::batch::Ec2;
use super::credentials::KeySource;
use super::fields::Fields;
use super::flags::Given;
use super::model::{ApiError, Instance, Phase};
use super::work::Work;
use super::{Amazonec2, configure, flags, groups, image, instance_state, keypair, launch, network, remove, tags};
use crate::context::DriverContext;
use crate::driver::base::{ENGINE_PORT, engine_url};
use crate::driver::{
    Batching, Checkpoint, Diagnosis, Driver, Flag, FlagValues, HostKeySource, HostKind, Leftovers, Power, State,
    encode, not_running,
};
use crate::error::{Error, Result};
use crate::random;
use crate::ssh::{SshTarget, hostkeys};
use crate::store::layout;

#[async_trait]
impl Driver for Amazonec2 {
    fn name(&self) -> &str {
        "amazonec2"
    }

    fn host_kind(&self) -> HostKind {
        HostKind::Created
    }

    async fn flags(&self, _cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        Ok(flags::flags())
    }

    async fn configure(&mut self, cx: &DriverContext<'_>, values: &FlagValues) -> Result<()> {
        let source = KeySource::from_flags(values);
        let given = Given { values };
        configure::fill(cx, &mut self.fields, &given, &source).await?;
        self.keys = source.keys;
        self.removed_on_failure = given.is_on("terminate-on-failure");
        self.key_kind = keypair::kind(&given.text("ssh-key-type"))?;
        self.fields.id = random::id();
        let ec2 = self.ec2(cx).await?;
        network::resolve_vpc(ec2.api(), cx.console, &mut self.fields).await
    }

    async fn resume(&mut self, cx: &DriverContext<'_>, earlier: Value) -> Result<()> {
        let mut earlier = Fields::load(earlier)?;
        if !earlier.is_begun() {
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
        // Before the record is written anew.
        self.was_young = self.is_young();
        let whose = self.whose(cx).await;
        if let Some(error) = whose.obstacle(&self.fields).filter(|_| whose.is_not_its()) {
            let name = &self.place.name;
            return Err(
                error.hint(format!("there, the same `create` goes on, or `docker-machine rm {name}` removes it"))
            );
        }
        self.resumed = true;
        cx.console.debug(format!("taking over what was made for id {}", self.fields.id));
        Ok(())
    }

    async fn save(&self) -> Result<Value> {
        encode(&self.fields)
    }

    async fn check(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        if self.resumed {
            return Ok(());
        }
        self.fields.store_id = cx.store_id()?;
        let ec2 = self.ec2(cx).await?;
        if self.fields.endpoint.is_empty() {
            ec2.endpoint().clone_into(&mut self.fields.endpoint_url);
        }
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

    async fn create(&mut self, cx: &DriverContext<'_>, checkpoint: &dyn Checkpoint) -> Result<()> {
        let console = self.console(cx);
        let earlier = self.fields.instance_id.clone();
        let may_be_unknown = self.fields.base.ip_address.is_empty() && self.was_young && self.is_young();
        let is_new = earlier.is_empty() || may_be_unknown;
        if earlier.is_empty() && self.fields.client_token.is_empty() {
            console.say("Launching instance...");
        }
        let mut work = Work {
            ec2: self.ec2(cx).await?,
            console,
            place: &self.place,
            fields: &mut self.fields,
            checkpoint,
            in_flight: &mut self.in_flight,
            launches: Arc::clone(&self.launches),
        };
        keypair::ensure(cx, &mut work, self.key_kind).await?;
        groups::ensure(&mut work).await?;
        if let Err(error) = launch::ensure(cx, &mut work).await {
            if !error.cause().is_some_and(|cause: &ApiError| cause.is("InvalidGroup.NotFound")) {
                return Err(error);
            }
            // Somebody removed the group with its last machine at this moment.
            groups::ensure(&mut work).await?;
            launch::ensure(cx, &mut work).await?;
        }
        if let Some(instance) = found(&work.ec2, &earlier).await? {
            instance_state::switch_on(&work.ec2, &work.console, &instance).await?;
        }
        let instance = instance_state::wait_running(&work.ec2, work.fields, is_new).await?;
        self.take_addresses(&instance)?;
        self.remember(Some(instance), Some(Instant::now()));
        checkpoint.save(encode(&self.fields)?).await
    }

    async fn undo(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        if !self.resumed {
            return self.remove_with(cx, groups::Which::Ours).await;
        }
        self.settle().await;
        self.forget();
        let launched = self.launched();
        if launched.is_empty() {
            return Ok(());
        }
        remove::launched(self.ec2(cx).await?.api(), &self.console(cx), &launched).await?;
        self.launches.lock().expect("no panic while held").ids.clear();
        self.fields.forget_instance();
        // The next one has a key of its own.
        hostkeys::forget(&self.fields.base.ssh_target(&self.place, None)?.known_hosts)
    }

    async fn remove(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.remove_with(cx, groups::Which::Stores).await
    }

    async fn state(&self, cx: &DriverContext<'_>) -> Result<State> {
        if self.fields.instance_id.is_empty() && self.fields.is_tagged() && self.is_young() {
            // Its `create` is under way, as far as anybody can tell.
            return Ok(State::Starting);
        }
        let Some(instance) = self.look(cx).await? else {
            if self.is_young() && !self.whose(cx).await.is_not_its() {
                return Ok(State::Starting);
            }
            return Err(self.unknown(cx).await);
        };
        if instance.phase == Phase::Unknown {
            self.console(cx).say(format!("unrecognized instance state: {}", instance.reason));
        }
        Ok(instance_state::state(instance.phase))
    }

    async fn url(&self, cx: &DriverContext<'_>) -> Result<String> {
        let instance = self.instance(cx).await?;
        match instance.phase {
            Phase::Running => Ok(engine_url(&instance_state::address(&self.fields, &instance)?, ENGINE_PORT)),
            Phase::Terminated => Err(instance_state::ended(&instance)),
            _ => Err(not_running()),
        }
    }

    async fn engine_port(&self, _cx: &DriverContext<'_>) -> Result<u16> {
        Ok(ENGINE_PORT)
    }

    async fn ip(&self, cx: &DriverContext<'_>) -> Result<String> {
        instance_state::address(&self.fields, &self.instance(cx).await?)
    }

    async fn addresses(&self, cx: &DriverContext<'_>) -> Result<Vec<String>> {
        let instance = self.instance(cx).await?;
        let mut all = vec![instance_state::address(&self.fields, &instance)?];
        for other in [instance.public_ip, instance.private_ip, instance.ipv6] {
            if !other.is_empty() && !all.contains(&other) {
                all.push(other);
            }
        }
        Ok(all)
    }

    async fn ssh(&self, cx: &DriverContext<'_>) -> Result<SshTarget> {
        let mut base = self.fields.base.clone();
        match self.look(cx).await {
            Ok(Some(instance)) => base.ip_address = instance_state::address(&self.fields, &instance)?,
            Ok(None) => return Err(self.unknown(cx).await),
            // An address that is known is better than none while the API does not answer.
            Err(error) if base.ip_address.is_empty() => return Err(error),
            Err(_) => {}
        }
        let key = if base.ssh_key_path.is_empty() {
            self.place.folder.join(layout::SSH_KEY)
        } else {
            PathBuf::from(&base.ssh_key_path)
        };
        base.ssh_target(&self.place, Some(key))
    }

    fn power(&mut self) -> Option<&mut dyn Power> {
        Some(self)
    }

    fn leftovers(&self) -> Option<&dyn Leftovers> {
        Some(self)
    }

    fn batching(&self) -> Option<&dyn Batching> {
        Some(self)
    }

    fn host_key_source(&self) -> Option<&dyn HostKeySource> {
        Some(self)
    }

    fn diagnosis(&self) -> Option<&dyn Diagnosis> {
        Some(self)
    }
}

/// The instance of an earlier `create`, if there was one and EC2 knows it now.
async fn found(ec2: &Ec2, id: &str) -> Result<Option<Instance>> {
    if id.is_empty() { Ok(None) } else { Ok(ec2.instance(id).await?) }
}

impl Amazonec2 {
    /// Ends the call that was under way when `create` was interrupted: nothing is made after that.
    async fn settle(&mut self) {
        let Some(call) = self.in_flight.take() else { return };
        if call.settle().await {
            self.launches.lock().expect("no panic while held").open = false;
        }
    }

    /// The instances that this process has launched.
    pub(super) fn launched(&self) -> Vec<String> {
        self.launches.lock().expect("no panic while held").ids.clone()
    }

    /// Removes everything that is the machine's alone.
    async fn remove_with(&mut self, cx: &DriverContext<'_>, which: groups::Which) -> Result<()> {
        self.settle().await;
        self.forget();
        let mut launched = self.launched();
        if self.is_young() && cx.is_unfinished(&self.place.name) {
            launched.extend((!self.fields.instance_id.is_empty()).then(|| self.fields.instance_id.clone()));
        }
        let ec2 = self.ec2(cx).await?;
        let ended = remove::all(&ec2, &self.console(cx), &self.fields, &launched, &mut self.met, which).await?;
        if ended.is_empty() && self.launches.lock().expect("no panic while held").open {
            return Err(Error::msg("EC2 has not answered whether it launched an instance, and shows none so far"));
        }
        self.fields.forget_everything();
        Ok(())
    }
}
