//! What the driver can do beyond what every driver must: the switch, what is left behind, questions for many instances,
//! host keys from the console, and why an instance does not answer.

use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::time::Instant;

use super::fields::Fields;
use super::model::Phase;
use super::{Amazonec2, clients, console, instance_state};
use crate::clock;
use crate::context::DriverContext;
use crate::driver::{Batching, Diagnosis, HostKeySource, HostKeys, Leftovers, Power};
use crate::error::{Error, Result};

#[async_trait]
impl Power for Amazonec2 {
    async fn start(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        let instance = self.living(cx).await?;
        self.forget();
        let ec2 = self.ec2(cx).await?;
        if instance.phase == Phase::Stopping {
            instance_state::wait_stopped(&ec2, &instance.id).await?;
        }
        ec2.api().start(&instance.id).await?;
        let instance = instance_state::wait_running(&ec2, &self.fields, true).await?;
        self.take_addresses(&instance)?;
        self.remember(Some(instance), Some(Instant::now()));
        Ok(())
    }

    async fn stop(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.switch_off(cx, false).await
    }

    async fn kill(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.switch_off(cx, true).await
    }

    async fn restart(&mut self, cx: &DriverContext<'_>) -> Result<()> {
        self.living(cx).await?;
        self.forget();
        Ok(self.ec2(cx).await?.api().reboot(&self.fields.instance_id).await?)
    }
}

impl Leftovers for Amazonec2 {
    fn id(&self) -> Option<&str> {
        Some(self.fields.id.as_str()).filter(|id| !id.is_empty())
    }

    fn traces(&self) -> Vec<String> {
        let Fields { instance_id, key_name, existing_key, region, owner_id, .. } = &self.fields;
        let place = if owner_id.is_empty() { region.clone() } else { format!("{region}, account {owner_id}") };
        let mut all = [self.launched(), self.met.clone(), vec![instance_id.clone()]].concat();
        all.retain(|id| !id.is_empty());
        all.sort_unstable();
        all.dedup();
        let mut traces: Vec<String> = all.into_iter().map(|id| format!("instance {id} in {place}")).collect();
        if !key_name.is_empty() && !existing_key {
            traces.push(format!("key pair {key_name} in {place}"));
        }
        traces
    }

    fn is_removed_on_failure(&self) -> bool {
        self.removed_on_failure
    }
}

#[async_trait]
impl Batching for Amazonec2 {
    fn announce(&self, cx: &DriverContext<'_>) {
        *self.announced.lock().expect("no panic while held") = Some(clients::announce(cx));
    }

    async fn prepare(&self, cx: &DriverContext<'_>) {
        // What fails here fails again when it is asked for.
        if let Ok(found) = self.look(cx).await {
            self.remember(found, None);
        }
    }
}

#[async_trait]
impl HostKeySource for Amazonec2 {
    async fn host_keys(&self, cx: &DriverContext<'_>) -> HostKeys {
        let since = match self.look(cx).await {
            Ok(Some(instance)) => u64::try_from(instance.launched).unwrap_or_default(),
            _ => return console::silent("EC2 does not tell about the instance".to_owned()),
        };
        let up = clock::now().duration_since(UNIX_EPOCH + Duration::from_secs(since)).unwrap_or_default();
        match self.ec2(cx).await {
            Ok(ec2) => console::read(ec2.api().console(&self.fields.instance_id).await, up),
            Err(error) => HostKeys::Never(error.message().to_owned()),
        }
    }
}

#[async_trait]
impl Diagnosis for Amazonec2 {
    async fn ended(&self, cx: &DriverContext<'_>) -> Option<Error> {
        let instance = self.look(cx).await.ok().flatten()?;
        instance_state::over(&instance)
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
}

impl Amazonec2 {
    async fn switch_off(&self, cx: &DriverContext<'_>, force: bool) -> Result<()> {
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
        instance_state::wait_stopped(&ec2, id).await
    }
}
