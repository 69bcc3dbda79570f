//! OSV advisories: Open Source Vulnerability format 1.7, for the ecosystems of Debian
//! and Ubuntu, whose packages are *source* packages in Debian's version order.
//!
//! A record helps to date and grade an update that apt's own catalog shows. It never
//! finds one: catalogs are the better truth, and records for a release can be missing
//! altogether.

use seaworthy_versions::dpkg::compare;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub mod cvss;

/// No record is larger than this; the longest of Debian's have less than a tenth.
pub const LARGEST_RECORD: usize = 4 << 20;

/// What makes a record unusable.
#[derive(Debug, Error)]
pub enum InvalidAdvisory {
    /// More than [`LARGEST_RECORD`] bytes.
    #[error("the advisory is larger than 4 MiB")]
    TooLarge,
    /// No JSON, or not of this shape.
    #[error("the advisory is not an OSV record")]
    Json(#[from] serde_json::Error),
}

/// One advisory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its name, for example `DSA-5000-1`, `USN-7000-1`, `DEBIAN-CVE-2026-1`.
    pub id: String,
    /// When it was published, RFC 3339.
    pub published: Option<jiff::Timestamp>,
    /// When it was taken back.
    pub withdrawn: Option<jiff::Timestamp>,
    /// Other names of the same flaw.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Names of flaws it is about.
    #[serde(default)]
    pub related: Vec<String>,
    /// Names of flaws it answers.
    #[serde(default)]
    pub upstream: Vec<String>,
    /// How grave it is.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// What it concerns.
    #[serde(default)]
    pub affected: Vec<Affected>,
}

/// One statement of gravity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// `CVSS_V3`, `CVSS_V4`, `Ubuntu`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// A CVSS vector, or a word.
    pub score: String,
}

/// A source package of one release and its affected versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// Which package.
    pub package: Option<Package>,
    /// Affected ranges.
    #[serde(default)]
    pub ranges: Vec<Range>,
    /// Affected versions, one by one.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Gravity for this package alone.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// `urgency` of Debian's tracker and the like.
    #[serde(default)]
    pub ecosystem_specific: Specific,
}

/// What an ecosystem adds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specific {
    /// Debian's urgency: `unimportant`, `low`, `medium`, `high`, `end-of-life`, …
    #[serde(default)]
    pub urgency: Option<String>,
}

/// A package of an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// `Debian:12`, `Ubuntu:24.04:LTS`, `Ubuntu:Pro:16.04:LTS`.
    pub ecosystem: String,
    /// The source package.
    pub name: String,
}

/// A range of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// `ECOSYSTEM` is the only kind in the vendor's order.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it starts and ends.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// Where a range starts or ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Affected from here on; `0` is the first version of all.
    pub introduced: Option<String>,
    /// Not affected from here on.
    pub fixed: Option<String>,
    /// Affected up to here.
    pub last_affected: Option<String>,
}

/// How grave, in words that vendors share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// `unimportant`, `negligible`: hardly an issue.
    Negligible,
    /// `low`.
    Low,
    /// `medium`.
    Medium,
    /// `high`.
    High,
    /// `critical`.
    Critical,
}

/// What the record says of gravity. Either may be missing; neither is made up from the
/// other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gravity {
    /// The highest CVSS 3 base score, from 0.0 to 10.0.
    pub cvss: Option<f32>,
    /// The vendor's own grade.
    pub grade: Option<Grade>,
}

impl Advisory {
    /// Reads a record.
    ///
    /// # Errors
    /// Too large, or not an OSV record. Nesting is bounded by the JSON reader.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidAdvisory> {
        if text.len() > LARGEST_RECORD {
            return Err(InvalidAdvisory::TooLarge);
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// The CVE names in it, without doubles, in the order of the record.
    #[must_use]
    pub fn cves(&self) -> Vec<&str> {
        let own = self.id.find("CVE-").and_then(|at| self.id.get(at..));
        let all = self.aliases.iter().chain(&self.upstream).chain(&self.related);
        let mut names: Vec<&str> = Vec::new();
        for name in own.into_iter().chain(all.map(String::as_str)) {
            if name.starts_with("CVE-") && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What it says of a source package of a release.
    fn about<'a>(&'a self, update: &'a Update<'_>) -> impl Iterator<Item = &'a Affected> {
        self.affected.iter().filter(|affected| {
            affected.package.as_ref().is_some_and(|package| {
                package.name == update.source && release_of(&package.ecosystem) == update.release
            })
        })
    }

    /// Whether an update takes a system from an affected version to one that is not. A
    /// record that was taken back says nothing.
    #[must_use]
    pub fn is_fixed_by(&self, update: &Update<'_>) -> bool {
        let affects = |version| self.about(update).any(|affected| affected.has(version));
        self.withdrawn.is_none() && affects(update.installed) && !affects(update.candidate)
    }

    /// How grave it is for an update's package.
    #[must_use]
    pub fn gravity(&self, update: &Update<'_>) -> Gravity {
        let mut gravity = Gravity::default();
        let own = self.about(update).flat_map(|affected| &affected.severity);
        for severity in self.severity.iter().chain(own) {
            gravity.add(severity);
        }
        for urgency in self.about(update).filter_map(|affected| affected.ecosystem_specific.urgency.as_deref()) {
            gravity.grade = gravity.grade.max(grade(urgency));
        }
        gravity
    }
}

impl Gravity {
    fn add(&mut self, severity: &Severity) {
        if severity.kind.eq_ignore_ascii_case("CVSS_V3") {
            let score = cvss::base_score(&severity.score);
            self.cvss = match (self.cvss, score) {
                (Some(known), Some(score)) => Some(known.max(score)),
                (known, score) => known.or(score),
            };
        } else if !severity.kind.starts_with("CVSS") {
            self.grade = self.grade.max(grade(&severity.score));
        }
    }
}

fn grade(word: &str) -> Option<Grade> {
    match word.trim_end_matches('*').to_ascii_lowercase().as_str() {
        "unimportant" | "negligible" => Some(Grade::Negligible),
        "low" => Some(Grade::Low),
        "medium" | "moderate" => Some(Grade::Medium),
        "high" | "important" => Some(Grade::High),
        "critical" => Some(Grade::Critical),
        _ => None,
    }
}

/// An update as advisories see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update<'a> {
    /// `Debian:12`, `Ubuntu:24.04`.
    pub release: &'a str,
    /// Source package.
    pub source: &'a str,
    /// Its installed source version.
    pub installed: &'a str,
    /// Its offered source version.
    pub candidate: &'a str,
}

/// The advisories that an update answers.
pub fn fixed<'a>(
    advisories: impl IntoIterator<Item = &'a Advisory>,
    update: Update<'_>,
) -> impl Iterator<Item = &'a Advisory> {
    advisories.into_iter().filter(move |advisory| advisory.is_fixed_by(&update))
}

/// `Ubuntu:Pro:22.04:LTS` is about `Ubuntu:22.04`.
fn release_of(ecosystem: &str) -> String {
    let mut parts = ecosystem.split(':').filter(|part| !matches!(*part, "LTS" | "Pro"));
    let name = parts.next().unwrap_or_default();
    let release = parts.next_back().unwrap_or_default();
    format!("{name}:{release}")
}

impl Affected {
    fn has(&self, version: &str) -> bool {
        self.versions.iter().any(|listed| compare(listed, version).is_eq())
            || self.ranges.iter().any(|range| range.has(version))
    }
}

impl Range {
    /// OSV, «Evaluation»: the last event at or below the version decides.
    fn has(&self, version: &str) -> bool {
        if self.kind != "ECOSYSTEM" {
            return false;
        }
        let mut events: Vec<(&str, Change)> = self.events.iter().flat_map(Event::changes).collect();
        events.sort_by(|(a, first), (b, second)| compare_event(a, b).then(first.cmp(second)));
        let mut affected = false;
        for (at, change) in events {
            let order = compare_event(version, at);
            match change {
                Change::Introduced if order.is_ge() => affected = true,
                Change::Fixed if order.is_ge() => affected = false,
                Change::LastAffected if order.is_gt() => affected = false,
                _ => {}
            }
        }
        affected
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Fixed,
    Introduced,
    LastAffected,
}

impl Event {
    fn changes(&self) -> impl Iterator<Item = (&str, Change)> {
        [
            (&self.introduced, Change::Introduced),
            (&self.fixed, Change::Fixed),
            (&self.last_affected, Change::LastAffected),
        ]
        .into_iter()
        .filter_map(|(version, change)| Some((version.as_deref()?, change)))
    }
}

/// `0` is before every version, even before `0~1`.
fn compare_event(left: &str, right: &str) -> std::cmp::Ordering {
    match (left, right) {
        ("0", "0") => std::cmp::Ordering::Equal,
        ("0", _) => std::cmp::Ordering::Less,
        (_, "0") => std::cmp::Ordering::Greater,
        _ => compare(left, right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECORD: &str = r#"{
        "id": "DSA-1-1", "modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T10:00:00Z",
        "upstream": ["CVE-2026-1", "CVE-2026-2"], "aliases": ["CVE-2026-1"],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {"package": {"ecosystem": "Debian:12", "name": "jq"},
             "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.6-2.1+deb12u1"}]}],
             "ecosystem_specific": {"urgency": "high**"}},
            {"package": {"ecosystem": "Ubuntu:Pro:22.04:LTS", "name": "jq"}, "versions": ["1.6-1"]}
        ]}"#;

    fn check(release: &str, installed: &str, candidate: &str) -> bool {
        let update = Update { release, source: "jq", installed, candidate };
        Advisory::parse(RECORD.as_bytes()).unwrap().is_fixed_by(&update)
    }

    #[test]
    fn which_updates_fix_it() {
        assert!(check("Debian:12", "1.6-2.1", "1.6-2.1+deb12u1"));
        assert!(check("Debian:12", "0~1", "1.7"));
        assert!(!check("Debian:12", "1.6-2.1", "1.6-2.1+b1"));
        assert!(!check("Debian:12", "1.6-2.1+deb12u1", "1.7"));
        assert!(!check("Debian:13", "1.6-2.1", "1.7"));
        assert!(check("Ubuntu:22.04", "1.6-1", "1.6-1.1"));
    }

    #[test]
    fn what_it_says() {
        let advisory = Advisory::parse(RECORD.as_bytes()).unwrap();
        let update = Update { release: "Debian:12", source: "jq", installed: "1", candidate: "2" };
        assert_eq!(advisory.gravity(&update), Gravity { cvss: Some(9.8), grade: Some(Grade::High) });
        assert_eq!(advisory.cves(), ["CVE-2026-1", "CVE-2026-2"]);
        assert_eq!(advisory.published.unwrap().to_string(), "2026-01-01T10:00:00Z");
    }

    #[test]
    fn ranges_that_come_back() {
        let text = r#"{"type": "ECOSYSTEM", "events": [{"fixed": "5"}, {"introduced": "3"},
            {"introduced": "0"}, {"last_affected": "2"}]}"#;
        let range: Range = serde_json::from_str(text).unwrap();
        for (version, expected) in [("1", true), ("2", true), ("2.1", false), ("3", true), ("5", false)] {
            assert_eq!(range.has(version), expected, "{version}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = format!("{{\"id\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert!(Advisory::parse(text.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = Advisory::parse(&text);
        }
    }
}
