//! What was made for the machines of a store, in every account and region where it may be: found by the store's tag.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;

use super::api::Api;
use super::groups::Deleted;
use super::model::{ApiResult, Instance, Phase, Tags, tag};
use super::{Amazonec2, groups, tags};
use crate::console::Console;
use crate::context::DriverContext;
use crate::driver::{Collector, Resource, Scope, Scopes, Search, Told};
use crate::error::{Error, Result};
use crate::store::Ids;
use crate::wait::{self, Look, Pace};

/// How long EC2 may take to end an instance.
const ENDS: Pace = Pace::new(Duration::from_secs(2), Duration::from_secs(300));

/// In the order in which they can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A request that could still launch an instance.
    SpotRequest,
    /// An instance that is not terminated.
    Instance,
    /// A volume that nothing uses.
    Volume,
    /// A key pair.
    KeyPair,
    /// A security group; machines share them.
    SecurityGroup,
}

impl Kind {
    const ALL: [Self; 5] = [Self::SpotRequest, Self::Instance, Self::Volume, Self::KeyPair, Self::SecurityGroup];

    fn word(self) -> &'static str {
        match self {
            Self::SpotRequest => "spot request",
            Self::Instance => "instance",
            Self::Volume => "volume",
            Self::KeyPair => "key pair",
            Self::SecurityGroup => "security group",
        }
    }

    fn of(resource: &Resource) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == resource.kind)
    }
}

/// For the registry.
#[derive(Debug)]
pub struct Ec2Collector;

#[async_trait]
impl Collector for Ec2Collector {
    async fn scopes(&self, cx: &DriverContext<'_>, search: Search<'_>) -> Result<Scopes> {
        let mut machines = Vec::new();
        for (place, state) in search.machines {
            machines.push(Amazonec2::load(&place, state)?);
        }
        let hidden = hidden(cx, &machines).await;
        let mut drivers = BTreeMap::new();
        for machine in machines {
            drivers.entry(machine.place_key()).or_insert(machine);
        }
        for region in search.regions.iter().map(|region| Some(region.as_str())).chain([None]) {
            let driver = Amazonec2::for_region(cx, &search.nowhere, region).await?;
            drivers.entry(driver.place_key()).or_insert(driver);
        }
        let open = drivers
            .into_values()
            .map(|driver| Box::new(Region { driver, store: search.store.clone() }) as Box<dyn Scope>)
            .collect();
        Ok(Scopes { open, hidden })
    }
}

/// Why the places where machines of the store were made cannot be looked into with the credentials of any of them: one
/// reason for each.
async fn hidden(cx: &DriverContext<'_>, machines: &[Amazonec2]) -> Vec<Error> {
    let (mut seen, mut astray) = (HashSet::new(), BTreeMap::new());
    for machine in machines {
        match machine.astray(cx).await {
            Some(error) => _ = astray.entry(machine.birthplace()).or_insert(error),
            None => _ = seen.insert(machine.birthplace()),
        }
    }
    astray.retain(|birthplace, _| !seen.contains(birthplace));
    astray.into_values().map(|error| error.context("cannot look where machines of this store were made")).collect()
}

/// A region of an account, as one of its machines sees it.
struct Region {
    driver: Amazonec2,
    store: Ids,
}

#[async_trait]
impl Scope for Region {
    fn name(&self) -> String {
        format!("region {}", self.driver.fields.region)
    }

    async fn find(&self, cx: &DriverContext<'_>) -> Result<Vec<Resource>> {
        Ok(self.sweep(cx).await?.look().await?)
    }

    async fn remove(&self, cx: &DriverContext<'_>, resources: Vec<Resource>, told: Told<'_>) {
        match self.sweep(cx).await {
            Ok(sweep) => sweep.remove(cx.console, resources, told).await,
            Err(error) => resources.iter().for_each(|one| told(one, Err(Error::msg(error.message())))),
        }
    }
}

impl Region {
    /// # Errors
    /// There are no credentials.
    async fn sweep(&self, cx: &DriverContext<'_>) -> Result<Sweep<'_>> {
        Ok(Sweep {
            api: self.driver.ec2(cx).await?.api().clone(),
            region: &self.driver.fields.region,
            ids: &self.store,
        })
    }
}

/// What is at work in a region.
struct Sweep<'r> {
    api: Api,
    region: &'r str,
    ids: &'r Ids,
}

impl Sweep<'_> {
    /// All names of the store; EC2 takes no more than 200.
    fn stores(&self) -> Vec<String> {
        self.ids.own.iter().chain(&self.ids.earlier).take(200).cloned().collect()
    }

    /// Everything that carries the store's tag, except what is terminated, and volumes that are in use.
    async fn look(&self) -> ApiResult<Vec<Resource>> {
        let stores = self.stores();
        let filters = [(tags::BY_STORE, stores.as_slice())];
        let mut all = Vec::new();
        for one in self.api.instances(&filters).await?.into_iter().filter(is_alive) {
            all.extend(self.resource(Kind::Instance, one.id, &one.tags, Some(one.launched)));
        }
        for (id, tags, made) in allowed(self.api.spot_requests(&filters).await)? {
            all.extend(self.resource(Kind::SpotRequest, id, &tags, made));
        }
        for pair in self.api.key_pairs(&filters).await? {
            let id = if pair.id.is_empty() { pair.name.clone() } else { pair.id };
            let resource = self.resource(Kind::KeyPair, id, &pair.tags, pair.made);
            all.extend(resource.map(|resource| Resource { handle: Some(pair.name), ..resource }));
        }
        all.extend(self.free_volumes().await?);
        for group in self.api.groups(&filters).await? {
            let users = self.api.instances(&[("instance.group-id", std::slice::from_ref(&group.id))]).await?;
            let by = users.into_iter().filter(is_alive).map(|user| user.id).collect();
            let group = self.resource(Kind::SecurityGroup, group.id, &group.tags, None);
            all.extend(group.map(|group| Resource { users: Some(by), ..group }));
        }
        all.sort_by(|one, other| (Kind::of(one), &one.id).cmp(&(Kind::of(other), &other.id)));
        Ok(all)
    }

    async fn free_volumes(&self) -> ApiResult<Vec<Resource>> {
        let stores = self.stores();
        let filters = [(tags::BY_STORE, stores.as_slice())];
        let found = allowed(self.api.free_volumes(&filters).await)?;
        Ok(found.into_iter().filter_map(|(id, tags, made)| self.resource(Kind::Volume, id, &tags, made)).collect())
    }

    /// Nothing without the machine's tag is ours to remove.
    fn resource(&self, kind: Kind, id: String, tags: &Tags, made: Option<i64>) -> Option<Resource> {
        let machine = tag(tags, tags::MACHINE).filter(|machine| !machine.is_empty())?.to_owned();
        let name = tag(tags, "Name").unwrap_or_default().to_owned();
        let own = self.ids.own.as_deref() == tag(tags, tags::STORE);
        let (kind, region) = (kind.word(), self.region.to_owned());
        let made = made.and_then(|seconds| Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?)));
        Some(Resource { kind, id, region, name, machine, own, handle: None, made, users: None })
    }

    /// Removes everything, in an order that works; what hangs on something that cannot be removed is left.
    async fn remove(&self, console: &Console, resources: Vec<Resource>, told: Told<'_>) {
        let is_first = |one: &Resource| Kind::of(one) <= Some(Kind::Instance);
        let (first, mut rest): (Vec<_>, Vec<_>) = resources.into_iter().partition(is_first);
        let mut gone = Vec::new();
        let mut stuck = HashSet::new();
        for one in &first {
            let removed = self.remove_one(console, one, &gone).await;
            if removed.is_err() {
                stuck.insert(one.machine.clone());
            } else if Kind::of(one) == Some(Kind::Instance) {
                gone.push(one.id.clone());
            }
            told(one, removed);
        }
        if !gone.is_empty() {
            let instances = if gone.len() == 1 { "instance" } else { "instances" };
            let _progress = console.progress(format!("Waiting for {} {instances} to end...", gone.len()));
            match self.after_end(&gone, &first.iter().map(|one| one.machine.as_str()).collect()).await {
                Ok(volumes) => {
                    let is_seen_again = |one: &Resource| volumes.iter().any(|volume| volume.id == one.id);
                    rest.retain(|one| !is_seen_again(one));
                    rest.extend(volumes);
                    rest.sort_by_key(Kind::of);
                }
                Err(error) => console.error(&error),
            }
        }
        for one in rest {
            let removed = if stuck.contains(&one.machine) {
                Err(Error::msg("its instance is still there"))
            } else {
                self.remove_one(console, &one, &gone).await
            };
            told(&one, removed);
        }
    }

    /// Removes one; `gone`: the instances that were removed before it.
    async fn remove_one(&self, console: &Console, one: &Resource, gone: &[String]) -> Result<()> {
        let id = one.handle.as_ref().unwrap_or(&one.id).as_str();
        let done = match Kind::of(one) {
            Some(Kind::SpotRequest) => self.api.cancel_spot(id).await,
            Some(Kind::Instance) => self.api.terminate(id).await.map(drop),
            Some(Kind::Volume) => self.api.delete_volume(id).await,
            Some(Kind::KeyPair) => self.api.delete_key_pair(id).await,
            Some(Kind::SecurityGroup) => {
                return match groups::delete(&self.api, console, id, gone).await? {
                    Deleted::Yes => Ok(()),
                    Deleted::Used => Err(Error::msg("something else uses it")),
                    Deleted::Denied(error) => Err(error.into()),
                };
            }
            None => return Err(Error::msg(format!("driver amazonec2 makes no {}", one.kind))),
        };
        match done {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Waits until instances that were told to end are terminated; the volumes of these `machines` that outlive them.
    ///
    /// # Errors
    /// One does not end.
    async fn after_end(&self, gone: &[String], machines: &HashSet<&str>) -> Result<Vec<Resource>> {
        wait::until("the end of the instances", ENDS, || async {
            match self.api.instances(&[("instance-id", gone)]).await {
                Ok(all) => match all.iter().find(|one| one.phase != Phase::Terminated) {
                    Some(one) => Look::NotYet(format!("{} is still there", one.id)),
                    None => Look::Done(()),
                },
                Err(error) if error.is_unclear() => Look::NotYet(error.to_string()),
                Err(error) => Look::Failed(error.into()),
            }
        })
        .await?;
        let mut volumes = self.free_volumes().await?;
        volumes.retain(|volume| machines.contains(volume.machine.as_str()));
        Ok(volumes)
    }
}

fn is_alive(instance: &Instance) -> bool {
    !instance.phase.is_final()
}

/// Who may not look at a kind of things has made none of them.
fn allowed<T>(found: ApiResult<Vec<T>>) -> ApiResult<Vec<T>> {
    match found {
        Err(error) if error.is_denied() => Ok(Vec::new()),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uses_others_goes_first_and_what_is_shared_last() {
        assert!(Kind::ALL.is_sorted() && Kind::ALL.last() == Some(&Kind::SecurityGroup));
        assert!(
            Kind::SpotRequest < Kind::Instance && Kind::Instance < Kind::Volume && Kind::Volume < Kind::SecurityGroup
        );
    }
}
