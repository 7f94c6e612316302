//! The methods of the protocol, one call of the driver at a time; heartbeats at any time.

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

use super::driver::Served;
use super::reply;
use crate::driver::{FlagValue, FlagValues, Setting};
use crate::error::Result;
use crate::gob::{TypeId, Value};
use crate::plugin_protocol::{API_VERSION, SERVICES};
use crate::rpc::server::{Reply, Service};

/// What the host has done that is not the driver's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It lives.
    Heartbeat,
    /// It needs us no more, and knows that we know.
    Close,
}

/// The driver as a service.
pub(super) struct Methods {
    driver: Mutex<Served>,
    events: mpsc::UnboundedSender<Event>,
}

impl Methods {
    pub(super) fn new(driver: Served, events: mpsc::UnboundedSender<Event>) -> Self {
        Self { driver: Mutex::new(driver), events }
    }

    /// `None`: there is no such method.
    async fn of_driver(&self, method: &str, argument: Value) -> Option<Result<(TypeId, Value)>> {
        let mut driver = self.driver.lock().await;
        Some(match method {
            "SetConfigRaw" => match argument {
                Value::Bytes(json) => driver.set_config(&json).await.map(|()| reply::empty()),
                other => return Some(Err(wrong_argument("[]uint8", &other))),
            },
            "GetConfigRaw" => driver.config().await.map(reply::bytes),
            "GetCreateFlags" => driver.flags().await.map(|flags| reply::flags(&flags)),
            "SetConfigFromFlags" => match values(&argument) {
                Some(values) => driver.configure(values).await.map(|()| reply::empty()),
                None => Err(wrong_argument("drivers.DriverOptions", &argument)),
            },
            "PreCreateCheck" => driver.check().await.map(|()| reply::empty()),
            "Create" => driver.create().await.map(|()| reply::empty()),
            "Remove" => driver.remove().await.map(|()| reply::empty()),
            "Start" | "Stop" | "Kill" | "Restart" => driver.switch(method).await.map(|()| reply::empty()),
            "GetState" => driver.state().await.map(|state| reply::number(state as i64)),
            "GetURL" => driver.url().await.map(reply::text),
            "GetIP" => driver.ip().await.map(reply::text),
            "GetIPv6" => Err(crate::error::Error::msg("IPv6 address is not set")),
            "GetSSHHostname" => driver.ssh_host().await.map(reply::text),
            "GetSSHPort" => driver.ssh_port().await.map(reply::number),
            "GetSSHUsername" => driver.ssh_user().await.map(reply::text),
            "GetSSHKeyPath" => driver.ssh_key().await.map(reply::text),
            "GetMachineName" => Ok(reply::text(driver.machine())),
            "DriverName" => Ok(reply::text(driver.name())),
            _ => return None,
        })
    }
}

#[async_trait]
impl Service for Methods {
    async fn call(&self, full: &str, argument: Value) -> Reply {
        let Some((service, method)) = full.rsplit_once('.') else {
            return Err(format!("rpc: service/method request ill-formed: {full}"));
        };
        if !SERVICES.contains(&service) {
            return Err(format!("rpc: can't find service {full}"));
        }
        match method {
            "Heartbeat" => {
                _ = self.events.send(Event::Heartbeat);
                Ok(reply::empty())
            }
            "GetVersion" => Ok(reply::number(API_VERSION)),
            "Close" => Ok(reply::empty()),
            method => match self.of_driver(method, argument).await {
                Some(result) => result.map_err(|error| error.message().to_owned()),
                None => Err(format!("rpc: can't find method {full}")),
            },
        }
    }

    fn answered(&self, method: &str) {
        if method.ends_with(".Close") {
            _ = self.events.send(Event::Close);
        }
    }
}

fn wrong_argument(wanted: &str, got: &Value) -> crate::error::Error {
    let kind = match got {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(_) => "uint",
        Value::Float(_) => "float",
        Value::Complex(..) => "complex",
        Value::Bytes(_) => "bytes",
        Value::String(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Struct(_) => "struct",
        Value::Interface(_) => "interface",
    };
    crate::error::Error::msg(format!("gob: decoding into local type *{wanted}, received remote type {kind}"))
}

/// The values in the argument of `SetConfigFromFlags`; what is of no kind that a flag has is left out.
fn values(argument: &Value) -> Option<FlagValues> {
    let Value::Interface(Some((_, flags))) = argument else { return None };
    let mut values = FlagValues::default();
    let Some(Value::Map(entries)) = flags.field("Values") else { return Some(values) };
    for (name, value) in entries {
        let (Some(name), Value::Interface(Some((_, value)))) = (name.as_str(), value) else { continue };
        let value = match &**value {
            Value::String(text) => FlagValue::String(text.clone()),
            Value::Int(number) => FlagValue::Int(*number),
            Value::Bool(truth) => FlagValue::Bool(*truth),
            Value::List(texts) => FlagValue::List(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            _ => continue,
        };
        // Where a value comes from is not told.
        values.insert(name, Setting { flag: Some(value.clone()), variable: None, default: value });
    }
    Some(values)
}
