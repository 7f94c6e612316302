//! The CA, client and server certificates.
