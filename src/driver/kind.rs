//! What the registry knows of a built-in driver before there is a machine.

use serde_json::Value;

use super::{Collector, Driver, MachinePlace, Offers, Sight};
use crate::error::Result;

/// A built-in driver.
#[derive(Debug)]
pub struct Kind {
    /// The name that selects it.
    pub name: &'static str,
    /// For a new machine.
    pub new: fn(&MachinePlace) -> Box<dyn Driver>,
    /// For a machine of the store. Fails if the state has the wrong types.
    pub load: fn(&MachinePlace, Value) -> Result<Box<dyn Driver>>,
    /// What a shell offers for the value of one of its flags.
    pub offers: fn(&str, &Sight<'_>) -> Offers,
    /// What finds for `gc` what is left of machines without a record; `None`: nothing can be left that it could find.
    pub collector: Option<&'static dyn Collector>,
}
