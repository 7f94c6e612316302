//! What EC2 says of a machine's instance, asked once for a whole command.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::instance_state;
use super::model::Instance;
use super::owner::Whose;
use super::{Amazonec2, Looked};
use crate::clock;
use crate::context::DriverContext;
use crate::error::{Error, Result};
use crate::store::layout;

/// How long an answer is believed: one command asks several times in a row.
const MEMORY: Duration = Duration::from_millis(800);
/// How long EC2 may deny an instance that it has just launched.
const YOUNG: Duration = Duration::from_secs(180);

impl Amazonec2 {
    /// The instance as EC2 sees it now, or saw it a moment ago.
    pub(super) async fn look(&self, cx: &DriverContext<'_>) -> Result<Option<Instance>> {
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
    pub(super) fn unfinished(&self) -> Error {
        let name = &self.place.name;
        if self.fields.is_tagged() {
            Error::msg(format!("the creation of \"{name}\" has not ended"))
                .hint(format!("if it was interrupted, `docker-machine provision {name}` goes on with it"))
                .hint(format!("or `docker-machine rm {name}` removes whatever exists of it"))
        } else {
            Error::msg(format!("machine \"{name}\" has no instance"))
                .hint("its creation was interrupted: `docker-machine rm` removes whatever exists")
        }
    }

    pub(super) fn remember(&self, found: Option<Instance>, at: Option<Instant>) {
        *self.looked.lock().expect("no panic while held") = Some(Looked { at, found });
    }

    pub(super) fn forget(&self) {
        *self.looked.lock().expect("no panic while held") = None;
    }

    /// The instance, which must be there.
    pub(super) async fn instance(&self, cx: &DriverContext<'_>) -> Result<Instance> {
        match self.look(cx).await? {
            Some(instance) => Ok(instance),
            None => Err(self.unknown(cx).await),
        }
    }

    /// Why the instance is not found. Where it must be, in EC2's own words, which scripts look for: it does not say them
    /// to a question by filter.
    pub(super) async fn unknown(&self, cx: &DriverContext<'_>) -> Error {
        let whose = self.whose(cx).await;
        match whose.obstacle(&self.fields) {
            Some(error) if whose.is_not_its() => error,
            unclear => {
                let id = &self.fields.instance_id;
                let error = Error::msg(format!("InvalidInstanceID.NotFound: The instance ID '{id}' does not exist"));
                unclear.into_iter().fold(error, |error, unclear| error.hint(unclear.message()))
            }
        }
    }

    /// Whether who answers is who made the machine.
    pub(super) async fn whose(&self, cx: &DriverContext<'_>) -> Whose {
        match self.ec2(cx).await {
            Ok(ec2) => Whose::of(&ec2, &self.fields).await,
            Err(error) => Whose::Unclear(error.message().to_owned()),
        }
    }

    /// Why its credentials do not lead to where it was made; `None`: they do, or that cannot be told.
    pub(super) async fn astray(&self, cx: &DriverContext<'_>) -> Option<Error> {
        let whose = self.whose(cx).await;
        whose.obstacle(&self.fields).filter(|_| whose.is_not_its())
    }

    /// The record was written so recently that EC2 may not know the instance yet.
    pub(super) fn is_young(&self) -> bool {
        let written = self.place.folder.join(layout::RECORD).metadata().and_then(|data| data.modified());
        let age = |written: SystemTime| clock::now().duration_since(written).unwrap_or_default();
        written.is_ok_and(|written| age(written) < YOUNG)
    }

    /// The addresses of an instance that runs.
    pub(super) fn take_addresses(&mut self, instance: &Instance) -> Result<()> {
        self.fields.base.ip_address = instance_state::address(&self.fields, instance)?;
        self.fields.private_ip_address.clone_from(&instance.private_ip);
        self.fields.ipv6_address.clone_from(&instance.ipv6);
        Ok(())
    }

    /// The instance, if anything can still be done with it.
    pub(super) async fn living(&self, cx: &DriverContext<'_>) -> Result<Instance> {
        let instance = self.instance(cx).await?;
        if instance.phase.is_final() {
            Err(instance_state::ended(&instance)
                .hint(format!("`docker-machine rm {}` removes the rest", self.place.name)))
        } else {
            Ok(instance)
        }
    }
}
