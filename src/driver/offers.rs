//! What a shell offers for the value of a driver's flag.

use serde_json::Value;

use crate::env::Env;

/// A value, and what there is to say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The whole value.
    pub text: String,
    /// A few words, or none.
    pub help: String,
}

/// What could stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Offers {
    /// Nobody knows.
    #[default]
    Nothing,
    /// Files of this computer.
    Files,
    /// These.
    Values(Vec<Offer>),
}

/// What there is to look at. A TAB waits for nobody, so there is no network.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'s> {
    /// The user's surroundings.
    pub env: &'s Env,
    /// Names and records of the store's machines.
    pub machines: &'s [(String, Value)],
}

/// For a driver whose flags' values nobody can guess.
pub fn nothing(_flag: &str, _sight: &Sight<'_>) -> Offers {
    Offers::Nothing
}
