//! `extended_states`: which packages were installed for others: apt-mark(8).

use rustc_hash::FxHashMap;

use crate::deb822::{Comments, plain, stanzas};

/// Packages that nobody asked for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AutoInstalled {
    /// Names with the architectures for which they are.
    packages: FxHashMap<String, Vec<String>>,
}

impl AutoInstalled {
    /// Reads the file. Stanzas that say nothing are passed over.
    #[must_use]
    pub fn read(text: &[u8], native: &str) -> Self {
        let text = plain(text, Comments::Kept);
        let mut packages: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for stanza in stanzas(&text) {
            let (mut package, mut architecture, mut auto) = (&b""[..], &b""[..], false);
            for (name, value) in stanza.fields() {
                let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
                match name.len() {
                    7 if is(b"Package") => package = value,
                    12 if is(b"Architecture") => architecture = value,
                    14 if is(b"Auto-Installed") => auto = crate::record::number(value).unwrap_or(0) > 0,
                    _ => {}
                }
            }
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let architecture = text(architecture);
            let architecture = if architecture.is_empty() { native.to_owned() } else { architecture };
            if auto {
                packages.entry(text(package)).or_default().push(architecture);
            }
        }
        Self { packages }
    }

    /// Whether the package is there for others. `architecture` is this system's own
    /// for packages for all architectures.
    #[must_use]
    pub fn contains(&self, package: &str, architecture: &str) -> bool {
        self.packages.get(package).is_some_and(|known| known.iter().any(|known| known == architecture))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_marked() {
        let states = AutoInstalled::read(
            b"Package: a\nArchitecture: i386\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 1\n\n\
              Package: c\nArchitecture: amd64\nAuto-Installed: 0\n",
            "amd64",
        );
        assert!(states.contains("a", "i386") && states.contains("b", "amd64"));
        assert!(!states.contains("a", "amd64") && !states.contains("c", "amd64"));
    }
}
