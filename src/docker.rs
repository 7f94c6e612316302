//! The Engine API over TLS.
