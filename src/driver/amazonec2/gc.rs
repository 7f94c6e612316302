//! What was made for machines that this store no longer has: found by the store's tag, removed on demand.
//!
//! That a store has no record of a machine does not prove that nobody has: the machine's folder may have been moved to
//! another store, or the store be a copy, or have a copy that went on. So only what `rm -f` has given up here, and
//! groups that nothing uses, is removed unasked; everything else only if it is named.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use super::api::Api;
use super::groups::Deleted;
use super::model::{ApiResult, Instance, Phase, Tags, tag};
use super::{Amazonec2, groups, tags};
use crate::clock;
use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::store::Ids;
use crate::wait::{self, Look, Pace};

/// What is younger may belong to a `create` that nobody knows of yet: one hour.
const YOUNG: i64 = 3600;
/// How long EC2 may take to end an instance.
const ENDS: Pace = Pace::new(Duration::from_secs(2), Duration::from_secs(300));

/// Something that was made, and for which machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// What it is.
    pub kind: Kind,
    /// `i-…`, `vol-…`, …
    pub id: String,
    /// `us-east-1`.
    pub region: String,
    /// The name that it was given, usually its machine's.
    pub name: String,
    /// Its `docker-machine:id`.
    pub machine: String,
    /// It was made from here, not from a place that this store was copied from.
    pub own: bool,
    /// By which it is removed, where that is not the id.
    handle: String,
    /// When it was made, in seconds since 1970, where EC2 tells.
    made: Option<i64>,
}

impl Orphan {
    /// How long it has been there, where EC2 tells.
    pub fn age(&self) -> Option<Duration> {
        let seconds = self.made.map(|made| seconds_now() - made);
        seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, region, name, .. } = self;
        write!(f, "{kind} {id} ({name}, {region})")
    }
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

/// A security group, and the instances that keep it from being removed.
struct Used {
    group: Orphan,
    by: Vec<String>,
}

/// Everything in one account and region that carries the store's tag.
#[derive(Default)]
pub struct Tagged {
    things: Vec<Orphan>,
    groups: Vec<Used>,
}

/// What [`Tagged::of_nobody`] found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// What can be removed, in the order in which it can.
    pub old: Vec<Orphan>,
    /// How much was left out because it was made within the last hour.
    pub young: usize,
    /// What may be in use by another store.
    pub doubtful: Vec<Orphan>,
}

/// What decides whose something is, by the `Driver.Id`s of machines.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The machines of the store.
    pub known: HashSet<String>,
    /// Those that `rm -f` gave up.
    pub forgotten: HashSet<String>,
    /// What the user named, by any of its ids: nothing but the machines of these is looked at, and all of those.
    pub named: Vec<String>,
}

impl Claims {
    /// Only the machines that were named, whose things are given up by that.
    fn narrowed(mut self, tagged: &mut Tagged) -> Self {
        if self.named.is_empty() {
            return self;
        }
        let is_named = |one: &&Orphan| self.named.contains(&one.id) || self.named.contains(&one.machine);
        let groups = tagged.groups.iter().map(|used| &used.group);
        let machines: HashSet<String> =
            tagged.things.iter().chain(groups).filter(is_named).map(|one| one.machine.clone()).collect();
        tagged.things.retain(|one| machines.contains(&one.machine));
        tagged.groups.retain(|used| machines.contains(&used.group.machine));
        self.forgotten = machines;
        self
    }
}

impl Tagged {
    /// What belongs to no machine of the store. `young`: also what was made within the last hour.
    pub fn of_nobody(self, claims: Claims, young: bool) -> Orphans {
        self.of_nobody_at(claims, young, seconds_now())
    }

    fn of_nobody_at(mut self, claims: Claims, young: bool, now: i64) -> Orphans {
        let young = young || !claims.named.is_empty();
        let Claims { known, forgotten, named } = claims.narrowed(&mut self);
        let is_orphan = |one: &Orphan| !known.contains(&one.machine);
        let is_given_up = |one: &Orphan| forgotten.contains(&one.machine) && (one.own || !named.is_empty());
        let orphans = self.things.into_iter().filter(is_orphan);
        let (mut all, mut doubtful): (Vec<Orphan>, Vec<Orphan>) = orphans.partition(is_given_up);
        let everything = all.clone();
        let fresh = match young {
            true => HashSet::new(),
            false => drop_young(&mut all, now),
        };
        let mut young = everything.len() - all.len();
        let used_by_nobody_but =
            |users: &[String], things: &[Orphan]| users.iter().all(|user| things.iter().any(|thing| thing.id == *user));
        let mut free = Vec::new();
        for Used { group, by } in self.groups {
            if !is_orphan(&group) || !used_by_nobody_but(&by, &everything) {
                continue;
            }
            if !group.own && !is_given_up(&group) {
                doubtful.push(group);
                continue;
            }
            match fresh.contains(&group.machine) || !used_by_nobody_but(&by, &all) {
                true => young += 1,
                false => free.push(group),
            }
        }
        all.extend(free);
        all.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        doubtful.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        Orphans { old: all, young, doubtful }
    }
}

/// Drops what is young, and everything else of the same machines; their `Driver.Id`s.
fn drop_young(all: &mut Vec<Orphan>, now: i64) -> HashSet<String> {
    let is_young = |one: &&Orphan| one.made.is_some_and(|made| now - made < YOUNG);
    let young: HashSet<String> = all.iter().filter(is_young).map(|one| one.machine.clone()).collect();
    all.retain(|one| !young.contains(&one.machine));
    young
}

fn seconds_now() -> i64 {
    let now = clock::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// An account and region to look in.
pub struct Sweep {
    api: Api,
    /// `us-east-1`.
    pub region: String,
    ids: Ids,
}

impl Sweep {
    /// Looks where `driver` would make machines.
    ///
    /// # Errors
    /// There are no credentials.
    pub async fn of(cx: &DriverContext<'_>, driver: &Amazonec2, ids: &Ids) -> Result<Self> {
        let api = driver.ec2(cx).await?.api().clone();
        Ok(Self { api, region: driver.fields.region.clone(), ids: ids.clone() })
    }

    /// Everything that carries the store's tag, except what is terminated, and volumes that are in use.
    ///
    /// # Errors
    /// EC2 does not answer, or does not allow to look.
    pub async fn tagged(&self) -> Result<Tagged> {
        Ok(self.look().await?)
    }

    /// All names of the store; EC2 takes no more than 200.
    fn stores(&self) -> Vec<String> {
        self.ids.own.iter().chain(&self.ids.earlier).take(200).cloned().collect()
    }

    async fn look(&self) -> ApiResult<Tagged> {
        let stores = self.stores();
        let filters = [(tags::BY_STORE, stores.as_slice())];
        let mut all = Tagged::default();
        for one in self.api.instances(&filters).await?.into_iter().filter(is_alive) {
            all.things.extend(self.orphan(Kind::Instance, one.id, &one.tags, Some(one.launched)));
        }
        for (id, tags, made) in allowed(self.api.spot_requests(&filters).await)? {
            all.things.extend(self.orphan(Kind::SpotRequest, id, &tags, made));
        }
        for pair in self.api.key_pairs(&filters).await? {
            let id = if pair.id.is_empty() { pair.name.clone() } else { pair.id };
            let orphan = self.orphan(Kind::KeyPair, id, &pair.tags, pair.made);
            all.things.extend(orphan.map(|orphan| Orphan { handle: pair.name, ..orphan }));
        }
        all.things.extend(self.free_volumes().await?);
        for group in self.api.groups(&filters).await? {
            let users = self.api.instances(&[("instance.group-id", std::slice::from_ref(&group.id))]).await?;
            let by = users.into_iter().filter(is_alive).map(|user| user.id).collect();
            let group = self.orphan(Kind::SecurityGroup, group.id, &group.tags, None);
            all.groups.extend(group.map(|group| Used { group, by }));
        }
        Ok(all)
    }

    async fn free_volumes(&self) -> ApiResult<Vec<Orphan>> {
        let stores = self.stores();
        let filters = [(tags::BY_STORE, stores.as_slice())];
        let found = allowed(self.api.free_volumes(&filters).await)?;
        Ok(found.into_iter().filter_map(|(id, tags, made)| self.orphan(Kind::Volume, id, &tags, made)).collect())
    }

    /// Nothing without the machine's tag is ours to remove.
    fn orphan(&self, kind: Kind, id: String, tags: &Tags, made: Option<i64>) -> Option<Orphan> {
        let machine = tag(tags, tags::MACHINE).filter(|machine| !machine.is_empty())?.to_owned();
        let name = tag(tags, "Name").unwrap_or_default().to_owned();
        let own = self.ids.own.as_deref() == tag(tags, tags::STORE);
        Some(Orphan { kind, own, handle: id.clone(), id, region: self.region.clone(), name, machine, made })
    }

    /// Removes one; `gone`: the instances that were removed before it.
    ///
    /// # Errors
    /// It is left.
    pub async fn remove(&self, cx: &DriverContext<'_>, orphan: &Orphan, gone: &[String]) -> Result<()> {
        let id = orphan.handle.as_str();
        let done = match orphan.kind {
            Kind::SpotRequest => self.api.cancel_spot(id).await,
            Kind::Instance => self.api.terminate(id).await.map(drop),
            Kind::Volume => self.api.delete_volume(id).await,
            Kind::KeyPair => self.api.delete_key_pair(id).await,
            Kind::SecurityGroup => {
                return match groups::delete(&self.api, cx.console, id, gone).await? {
                    Deleted::Yes => Ok(()),
                    Deleted::Used => Err(Error::msg("something else uses it")),
                    Deleted::Denied(error) => Err(error.into()),
                };
            }
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
    pub async fn after_end(&self, gone: &[String], machines: &HashSet<&str>) -> Result<Vec<Orphan>> {
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

    const NOW: i64 = 10_000;
    const OLD: Option<i64> = Some(1_000);
    const NEW: Option<i64> = Some(9_000);

    fn orphan(kind: Kind, id: &str, machine: &str, made: Option<i64>) -> Orphan {
        let (region, name) = (String::new(), String::new());
        Orphan { kind, own: true, id: id.into(), handle: id.into(), region, name, machine: machine.into(), made }
    }

    fn group(machine: &str, by: &[&str]) -> Used {
        let by = by.iter().map(|id| (*id).to_owned()).collect();
        Used { group: orphan(Kind::SecurityGroup, "sg", machine, None), by }
    }

    /// The ids of what is removable, and how much is too young.
    fn sorted(things: Vec<Orphan>, groups: Vec<Used>, young: bool) -> (Vec<String>, usize) {
        let found = Tagged { things, groups }.of_nobody_at(claims(&[]), young, NOW);
        (found.old.into_iter().map(|one| one.id).collect(), found.young)
    }

    fn claims(named: &[&str]) -> Claims {
        let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let (known, forgotten) = (all(&["known"]), all(&["gone", "new", "old"]));
        Claims { known: HashSet::from_iter(known), forgotten: HashSet::from_iter(forgotten), named: all(named) }
    }

    #[test]
    fn what_nobody_gave_up_or_another_place_made_is_only_removed_when_it_is_named() {
        let things = || {
            let copied = Orphan { own: false, ..orphan(Kind::Instance, "i-copied", "gone", OLD) };
            vec![
                orphan(Kind::Instance, "i-moved", "moved", NEW),
                orphan(Kind::KeyPair, "k-moved", "moved", OLD),
                copied,
            ]
        };
        let found = |named: &[&str]| {
            let tagged = Tagged { things: things(), groups: vec![group("moved", &["i-moved"])] };
            let Orphans { old, doubtful, .. } = tagged.of_nobody_at(claims(named), false, NOW);
            let shown = |all: Vec<Orphan>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
            (shown(old), shown(doubtful))
        };
        assert_eq!(found(&[]), (ids(&[]), ids(&["i-copied", "i-moved", "k-moved"])));
        assert_eq!(found(&["i-moved"]), (ids(&["i-moved", "k-moved", "sg"]), ids(&[])));
        assert_eq!(found(&["gone"]), (ids(&["i-copied"]), ids(&[])));
        assert_eq!(found(&["i-of-somebody"]), (ids(&[]), ids(&[])));
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn machines_of_the_store_are_no_orphans() {
        let things = vec![orphan(Kind::Instance, "i-1", "known", OLD), orphan(Kind::Instance, "i-2", "gone", OLD)];
        assert_eq!(sorted(things, vec![group("known", &[])], false), (ids(&["i-2"]), 0));
    }

    #[test]
    fn everything_of_a_young_machine_is_left_alone_unless_told() {
        let things = || {
            vec![
                orphan(Kind::Instance, "i-new", "new", NEW),
                orphan(Kind::KeyPair, "k-new", "new", OLD),
                orphan(Kind::Instance, "i-old", "old", OLD),
            ]
        };
        assert_eq!(sorted(things(), vec![group("new", &[])], false), (ids(&["i-old"]), 3));
        assert_eq!(sorted(things(), vec![group("new", &[])], true), (ids(&["i-new", "i-old", "k-new", "sg"]), 0));
    }

    #[test]
    fn a_group_stays_while_anything_uses_it_that_stays() {
        let things = || vec![orphan(Kind::Instance, "i-old", "old", OLD), orphan(Kind::Instance, "i-new", "new", NEW)];
        let with = |by: &[&str]| sorted(things(), vec![group("old", by)], false).0;
        assert_eq!(with(&["i-old"]), ids(&["i-old", "sg"]));
        assert_eq!(with(&["i-old", "i-of-somebody"]), ids(&["i-old"]));
        assert_eq!(with(&["i-new"]), ids(&["i-old"]));
    }

    #[test]
    fn what_uses_others_goes_first() {
        assert!(
            Kind::SpotRequest < Kind::Instance && Kind::Instance < Kind::Volume && Kind::Volume < Kind::SecurityGroup
        );
    }
}
