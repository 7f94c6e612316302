//! Columns as Go's tabwriter pads them.
