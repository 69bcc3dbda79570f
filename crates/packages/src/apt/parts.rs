//! Which files of a configuration folder count: apt.conf(5), sources.list(5) and
//! apt_preferences(5) state the same rule with other endings.

/// Folders of configuration, by the ending their files must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// `apt.conf.d`: no ending or `.conf`.
    Config,
    /// `sources.list.d`: `.list` or `.sources`.
    Sources,
    /// `preferences.d`: no ending or `.pref`.
    Preferences,
}

impl Folder {
    fn accepts(self, ending: Option<&str>) -> bool {
        match self {
            Self::Config => matches!(ending, None | Some("conf")),
            Self::Sources => matches!(ending, Some("list" | "sources")),
            Self::Preferences => matches!(ending, None | Some("pref")),
        }
    }
}

/// Whether apt would read a regular file of that name. Names are read in the order of
/// their bytes.
#[must_use]
pub fn counts(folder: Folder, name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
    !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with('.')
        && name.bytes().all(allowed)
        && folder.accepts(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(counts(Folder::Config, "docker-clean"));
        assert!(counts(Folder::Config, "99x.conf"));
        assert!(!counts(Folder::Config, "50unattended.dpkg-old"));
        assert!(counts(Folder::Sources, "debian.sources"));
        assert!(!counts(Folder::Sources, "debian"));
        assert!(!counts(Folder::Sources, "old.list.save"));
        assert!(counts(Folder::Preferences, "nodejs"));
        assert!(!counts(Folder::Preferences, ".hidden"));
        assert!(!counts(Folder::Preferences, "a b.pref"));
        assert!(!counts(Folder::Preferences, "list."));
    }
}
