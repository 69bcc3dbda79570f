//! The first-seen ledger: since when each update has been pending on this device.
//!
//! Packages files carry no dates, so the device remembers which scan first saw an update pending. That scan's time, or
//! the vendor's date of what it saw, bounds lateness from below; the vendor's date of the last proved scan that did not
//! see it bounds it from above. The ledger is monotone: an instant never moves to later while the lapse stands, and
//! losing the ledger only widens the interval.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_model::{Catalog, CatalogSource, DateSource, Dated, PendingUpdate, Proof, Timestamp};
use serde::{Deserialize, Serialize};

use crate::state::StateDirectory;

const FILE: &str = "ledger.json";

/// What earlier scans saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Lapses that stand, by package, architecture and installed version.
    lapses: BTreeMap<String, Lapse>,
    /// The last scan of which every source was proved.
    last_scan: Option<Scan>,
}

/// A lapse that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lapse {
    /// The source that offered what was seen first.
    source: String,
    /// It was out by then: the first scan that saw it, by this device's clock, or the date of the catalog it saw.
    out_by: Dated,
    /// The vendor's date of the last proved scan before it.
    not_before: Option<Timestamp>,
}

/// A proved scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Scan {
    /// When, by this device's clock.
    at: Timestamp,
    /// The signed date of each source.
    dates: BTreeMap<String, Timestamp>,
}

impl Ledger {
    /// Reads the ledger; an absent or broken one is empty.
    pub fn load(state: &StateDirectory) -> Ledger {
        state.read_json(FILE).unwrap_or_default()
    }

    /// Writes the ledger.
    pub fn save(&self, state: &StateDirectory) -> std::io::Result<()> {
        state.write_json(FILE, self)
    }

    /// Dates pending updates by what earlier scans saw. An instant after `now` came from a wrong clock and is left out.
    pub fn date(&self, pending: &mut [PendingUpdate], now: Timestamp) {
        for update in pending {
            let Some(lapse) = self.lapses.get(&key(update)) else { continue };
            update.out_by = earliest(update.out_by, Some(lapse.out_by).filter(|seen| seen.at <= now));
            let unseen = lapse.not_before.map(|at| Dated { at, from: DateSource::LastScan });
            update.not_before = latest(update.not_before, unseen);
        }
    }

    /// Takes a scan in, as far as it is proved. `installed_at` tells when the installed version of a package was
    /// unpacked. Whether that is worth a write: another lapse, another vendor's date, or an hour since the last scan.
    pub fn record(
        &mut self,
        pending: &[&PendingUpdate],
        catalog: &Catalog,
        now: Timestamp,
        installed_at: impl Fn(&PendingUpdate) -> Option<Timestamp>,
    ) -> bool {
        let mut is_news = self.forget_mended(pending, catalog);
        for &update in pending {
            let source = catalog.sources.get(update.offered_by as usize).filter(|source| is_proved(source));
            let Some(source) = source else { continue };
            let seen = Dated { at: now, from: DateSource::FirstSeen };
            let dated = source.date.map(|at| Dated { at, from: DateSource::ReleaseDate });
            let out_by = earliest(Some(seen), dated).unwrap_or(seen);
            match self.lapses.get_mut(&key(update)) {
                Some(lapse) if lapse.out_by.at <= out_by.at => continue,
                Some(lapse) => lapse.out_by = out_by,
                None => {
                    let not_before = self.unseen_until(source, now, installed_at(update));
                    self.lapses.insert(key(update), Lapse { source: name(source), out_by, not_before });
                }
            }
            is_news = true;
        }
        // A scan that is proved in part may have missed an update, so it bounds nothing.
        if !catalog.sources.is_empty() && catalog.sources.iter().all(is_proved) {
            let scan = Scan { at: now, dates: dates(catalog) };
            let told = |scan: &Scan| (scan.at.seconds() / 3600, scan.dates.clone());
            is_news |= self.last_scan.as_ref().map(told) != Some(told(&scan));
            self.last_scan = Some(scan);
        }
        is_news
    }

    /// A lapse ends when the source that offered the update is there, is proved, and nothing is pending any more. While
    /// the source is away, nobody knows. Whether any ended.
    fn forget_mended(&mut self, pending: &[&PendingUpdate], catalog: &Catalog) -> bool {
        let standing: BTreeSet<String> = pending.iter().map(|update| key(update)).collect();
        let proved: BTreeSet<String> = catalog.sources.iter().filter(|source| is_proved(source)).map(name).collect();
        let before = self.lapses.len();
        self.lapses.retain(|key, lapse| standing.contains(key) || !proved.contains(&lapse.source));
        self.lapses.len() < before
    }

    /// The vendor's date of the last scan, if the installed version was already there at that scan.
    fn unseen_until(&self, source: &CatalogSource, now: Timestamp, installed: Option<Timestamp>) -> Option<Timestamp> {
        let scan = self.last_scan.as_ref().filter(|scan| scan.at <= now)?;
        let date = scan.dates.get(&name(source)).copied()?;
        installed.filter(|installed| *installed <= scan.at).map(|_| date)
    }
}

/// The dates of the sources; of sources with one name the oldest.
fn dates(catalog: &Catalog) -> BTreeMap<String, Timestamp> {
    let mut dates = BTreeMap::new();
    for (name, date) in catalog.sources.iter().filter_map(|source| Some((name(source), source.date?))) {
        let oldest = dates.entry(name).or_insert(date);
        *oldest = date.min(*oldest);
    }
    dates
}

/// The earlier of two instants, where there are two.
fn earliest(one: Option<Dated>, other: Option<Dated>) -> Option<Dated> {
    [one, other].into_iter().flatten().min_by_key(|dated| dated.at)
}

/// The later of two instants, where there are two.
pub(crate) fn latest(one: Option<Dated>, other: Option<Dated>) -> Option<Dated> {
    [one, other].into_iter().flatten().max_by_key(|dated| dated.at)
}

fn is_proved(source: &CatalogSource) -> bool {
    matches!(source.proof, Proof::Proved { .. })
}

fn key(update: &PendingUpdate) -> String {
    format!("{}:{} {}", update.package, update.architecture, update.installed)
}

fn name(source: &CatalogSource) -> String {
    format!("{} {} {} {}", source.origin, source.label, source.suite, source.codename)
}

#[cfg(test)]
mod tests {
    use seaworthy_model::{DAY, SourceRole};

    use super::*;

    fn t(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * DAY)
    }

    fn update(installed: &str, candidate: &str) -> PendingUpdate {
        PendingUpdate {
            package: "bash".into(),
            architecture: "amd64".into(),
            foreign: false,
            installed: installed.into(),
            candidate: candidate.into(),
            security: false,
            source: "bash".into(),
            offered_by: 0,
            kept_back: None,
            leftover: false,
            not_before: None,
            out_by: None,
            advisories: Vec::new(),
            rating: None,
        }
    }

    fn catalog(date: Timestamp) -> Catalog {
        let source = CatalogSource {
            origin: "Debian".into(),
            label: "Debian".into(),
            suite: "stable".into(),
            codename: "bookworm".into(),
            role: SourceRole::Base,
            date: Some(date),
            valid_until: None,
            fetched_at: None,
            proof: Proof::Proved { key: String::new(), release: String::new() },
        };
        Catalog { sources: vec![source] }
    }

    /// Dates of `update` after the given scans: (day of scan, day of catalog, what was pending).
    fn dated(
        scans: &[(i64, i64, &[PendingUpdate])],
        mut update: PendingUpdate,
        now: i64,
    ) -> (Option<i64>, Option<i64>) {
        let mut ledger = Ledger::default();
        for (at, date, pending) in scans {
            ledger.record(&pending.iter().collect::<Vec<_>>(), &catalog(t(*date)), t(*at), |_| Some(t(1)));
        }
        ledger.date(std::slice::from_mut(&mut update), t(now));
        let day = |dated: Option<Dated>| dated.map(|dated| dated.at.seconds() / DAY);
        (day(update.not_before), day(update.out_by))
    }

    #[test]
    fn a_lapse_is_dated_from_the_first_scan_that_saw_it() {
        let (old, new) = (update("1", "2"), update("1", "3"));
        let none: &[PendingUpdate] = &[];
        assert_eq!(dated(&[], old.clone(), 30), (None, None), "no scan, no date");
        let pending = [old.clone()];
        let seen = &pending[..];
        assert_eq!(dated(&[(10, 9, seen)], old.clone(), 30), (None, Some(9)));
        assert_eq!(dated(&[(10, 9, none), (20, 18, seen)], old.clone(), 30), (Some(9), Some(18)));
        let later = std::slice::from_ref(&new);
        assert_eq!(dated(&[(10, 9, seen), (20, 19, later)], new.clone(), 30), (None, Some(9)), "oldest missing update");
        assert_eq!(dated(&[(10, 9, seen), (15, 14, none), (20, 19, seen)], old.clone(), 30), (Some(14), Some(19)));
        assert_eq!(dated(&[(40, 39, seen)], old, 30), (None, None), "seen in the future: a wrong clock");
    }

    #[test]
    fn a_version_installed_since_the_last_scan_has_no_upper_bound_from_it() {
        let mut ledger = Ledger::default();
        ledger.record(&[], &catalog(t(9)), t(10), |_| None);
        let mut pending = update("1", "2");
        ledger.record(&[&pending], &catalog(t(19)), t(20), |_| Some(t(15)));
        ledger.date(std::slice::from_mut(&mut pending), t(30));
        assert_eq!(pending.not_before, None);
        assert_eq!(pending.out_by.map(|dated| dated.at), Some(t(19)));
    }
}
