//! What was made for machines that this store no longer has: found by the store's tag, removed on demand.

use std::collections::HashSet;
use std::fmt;

use super::api::{Api, ApiResult};
use super::model::{Tags, tag};
use super::{Amazonec2, groups, tags};
use crate::clock;
use crate::context::Context;
use crate::error::{Error, Result};

/// What is younger may belong to a `create` that nobody knows of yet: one hour.
const YOUNG: i64 = 3600;

/// Something that was made, and for which machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// What it is.
    pub kind: Kind,
    /// Its id, or its name where it is removed by name.
    pub id: String,
    /// `us-east-1`.
    pub region: String,
    /// The name that it was given.
    pub name: String,
    /// Its `docker-machine:id`.
    machine: String,
    /// When it was made, in seconds since 1970, where EC2 tells.
    made: Option<i64>,
}

/// In the order in which they can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A request that could still launch an instance.
    SpotRequest,
    /// An instance that is not terminated.
    Instance,
    /// A volume that nothing uses.
    Volume,
    /// A key pair.
    KeyPair,
    /// A security group that no instance uses.
    SecurityGroup,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SpotRequest => "spot request",
            Self::Instance => "instance",
            Self::Volume => "volume",
            Self::KeyPair => "key pair",
            Self::SecurityGroup => "security group",
        })
    }
}

/// An account and region to look in, and the machines of the store.
pub struct Sweep {
    api: Api,
    region: String,
    store: String,
    /// `Driver.Id` of every machine of the store.
    known: HashSet<String>,
}

impl Sweep {
    /// Looks where `driver` would make machines.
    ///
    /// # Errors
    /// There are no credentials.
    pub async fn of(cx: &Context, driver: &Amazonec2, store: &str, known: HashSet<String>) -> Result<Self> {
        let api = driver.ec2(cx).await?.api().clone();
        Ok(Self { api, region: driver.fields.region.clone(), store: store.to_owned(), known })
    }

    /// What belongs to no machine of the store. `young`: also what was made within the last hour.
    ///
    /// # Errors
    /// EC2 does not answer, or does not allow to look.
    pub async fn orphans(&self, young: bool) -> Result<Vec<Orphan>> {
        let now = clock::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut all = self.tagged().await.map_err(Error::from)?;
        if !young {
            keep_old(&mut all, now);
        }
        all.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        Ok(all)
    }

    async fn tagged(&self) -> ApiResult<Vec<Orphan>> {
        let store = std::slice::from_ref(&self.store);
        let filters = [(tags::BY_STORE, store)];
        let mut all = Vec::new();
        let mut add = |kind, id: String, tags: &Tags, made| {
            let machine = tag(tags, tags::MACHINE).unwrap_or_default().to_owned();
            if !machine.is_empty() && !self.known.contains(&machine) {
                let name = tag(tags, "Name").unwrap_or_default().to_owned();
                all.push(Orphan { kind, id, region: self.region.clone(), name, machine, made });
            }
        };
        let instances = self.api.instances(&filters).await?;
        for one in instances.iter().filter(|one| !one.phase.is_final()) {
            add(Kind::Instance, one.id.clone(), &one.tags, Some(one.launched));
        }
        for (id, tags) in allowed(self.api.spot_requests(&filters).await)? {
            add(Kind::SpotRequest, id, &tags, None);
        }
        for (id, tags, made) in allowed(self.api.free_volumes(&filters).await)? {
            add(Kind::Volume, id, &tags, made);
        }
        for pair in self.api.key_pairs(&filters).await? {
            add(Kind::KeyPair, pair.name, &pair.tags, pair.made);
        }
        for group in self.api.groups(&filters).await? {
            let users = self.api.instances(&[("instance.group-id", std::slice::from_ref(&group.id))]).await?;
            let is_used = |id: &str| self.known.contains(id);
            let used =
                users.iter().any(|user| !user.phase.is_final() && tag(&user.tags, tags::MACHINE).is_none_or(is_used));
            if !used {
                add(Kind::SecurityGroup, group.id, &group.tags, None);
            }
        }
        Ok(all)
    }

    /// Removes one; `gone`: the instances that were removed before it.
    ///
    /// # Errors
    /// EC2 refuses.
    pub async fn remove(&self, cx: &Context, orphan: &Orphan, gone: &[String]) -> Result<()> {
        let id = orphan.id.as_str();
        let done = match orphan.kind {
            Kind::SpotRequest => self.api.cancel_spot(id).await,
            Kind::Instance => self.api.terminate(id).await.map(drop),
            Kind::Volume => self.api.delete_volume(id).await,
            Kind::KeyPair => self.api.delete_key_pair(id).await,
            Kind::SecurityGroup => return groups::delete(&self.api, &cx.console, id, gone).await,
        };
        match done {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Who may not look at a kind of things has made none of them.
fn allowed<T>(found: ApiResult<Vec<T>>) -> ApiResult<Vec<T>> {
    match found {
        Err(error) if error.is_denied() => Ok(Vec::new()),
        found => found,
    }
}

/// Drops what is young, and everything else of the same machine.
fn keep_old(all: &mut Vec<Orphan>, now: i64) {
    let is_young = |one: &&Orphan| one.made.is_some_and(|made| now - made < YOUNG);
    let young: HashSet<String> = all.iter().filter(is_young).map(|one| one.machine.clone()).collect();
    all.retain(|one| !young.contains(&one.machine));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orphan(kind: Kind, machine: &str, made: Option<i64>) -> Orphan {
        let (id, region, name) = (String::new(), String::new(), String::new());
        Orphan { kind, id, region, name, machine: machine.into(), made }
    }

    #[test]
    fn everything_of_a_young_machine_is_left_alone() {
        let mut all = vec![
            orphan(Kind::Instance, "new", Some(9_000)),
            orphan(Kind::SecurityGroup, "new", None),
            orphan(Kind::Instance, "old", Some(1_000)),
            orphan(Kind::SecurityGroup, "old", None),
        ];
        keep_old(&mut all, 10_000);
        assert_eq!(all, [orphan(Kind::Instance, "old", Some(1_000)), orphan(Kind::SecurityGroup, "old", None)]);
    }

    #[test]
    fn what_uses_others_goes_first() {
        assert!(Kind::SpotRequest < Kind::Instance && Kind::Instance < Kind::SecurityGroup);
    }
}
