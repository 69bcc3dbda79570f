//! When two packages of one version are the same build, by apt's rule.
//!
//! A rebuilt package can carry the version of the one it replaces. apt tells the two
//! apart by a hash over size and relations, by the download size and by `Multi-Arch`,
//! and offers the other build as an upgrade «from X to X». Debian bugs 574072 and
//! 737085 show it in the field.

/// The `Multi-Arch` field and whether the package is for all architectures:
/// deb-control(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MultiArch {
    field: Field,
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Field {
    No,
    Same,
    Foreign,
    Allowed,
}

impl MultiArch {
    /// Unknown words mean `no`, and so does `same` on a package for all architectures.
    #[must_use]
    pub fn new(field: &[u8], architecture: &str) -> Self {
        let all = architecture == "all";
        let field = match field {
            b"same" if !all => Field::Same,
            b"foreign" => Field::Foreign,
            b"allowed" => Field::Allowed,
            _ => Field::No,
        };
        Self { field, all }
    }

    /// Whether the package is for all architectures.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.all
    }

    /// Whether the package satisfies dependencies of packages of other architectures.
    #[must_use]
    pub fn is_foreign(self) -> bool {
        self.field == Field::Foreign
    }
}

/// What stands for one build of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Over size and relations.
    pub(crate) hash: u32,
    /// Bytes to download; 0 where the stanza does not say (dpkg's database never does).
    pub(crate) size: u64,
    pub(crate) multi_arch: MultiArch,
}

impl Identity {
    /// `hashed` are the values of Installed-Size, Depends, Pre-Depends, Conflicts,
    /// Breaks and Replaces, in that order, empty where a field is missing.
    #[must_use]
    pub fn new(hashed: [&[u8]; 6], size: u64, multi_arch: MultiArch) -> Self {
        let hash = hashed.into_iter().fold(5381, mix);
        Self { hash, size, multi_arch }
    }

    /// Whether apt takes the two for one build. A size that one side does not know
    /// does not tell them apart.
    #[must_use]
    pub fn is_same_build(&self, other: &Self) -> bool {
        let sizes_differ = self.size != 0 && other.size != 0 && self.size != other.size;
        self.hash == other.hash && !sizes_differ && self.multi_arch == other.multi_arch
    }
}

/// dpkg rewrites relations (blanks, `<` for `<=`, `0:` epochs), so blanks, `=` and
/// `0:` do not count, nor does case.
fn mix(mut hash: u32, value: &[u8]) -> u32 {
    let mut rest = value;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte == b'0' && tail.first() == Some(&b':') {
            rest = tail.get(1..).unwrap_or_default();
            continue;
        }
        if matches!(byte, b' ' | b'\t'..=b'\r' | b'=') {
            continue;
        }
        // Bytes above 127 count as negative numbers, as on apt's main platforms.
        let folded = i32::from(byte.cast_signed()) | 0x20;
        hash = hash.wrapping_mul(33).wrapping_add(folded.cast_unsigned());
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(depends: &str, size: u64) -> Identity {
        let multi_arch = MultiArch::new(b"no", "amd64");
        Identity::new([b"12", depends.as_bytes(), b"", b"", b"", b""], size, multi_arch)
    }

    #[test]
    fn dpkg_rewriting_does_not_make_another_build() {
        let one = identity("libc6 (>= 0:2.34), x (<= 1)", 5);
        assert!(one.is_same_build(&identity("libc6 (> 2.34),x (< 1)", 0)));
        assert!(!one.is_same_build(&identity("libc6 (> 2.35),x (< 1)", 0)));
        assert!(!one.is_same_build(&identity("libc6 (> 2.34),x (< 1)", 6)));
    }

    #[test]
    fn same_on_an_all_package_is_no() {
        assert_eq!(MultiArch::new(b"same", "all"), MultiArch::new(b"", "all"));
        assert_ne!(MultiArch::new(b"same", "amd64"), MultiArch::new(b"", "amd64"));
    }
}
