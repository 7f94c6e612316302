//! Go templates and their functions.
