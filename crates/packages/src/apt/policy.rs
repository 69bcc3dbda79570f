//! Which version apt would install: apt_preferences(5), «APT's Default Priority
//! Assignments» and «How APT Interprets Priorities».
//!
//! A version's priority is that of the first pin that names it, else the highest among
//! the indexes that offer it. The candidate is the highest version of the highest
//! priority; below the installed version only from priority 1000 on.

use std::cmp::Ordering;

use seaworthy_versions::dpkg::compare;

use super::preferences::{Package, Pin, PinKind, Priority};
use super::release;
use super::updates::Version;
use crate::pattern::{Pattern, UnsupportedPattern, glob_matches};

/// What pins look at in an index of packages, or in dpkg's database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// How its archive names itself; dpkg's database names itself nothing.
    pub archive: release::Archive,
    /// The host; `None` for dpkg's database.
    pub site: Option<String>,
    /// Its component; `now` for dpkg's database.
    pub component: String,
    /// Its architecture; `None` in flat archives.
    pub architecture: Option<String>,
    /// dpkg's database rather than an index.
    pub is_installed: bool,
}

impl File {
    /// dpkg's database.
    #[must_use]
    pub fn installed() -> Self {
        Self { component: "now".to_owned(), is_installed: true, ..Self::default() }
    }

    fn default_priority(&self) -> i32 {
        // apt asks for the second flag alone, though the manual has it with the first.
        if self.is_installed || self.archive.but_automatic_upgrades {
            100
        } else if self.archive.not_automatic {
            1
        } else {
            500
        }
    }
}

/// The value that stands for «never» in a table of priorities.
const NEVER: i32 = i16::MIN as i32;

/// Pins and priorities, ready to be asked about versions.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Priority of each file.
    files: Vec<i32>,
    pins: Vec<ReadyPin>,
    native: String,
}

#[derive(Debug, Clone)]
struct ReadyPin {
    package: Package,
    name: Pattern,
    matcher: Matcher,
    /// Which files the matcher fits; of no use to pins by version.
    files: Vec<bool>,
    priority: i32,
}

impl Policy {
    /// Prepares pins, in the order in which apt reads them: `preferences` first, then
    /// the folder. `native` is this system's architecture.
    ///
    /// # Errors
    /// An expression that this program cannot read.
    pub fn new(
        default_release: Option<&str>,
        pins: &[Pin],
        files: &[File],
        native: &str,
    ) -> Result<Self, UnsupportedPattern> {
        let mut policy = Self {
            files: files.iter().map(File::default_priority).collect(),
            pins: Vec::new(),
            native: native.to_owned(),
        };
        let mut fixed = vec![false; files.len()];
        if let Some(release) = default_release {
            let matcher = Matcher::new(PinKind::Release, release)?;
            policy.pin_files(&matcher, 990, files, &mut fixed);
        }
        for pin in pins {
            let matcher = Matcher::new(pin.kind, &pin.data)?;
            let priority = match pin.priority {
                Priority::Number(number) => i32::from(number),
                Priority::Never => NEVER,
            };
            match &pin.package {
                None => policy.pin_files(&matcher, priority, files, &mut fixed),
                Some(package) => policy.pins.push(ReadyPin {
                    name: Pattern::new(&package.name)?,
                    files: files.iter().map(|file| matcher.fits(file)).collect(),
                    package: package.clone(),
                    matcher,
                    priority,
                }),
            }
        }
        Ok(policy)
    }

    /// The policy of a system without pins, to see what pins withhold.
    #[must_use]
    pub fn without_pins(files: &[File], native: &str) -> Self {
        Self { files: files.iter().map(File::default_priority).collect(), pins: Vec::new(), native: native.to_owned() }
    }

    fn pin_files(&mut self, matcher: &Matcher, priority: i32, files: &[File], fixed: &mut [bool]) {
        for ((file, slot), fixed) in files.iter().zip(&mut self.files).zip(fixed) {
            if (!*fixed || priority == NEVER) && *slot != NEVER && matcher.fits(file) {
                *slot = priority;
                *fixed = true;
            }
        }
    }

    /// The index of the candidate in a package's versions, highest first. `ceiling`
    /// caps a version's priority (apt's phasing by policy).
    pub(crate) fn candidate(
        &self,
        package: &str,
        architecture: &str,
        versions: &[Version<'_>],
        installed: Option<usize>,
        ceiling: impl Fn(&Version<'_>) -> i32,
    ) -> Option<usize> {
        let current = installed.and_then(|index| versions.get(index)).map(|version| version.version);
        let mut best: Option<(usize, i32)> = None;
        for (index, version) in versions.iter().enumerate() {
            let is_installed = installed == Some(index);
            let priority = self.priority(package, architecture, version, is_installed).min(ceiling(version));
            if priority == 0 || priority <= best.map_or(-1, |(_, highest)| highest) {
                continue;
            }
            let is_older = current.is_some_and(|current| compare(version.version, current) == Ordering::Less);
            if is_older && priority < 1000 {
                continue;
            }
            best = Some((index, priority));
        }
        best.map(|(index, _)| index)
    }

    fn priority(&self, package: &str, architecture: &str, version: &Version<'_>, is_installed: bool) -> i32 {
        let of = |file: &usize| self.files.get(*file).copied().unwrap_or(0);
        if let Some(pin) = self.pins.iter().find(|pin| self.pin_fits(pin, package, architecture, version))
            && version.files.iter().any(|file| of(file) != NEVER)
        {
            return pin.priority;
        }
        // A version that dpkg remembers but has not installed is never offered.
        let offered = |file: &usize| match self.installed_file() == Some(*file) && !is_installed {
            true => -1,
            false => of(file),
        };
        version.files.iter().map(offered).max().unwrap_or(0)
    }

    /// dpkg's database is the last file.
    fn installed_file(&self) -> Option<usize> {
        self.files.len().checked_sub(1)
    }

    fn pin_fits(&self, pin: &ReadyPin, package: &str, architecture: &str, version: &Version<'_>) -> bool {
        let name = if pin.package.is_source { version.source } else { package };
        let wanted = pin.package.architecture.as_deref().unwrap_or(&self.native);
        is_named(pin, name)
            && architecture_fits(wanted, architecture)
            && match &pin.matcher.rule {
                Rule::Version(text) => text.fits(version.version),
                Rule::SourceVersion(text) => text.fits(version.source_version),
                _ => version.files.iter().any(|file| pin.files.get(*file).copied().unwrap_or(false)),
            }
    }
}

/// A plain name is compared exactly, with case; patterns are not.
fn is_named(pin: &ReadyPin, name: &str) -> bool {
    let text = &pin.package.name;
    let is_pattern = matches!(pin.name, Pattern::Expression(_)) || text.contains(['*', '[', '?']);
    if is_pattern { pin.name.matches(name) } else { text == name }
}

/// Debian architecture wildcards: `any`, `linux-any`, `any-amd64` (Debian Policy §11.1).
fn architecture_fits(wanted: &str, architecture: &str) -> bool {
    let whole = |name: &str| if name.contains('-') { name.to_owned() } else { format!("linux-{name}") };
    if wanted == architecture || wanted == "any" {
        return true;
    }
    let pattern = if wanted.contains('-') { wanted.replace("any", "*") } else { whole(wanted) };
    wanted.contains("any") && glob_matches(&pattern, &whole(architecture))
}

/// One `Pin:` value, ready to match.
#[derive(Debug, Clone)]
struct Matcher {
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Version(VersionText),
    SourceVersion(VersionText),
    Release(Box<ReleaseRule>),
    Everything,
    Origin(Pattern),
    Nothing,
}

/// A version: a prefix if it ended in `*`, and a pattern as well.
#[derive(Debug, Clone)]
struct VersionText {
    text: String,
    is_prefix: bool,
    pattern: Pattern,
}

impl VersionText {
    fn new(text: &str) -> Result<Self, UnsupportedPattern> {
        let (text, is_prefix) = match text.strip_suffix('*') {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        Ok(Self { text: text.to_owned(), is_prefix, pattern: Pattern::new(text)? })
    }

    fn fits(&self, version: &str) -> bool {
        let start = version.as_bytes().get(..self.text.len());
        let same = start.is_some_and(|start| start.eq_ignore_ascii_case(self.text.as_bytes()));
        same && (self.is_prefix || version.len() == self.text.len()) || self.pattern.matches(version)
    }
}

#[derive(Debug, Clone, Default)]
struct ReleaseRule {
    version: Option<VersionText>,
    origin: Option<Pattern>,
    suite: Option<Pattern>,
    codename: Option<Pattern>,
    label: Option<Pattern>,
    component: Option<Pattern>,
    architecture: Option<Pattern>,
    /// Suite or codename: a release named without a letter.
    either: Option<Pattern>,
}

impl Matcher {
    fn new(kind: PinKind, data: &str) -> Result<Self, UnsupportedPattern> {
        let rule = match kind {
            PinKind::Version => Rule::Version(VersionText::new(data)?),
            PinKind::SourceVersion => Rule::SourceVersion(VersionText::new(data)?),
            PinKind::Origin => {
                let quoted = data.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                Rule::Origin(Pattern::new(quoted.unwrap_or(data))?)
            }
            PinKind::Release if data.is_empty() => Rule::Nothing,
            PinKind::Release if data == "*" => Rule::Everything,
            PinKind::Release => ReleaseRule::new(data)?.map_or(Rule::Nothing, |rule| Rule::Release(Box::new(rule))),
        };
        Ok(Self { rule })
    }

    fn fits(&self, file: &File) -> bool {
        match &self.rule {
            Rule::Everything => true,
            Rule::Release(rule) => rule.fits(file),
            Rule::Origin(pattern) => file.site.as_ref().is_some_and(|site| pattern.matches(site)),
            Rule::Version(_) | Rule::SourceVersion(_) | Rule::Nothing => false,
        }
    }
}

impl ReleaseRule {
    /// `None` where nothing can match: no known letter, or twenty parts and more, which
    /// apt does not split.
    fn new(data: &str) -> Result<Option<Self>, UnsupportedPattern> {
        let mut rule = Self::default();
        if !data.contains('=') {
            if data.starts_with(|first: char| first.is_ascii_digit()) {
                rule.version = Some(VersionText::new(data)?);
            } else {
                rule.either = Some(Pattern::new(data)?);
            }
            return Ok(Some(rule));
        }
        let parts = data.split(',').map(|part| part.trim_ascii()).filter(|part| !part.is_empty());
        if parts.clone().count() >= 20 {
            return Ok(None);
        }
        let mut is_empty = true;
        for part in parts {
            let Some((key, value)) = part.split_at_checked(2).filter(|(_, value)| !value.is_empty()) else {
                continue;
            };
            let slot = match key.to_ascii_lowercase().as_str() {
                "v=" => {
                    rule.version = Some(VersionText::new(value)?);
                    is_empty = false;
                    continue;
                }
                "o=" => &mut rule.origin,
                "a=" => &mut rule.suite,
                "n=" => &mut rule.codename,
                "l=" => &mut rule.label,
                "c=" => &mut rule.component,
                "b=" => &mut rule.architecture,
                _ => continue,
            };
            *slot = Some(Pattern::new(value)?);
            is_empty = false;
        }
        Ok((!is_empty).then_some(rule))
    }

    fn fits(&self, file: &File) -> bool {
        let component = Some(file.component.as_str());
        let archive = if file.is_installed {
            // dpkg's database is the suite «now» and nothing else.
            if self.origin.is_some() || self.label.is_some() || self.version.is_some() || self.codename.is_some() {
                return false;
            }
            fits(&self.suite, component) && fits(&self.either, component)
        } else {
            self.fits_archive(&file.archive)
        };
        archive && fits(&self.component, component) && fits(&self.architecture, file.architecture.as_deref())
    }

    fn fits_archive(&self, archive: &release::Archive) -> bool {
        let (suite, codename) = (archive.suite.as_deref(), archive.codename.as_deref());
        let version = self.version.as_ref();
        version.is_none_or(|rule| archive.version.as_deref().is_some_and(|version| rule.fits(version)))
            && fits(&self.origin, archive.origin.as_deref())
            && fits(&self.suite, suite)
            && fits(&self.codename, codename)
            && fits(&self.label, archive.label.as_deref())
            && (fits(&self.either, suite) || fits(&self.either, codename))
    }
}

/// No pattern fits all; a pattern fits nothing that is missing.
fn fits(pattern: &Option<Pattern>, text: Option<&str>) -> bool {
    match pattern {
        None => true,
        Some(pattern) => text.is_some_and(|text| pattern.matches(text)),
    }
}

/// Whether `APT::Default-Release` names anything among the files. apt refuses to work
/// where it does not.
///
/// # Errors
/// An expression that this program cannot read.
pub fn default_release_exists(release: &str, files: &[File]) -> Result<bool, UnsupportedPattern> {
    if release.len() > 2 && release.as_bytes().get(1) == Some(&b'=') {
        return Ok(!files.is_empty());
    }
    let pattern = Pattern::new(release)?;
    let names = |file: &File| {
        [&file.archive.suite, &file.archive.codename, &file.archive.version]
            .into_iter()
            .flatten()
            .any(|name| pattern.matches(name))
    };
    Ok(pattern.matches("now") || files.iter().any(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        File {
            archive: release::Archive {
                origin: Some("Debian".into()),
                label: Some("Debian-Security".into()),
                suite: Some("stable-security".into()),
                codename: Some("trixie-security".into()),
                version: Some("13".into()),
                ..release::Archive::default()
            },
            site: Some("deb.example.org".into()),
            component: "main".into(),
            architecture: Some("amd64".into()),
            is_installed: false,
        }
    }

    fn fits(kind: PinKind, data: &str) -> (bool, bool) {
        let matcher = Matcher::new(kind, data).unwrap();
        (matcher.fits(&file()), matcher.fits(&File::installed()))
    }

    #[test]
    fn what_release_pins_fit() {
        use PinKind::{Origin, Release};
        for (kind, data, expected) in [
            (Release, "*", (true, true)),
            (Release, "", (false, false)),
            (Release, "trixie-security", (true, false)),
            (Release, "stable*", (true, false)),
            (Release, "now", (false, true)),
            (Release, "a=now", (false, true)),
            (Release, "1*", (true, false)),
            (Release, "v=12", (false, false)),
            (Release, "o=debian, l=debian-security", (true, false)),
            (Release, "o=Debian,n=sid", (false, false)),
            (Release, "c=main", (true, false)),
            (Release, "c=now", (false, true)),
            (Release, "b=amd64", (true, false)),
            (Release, "x=y", (false, false)),
            (Release, "a=/^stable/", (true, false)),
            (Origin, "deb.example.org", (true, false)),
            (Origin, "\"\"", (false, false)),
            (Origin, "*", (true, false)),
        ] {
            assert_eq!(fits(kind, data), expected, "{data}");
        }
    }

    #[test]
    fn architectures() {
        assert!(architecture_fits("any", "i386"));
        assert!(architecture_fits("linux-any", "amd64"));
        assert!(architecture_fits("any-amd64", "amd64"));
        assert!(!architecture_fits("any-amd64", "i386"));
        assert!(!architecture_fits("amd64", "i386"));
    }
}
