//! What is said about machines: the driver's JSON, which nobody here looks into, and the state of the computer.

use serde_json::{Value as Json, json};

use crate::driver::State;
use crate::error::{Error, Result};
use crate::gob::Value;

/// What a driver is told about a machine that is new.
pub(super) fn new(name: &str, store: &str) -> Json {
    json!({
        "IPAddress": "",
        "MachineName": name,
        "SSHUser": "",
        "SSHPort": 0,
        "SSHKeyPath": "",
        "StorePath": store,
        "SwarmMaster": false,
        "SwarmHost": "",
        "SwarmDiscovery": "",
    })
}

/// The result of `GetConfigRaw`.
///
/// # Errors
/// It is not an object of JSON, so that it cannot be kept.
pub(super) fn parse(driver: &str, value: &Value) -> Result<Json> {
    let refuse = |why: String| Error::msg(format!("driver {driver} gives a state that cannot be saved: {why}"));
    let Value::Bytes(bytes) = value else { return Err(refuse("it is no JSON".to_owned())) };
    match serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))? {
        state @ Json::Object(_) => Ok(state),
        _ => Err(refuse("it is no JSON object".to_owned())),
    }
}

/// The state of a computer from its number.
pub(super) fn of_computer(number: i64) -> State {
    match number {
        1 => State::Running,
        2 => State::Paused,
        3 => State::Saved,
        4 => State::Stopped,
        5 => State::Stopping,
        6 => State::Starting,
        // 9 is Rancher's Not Found.
        7 | 9 => State::Error,
        8 => State::Timeout,
        _ => State::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn a_new_machine_is_told_as_the_original_tells_it() {
        let told = r#"{"IPAddress":"","MachineName":"m1","SSHUser":"","SSHPort":0,"SSHKeyPath":"","StorePath":"/home/user/.docker/machine","SwarmMaster":false,"SwarmHost":"","SwarmDiscovery":""}"#;
        assert_eq!(json::compact(&new("m1", "/home/user/.docker/machine")), told);
    }

    #[test]
    fn only_an_object_is_a_state() {
        let parsed = |text: &str| parse("x", &Value::Bytes(text.into()));
        assert!(parsed("{}").is_ok());
        for text in ["", "null", "[]", "{", "7"] {
            assert!(parsed(text).is_err(), "{text:?}");
        }
        assert!(parse("x", &"{}".into()).is_err());
    }

    #[test]
    fn a_number_that_nobody_knows_is_no_state() {
        assert_eq!([0, 1, 4, 9, 10, -1].map(of_computer), {
            [State::None, State::Running, State::Stopped, State::Error, State::None, State::None]
        });
    }
}
