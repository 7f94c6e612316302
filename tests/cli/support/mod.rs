//! What the tests stand on.

pub mod address;
pub mod engine;
pub mod hostile;
pub mod sandbox;
pub mod sshd;
pub mod terminal;

pub use sandbox::Sandbox;
