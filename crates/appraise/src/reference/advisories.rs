//! What advisories say of an update: how grave it is, and since when it was out at the latest.

use seaworthy_model::{DateSource, Dated, Distribution, PendingUpdate, Rating, Timestamp};
use seaworthy_packages::osv::{Advisory, Affected, Grade, Gravity, Update, fixed};

use super::earliest;

/// Adds to an update what the advisories say that it answers. `versions` are its *source* versions, installed and
/// offered.
pub fn annotate<'a>(
    records: impl IntoIterator<Item = &'a Advisory>,
    update: &mut PendingUpdate,
    versions: (&str, &str),
    distribution: &Distribution,
) {
    let Some(release) = ecosystem(distribution) else { return };
    let source = update.source.clone();
    let seen = Update { release: &release, source: &source, installed: versions.0, candidate: versions.1 };
    fixed(records, seen).for_each(|advisory| answer(update, advisory, &seen));
}

/// The same where source versions are not known. An advisory counts if the device named it. Others count by the binary
/// versions, if these are seen to be counted as the source's: a record of the package must have one of them.
pub(super) fn regrade(records: &[&Advisory], update: &mut PendingUpdate, distribution: &Distribution) {
    let Some(release) = ecosystem(distribution) else { return };
    let PendingUpdate { source, advisories: named, .. } = update.clone();
    let (installed, candidate) = (unmarked(&update.installed).to_owned(), unmarked(&update.candidate).to_owned());
    let seen = Update { release: &release, source: &source, installed: &installed, candidate: &candidate };
    let counted_alike = records.iter().any(|record| has_version(record, &seen));
    for advisory in records.iter().filter(|advisory| advisory.withdrawn.is_none()) {
        if named.contains(&advisory.id) || (counted_alike && advisory.is_fixed_by(&seen)) {
            answer(update, advisory, &seen);
        }
    }
}

fn answer(update: &mut PendingUpdate, advisory: &Advisory, seen: &Update) {
    update.rating = update.rating.max(rating(advisory.gravity(seen)));
    if is_release_notice(&advisory.id) {
        let published = advisory.published.map(|at| Timestamp::from_seconds(at.as_second()));
        let dated = published.map(|at| Dated { at, from: DateSource::Advisory });
        update.out_by = earliest(update.out_by, dated);
    }
    let names = std::iter::once(advisory.id.as_str()).chain(advisory.cves());
    for name in names {
        if !update.advisories.iter().any(|known| known == name) {
            update.advisories.push(name.to_owned());
        }
    }
}

/// A binary version without the mark of a rebuild: `1.2-3+b1` was built from `1.2-3`.
fn unmarked(version: &str) -> &str {
    let mark = version.rsplit_once("+b").filter(|(_, count)| !count.is_empty());
    mark.filter(|(_, count)| count.bytes().all(|byte| byte.is_ascii_digit())).map_or(version, |(source, _)| source)
}

/// Whether a record of this package and any release has one of the two versions, letter for letter.
fn has_version(record: &Advisory, seen: &Update) -> bool {
    let is_one = |version: &str| version == seen.installed || version == seen.candidate;
    let is_about = |affected: &&Affected| affected.package.as_ref().is_some_and(|package| package.name == seen.source);
    record.affected.iter().filter(is_about).any(|affected| {
        let events = affected.ranges.iter().flat_map(|range| &range.events);
        let mut fixed = events.filter_map(|event| event.fixed.as_deref());
        fixed.any(is_one) || affected.versions.iter().any(|version| is_one(version))
    })
}

/// A vendor's notice is published with its fix. The record of a flaw may be older than any fix, so it dates none.
fn is_release_notice(id: &str) -> bool {
    ["DSA-", "DLA-", "ELA-", "USN-", "LSN-"].iter().any(|kind| id.starts_with(kind))
}

/// `Debian:12`, `Ubuntu:24.04`.
fn ecosystem(distribution: &Distribution) -> Option<String> {
    let name = match distribution.id.as_str() {
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        _ => return None,
    };
    Some(format!("{name}:{}", distribution.version))
}

/// The graver of score and word.
fn rating(gravity: Gravity) -> Option<Rating> {
    let by_score = gravity.cvss.filter(|score| *score > 0.0).map(|score| match score {
        score if score >= 9.0 => Rating::Critical,
        score if score >= 7.0 => Rating::High,
        score if score >= 4.0 => Rating::Medium,
        _ => Rating::Low,
    });
    let by_word = gravity.grade.map(|grade| match grade {
        Grade::Negligible | Grade::Low => Rating::Low,
        Grade::Medium => Rating::Medium,
        Grade::High => Rating::High,
        Grade::Critical => Rating::Critical,
    });
    by_score.max(by_word)
}
