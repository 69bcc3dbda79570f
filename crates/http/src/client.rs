//! Where a request comes from. The address limits rates; it is neither logged nor stored.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, Request};

/// The other end of the connection; `listen` puts it into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Where a trusted proxy writes the address of its client; `None` believes no header.
#[derive(Clone, Debug, Default)]
pub struct ClientHeader(pub Option<HeaderName>);

/// Whom a rate limit counts: an IPv4 address, or the /64 network that one IPv6 client has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

impl Client {
    /// The client of a request; `None` where no connection is behind it.
    pub(crate) fn of<B>(request: &Request<B>, header: &ClientHeader) -> Option<Client> {
        let Peer(peer) = request.extensions().get::<Peer>()?;
        let told = header.0.as_ref().and_then(|name| last_address(request.headers(), name));
        Some(Client::network(told.unwrap_or(peer.ip())))
    }

    fn network(address: IpAddr) -> Client {
        match address.to_canonical() {
            IpAddr::V4(address) => Client(address.into()),
            IpAddr::V6(address) => Client(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into()),
        }
    }
}

/// The last address of the list is the one that the nearest proxy wrote; earlier ones are anybody's claim.
fn last_address(headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
    let list = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    list.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_header_names_the_client() {
        let check = |trusted: Option<&'static str>, sent: &str, expected: &str| {
            let request = Request::builder().header("x-forwarded-for", sent);
            let request = request.extension(Peer("127.0.0.1:9".parse().unwrap())).body(()).unwrap();
            let header = ClientHeader(trusted.map(HeaderName::from_static));
            assert_eq!(Client::of(&request, &header), Some(Client(expected.parse().unwrap())), "{sent}");
        };
        check(None, "192.0.2.1", "127.0.0.1");
        check(Some("x-forwarded-for"), "198.51.100.7, 192.0.2.1", "192.0.2.1");
        check(Some("x-forwarded-for"), "nonsense", "127.0.0.1");
        check(Some("x-forwarded-for"), "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check(Some("x-forwarded-for"), "::ffff:192.0.2.1", "192.0.2.1");
    }
}
