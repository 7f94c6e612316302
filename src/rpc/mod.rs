//! Go's `net/rpc` over HTTP: one `CONNECT`, then requests and responses as gob, each of two values.

mod client;
pub mod http;
pub mod server;
pub mod types;

pub use client::{CallError, Client};

#[cfg(test)]
mod replays;
#[cfg(test)]
mod tests;
