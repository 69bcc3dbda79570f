//! Messages between a device and its organisation.
