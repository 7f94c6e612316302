//! Which shell, and how it sets and unsets variables.
