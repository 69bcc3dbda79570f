//! dpkg's database: `status`, the journal `updates/`, and `status.d` of images that
//! are built without dpkg. dpkg-query(1), deb-control(5), and the `Status` field:
//! dpkg(1), «Package states».
//!
//! A package counts as installed as it does for apt: unless its state is
//! `not-installed` or `config-files`. A half-installed package is installed.

use thiserror::Error;

use crate::deb822::stanzas;
use crate::record::{InvalidRecord, Record};

/// The first word of `Status`: what the holder wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// Nothing is known of it.
    Unknown,
    /// Keep it installed.
    Install,
    /// Keep it at its version.
    Hold,
    /// Remove it, leave its configuration.
    Deinstall,
    /// Remove it altogether.
    Purge,
}

/// The third word of `Status`: how far the package got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Not on the system.
    NotInstalled,
    /// Only its configuration files are left.
    ConfigFiles,
    /// Installation has begun and not ended.
    HalfInstalled,
    /// Unpacked, not configured.
    Unpacked,
    /// Configuration has begun and not ended.
    HalfConfigured,
    /// Waits for another package's triggers.
    TriggersAwaited,
    /// Has been triggered.
    TriggersPending,
    /// Unpacked and configured.
    Installed,
}

/// One package of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its stanza.
    pub record: Record<'a>,
    /// What the holder wants of it.
    pub want: Want,
    /// How far it got.
    pub state: State,
}

/// What makes a database unusable. apt refuses the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidDatabase {
    /// A stanza names no package.
    #[error(transparent)]
    Record(#[from] InvalidRecord),
    /// A `Status` field is not three known words.
    #[error("the Status field of {package} is {found:?}, not three known words")]
    Status {
        /// Whose.
        package: String,
        /// What stands there.
        found: String,
    },
}

impl Entry<'_> {
    /// Whether the package counts as installed (see the head of this module).
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.record.version.is_some() && !matches!(self.state, State::NotInstalled | State::ConfigFiles)
    }

    /// Whether the holder keeps the package at its version.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.want == Want::Hold
    }
}

/// The packages of `status`, in its order. The text must have no carriage returns
/// (see [`crate::deb822::plain`]); dpkg writes none.
///
/// # Errors
/// A stanza names no package or has a status that dpkg does not know.
pub fn status(text: &[u8]) -> Result<Vec<Entry<'_>>, InvalidDatabase> {
    stanzas(text).map(|stanza| entry(Record::parse(stanza)?)).collect()
}

/// The text of `status` in two halves that can be read apart, one after the other the same packages.
#[must_use]
pub fn halves(text: &[u8]) -> (&[u8], &[u8]) {
    let middle = text.len() / 2;
    let end = text.get(middle..).and_then(|rest| memchr::memmem::find(rest, b"\n\n")).map(|at| middle + at + 1);
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, &[]))
}

/// The packages of one file of `status.d`. Builders of images without dpkg write no
/// `Status` field there: the package is installed.
///
/// # Errors
/// As [`status`].
pub fn status_d(text: &[u8]) -> Result<Vec<Entry<'_>>, InvalidDatabase> {
    stanzas(text)
        .map(|stanza| {
            let record = Record::parse(stanza)?;
            if record.status.is_none() {
                let (want, state) = (Want::Install, State::Installed);
                return Ok(Entry { record, want, state });
            }
            entry(record)
        })
        .collect()
}

/// Lays one file of the journal over the database: its packages replace those of the
/// same name and architecture. dpkg reads the files whose names are digits alone, in
/// the order of their names, and so must the caller.
///
/// # Errors
/// As [`status`].
pub fn apply_journal<'a>(database: &mut Vec<Entry<'a>>, file: &'a [u8]) -> Result<(), InvalidDatabase> {
    for newer in status(file)? {
        let same = |older: &&mut Entry<'_>| {
            older.record.package == newer.record.package && older.record.architecture == newer.record.architecture
        };
        match database.iter_mut().find(same) {
            Some(older) => *older = newer,
            None => database.push(newer),
        }
    }
    Ok(())
}

/// Whether a file of `updates/` belongs to the journal: digits alone.
#[must_use]
pub fn is_journal_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn entry(record: Record<'_>) -> Result<Entry<'_>, InvalidDatabase> {
    let Some(field) = record.status else {
        let (want, state) = (Want::Unknown, State::NotInstalled);
        return Ok(Entry { record, want, state });
    };
    match words(field) {
        Some((want, state)) => Ok(Entry { record, want, state }),
        None => Err(InvalidDatabase::Status {
            package: record.package.clone().into_owned(),
            found: String::from_utf8_lossy(field).into_owned(),
        }),
    }
}

fn words(field: &[u8]) -> Option<(Want, State)> {
    let mut words = field.split(|&byte| byte == b' ');
    let want = one_of(words.next()?, &WANTS)?;
    one_of(words.next()?, &FLAGS)?;
    let state = one_of(words.next()?, &STATES)?;
    words.next().is_none().then_some((want, state))
}

fn one_of<T: Copy>(word: &[u8], table: &[(&str, T)]) -> Option<T> {
    let same = |(name, _): &&(&str, T)| name.as_bytes().eq_ignore_ascii_case(word);
    table.iter().find(same).map(|(_, meaning)| *meaning)
}

const WANTS: [(&str, Want); 5] = [
    ("install", Want::Install),
    ("hold", Want::Hold),
    ("deinstall", Want::Deinstall),
    ("purge", Want::Purge),
    ("unknown", Want::Unknown),
];

/// The second word says whether a reinstallation is needed. Nothing here depends on it.
const FLAGS: [(&str, ()); 4] = [("ok", ()), ("reinstreq", ()), ("hold", ()), ("hold-reinstreq", ())];

const STATES: [(&str, State); 8] = [
    ("installed", State::Installed),
    ("config-files", State::ConfigFiles),
    ("not-installed", State::NotInstalled),
    ("half-installed", State::HalfInstalled),
    ("unpacked", State::Unpacked),
    ("half-configured", State::HalfConfigured),
    ("triggers-awaited", State::TriggersAwaited),
    ("triggers-pending", State::TriggersPending),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn installed(state: &str) -> bool {
        let text = format!("Package: a\nStatus: {state}\nVersion: 1\nArchitecture: all\n");
        status(text.as_bytes()).unwrap()[0].is_installed()
    }

    #[test]
    fn installed_is_all_but_two_states() {
        assert!(installed("install ok installed"));
        assert!(installed("hold reinstreq half-installed"));
        assert!(installed("deinstall ok triggers-pending"));
        assert!(!installed("deinstall ok config-files"));
        assert!(!installed("purge ok not-installed"));
    }

    #[test]
    fn unknown_words_are_refused() {
        let error = status(b"Package: a\nStatus: install ok\n").unwrap_err();
        assert_eq!(error.to_string(), r#"the Status field of a is "install ok", not three known words"#);
    }

    #[test]
    fn the_journal_replaces_by_name_and_architecture() {
        let base = b"Package: a\nArchitecture: amd64\nVersion: 1\nStatus: install ok installed\n";
        let newer = b"Package: a\nArchitecture: amd64\nVersion: 2\nStatus: install ok unpacked\n\n\
            Package: a\nArchitecture: i386\nVersion: 2\nStatus: install ok unpacked\n";
        let mut database = status(base).unwrap();
        apply_journal(&mut database, newer).unwrap();
        let versions: Vec<_> = database.iter().map(|entry| entry.record.version.unwrap()).collect();
        assert_eq!(versions, ["2", "2"]);
        assert!(is_journal_name("0003") && !is_journal_name("tmp.i") && !is_journal_name(""));
    }

    #[test]
    fn status_d_needs_no_status() {
        let entries = status_d(b"Package: a\nVersion: 1\nArchitecture: amd64\n").unwrap();
        assert!(entries[0].is_installed());
    }

    proptest! {
        #[test]
        fn halves_read_as_the_whole(text in "(Package: [abc]\n|Version: 1\n|\n){0,12}") {
            let text = text.as_bytes();
            let (head, tail) = halves(text);
            let apart = status(head).and_then(|mut head| status(tail).map(|tail| { head.extend(tail); head }));
            prop_assert_eq!(apart, status(text));
        }

        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = status(&text);
            let _ = status_d(&text);
        }
    }
}
