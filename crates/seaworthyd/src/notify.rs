//! Tells systemd how far the server is (sd_notify): one datagram to the socket named in the environment.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// `READY=1` or `STOPPING=1`. Without systemd there is nobody to tell, and a service that is not heard of is restarted
/// by systemd itself: nothing here fails.
#[expect(clippy::disallowed_methods, reason = "systemd names its socket in the environment")]
pub fn systemd(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(abstract_name) => SocketAddr::from_abstract_name(abstract_name),
        None => SocketAddr::from_pathname(&name),
    };
    let _ = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
}
