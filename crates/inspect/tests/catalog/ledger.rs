//! The first-seen ledger through whole inspections: since when an update has been out, as an interval that narrows.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use seaworthy_model::{DateSource, Dated};
use seaworthy_testkit::archive::installed;

use super::*;

const INSTALLED_LIST: &str = "/var/lib/dpkg/info/openssl.list";

/// A device and its ledger over the days.
struct Days {
    made: Made,
    state: tempfile::TempDir,
}

impl Days {
    fn new() -> Days {
        let days = Days { made: Made::new(), state: tempfile::tempdir().unwrap() };
        days.install("3.0.1", -500);
        days
    }

    /// Installs a version on a day.
    fn install(&self, version: &str, day: i64) {
        let status = [installed("dpkg", "1.21.22"), installed("openssl", version)].concat();
        self.made.system.write("/var/lib/dpkg/status", status);
        self.made.system.write(INSTALLED_LIST, "");
        let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW + day * DAY).unwrap());
        File::open(self.made.system.at(INSTALLED_LIST)).unwrap().set_modified(time).unwrap();
    }

    /// The security archive of a day, with this version in it.
    fn fetch(&mut self, day: i64, version: &str) {
        self.made.security = Suite::debian_security(NOW + day * DAY, &offered("openssl", version));
        self.made.security.write(&self.made.system, &self.made.key);
    }

    fn scan(&self, day: i64) -> Evidence {
        self.made.device().state(self.state.path()).at(NOW + day * DAY + 3600).evidence()
    }

    /// The interval of the one update, in days: not before, out by.
    fn interval(&self, day: i64) -> (Option<i64>, Option<i64>) {
        interval(&self.scan(day))
    }

    fn ledger(&self) -> Option<Vec<u8>> {
        fs::read(self.state.path().join("ledger.json")).ok()
    }
}

fn interval(evidence: &Evidence) -> (Option<i64>, Option<i64>) {
    let day = |dated: Option<Dated>| dated.map(|dated| (dated.at.seconds() - NOW).div_euclid(DAY));
    pending(evidence).first().map_or((None, None), |update| (day(update.not_before), day(update.out_by)))
}

#[test]
fn a_lapse_is_as_old_as_the_first_catalog_that_showed_it() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.2");
    assert_eq!(days.interval(-29), (None, Some(-30)));
    days.fetch(-10, "3.0.2");
    assert_eq!(days.interval(-9), (None, Some(-30)), "a newer catalog does not make it younger");
    days.fetch(-5, "3.0.3");
    assert_eq!(days.interval(-4), (None, Some(-30)), "nor does a newer candidate");
    days.install("3.0.2", -3);
    assert_eq!(days.interval(-2), (None, Some(-5)), "another installed version is another lapse");
}

#[test]
fn the_last_scan_without_it_bounds_it_from_above() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.1");
    assert_eq!(names(&days.scan(-29)), [""; 0]);
    days.fetch(-10, "3.0.2");
    let evidence = days.scan(-9);
    assert_eq!(interval(&evidence), (Some(-30), Some(-10)));
    assert_eq!(pending(&evidence)[0].not_before.unwrap().from, DateSource::LastScan);
    assert_eq!(days.interval(-1), (Some(-30), Some(-10)));
}

#[test]
fn an_unproved_scan_dates_nothing_and_bounds_nothing() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.1");
    days.scan(-29);
    days.fetch(-20, "3.0.2");
    days.made.system.write(&days.made.security.path("InRelease"), days.made.security.release());
    let unproved = days.scan(-19);
    assert_eq!(proof("unsigned", &unproved), Err(Reason::Unsigned));
    assert_eq!(interval(&unproved), (None, None));
    let asked_little = days.made.device().state(days.state.path()).at(NOW - 18 * DAY).proving(Proving::RememberedOnly);
    assert!(proof("unproved", &asked_little.evidence()).is_err());
    days.fetch(-10, "3.0.2");
    assert_eq!(days.interval(-9), (Some(-30), Some(-10)), "the last proved scan still bounds it");
}

#[test]
fn a_source_that_is_away_for_a_scan_does_not_make_its_lapses_younger() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.2");
    days.scan(-29);
    let sources = fs::read_to_string(days.made.system.at("/etc/apt/sources.list")).unwrap();
    days.made.system.write("/etc/apt/sources.list", sources.lines().next().unwrap());
    assert_eq!(names(&days.scan(-20)), [""; 0]);
    days.made.system.write("/etc/apt/sources.list", "");
    days.scan(-19);
    days.made.system.write("/etc/apt/sources.list", sources);
    days.fetch(-10, "3.0.2");
    assert_eq!(days.interval(-9), (None, Some(-30)));
}

#[test]
fn a_clock_that_was_wrong_does_no_lasting_harm() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.1");
    days.scan(-29);
    let before = days.ledger();
    days.fetch(-20, "3.0.2");
    let wrong = days.made.device().state(days.state.path()).at(NOW - 20 * DAY - 601).evidence();
    assert_eq!(days.ledger(), before, "a clock before a signed date records nothing");
    assert_eq!(six_month(&wrong), Verdict::Unknown);
    assert_eq!(days.interval(4000), (Some(-30), Some(-20)), "a clock far ahead");
    assert_eq!(days.interval(-19), (Some(-30), Some(-20)), "set right again");
    days.fetch(-10, "3.0.2");
    assert_eq!(days.interval(-5), (Some(-30), Some(-20)));
    assert_eq!(days.interval(-9), (Some(-30), Some(-20)), "set back within what the catalogs allow");
    let tolerated = days.made.device().state(days.state.path()).at(NOW - 10 * DAY - 600).evidence();
    assert_eq!(interval(&tolerated), (Some(-30), Some(-20)));
}

#[test]
fn losing_the_ledger_only_widens() {
    let mut days = Days::new();
    days.fetch(-30, "3.0.1");
    days.scan(-29);
    days.fetch(-20, "3.0.2");
    days.scan(-19);
    days.fetch(-10, "3.0.2");
    let (first, last) = days.interval(-9);
    fs::remove_file(days.state.path().join("ledger.json")).unwrap();
    let (wider_first, wider_last) = days.interval(-8);
    assert!(wider_first <= first && wider_last >= last, "{wider_first:?} {wider_last:?}");
}

/// One day on a device: when lists are fetched, updates installed, or a scan made.
#[derive(Clone, Debug)]
struct Step {
    days: i64,
    fetches: bool,
    publishes: bool,
    installs: bool,
    is_signed: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..9_i64, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.85));
    let step = step.prop_map(|(days, fetches, publishes, installs, is_signed)| Step {
        days,
        fetches,
        publishes,
        installs,
        is_signed,
    });
    prop::collection::vec(step, 3..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, the interval holds the day on which the first missing update came out, and it only narrows.
    #[test]
    fn the_interval_holds_the_truth_and_narrows(steps in steps()) {
        let mut days = Days::new();
        // Version 3.0.N came out on the day at N.
        let mut published = vec![-600, -550];
        let (mut today, mut installed, mut fetched) = (-120, 1, 1);
        let mut before: Option<(Option<i64>, Option<i64>)> = None;
        days.fetch(today, "3.0.1");
        days.scan(today);
        for step in steps {
            today += step.days;
            if step.publishes && published.last() != Some(&today) {
                published.push(today);
            }
            if step.fetches {
                fetched = published.len() - 1;
                days.fetch(today, &format!("3.0.{fetched}"));
                if !step.is_signed {
                    days.made.system.write(&days.made.security.path("InRelease"), days.made.security.release());
                }
            }
            if step.installs && installed < fetched {
                installed = fetched;
                days.install(&format!("3.0.{installed}"), today);
                before = None;
            }
            let evidence = days.scan(today);
            if names(&evidence).is_empty() {
                before = None;
                continue;
            }
            let (first, last) = interval(&evidence);
            let truth = published[installed + 1];
            prop_assert!(first.is_none_or(|first| first <= truth), "{first:?} is after {truth}");
            prop_assert!(last.is_none_or(|last| truth <= last), "{last:?} is before {truth}");
            if let Some((first_before, last_before)) = before {
                prop_assert!(last_before.is_none_or(|before| last.is_some_and(|last| last <= before)));
                prop_assert!(first >= first_before);
            }
            before = Some((first, last));
        }
    }
}
