//! From a fresh Linux host to a secured Docker host, over a `Remote`.
