//! The computer itself: the driver makes it, and its state is saved after each step.

use async_trait::async_trait;
use serde_json::Value;

use super::Host;
use crate::context::Context;
use crate::driver::Checkpoint;
use crate::error::{Context as _, Result};
use crate::store::{Record, Store};

/// The driver's part; also what `provision` does first for a machine whose `create` was killed in the middle of it.
///
/// # Errors
/// The driver's.
pub async fn make(cx: &Context, host: &mut Host) -> Result<()> {
    let _progress = cx.console.progress("Creating machine...");
    let saved = Saved { store: &cx.store, record: &host.record };
    host.driver.create(&cx.for_driver(), &saved).await.context("Error in driver during machine creation")?;
    host.save(cx).await
}

/// Writes the driver's state into the new machine's record.
struct Saved<'a> {
    store: &'a Store,
    record: &'a Record,
}

#[async_trait]
impl Checkpoint for Saved<'_> {
    async fn save(&self, state: Value) -> Result<()> {
        let record = Record { driver: state, ..self.record.clone() };
        self.store.save(&record)
    }
}
