//! What a source is to the release, by how it names itself, and what the policy makes of sources that lack one.

use seaworthy_model::{Code, SourceRole};
use seaworthy_testkit::archive::Stored;

use super::*;

fn suite(fields: &[(&str, &str)]) -> Suite {
    let mut suite = Suite::new("a.example/x", "s", fields, NOW - DAY, &offered("hello", "1"));
    suite.stored = Stored::Plain;
    suite
}

fn role(made: &Made, suite: &Suite) -> SourceRole {
    made.system.write("/etc/apt/sources.list", suite.source(&format!("[signed-by={KEYRING}]")));
    suite.write(&made.system, &made.key);
    catalog(&made.device().evidence()).sources[0].role
}

#[test]
fn a_debian_archive_is_what_it_says_it_is() {
    let made = Made::new();
    let rows: &[(&[(&str, &str)], SourceRole)] = &[
        (&[("Origin", "Debian"), ("Label", "Debian"), ("Codename", "bookworm")], SourceRole::Base),
        (&[("Origin", "Debian"), ("Label", "Debian"), ("Suite", "stable")], SourceRole::Other),
        (&[("Origin", "Debian"), ("Label", "Debian"), ("Codename", "bookworm-updates")], SourceRole::Other),
        (&[("Origin", "Debian"), ("Label", "Debian"), ("Codename", "trixie")], SourceRole::Other),
        (
            &[("Origin", "Debian"), ("Label", "Debian-Security"), ("Codename", "bookworm-security")],
            SourceRole::Security,
        ),
        (&[("Origin", "Debian"), ("Label", "Debian-Security"), ("Codename", "trixie-security")], SourceRole::Other),
        (
            &[("Origin", "Debian Backports"), ("Label", "Debian Backports"), ("Codename", "bookworm-backports")],
            SourceRole::ThirdParty,
        ),
        (&[("Origin", "Ubuntu"), ("Label", "Debian"), ("Codename", "bookworm")], SourceRole::ThirdParty),
        (&[("Origin", "Tor"), ("Codename", "bookworm")], SourceRole::ThirdParty),
        (&[], SourceRole::ThirdParty),
    ];
    for (fields, expected) in rows {
        assert_eq!(role(&made, &suite(fields)), *expected, "{fields:?}");
    }
}

#[test]
fn an_ubuntu_pocket_is_what_it_says_it_is() {
    let made = Made::new();
    made.system.write("/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n");
    let rows = [
        ("noble", "noble", SourceRole::Base),
        ("noble-security", "noble", SourceRole::Security),
        ("noble-updates", "noble", SourceRole::Other),
        ("noble-backports", "noble", SourceRole::Other),
        ("jammy", "jammy", SourceRole::Other),
        ("jammy-security", "jammy", SourceRole::Other),
    ];
    for (pocket, codename, expected) in rows {
        let fields = [("Origin", "Ubuntu"), ("Label", "Ubuntu"), ("Suite", pocket), ("Codename", codename)];
        assert_eq!(role(&made, &suite(&fields)), expected, "{pocket}");
    }
    let esm =
        [("Origin", "UbuntuESM"), ("Label", "UbuntuESM"), ("Suite", "noble-infra-security"), ("Codename", "noble")];
    assert_eq!(role(&made, &suite(&esm)), SourceRole::ThirdParty);
}

#[test]
fn an_archive_without_this_systems_packages_is_not_its_base() {
    let made = Made::new();
    let base = [("Origin", "Debian"), ("Label", "Debian"), ("Codename", "bookworm")];
    let given_up = suite(&base).with("Architectures", "riscv64");
    assert_eq!(role(&made, &given_up), SourceRole::Base, "its list is still there");
    std::fs::remove_file(made.system.at(&given_up.list("main/binary-amd64/Packages"))).unwrap();
    assert_eq!(catalog(&made.device().evidence()).sources[0].role, SourceRole::Other, "given up");
    let mut contrib = suite(&base);
    contrib.indexes[0].0 = "contrib/binary-amd64/Packages".to_owned();
    contrib.write(&made.system, &made.key);
    let source = contrib.source(&format!("[signed-by={KEYRING}]")).replace(" main", " contrib");
    made.system.write("/etc/apt/sources.list", source);
    assert_eq!(catalog(&made.device().evidence()).sources[0].role, SourceRole::Other, "not of the main component");
}

/// Sources that leave out the vendor's archives are proved, and still say nothing of what is missing.
#[test]
fn sources_without_the_vendors_own_are_not_enough() {
    let option = format!("[signed-by={KEYRING}]");
    let mut third = suite(&[("Origin", "Tor"), ("Codename", "bookworm")]);
    third.valid_until = Some(NOW + DAY);
    let made = Made::clean();
    third.write(&made.system, &made.key);
    let rows = [
        ("all", vec![&made.base, &made.security, &third], None),
        ("no security", vec![&made.base], Some(Reason::VendorMissing)),
        ("no base", vec![&made.security], Some(Reason::VendorMissing)),
        ("another's alone", vec![&third], Some(Reason::VendorMissing)),
    ];
    for (what, suites, reason) in rows {
        let sources: String = suites.iter().map(|suite| suite.source(&option)).collect();
        made.system.write("/etc/apt/sources.list", sources);
        let evidence = made.device().evidence();
        assert!(matches!(evidence.claims.updates, Claim::Known { .. }), "{what}");
        let policy = seaworthy_appraise::policy::named("six-month").unwrap().policy().unwrap();
        let id = PolicyId { name: policy.name.clone(), digest: String::new() };
        let appraisal = appraise(&evidence, &policy, id);
        let coverage = appraisal.findings.iter().find(|finding| finding.code == Code::CatalogCoverage).unwrap();
        assert_eq!(coverage.reason, reason, "{what}");
        let expected = if reason.is_none() { Verdict::Pass } else { Verdict::Unknown };
        assert_eq!(six_month(&evidence), expected, "{what}");
    }
}
