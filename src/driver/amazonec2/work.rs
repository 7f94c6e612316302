//! What the steps of a `create` work with.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::api::Api;
use super::batch::Ec2;
use super::fields::Fields;
use super::model::{ApiError, ApiResult, Instance, NO_ANSWER, Tags};
use super::pending::{self, Pending};
use super::tags;
use crate::console::Console;
use crate::driver::{Checkpoint, MachinePlace, encode};
use crate::error::Result;

/// What a step of `create` works with.
pub(super) struct Work<'w> {
    pub(super) ec2: Ec2,
    pub(super) console: Console,
    pub(super) place: &'w MachinePlace,
    pub(super) fields: &'w mut Fields,
    pub(super) checkpoint: &'w dyn Checkpoint,
    pub(super) in_flight: &'w mut Option<Pending>,
    pub(super) launches: Arc<Mutex<Launches>>,
}

/// What this process knows of its launches; calls that outlive an interruption tell it too.
#[derive(Debug, Default)]
pub(super) struct Launches {
    /// The instances that it has launched, whatever became of them.
    pub(super) ids: Vec<String>,
    /// There may be one more: EC2 gave no clear answer.
    pub(super) open: bool,
}

impl Launches {
    /// An answer to `RunInstances`, heard in the task that made the call. `is_new`: no earlier process can have
    /// launched the same.
    pub(super) fn hear(&mut self, answer: &ApiResult<Instance>, is_new: bool) {
        self.open = match answer {
            Ok(instance) => {
                self.know(instance, is_new);
                false
            }
            Err(_) => pending::is_unclear(),
        };
    }

    /// What was launched is known.
    pub(super) fn know(&mut self, instance: &Instance, is_new: bool) {
        self.open = false;
        if is_new && !self.ids.contains(&instance.id) {
            self.ids.push(instance.id.clone());
        }
    }
}

impl Work<'_> {
    pub(super) fn api(&self) -> &Api {
        self.ec2.api()
    }

    pub(super) async fn save(&self) -> Result<()> {
        self.checkpoint.save(encode(self.fields)?).await
    }

    /// Our tags and the user's.
    pub(super) fn tags(&self) -> Result<Tags> {
        let (user, _) = tags::parse(&self.fields.tags)?;
        let ours = vec![
            (tags::MACHINE.to_owned(), self.fields.id.clone()),
            (tags::STORE.to_owned(), self.fields.store_id.clone()),
        ];
        Ok(tags::all(&self.fields.base.machine_name, &user, ours))
    }

    /// A call that makes something: it is carried through even if `create` is interrupted in the middle of it, so that
    /// what it makes can be removed.
    pub(super) async fn finish<T: Send + 'static>(
        &mut self,
        call: impl Future<Output = ApiResult<T>> + Send + 'static,
    ) -> ApiResult<T> {
        let (sender, answer) = oneshot::channel();
        *self.in_flight = Some(Pending::begin(async move { _ = sender.send(call.await) }));
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
