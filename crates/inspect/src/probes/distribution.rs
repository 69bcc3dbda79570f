//! The release and the end of its support: os-release(5) and distro-info's tables.

use seaworthy_model::{Claim, Distribution, Place, Reason, Timestamp};
use seaworthy_packages::distro_info::{self, Release};

use super::{Look, OsRelease, Reader, Stop};

/// Reads the release, and its support from the table that knows more.
pub fn probe(look: &Look) -> Claim<Distribution> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Distribution, Stop<Distribution>> {
    let release = reader.os_release()?;
    let table = match release.get("ID").as_str() {
        "debian" => table(reader, "debian", distro_info::DEBIAN)?,
        "ubuntu" => table(reader, "ubuntu", distro_info::UBUNTU)?,
        _ => Vec::new(),
    };
    let row = find(&table, &release);
    let distribution = Distribution {
        id: release.get("ID"),
        version: release.get("VERSION_ID"),
        codename: release.get("VERSION_CODENAME"),
        support_end: row.and_then(|row| end_of(row.end)),
        lts_end: row.and_then(|row| end_of(row.long_term_end)),
    };
    // A release without an end is not out yet, or never will be.
    if distribution.support_end.is_some() {
        Ok(distribution)
    } else {
        Err(Stop::Seen(Reason::ReleaseUnlisted, distribution))
    }
}

/// The running device's own table where it knows as many releases as ours. A mounted disk's is never believed: whoever
/// made the disk would choose the end of its support.
fn table(reader: &Reader<'_>, name: &str, built_in: &str) -> Result<Vec<Release>, Reason> {
    reader.at(Place::DistroInfoBuiltIn);
    let ours = distro_info::parse(built_in).map_err(|_| Reason::Garbled)?;
    if !reader.look.root.is_live() {
        return Ok(ours);
    }
    let path = format!("/usr/share/distro-info/{name}.csv");
    let theirs = reader.optional(Place::DistroInfo, path).ok().flatten();
    let theirs = theirs.and_then(|text| distro_info::parse(&text).ok()).filter(|theirs| theirs.len() >= ours.len());
    Ok(theirs.unwrap_or(ours))
}

/// By number, else by name: testing and unstable have no number.
fn find<'a>(table: &'a [Release], release: &OsRelease) -> Option<&'a Release> {
    let (version, codename) = (release.get("VERSION_ID"), release.get("VERSION_CODENAME"));
    let by = |key: &str, of: fn(&Release) -> &str| table.iter().find(|row| !key.is_empty() && of(row) == key);
    by(&version, |row| &row.version).or_else(|| by(&codename, |row| &row.series))
}

/// Support lasts through its last day.
fn end_of(last_day: Option<impl ToString>) -> Option<Timestamp> {
    let day: Timestamp = last_day?.to_string().parse().ok()?;
    Some(day.plus_days(1))
}
