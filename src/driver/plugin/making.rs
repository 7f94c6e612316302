//! A `Create` that goes on in the plugin even if nobody waits for it any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::session::Session;
use crate::error::{Error, Result};

/// A call of `Create`. The protocol has no way to take it back.
pub(super) struct Making(JoinHandle<Result<()>>);

impl Making {
    /// How long an interrupted one may go on. What it has made can be removed only when it has ended.
    pub(super) const PATIENCE: Duration = Duration::from_secs(15);
    /// How long a driver that is busy may take to tell what it knows.
    pub(super) const GLANCE: Duration = Duration::from_secs(2);

    /// Calls it.
    pub(super) fn begin(session: Arc<Session>) -> Self {
        Self(tokio::spawn(async move { session.ask("Create").await.map(|_| ()) }))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// The driver's.
    pub(super) async fn end(&mut self) -> Result<()> {
        (&mut self.0).await.map_err(|panic| Error::msg(format!("a task ended in a panic: {panic}")))?
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}
