//! Serve an organisation of devices.

fn main() {}
