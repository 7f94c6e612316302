//! Stands in for a driver whose plugin program is not there: its machines are listed, kept, and can be dropped.

use async_trait::async_trait;
use serde_json::Value;

use super::{Checkpoint, Driver, Flag, FlagValues, HostKind, Power, State};
use crate::context::DriverContext;
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

    fn host_kind(&self) -> HostKind {
        HostKind::Created
    }

    async fn flags(&self, _cx: &DriverContext<'_>) -> Result<Vec<Flag>> {
        Err(self.error())
    }

    async fn configure(&mut self, _cx: &DriverContext<'_>, _values: &FlagValues) -> Result<()> {
        Err(self.error())
    }

    async fn resume(&mut self, _cx: &DriverContext<'_>, _earlier: Value) -> Result<()> {
        Err(self.error())
    }

    async fn save(&self) -> Result<Value> {
        Ok(self.state.clone())
    }

    async fn create(&mut self, _cx: &DriverContext<'_>, _checkpoint: &dyn Checkpoint) -> Result<()> {
        Err(self.error())
    }

    async fn undo(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }

    async fn remove(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }

    async fn state(&self, _cx: &DriverContext<'_>) -> Result<State> {
        Ok(State::Error)
    }

    async fn url(&self, _cx: &DriverContext<'_>) -> Result<String> {
        Err(self.error())
    }

    async fn engine_port(&self, _cx: &DriverContext<'_>) -> Result<u16> {
        Err(self.error())
    }

    async fn ip(&self, _cx: &DriverContext<'_>) -> Result<String> {
        Err(self.error())
    }

    async fn ssh(&self, _cx: &DriverContext<'_>) -> Result<SshTarget> {
        Err(self.error())
    }

    fn power(&mut self) -> Option<&mut dyn Power> {
        Some(self)
    }
}

#[async_trait]
impl Power for Missing {
    async fn start(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }

    async fn stop(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }

    async fn kill(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }

    async fn restart(&mut self, _cx: &DriverContext<'_>) -> Result<()> {
        Err(self.error())
    }
}
