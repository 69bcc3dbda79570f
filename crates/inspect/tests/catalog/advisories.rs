//! Advisories that the caller gives: they date and grade what is pending, and find nothing.

use std::fs;

use seaworthy_model::{DateSource, Rating};

use super::*;

/// An OSV record about `openssl` of Debian 12, mended by 3.0.2.
fn record(id: &str, day: i64) -> String {
    format!(
        r#"{{"id":"{id}","published":"{}","upstream":["CVE-2026-1"],
        "severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
        "affected":[{{"package":{{"ecosystem":"Debian:12","name":"openssl"}},
        "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"3.0.2"}}]}}]}}]}}"#,
        t(NOW + day * DAY)
    )
}

/// What the update says with these records: its advisories, its rating, and by which date it was out.
fn annotated(records: &[String]) -> (Vec<String>, Option<Rating>, DateSource, i64) {
    let folder = tempfile::tempdir().unwrap();
    for (number, record) in records.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.json")), record).unwrap();
    }
    fs::write(folder.path().join("README"), "no record").unwrap();
    let advisories = Advisories::read(folder.path()).unwrap();
    let evidence = Made::new().device().advisories(advisories).evidence();
    let update = pending(&evidence)[0].clone();
    let out_by = update.out_by.unwrap();
    (update.advisories, update.rating, out_by.from, (out_by.at.seconds() - NOW) / DAY)
}

#[test]
fn a_notice_dates_and_grades_what_it_mends() {
    let both = || vec!["DSA-1-1".to_owned(), "CVE-2026-1".to_owned()];
    let by_catalog = (DateSource::ReleaseDate, -1);
    let (names, rating, from, day) = annotated(&[record("DSA-1-1", -30)]);
    assert_eq!((names, rating, from, day), (both(), Some(Rating::Critical), DateSource::Advisory, -30));
    let (names, rating, from, day) = annotated(&[record("CVE-2026-1", -400)]);
    assert_eq!((names, rating), (vec!["CVE-2026-1".to_owned()], Some(Rating::Critical)));
    assert_eq!((from, day), by_catalog, "the record of a flaw is older than its mending");
    let (_, _, from, day) = annotated(&[record("DSA-1-1", -30), record("DLA-2-1", -50)]);
    assert_eq!((from, day), (DateSource::Advisory, -50));
    let silent = record("DSA-1-1", -30).replace("CVSS_V3", "CVSS_V9");
    assert_eq!(annotated(&[silent]).1, None);
}

#[test]
fn a_record_of_something_else_says_nothing() {
    let whole = record("DSA-1-1", -30);
    for (from, to) in [
        ("Debian:12", "Debian:13"),
        ("Debian:12", "Ubuntu:24.04"),
        ("\"openssl\"", "\"openssl1.1\""),
        ("\"fixed\":\"3.0.2\"", "\"fixed\":\"3.0.1\""),
        ("\"fixed\":\"3.0.2\"", "\"fixed\":\"3.0.3\""),
        ("\"published\"", "\"withdrawn\":\"2026-01-01T00:00:00Z\",\"published\""),
    ] {
        assert!(whole.contains(from));
        let (names, rating, source, day) = annotated(&[whole.replace(from, to)]);
        assert_eq!((names, rating, source, day), (vec![], None, DateSource::ReleaseDate, -1), "{to}");
    }
}

#[test]
fn an_unproved_catalog_is_not_proved_by_an_advisory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), record("DSA-1-1", -30)).unwrap();
    let made = Made::new();
    made.system.write(&made.security.path("InRelease"), made.security.release());
    let run = made.device().advisories(Advisories::read(folder.path()).unwrap());
    let evidence = run.evidence();
    assert_eq!(evidence.claims.updates.reason(), Some(Reason::Unsigned));
    assert_eq!(six_month(&evidence), Verdict::Unknown);
}

#[test]
fn what_is_no_record_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), record("DSA-1-1", -30)).unwrap();
    fs::write(folder.path().join("b.json"), "{\"id\": 7}").unwrap();
    let broken = folder.path().join("b.json");
    for path in [folder.path(), &broken] {
        let error = Advisories::read(path).unwrap_err().to_string();
        assert!(error.contains("b.json") && error.contains("OSV"), "{error}");
    }
    let missing = folder.path().join("c.json");
    let error = Advisories::read(&missing).unwrap_err().to_string();
    assert!(error.contains("c.json") && error.contains("No such file"), "{error}");
    fs::write(&broken, vec![b' '; 5 << 20]).unwrap();
    assert!(Advisories::read(&broken).unwrap_err().to_string().contains("4 MiB"));
}
