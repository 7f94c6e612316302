//! What the tests stand on.

pub mod engine;
pub mod sandbox;

pub use sandbox::Sandbox;
