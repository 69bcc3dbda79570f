//! Whether what comes in is denied by default, by the rules that stand in the kernel.
//!
//! A unit that ran or a switch in a file is no proof: `ufw.service` is active while ufw is off. So the kernel alone
//! decides, and where it may not be asked the answer is unknown, never off.

use seaworthy_model::{Claim, Firewall, FirewallKind, Place, Reason};

use super::netfilter::{Author, Ruleset};
use super::{Look, Reader, Stop};

/// Asks the kernel for its rules.
pub fn probe(look: &Look) -> Claim<Firewall> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Firewall, Stop<Firewall>> {
    reader.live()?;
    let nftables = match nftables(reader) {
        // Root of a container without the right: the host decides.
        Err(Reason::NoRight) if reader.look.user.is_root && reader.is_container()? => {
            return Err(Stop::NotApplicable(Reason::Container));
        }
        other => other?,
    };
    let ruleset = nftables.unwrap_or_default();
    let legacy = has_legacy_filter(reader)?;
    let denies = both_families(reader, &ruleset)?;
    match denies {
        // xtables' own rules cannot be read without its private interface.
        Ok(false) | Err(_) if legacy => {
            Err(Stop::Seen(Reason::NotSupported, Firewall { active: false, kind: FirewallKind::IpTables }))
        }
        Ok(active) => Ok(Firewall { active, kind: kind(reader, &ruleset)? }),
        Err(reason) => Err(Stop::Unknown(reason)),
    }
}

/// The rules; none where the kernel has no nf_tables. Asking would load the module, so a kernel that could load it and
/// has not is not asked: it has no rules.
fn nftables(reader: &Reader<'_>) -> Result<Option<Ruleset>, Reason> {
    if !is_loaded(reader)? {
        return Ok(None);
    }
    reader.at(Place::Nftables);
    match Ruleset::read(reader.look.netfilter.as_ref()) {
        Err(Reason::Missing) => Ok(None),
        other => other.map(Some),
    }
}

fn is_loaded(reader: &Reader<'_>) -> Result<bool, Reason> {
    let failed = |error: crate::root::ReadError| error.reason();
    let modules = reader.list(Place::KernelModules, "/sys/module").map_err(failed)?;
    if modules.iter().any(|name| name == "nf_tables") {
        return Ok(true);
    }
    let release = reader.text(Place::KernelRelease, "/proc/sys/kernel/osrelease").map_err(failed)?;
    let release = release.trim();
    if release.is_empty() || release.contains('/') || release.starts_with('.') {
        return Err(Reason::Garbled);
    }
    for folder in ["/usr/lib/modules", "/lib/modules"] {
        let built_in = reader.optional(Place::Modules, format!("{folder}/{release}/modules.builtin"));
        if let Some(built_in) = built_in.map_err(failed)? {
            if !built_in.starts_with("kernel/") {
                return Err(Reason::Garbled);
            }
            return Ok(built_in.lines().any(|line| line.ends_with("/nf_tables.ko")));
        }
    }
    // Nothing can be loaded here, so asking changes nothing.
    Ok(true)
}

/// Whether a filter table of older xtables is loaded, which nf_tables does not show.
fn has_legacy_filter(reader: &Reader<'_>) -> Result<bool, Reason> {
    let tables = [(Place::IpTables, "/proc/net/ip_tables_names"), (Place::Ip6Tables, "/proc/net/ip6_tables_names")];
    for (place, path) in tables {
        let names = reader.optional(place, path).map_err(|error| error.reason())?;
        if names.unwrap_or_default().lines().any(|name| name == "filter") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// IPv4 and IPv6 must both be denied, unless no interface but the loopback has an address of IPv6.
fn both_families(reader: &Reader<'_>, ruleset: &Ruleset) -> Result<Result<bool, Reason>, Reason> {
    let addresses = reader.optional(Place::Ipv6Addresses, "/proc/net/if_inet6").map_err(|error| error.reason())?;
    let addresses = addresses.unwrap_or_default();
    let uses_ipv6 = addresses.lines().any(|line| line.split_whitespace().next_back() != Some("lo"));
    Ok(match (ruleset.denies_ipv4(), uses_ipv6) {
        (Ok(true), true) => ruleset.denies_ipv6(),
        (other, _) => other,
    })
}

fn kind(reader: &Reader<'_>, ruleset: &Ruleset) -> Result<FirewallKind, Reason> {
    if !ruleset.filters_input() {
        return Ok(FirewallKind::None);
    }
    Ok(match ruleset.author() {
        Author::Firewalld => FirewallKind::Firewalld,
        Author::Ufw if ufw_is_enabled(reader)? => FirewallKind::Ufw,
        Author::Ufw | Author::Other => FirewallKind::Nftables,
    })
}

/// The switch of the next start. Rules of a ufw that is off are still rules, but not ufw's to keep.
fn ufw_is_enabled(reader: &Reader<'_>) -> Result<bool, Reason> {
    let text = reader.optional(Place::UfwConf, "/etc/ufw/ufw.conf").map_err(|error| error.reason())?;
    let text = text.unwrap_or_default();
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix("ENABLED="));
    Ok(value.is_some_and(|value| value.trim_matches(['"', '\'', ' ']).eq_ignore_ascii_case("yes")))
}
