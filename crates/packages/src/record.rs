//! A binary package's stanza as dpkg and apt's indexes write it: deb-control(5),
//! Debian Policy §5.3. Only what decides about updates is kept.

use std::borrow::Cow;

use thiserror::Error;

use crate::apt::identity::{Identity, MultiArch};
use crate::deb822::Stanza;

/// What makes a stanza unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidRecord {
    /// No `Package` field, or an empty one.
    #[error("a stanza has no Package field")]
    NoPackage,
    /// Name, architecture or version are not UTF-8.
    #[error("the {0} field of a stanza is not text")]
    NotText(&'static str),
}

/// One stanza, borrowed from the text that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The name in lower case: dpkg and apt both fold it.
    pub package: Cow<'a, str>,
    /// `none` where the field is missing, as apt has it.
    pub architecture: &'a str,
    /// Missing in stanzas that only remember a selection.
    pub version: Option<&'a str>,
    /// Source package; the package's own name where the field is missing.
    pub source: Cow<'a, str>,
    /// Source version; the package's own version where none is given.
    pub source_version: Cow<'a, str>,
    /// What apt tells two builds of one version apart by.
    pub identity: Identity,
    /// Percent of machines that get this update; `None` is all of them.
    pub phased_percentage: Option<u8>,
    /// The `Status` field of dpkg's database.
    pub status: Option<&'a [u8]>,
    /// Fields that keep other packages installed.
    pub relations: Relations<'a>,
}

/// The fields that keep packages from being leftovers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relations<'a> {
    /// `Pre-Depends`.
    pub pre_depends: &'a [u8],
    /// `Depends`.
    pub depends: &'a [u8],
    /// `Recommends`.
    pub recommends: &'a [u8],
    /// `Suggests`.
    pub suggests: &'a [u8],
    /// `Provides`.
    pub provides: &'a [u8],
    /// `Essential`, `Important` or `Protected` is yes, or the priority is required.
    pub indispensable: bool,
}

impl<'a> Record<'a> {
    /// Reads a stanza.
    ///
    /// # Errors
    /// The stanza names no package, or names it in bytes that are not text.
    pub fn parse(stanza: Stanza<'a>) -> Result<Self, InvalidRecord> {
        let fields = Fields::of(stanza);
        let package = text(fields.package, "Package")?;
        if package.is_empty() {
            return Err(InvalidRecord::NoPackage);
        }
        let package = if package.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(package.to_ascii_lowercase())
        } else {
            Cow::Borrowed(package)
        };
        let architecture = text(fields.architecture, "Architecture")?;
        let version = Some(text(fields.version, "Version")?).filter(|version| !version.is_empty());
        let own = (package.clone(), Cow::Borrowed(version.unwrap_or_default()));
        let (source, source_version) = source(fields.source, own);
        Ok(Self {
            source,
            source_version,
            identity: fields.identity(architecture),
            phased_percentage: percentage(fields.phased),
            package,
            architecture: if architecture.is_empty() { "none" } else { architecture },
            version,
            status: fields.status,
            relations: fields.relations,
        })
    }
}

#[derive(Default)]
struct Fields<'a> {
    package: &'a [u8],
    architecture: &'a [u8],
    version: &'a [u8],
    source: &'a [u8],
    status: Option<&'a [u8]>,
    multi_arch: &'a [u8],
    size: &'a [u8],
    phased: &'a [u8],
    installed_size: &'a [u8],
    conflicts: &'a [u8],
    breaks: &'a [u8],
    replaces: &'a [u8],
    relations: Relations<'a>,
}

impl<'a> Fields<'a> {
    /// One walk over the stanza. The first byte and the length tell nearly all names
    /// apart before any comparison.
    fn of(stanza: Stanza<'a>) -> Self {
        let mut all = Self::default();
        for (name, value) in stanza.fields() {
            if let Some(slot) = all.slot(name) {
                *slot = value;
            } else if name.eq_ignore_ascii_case(b"Status") {
                all.status = Some(value);
            } else {
                all.relations.indispensable |= indispensable(name, value);
            }
        }
        all
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut &'a [u8]> {
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        Some(match (name.len(), first(name)) {
            (4, b's') if is(b"Size") => &mut self.size,
            (6, b's') if is(b"Source") => &mut self.source,
            (6, b'b') if is(b"Breaks") => &mut self.breaks,
            (7, b'p') if is(b"Package") => &mut self.package,
            (7, b'v') if is(b"Version") => &mut self.version,
            (7, b'd') if is(b"Depends") => &mut self.relations.depends,
            (8, b'r') if is(b"Replaces") => &mut self.replaces,
            (8, b'p') if is(b"Provides") => &mut self.relations.provides,
            (8, b's') if is(b"Suggests") => &mut self.relations.suggests,
            (9, b'c') if is(b"Conflicts") => &mut self.conflicts,
            (10, b'm') if is(b"Multi-Arch") => &mut self.multi_arch,
            (10, b'r') if is(b"Recommends") => &mut self.relations.recommends,
            (11, b'p') if is(b"Pre-Depends") => &mut self.relations.pre_depends,
            (12, b'a') if is(b"Architecture") => &mut self.architecture,
            (14, b'i') if is(b"Installed-Size") => &mut self.installed_size,
            (24, b'p') if is(b"Phased-Update-Percentage") => &mut self.phased,
            _ => return None,
        })
    }

    fn identity(&self, architecture: &str) -> Identity {
        Identity::new(
            [
                self.installed_size,
                self.relations.depends,
                self.relations.pre_depends,
                self.conflicts,
                self.breaks,
                self.replaces,
            ],
            number(self.size).unwrap_or_default(),
            MultiArch::new(self.multi_arch, architecture),
        )
    }
}

fn indispensable(name: &[u8], value: &[u8]) -> bool {
    let says = |wanted: &[u8], answer: &[u8]| name.eq_ignore_ascii_case(wanted) && value.eq_ignore_ascii_case(answer);
    match (name.len(), first(name)) {
        (8, b'p') => says(b"Priority", b"required"),
        (9, b'e') => says(b"Essential", b"yes"),
        (9, b'i') => says(b"Important", b"yes"),
        (9, b'p') => says(b"Protected", b"yes"),
        _ => false,
    }
}

/// The first letter in lower case.
fn first(name: &[u8]) -> u8 {
    name.first().map_or(0, u8::to_ascii_lowercase)
}

fn text<'a>(value: &'a [u8], name: &'static str) -> Result<&'a str, InvalidRecord> {
    std::str::from_utf8(value).map_err(|_| InvalidRecord::NotText(name))
}

/// `Source: name (version)`, Debian Policy §5.6.1; both default to the binary's own.
fn source<'a>(field: &'a [u8], own: (Cow<'a, str>, Cow<'a, str>)) -> (Cow<'a, str>, Cow<'a, str>) {
    if field.is_empty() {
        return own;
    }
    let (_, own_version) = own;
    let field = String::from_utf8_lossy(field);
    let Some((name, rest)) = field.split_once(' ') else {
        return (field, own_version);
    };
    let given = rest
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(inside, _)| Cow::Owned(inside.to_owned()));
    (Cow::Owned(name.to_owned()), given.unwrap_or(own_version))
}

/// Leading digits, as strtoull(3) reads them; too many digits saturate.
pub(crate) fn number(value: &[u8]) -> Option<u64> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |sum, byte| {
        let sum = sum.unwrap_or(0_u64);
        Some(sum.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    })
}

/// Percentages above 100 are not percentages: apt takes them for everybody.
fn percentage(value: &[u8]) -> Option<u8> {
    number(value).and_then(|percent| u8::try_from(percent).ok()).filter(|percent| *percent < 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(text: &str) -> Record<'_> {
        Record::parse(Stanza::new(text.as_bytes())).unwrap()
    }

    #[test]
    fn source_defaults_to_the_package_itself() {
        let bare = record("Package: Foo\nVersion: 1\nArchitecture: amd64\n");
        assert_eq!((&*bare.package, &*bare.source, &*bare.source_version), ("foo", "foo", "1"));
        let named = record("Package: libx\nSource: x (2)\nVersion: 2+b1\n");
        assert_eq!((&*named.source, &*named.source_version), ("x", "2"));
        assert_eq!(named.architecture, "none");
    }

    #[test]
    fn percentages() {
        assert_eq!(record("Package: a\nPhased-Update-Percentage: 30\n").phased_percentage, Some(30));
        assert_eq!(record("Package: a\nPhased-Update-Percentage: 100\n").phased_percentage, None);
        assert_eq!(record("Package: a\nPhased-Update-Percentage: 300\n").phased_percentage, None);
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = Record::parse(Stanza::new(&text));
        }
    }
}
