//! Where webhooks may lead. Encrypted, but for this machine itself; and never, unless the operator allows it, into the
//! networks that only the server can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longest address, in bytes.
const MAX_LENGTH: usize = 2000;

/// Why a text is no address of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// It is not a URL, or too long.
    #[error("not an absolute URL of at most {MAX_LENGTH} bytes")]
    Malformed,
    /// Neither `https`, nor `http` to this machine.
    #[error("https:// is needed; http:// is for loopback alone")]
    NotEncrypted,
    /// A name and password, or a fragment.
    #[error("no user name, password or fragment belongs in it")]
    Extra,
    /// An address that nothing can be sent to.
    #[error("this address is in no network that a webhook may reach")]
    Unreachable,
}

/// Checks the address of a webhook, and gives it in its normal form. What a name resolves to is checked when it is used.
pub fn checked(text: &str) -> Result<Url, NotAnAddress> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_LENGTH).ok_or(NotAnAddress::Malformed)?;
    let host = url.host().ok_or(NotAnAddress::Malformed)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        _ => return Err(NotAnAddress::NotEncrypted),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(NotAnAddress::Extra);
    }
    let literal = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
    };
    match literal {
        Some(address) if Network::of(address) == Network::Other => Err(NotAnAddress::Unreachable),
        _ => Ok(url),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Which networks webhooks may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The Internet.
    #[default]
    Public,
    /// Also private networks and this machine: the operator's setting `webhook_private_addresses`.
    Private,
}

impl Reach {
    /// Whether this address may be spoken to.
    pub fn allows(self, address: IpAddr) -> bool {
        match Network::of(address) {
            Network::Public => true,
            Network::Private => self == Reach::Private,
            Network::Other => false,
        }
    }
}

/// What an address belongs to (IANA's special-purpose registries, RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    /// The Internet.
    Public,
    /// A network of one's own: loopback, private use, unique local, shared address space.
    Private,
    /// Nowhere: link-local (where clouds answer for a machine's credentials), multicast, unspecified, reserved.
    Other,
}

impl Network {
    fn of(address: IpAddr) -> Network {
        match address {
            IpAddr::V4(address) => Network::of_v4(address),
            IpAddr::V6(address) => Network::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Network {
        match address.octets() {
            [127 | 10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Network::Private,
            [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] => Network::Other,
            [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Network::Other,
            _ => Network::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Network {
        let [a, b, c, d, e, f, g, h] = address.segments();
        let embedded = |high: u16, low: u16| {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            Network::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match [a, b, c, d, e, f] {
            [0, 0, 0, 0, 0, 0] if g == 0 && h == 1 => Network::Private,
            // IPv4 in other clothes: mapped, translated (RFC 6052), 6to4.
            [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => embedded(g, h),
            [0x2002, ..] => embedded(b, c),
            [0xfc00..=0xfdff, ..] => Network::Private,
            // Teredo, benchmarking, ORCHID and their like; documentation.
            [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Network::Other,
            [0x2000..=0x3fff, ..] => Network::Public,
            _ => Network::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_encrypted_or_stay_here() {
        let check = |text: &str, expected: Result<&str, NotAnAddress>| {
            assert_eq!(checked(text).as_ref().map(Url::as_str), expected.as_ref().copied(), "{text}");
        };
        check("https://hooks.example.org/in?key=1", Ok("https://hooks.example.org/in?key=1"));
        check("http://127.0.0.1:9000/in", Ok("http://127.0.0.1:9000/in"));
        check("http://localhost/", Ok("http://localhost/"));
        check("http://[::1]:9000/", Ok("http://[::1]:9000/"));
        check("http://hooks.example.org/", Err(NotAnAddress::NotEncrypted));
        check("http://10.0.0.1/", Err(NotAnAddress::NotEncrypted));
        check("http://localhost.example.org/", Err(NotAnAddress::NotEncrypted));
        check("ftp://127.0.0.1/", Err(NotAnAddress::NotEncrypted));
        check("file:///etc/passwd", Err(NotAnAddress::Malformed));
        check("/in", Err(NotAnAddress::Malformed));
        check("https://ada:secret@hooks.example.org/", Err(NotAnAddress::Extra));
        check("https://hooks.example.org/#top", Err(NotAnAddress::Extra));
        check("https://169.254.169.254/latest/meta-data", Err(NotAnAddress::Unreachable));
        check("https://2852039166/latest/meta-data", Err(NotAnAddress::Unreachable));
        check(&format!("https://hooks.example.org/{}", "a".repeat(2000)), Err(NotAnAddress::Malformed));
    }

    #[test]
    fn networks_of_ones_own_take_the_operators_word() {
        let check = |address: &str, public: bool, private: bool| {
            let ip: IpAddr = address.parse().unwrap();
            assert_eq!((Reach::Public.allows(ip), Reach::Private.allows(ip)), (public, private), "{address}");
        };
        for address in ["1.1.1.1", "172.32.0.1", "192.167.0.1", "100.128.0.1", "2606:4700::1111", "2002:101:101::1"] {
            check(address, true, true);
        }
        check("64:ff9b::101:101", true, true);
        for address in ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"] {
            check(address, false, true);
            check(&format!("::ffff:{address}"), false, true);
        }
        for address in ["100.64.0.1", "::1", "fd00::1", "fc00::1", "64:ff9b::a00:1", "2002:a00:1::1"] {
            check(address, false, true);
        }
        for address in ["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"] {
            check(address, false, false);
            check(&format!("::ffff:{address}"), false, false);
        }
        for address in ["::", "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "64:ff9b:1::1", "4000::1"] {
            check(address, false, false);
        }
        check("198.18.0.1", false, false);
        check("64:ff9b::a9fe:a9fe", false, false);
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_none(text in ".*") {
            if let Ok(url) = checked(&text) {
                prop_assert_eq!(checked(url.as_str()), Ok(url.clone()));
            }
        }

        /// What IPv6 wraps is judged as what it wraps.
        #[test]
        fn wrapping_an_address_does_not_help(octets: [u8; 4]) {
            let bare = Ipv4Addr::from(octets);
            prop_assert_eq!(Network::of(IpAddr::V6(bare.to_ipv6_mapped())), Network::of(IpAddr::V4(bare)));
        }
    }
}
