//! `Release` and `InRelease`: what an archive says of itself.
//! Debian repository format, «"Release" files»; RFC 9580 §7 for the signed form.
//!
//! Nothing here checks a signature. [`cleartext`] shows what apt reads once it has
//! checked one at update time; whoever proves a catalog verifies first and parses the
//! verified text.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::words::boolean;
use crate::deb822::{Comments, plain, stanzas};

/// The text inside an `InRelease`, or the text itself where it is not signed inside.
/// `None` where the signed form is broken.
#[must_use]
pub fn cleartext(file: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(rest) = file.strip_prefix(b"-----BEGIN PGP SIGNED MESSAGE-----") else {
        return Some(plain(file, Comments::Kept));
    };
    match plain(rest, Comments::Kept) {
        Cow::Borrowed(rest) => signed_text(rest),
        Cow::Owned(rest) => signed_text(&rest).map(|text| Cow::Owned(text.into_owned())),
    }
}

/// What stands between the head and the signature, without the dashes that escape its lines.
fn signed_text(signed: &[u8]) -> Option<Cow<'_, [u8]>> {
    let body = memchr::memmem::find(signed, b"\n\n")? + 2;
    let end = memchr::memmem::find(signed, b"\n-----BEGIN PGP SIGNATURE-----")? + 1;
    let body = signed.get(body..end)?;
    if !body.starts_with(b"- ") && memchr::memmem::find(body, b"\n- ").is_none() {
        return Some(Cow::Borrowed(body));
    }
    let mut text = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        text.extend_from_slice(line.strip_prefix(b"- ").unwrap_or(line));
    }
    Some(Cow::Owned(text))
}

/// A Release file, borrowed from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release<'a> {
    sha256: &'a [u8],
    /// What pins and the security rule look at.
    pub identity: Archive,
    /// `Date`.
    pub date: Option<Timestamp>,
    /// `Valid-Until`.
    pub valid_until: Option<Timestamp>,
    /// `Architectures`; empty says nothing.
    pub architectures: Vec<String>,
    /// `Components`; empty says nothing.
    pub components: Vec<String>,
    /// `No-Support-for-Architecture-all` names the indexes of packages.
    pub packages_lack_all: bool,
}

/// How an archive names itself. Missing fields are `None` and match no pin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    /// `Origin`.
    pub origin: Option<String>,
    /// `Label`.
    pub label: Option<String>,
    /// `Suite`.
    pub suite: Option<String>,
    /// `Codename`.
    pub codename: Option<String>,
    /// `Version`.
    pub version: Option<String>,
    /// `NotAutomatic`: nothing comes from here unasked.
    pub not_automatic: bool,
    /// `ButAutomaticUpgrades`: but what came from here is kept up to date.
    pub but_automatic_upgrades: bool,
}

/// What a Release file says of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// SHA-256 of the uncompressed index, in hexadecimal as written.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
}

impl<'a> Release<'a> {
    /// Reads a Release file. `None` where there is no field in it.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        // The tables of checksums are long: walk over the fields once.
        let fields: Vec<_> = stanzas(text).next()?.fields().collect();
        fields.first()?;
        let raw = |name: &str| {
            let same = |(found, _): &&(&[u8], _)| found.eq_ignore_ascii_case(name.as_bytes());
            fields.iter().rfind(same).map_or(&b""[..], |(_, value)| value)
        };
        let text = |name| {
            let value = String::from_utf8_lossy(raw(name)).into_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let flag = |name| text(name).and_then(|value| boolean(&value)).unwrap_or(false);
        let words = |name: &str| {
            let value = String::from_utf8_lossy(raw(name));
            value.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let without_all = words("No-Support-for-Architecture-all");
        Some(Self {
            sha256: raw("SHA256"),
            identity: Archive {
                origin: text("Origin"),
                label: text("Label"),
                suite: text("Suite"),
                codename: text("Codename"),
                version: text("Version"),
                not_automatic: flag("NotAutomatic"),
                but_automatic_upgrades: flag("ButAutomaticUpgrades"),
            },
            date: text("Date").and_then(|value| date(&value)),
            valid_until: text("Valid-Until").and_then(|value| date(&value)),
            architectures: words("Architectures"),
            components: words("Components"),
            packages_lack_all: without_all.iter().any(|name| name == "Packages"),
        })
    }

    /// The checksum of an index by its name in this file, from the SHA256 table.
    #[must_use]
    pub fn checksum(&self, meta_key: &str) -> Option<Checksum> {
        let table = self.sha256;
        // Index names are unique: find the line by its end.
        let key = meta_key.as_bytes();
        memchr::memmem::find_iter(table, key).find_map(|at| {
            let start = memchr::memrchr(b'\n', table.get(..at)?).map_or(0, |newline| newline + 1);
            let line = table.get(start..at + key.len())?;
            let is_whole = table.get(at + key.len()).is_none_or(u8::is_ascii_whitespace);
            let line = std::str::from_utf8(line).ok()?;
            let mut words = line.split_ascii_whitespace();
            let (sha256, size, name) = (words.next()?, words.next()?, words.next()?);
            (is_whole && name == meta_key)
                .then(|| Checksum { sha256: sha256.to_owned(), size: size.parse().unwrap_or(0) })
        })
    }

    /// Whether the archive has packages of an architecture. Old suites lose some.
    #[must_use]
    pub fn has_architecture(&self, architecture: &str) -> bool {
        self.architectures.is_empty() || self.architectures.iter().any(|name| name == architecture)
    }
}

/// `Sat, 11 Jul 2026 09:01:32 UTC`: RFC 1123 §5.2.14, in universal time as the format
/// demands.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))? + 1;
    let year = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !matches!(words.next(), Some("UTC" | "GMT" | "Z" | "+0000")) || clock.next().is_some() {
        return None;
    }
    let civil = DateTime::new(year, i8::try_from(month).ok()?, day, hour, minute, second, 0).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(civil).ok()
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\n\
        Date: Sat, 11 Jul 2026  9:01:32 UTC\nArchitectures: all amd64\nNotAutomatic: yes\n\
        No-Support-for-Architecture-all: Packages\nMD5Sum:\n x 1 main/binary-amd64/Packages\nSHA256:\n \
        aa 0 contrib/binary-amd64/Packages\n bb 12 main/binary-amd64/Packages.gz\n \
        cc 34 main/binary-amd64/Packages\n dd 5 x/main/binary-amd64/Packages\n";

    #[test]
    fn fields_and_table() {
        let release = Release::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(release.identity.label.as_deref(), Some("Debian-Security"));
        assert!(release.identity.not_automatic && !release.identity.but_automatic_upgrades);
        assert_eq!(release.date.unwrap().to_string(), "2026-07-11T09:01:32Z");
        let found = release.checksum("main/binary-amd64/Packages").unwrap();
        assert_eq!((found.sha256.as_str(), found.size), ("cc", 34));
        assert!(release.checksum("main/binary-i386/Packages").is_none());
        assert!(release.has_architecture("all") && !release.has_architecture("i386"));
        assert!(release.packages_lack_all);
    }

    #[test]
    fn signed_form() {
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -x: 1\n{TEXT}\
             -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
        );
        let text = cleartext(signed.as_bytes()).unwrap();
        assert_eq!(text.as_ref(), format!("-x: 1\n{TEXT}").as_bytes());
        assert!(cleartext(b"-----BEGIN PGP SIGNED MESSAGE-----\nx").is_none());
        assert_eq!(cleartext(b"A: 1").unwrap().as_ref(), b"A: 1");
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = cleartext(&text);
            if let Some(release) = Release::parse(&text) { let _ = release.checksum("a"); }
        }
        #[test]
        fn any_date(text in "[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{1,10} (UTC|GMT)") {
            let _ = date(&text);
        }
    }
}
