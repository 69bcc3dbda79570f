//! `preferences`: apt_preferences(5).
//!
//! A stanza gives a priority to versions of named packages, or to whole archives where
//! it names `*` alone. The first stanza that fits counts, except that `never` for an
//! archive always counts.

use thiserror::Error;

use crate::deb822::{Comments, Stanza, plain, stanzas};
use crate::pattern::UnsupportedPattern;

/// What a pin looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinKind {
    /// `Pin: version …`.
    Version,
    /// `Pin: source-version …`, since apt 2.9.
    SourceVersion,
    /// `Pin: release …`, and `APT::Default-Release`.
    Release,
    /// `Pin: origin …`: the host.
    Origin,
}

/// The priority of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// A number from −32767 to 32767, never 0.
    Number(i16),
    /// `never`: stronger than any number, for archives only.
    Never,
}

/// One pin for one name. A stanza with several names makes several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// `None` pins archives.
    pub package: Option<Package>,
    /// What it looks at.
    pub kind: PinKind,
    /// What it looks for.
    pub data: String,
    /// What it gives.
    pub priority: Priority,
}

/// Which packages a pin is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// A name, a glob, or an expression between slashes.
    pub name: String,
    /// `name` is that of a source package.
    pub is_source: bool,
    /// After the last colon; without one, packages of this system's own architecture.
    pub architecture: Option<String>,
}

/// What makes a file of preferences unusable. apt refuses the same, but for
/// [`PreferencesErrorKind::Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stanza {number}: {kind}")]
pub struct InvalidPreferences {
    /// From 1.
    pub number: usize,
    /// What is wrong there.
    pub kind: PreferencesErrorKind,
}

/// Kinds of [`InvalidPreferences`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PreferencesErrorKind {
    /// No `Package` field.
    #[error("it names no package")]
    NoPackage,
    /// No priority, or zero.
    #[error("it gives no priority, or zero")]
    NoPriority,
    /// A priority that does not fit in 16 bits.
    #[error("its priority is not between -32768 and 32767")]
    PriorityRange,
    /// `never` for named packages.
    #[error("the priority never is for all packages (*) only")]
    NeverForPackage,
    /// An expression this program cannot read.
    #[error(transparent)]
    Pattern(#[from] UnsupportedPattern),
}

/// Reads a file of preferences. Stanzas without `Pin` and pins of unknown kinds do
/// nothing, as in apt; `source_version` says whether this apt knows that kind.
///
/// # Errors
/// The first stanza that apt would refuse.
pub fn read(text: &[u8], source_version: bool) -> Result<Vec<Pin>, InvalidPreferences> {
    let text = plain(text, Comments::Dropped);
    let mut pins = Vec::new();
    let with_fields = stanzas(&text).filter(|stanza| stanza.fields().next().is_some());
    for (index, stanza) in with_fields.enumerate() {
        let read = from_stanza(stanza, source_version);
        pins.extend(read.map_err(|kind| InvalidPreferences { number: index + 1, kind })?);
    }
    Ok(pins)
}

fn from_stanza(stanza: Stanza<'_>, source_version: bool) -> Result<Vec<Pin>, PreferencesErrorKind> {
    let names = stanza.text("Package").unwrap_or_default();
    if names.is_empty() {
        return Err(PreferencesErrorKind::NoPackage);
    }
    let for_all = names == "*";
    let Some(pin) = stanza.text("Pin") else {
        return Ok(Vec::new());
    };
    let end = pin.find(|next: char| next.is_ascii_whitespace()).unwrap_or(pin.len());
    let (word, data) = pin.split_at(end);
    let Some(kind) = kind(word, for_all, source_version) else {
        return Ok(Vec::new());
    };
    let priority = priority(&stanza.text("Pin-Priority").unwrap_or_default(), for_all)?;
    let data = data.trim_ascii_start().to_owned();
    let pin = |package| Pin { package, kind, data: data.clone(), priority };
    if for_all {
        return Ok(vec![pin(None)]);
    }
    Ok(names.split_ascii_whitespace().map(|name| pin(Some(package(name)))).collect())
}

fn kind(word: &str, for_all: bool, source_version: bool) -> Option<PinKind> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("version") && !for_all {
        Some(PinKind::Version)
    } else if is("source-version") && !for_all && source_version {
        Some(PinKind::SourceVersion)
    } else if is("release") {
        Some(PinKind::Release)
    } else if is("origin") {
        Some(PinKind::Origin)
    } else {
        None
    }
}

fn priority(text: &str, for_all: bool) -> Result<Priority, PreferencesErrorKind> {
    if text == "never" {
        return if for_all { Ok(Priority::Never) } else { Err(PreferencesErrorKind::NeverForPackage) };
    }
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        digits => (false, digits),
    };
    let magnitude = crate::record::number(digits).unwrap_or(0);
    let magnitude = i64::try_from(magnitude).unwrap_or(i64::MAX);
    let number = if negative { -magnitude } else { magnitude };
    match i16::try_from(number) {
        Ok(0) => Err(PreferencesErrorKind::NoPriority),
        // The lowest number is apt's mark for «never»; it is not reached by writing it.
        Ok(number) => Ok(Priority::Number(number.max(i16::MIN + 1))),
        Err(_) => Err(PreferencesErrorKind::PriorityRange),
    }
}

fn package(name: &str) -> Package {
    let (is_source, name) = match name.strip_prefix("src:") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let (name, architecture) = match name.rsplit_once(':') {
        Some((name, architecture)) => (name, Some(architecture.to_owned())),
        None => (name, None),
    };
    Package { name: name.to_owned(), is_source, architecture }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stanzas_make_pins() {
        let text = "Explanation: x\nPackage: foo src:bar:any\n# c\nPin: version 1.*\nPin-Priority: -1\n\n\
                    Package: *\nPin: release a=x\nPin-Priority: never\n\n\
                    Package: *\nPin: version 1\nPin-Priority: 5\n\nPackage: x\n";
        let pins = read(text.as_bytes(), false).unwrap();
        assert_eq!(pins.len(), 3);
        let bar = pins[1].package.as_ref().unwrap();
        assert_eq!((bar.name.as_str(), bar.is_source, bar.architecture.as_deref()), ("bar", true, Some("any")));
        assert_eq!((pins[0].data.as_str(), pins[0].priority), ("1.*", Priority::Number(-1)));
        assert_eq!(pins[2].priority, Priority::Never);
    }

    #[test]
    fn refusals() {
        let refused = |text: &str| read(text.as_bytes(), true).unwrap_err().to_string();
        assert_eq!(refused("Pin: release a=b\n"), "stanza 1: it names no package");
        assert_eq!(
            refused("Package: a\nPin: release a=b\nPin-Priority: never\n"),
            "stanza 1: the priority never is for all packages (*) only"
        );
        assert_eq!(
            refused("Package: a\nPin: release a=b\nPin-Priority: 40000\n"),
            "stanza 1: its priority is not between -32768 and 32767"
        );
        assert_eq!(refused("Package: a\nPin: release a=b\n"), "stanza 1: it gives no priority, or zero");
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = read(&text, true);
        }
    }
}
