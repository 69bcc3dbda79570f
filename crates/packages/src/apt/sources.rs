//! `sources.list` and `*.sources`: sources.list(5), «ONE-LINE-STYLE FORMAT» and
//! «DEB822-STYLE FORMAT».
//!
//! apt refuses to work with one malformed entry anywhere, so the readers here do too.

use thiserror::Error;

use super::uri::Uri;
use super::words::{boolean, is_blank, quoted_word, split_list};
use crate::deb822::{Comments, Stanza, plain, stanzas};

/// Whether an entry gives packages or sources of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `deb`.
    Binary,
    /// `deb-src`: gives no updates, but takes part in the order of archives.
    Source,
}

/// Which of a set an entry asks for: `x=`, `x+=`, `x-=`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These instead of the default.
    pub only: Option<Vec<String>>,
    /// These too.
    pub with: Vec<String>,
    /// These not.
    pub without: Vec<String>,
}

/// The options of an entry that decide about updates or about trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `arch` / `Architectures`.
    pub architectures: Selection,
    /// `target` / `Targets`.
    pub targets: Selection,
    /// `Packages=no` switches the index of packages off (one-line form only).
    pub packages: Option<bool>,
    /// `trusted`: yes skips the signature check.
    pub trusted: Option<bool>,
    /// `signed-by`: paths, fingerprints, or an embedded key block.
    pub signed_by: Option<String>,
    /// `check-valid-until`.
    pub check_valid_until: Option<bool>,
    /// `valid-until-min`, seconds.
    pub valid_until_min: Option<u64>,
    /// `valid-until-max`, seconds.
    pub valid_until_max: Option<u64>,
    /// `check-date`.
    pub check_date: Option<bool>,
    /// `date-max-future`, seconds.
    pub date_max_future: Option<u64>,
    /// `snapshot`: apt 3 then reads other lists.
    pub snapshot: Option<String>,
    /// `Include` or `Exclude` of apt 3.1 is set, which hides packages.
    pub is_filtered: bool,
}

/// One archive, suite and component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Binary or source.
    pub kind: Kind,
    /// With a slash at its end.
    pub uri: Uri,
    /// Text of `uri`, which ends in a slash.
    pub address: String,
    /// A name under `dists/`, or a path that ends in a slash for a flat archive.
    pub suite: String,
    /// Empty for a flat archive.
    pub component: String,
    /// Its options.
    pub options: Options,
    /// Line (one-line form) or stanza (deb822 form) in its file, from 1.
    pub number: usize,
}

impl Entry {
    /// Whether the archive has no `dists/` folder: sources.list(5), «exact path».
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }
}

/// What makes a file of sources unusable; `number` is a line or a stanza.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("entry {number}: {kind}")]
pub struct InvalidSources {
    /// Line or stanza, from 1.
    pub number: usize,
    /// What is wrong there.
    pub kind: SourcesErrorKind,
}

/// Kinds of [`InvalidSources`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourcesErrorKind {
    /// Neither `deb` nor `deb-src`.
    #[error("the type {0:?} is not deb or deb-src")]
    Type(String),
    /// An option without a key, a value or an end.
    #[error("an option is malformed")]
    Option,
    /// No address, or one without a scheme.
    #[error("the address is missing or malformed")]
    Address,
    /// No suite.
    #[error("the suite is missing")]
    Suite,
    /// A component for a flat archive, or none for another.
    #[error("a suite that ends in / has no component, and every other has one")]
    Component,
}

/// Reads the one-line form. `native` is this system's architecture, for `$(ARCH)`.
///
/// # Errors
/// The first line that apt would refuse.
pub fn one_line(text: &[u8], native: &str) -> Result<Vec<Entry>, InvalidSources> {
    let text = String::from_utf8_lossy(text);
    let mut entries = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        let line = uncommented(line).trim_matches([' ', '\t', '\r']);
        if !line.is_empty() {
            let read = Line { number, native }.read(line);
            entries.extend(read.map_err(|kind| InvalidSources { number, kind })?);
        }
    }
    Ok(entries)
}

/// Reads the deb822 form.
///
/// # Errors
/// The first stanza that apt would refuse.
pub fn deb822(text: &[u8], native: &str) -> Result<Vec<Entry>, InvalidSources> {
    let text = plain(text, Comments::Dropped);
    let mut entries = Vec::new();
    let with_fields = stanzas(&text).filter(|stanza| stanza.fields().next().is_some());
    for (index, stanza) in with_fields.enumerate() {
        let number = index + 1;
        let read = from_stanza(stanza, number, native);
        entries.extend(read.map_err(|kind| InvalidSources { number, kind })?);
    }
    Ok(entries)
}

/// Cuts at the first `#` that is not inside the brackets of options.
fn uncommented(line: &str) -> &str {
    let outside = |at: &usize| {
        let before = line.get(..*at).unwrap_or_default();
        before.matches('[').count() <= before.matches(']').count()
    };
    let end = line.match_indices('#').map(|(at, _)| at).find(outside);
    line.get(..end.unwrap_or(line.len())).unwrap_or(line)
}

struct Line<'a> {
    number: usize,
    native: &'a str,
}

impl Line<'_> {
    fn read(&self, line: &str) -> Result<Vec<Entry>, SourcesErrorKind> {
        let end = line.find([' ', '\t', '\u{b}']).unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        let kind = kind(word)?;
        if rest.is_empty() {
            return Err(SourcesErrorKind::Type(word.to_owned()));
        }
        let mut rest = rest.trim_matches(is_blank);
        let options = match rest.strip_prefix('[') {
            Some(inside) => {
                rest = inside;
                bracketed(&mut rest)?
            }
            None => Options::default(),
        };
        let address = quoted_word(&mut rest).ok_or(SourcesErrorKind::Address)?;
        let (uri, address) = fixed(&address, self.native)?;
        let mut suite = quoted_word(&mut rest).ok_or(SourcesErrorKind::Suite)?;
        let mut components = Vec::new();
        while let Some(component) = quoted_word(&mut rest) {
            components.push(component);
        }
        if suite.ends_with('/') {
            suite = suite.replace("$(ARCH)", self.native);
        }
        let archive = Archive { kind, uri, address, number: self.number, options };
        archive.entries(&suite, &components)
    }
}

struct Archive {
    kind: Kind,
    uri: Uri,
    address: String,
    number: usize,
    options: Options,
}

impl Archive {
    fn entries(&self, suite: &str, components: &[String]) -> Result<Vec<Entry>, SourcesErrorKind> {
        let entry = |component: &str| Entry {
            kind: self.kind,
            uri: self.uri.clone(),
            address: self.address.clone(),
            suite: suite.to_owned(),
            component: component.to_owned(),
            options: self.options.clone(),
            number: self.number,
        };
        match (suite.ends_with('/'), components) {
            (true, []) => Ok(vec![entry("")]),
            (false, [_, ..]) => Ok(components.iter().map(|name| entry(name)).collect()),
            _ => Err(SourcesErrorKind::Component),
        }
    }
}

fn kind(word: &str) -> Result<Kind, SourcesErrorKind> {
    match word {
        "deb" => Ok(Kind::Binary),
        "deb-src" => Ok(Kind::Source),
        other => Err(SourcesErrorKind::Type(other.to_owned())),
    }
}

/// The options after `[`, and the text moved behind `]`.
fn bracketed(text: &mut &str) -> Result<Options, SourcesErrorKind> {
    let mut options = Options::default();
    loop {
        *text = text.trim_start_matches(is_blank);
        if let Some(rest) = text.strip_prefix(']') {
            *text = rest.trim_start_matches(is_blank);
            return Ok(options);
        }
        let mut word = quoted_word(text).ok_or(SourcesErrorKind::Option)?;
        let is_last = word.ends_with(']') && word.len() > 2;
        if is_last {
            word.pop();
        }
        let (key, value) = word
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or(SourcesErrorKind::Option)?;
        options.set(key, value);
        if is_last {
            return Ok(options);
        }
    }
}

impl Options {
    /// Sets an option by its one-line name. Others do not decide about updates.
    fn set(&mut self, key: &str, value: &str) {
        let list = || split_list(value, ',');
        match key {
            "arch" => self.architectures.only = Some(list()),
            "arch+" => self.architectures.with = list(),
            "arch-" => self.architectures.without = list(),
            "target" => self.targets.only = Some(list()),
            "target+" => self.targets.with = list(),
            "target-" => self.targets.without = list(),
            "Packages" => self.packages = boolean(value),
            "trusted" => self.trusted = Some(boolean(value).unwrap_or(false)),
            "signed-by" => self.signed_by = Some(value.to_owned()),
            "check-valid-until" => self.check_valid_until = Some(boolean(value).unwrap_or(false)),
            "check-date" => self.check_date = Some(boolean(value).unwrap_or(false)),
            "valid-until-min" => self.valid_until_min = seconds(value),
            "valid-until-max" => self.valid_until_max = seconds(value),
            "date-max-future" => self.date_max_future = seconds(value),
            "snapshot" => self.snapshot = Some(value.to_owned()),
            _ => {}
        }
    }
}

fn seconds(value: &str) -> Option<u64> {
    crate::record::number(value.trim_ascii_start().as_bytes())
}

/// deb822 names of the options, and whether their values are lists.
const STANZA_OPTIONS: [(&str, &str, bool); 14] = [
    ("Architectures", "arch", true),
    ("Architectures-Add", "arch+", true),
    ("Architectures-Remove", "arch-", true),
    ("Targets", "target", true),
    ("Targets-Add", "target+", true),
    ("Targets-Remove", "target-", true),
    ("Trusted", "trusted", false),
    ("Check-Valid-Until", "check-valid-until", false),
    ("Valid-Until-Min", "valid-until-min", false),
    ("Valid-Until-Max", "valid-until-max", false),
    ("Check-Date", "check-date", false),
    ("Date-Max-Future", "date-max-future", false),
    ("Snapshot", "snapshot", false),
    ("Signed-By", "signed-by", false),
];

fn from_stanza(stanza: Stanza<'_>, number: usize, native: &str) -> Result<Vec<Entry>, SourcesErrorKind> {
    let Some(types) = stanza.words("Types") else {
        return Err(SourcesErrorKind::Type(String::new()));
    };
    let kinds: Vec<_> = types.iter().map(|word| kind(word)).collect::<Result<_, _>>()?;
    let enabled = stanza.text("Enabled").filter(|value| !value.is_empty());
    // Anything but a word for no leaves the entry on.
    if enabled.is_some_and(|value| boolean(&value) == Some(false)) {
        return Ok(Vec::new());
    }
    let mut options = Options {
        is_filtered: stanza.field("Include").is_some() || stanza.field("Exclude").is_some(),
        ..Options::default()
    };
    for (field, key, is_list) in STANZA_OPTIONS {
        if is_list && let Some(words) = stanza.words(field) {
            options.set(key, &words.join(","));
        } else if let Some(value) = stanza.text(field) {
            options.set(key, &value);
        }
    }
    let list = |field| stanza.words(field).unwrap_or_default();
    let (addresses, suites, components) = (list("URIs"), list("Suites"), list("Components"));
    if addresses.is_empty() {
        return Err(SourcesErrorKind::Address);
    }
    if suites.is_empty() {
        return Err(SourcesErrorKind::Suite);
    }
    let mut entries = Vec::new();
    for kind in kinds {
        for address in &addresses {
            let (uri, address) = fixed(address, native)?;
            let archive = Archive { kind, uri, address, number, options: options.clone() };
            for suite in &suites {
                let suite = suite.replace("$(ARCH)", native);
                entries.extend(archive.entries(&suite, &components)?);
            }
        }
    }
    Ok(entries)
}

/// An address with its variable replaced and a slash at its end.
fn fixed(address: &str, native: &str) -> Result<(Uri, String), SourcesErrorKind> {
    if !address.contains(':') {
        return Err(SourcesErrorKind::Address);
    }
    let uri = Uri::parse(&address.replace("$(ARCH)", native));
    let mut address = uri.to_string();
    if !address.ends_with('/') {
        address.push('/');
    }
    Ok((uri, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<String> {
        let entries = one_line(text.as_bytes(), "amd64").unwrap();
        entries.iter().map(show).collect()
    }

    fn show(entry: &Entry) -> String {
        format!("{:?} {} {} {}", entry.kind, entry.address, entry.suite, entry.component)
    }

    fn refused(text: &str) -> String {
        one_line(text.as_bytes(), "amd64").unwrap_err().to_string()
    }

    #[test]
    fn one_line_form() {
        let text = "# none\n\ndeb http://a/debian bookworm main contrib # more\n\
                    deb-src [ arch=amd64,i386 trusted=yes ] file:/srv/x ./\n\
                    deb [signed-by=/k#1.gpg] http://b/$(ARCH) $(ARCH)/\n";
        assert_eq!(
            lines(text),
            [
                "Binary http://a/debian/ bookworm main",
                "Binary http://a/debian/ bookworm contrib",
                "Source file:/srv/x/ ./ ",
                "Binary http://b/amd64/ amd64/ ",
            ]
        );
        let entries = one_line(text.as_bytes(), "amd64").unwrap();
        assert_eq!(entries[2].options.trusted, Some(true));
        assert_eq!(entries[2].options.architectures.only.as_ref().unwrap().len(), 2);
        assert_eq!(entries[3].options.signed_by.as_deref(), Some("/k#1.gpg"));
    }

    #[test]
    fn one_line_refusals() {
        assert_eq!(refused("\ndeb"), r#"entry 2: the type "deb" is not deb or deb-src"#);
        assert_eq!(refused("rpm http://a b c"), r#"entry 1: the type "rpm" is not deb or deb-src"#);
        assert_eq!(refused("deb [arch] http://a b c"), "entry 1: an option is malformed");
        assert_eq!(refused("deb [arch=a http://a b c"), "entry 1: an option is malformed");
        assert_eq!(refused("deb a b c"), "entry 1: the address is missing or malformed");
        assert_eq!(refused("deb http://a"), "entry 1: the suite is missing");
        assert!(refused("deb http://a b").ends_with("every other has one"));
        assert!(refused("deb http://a b/ c").ends_with("every other has one"));
    }

    #[test]
    fn deb822_form() {
        let text = "# c\nTypes: deb deb-src\nURIs: http://a http://b\nSuites: s s-updates\n\
                    Components: main\nArchitectures-Remove: i386\nSigned-By:\n -----BEGIN\n .\n x\n\n\
                    Enabled: no\nTypes: deb\nURIs: x\nSuites:\n";
        let entries = deb822(text.as_bytes(), "amd64").unwrap();
        assert_eq!(entries.len(), 8);
        assert_eq!(show(&entries[0]), "Binary http://a/ s main");
        assert_eq!(show(&entries[7]), "Source http://b/ s-updates main");
        assert_eq!(entries[0].options.architectures.without, ["i386"]);
        assert!(entries[0].options.signed_by.as_ref().unwrap().starts_with("-----BEGIN"));
    }

    #[test]
    fn deb822_refusals() {
        let refused = |text: &str| deb822(text.as_bytes(), "amd64").unwrap_err().to_string();
        assert_eq!(refused("URIs: http://a\n"), r#"entry 1: the type "" is not deb or deb-src"#);
        assert_eq!(refused("Types: deb\nURIs: http://a\n"), "entry 1: the suite is missing");
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = one_line(&text, "amd64");
            let _ = deb822(&text, "amd64");
        }
        #[test]
        fn any_line(text in "deb [\\[\\]a=:/ \"#]{0,40}") {
            let _ = one_line(text.as_bytes(), "amd64");
        }
    }
}
