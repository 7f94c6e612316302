//! Stands in for a driver whose plugin program is not there: its machines are listed, kept, and can be dropped.

use async_trait::async_trait;
use serde_json::Value;

use super::{Checkpoint, Driver, Flag, FlagValues, State};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ssh::SshTarget;

/// A driver that is not installed, with the state that it left.
#[derive(Debug)]
pub struct Missing {
    driver: String,
    state: Value,
}

impl Missing {
    /// Keeps the state of a machine of driver `driver`.
    pub fn new(driver: &str, state: Value) -> Self {
        Self { driver: driver.to_owned(), state }
    }

    fn error(&self) -> Error {
        let driver = &self.driver;
        Error::msg(format!(r#"Driver "{driver}" not found. Do you have the plugin binary accessible in your PATH?"#))
            .hint(format!("the program `docker-machine-driver-{driver}` must be in a folder of $PATH"))
    }
}

#[async_trait]
impl Driver for Missing {
    fn name(&self) -> &str {
        "not-found"
    }

    async fn flags(&self) -> Result<Vec<Flag>> {
        Err(self.error())
    }

    async fn configure(&mut self, _cx: &Context, _values: &FlagValues) -> Result<()> {
        Err(self.error())
    }

    async fn save(&self) -> Result<Value> {
        Ok(self.state.clone())
    }

    async fn create(&mut self, _cx: &Context, _checkpoint: &dyn Checkpoint) -> Result<()> {
        Err(self.error())
    }

    async fn remove(&mut self, _cx: &Context) -> Result<()> {
        Err(self.error())
    }

    async fn state(&self, _cx: &Context) -> Result<State> {
        Ok(State::Error)
    }

    async fn url(&self, _cx: &Context) -> Result<String> {
        Err(self.error())
    }

    async fn ip(&self, _cx: &Context) -> Result<String> {
        Err(self.error())
    }

    async fn ssh(&self, _cx: &Context) -> Result<Option<SshTarget>> {
        Err(self.error())
    }

    async fn start(&mut self, _cx: &Context) -> Result<()> {
        Err(self.error())
    }

    async fn stop(&mut self, _cx: &Context) -> Result<()> {
        Err(self.error())
    }

    async fn kill(&mut self, _cx: &Context) -> Result<()> {
        Err(self.error())
    }

    async fn restart(&mut self, _cx: &Context) -> Result<()> {
        Err(self.error())
    }
}
