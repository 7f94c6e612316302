//! What the steps of a `create` work with.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::api::{Api, ApiResult};
use super::batch::Ec2;
use super::model::{ApiError, NO_ANSWER, Tags};
use super::state::Fields;
use super::tags;
use crate::console::Console;
use crate::driver::{Checkpoint, MachinePlace, encode};
use crate::error::Result;

/// What a step of `create` works with.
pub(super) struct Work<'w> {
    pub(super) ec2: Arc<Ec2>,
    pub(super) console: Console,
    pub(super) place: &'w MachinePlace,
    pub(super) fields: &'w mut Fields,
    pub(super) checkpoint: &'w dyn Checkpoint,
    pub(super) in_flight: &'w mut Option<JoinHandle<()>>,
    pub(super) launched: Arc<Mutex<Vec<String>>>,
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
pub(super) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_32_hex_digits() {
        let id = random_id();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, random_id());
    }
}
