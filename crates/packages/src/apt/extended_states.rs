//! `extended_states`: which packages were installed for others: apt-mark(8).

use rustc_hash::FxHashSet;

use crate::deb822::{Comments, plain, stanzas};

/// Packages that nobody asked for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AutoInstalled {
    packages: FxHashSet<(String, String)>,
}

impl AutoInstalled {
    /// Reads the file. Stanzas that say nothing are passed over.
    #[must_use]
    pub fn read(text: &[u8], native: &str) -> Self {
        let text = plain(text, Comments::Kept);
        let mut packages = FxHashSet::default();
        for stanza in stanzas(&text) {
            let (mut package, mut architecture, mut auto) = (&b""[..], &b""[..], false);
            for (name, value) in stanza.fields() {
                match name.to_ascii_lowercase().as_slice() {
                    b"package" => package = value,
                    b"architecture" => architecture = value,
                    b"auto-installed" => auto = crate::record::number(value).unwrap_or(0) > 0,
                    _ => {}
                }
            }
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let architecture = text(architecture);
            let architecture = if architecture.is_empty() { native.to_owned() } else { architecture };
            if auto {
                packages.insert((text(package), architecture));
            }
        }
        Self { packages }
    }

    /// Whether the package is there for others. `architecture` is this system's own
    /// for packages for all architectures.
    #[must_use]
    pub fn contains(&self, package: &str, architecture: &str) -> bool {
        self.packages.contains(&(package.to_owned(), architecture.to_owned()))
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
