//! What the tests stand on.

pub mod engine;
pub mod sandbox;
pub mod sshd;

pub use sandbox::Sandbox;
