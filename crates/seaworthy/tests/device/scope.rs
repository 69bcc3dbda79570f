//! `seaworthy scope`, as on a terminal.

use crate::kit::Holder;
use insta::assert_snapshot;
use seaworthy_model::ClaimId;

#[test]
fn a_policy_shows_what_it_would_read() {
    assert_snapshot!(Holder::new().run(&["scope", "--policy", "six-month"]), @"
    $ seaworthy scope --policy six-month
    An inspection makes these claims and no others, each known, not applicable, or unknown with a reason, and
    with the places it was read from. No content, history, location or list of what is installed is among
    them, and nothing leaves the device before its holder has agreed to it: see seaworthy enrol --help.

    updates: updates that are offered and not installed: package names, versions, since when; never the list of what is installed
        other_builds         Other builds of installed versions.
          architecture       Its architecture.
          candidate          Offered spelling of the version.
          installed          Installed spelling of the version.
          package            Binary package.
        pending              Updates offered and not installed. With `other_builds` this is `apt list --upgradable`.
          advisories         Advisories that it answers.
          architecture       Its architecture.
          candidate          Version that apt would choose.
          foreign            That is another one than the system's own.
          installed          Installed version.
          kept_back          Set where apt would not install it now. One of: held, phased, pinned.
          leftover           Installed for the sake of others that are gone; `apt-get autoremove` would remove it.
          not_before         It was not out before this instant: late by at most now minus this.
            at               The instant.
            from             Where it comes from. One of: release-date, first-seen, advisory, installed-build, last-scan, installation, restart-request, support-end, inspection.
          offered_by         Index into the sources of the catalog claim: who offers the candidate.
          out_by             It was out by this instant: late by at least now minus this. As above.
          package            Binary package.
          rating             The gravest rating of those advisories, where one gives any. One of: low, medium, high, critical.
          security           The candidate, or a version between the two, comes from a security archive.
          source             Source package.
        withheld             Security updates that only a pin or a default release keeps from being offered. As above.
      read from: /var/lib/dpkg/status, /var/lib/dpkg/status.d/*, /var/lib/dpkg/updates/*,
                 /var/lib/dpkg/info/*.list, /var/lib/dpkg/arch, /var/lib/apt/extended_states,
                 /var/lib/apt/lists/*, /etc/apt/sources.list*, /etc/apt/preferences*,
                 /etc/apt/apt.conf*, /etc/machine-id, /usr/share/doc/*/changelog*,
                 /proc/sys/kernel/osrelease, --advisories, first-seen ledger

    catalog: the package sources: how they name and date themselves, and whether that is proved
        sources              The live sources.
          codename           `Codename`.
          date               `Date`: when the vendor made it.
          fetched_at         When this device last fetched it, by the file's own times.
          label              `Label`.
          origin             `Origin` of its Release file.
          proof              Whether it is what its vendor signed.
            status           One of: proved, failed.
            key              Fingerprint of the signing key, hexadecimal.
            release          SHA-256 of the signed file, hexadecimal.
            reason           Why.
          role               What it is to the installed release. One of: base, security, other, third-party.
          suite              `Suite`.
          valid_until        `Valid-Until`.
      read from: /var/lib/apt/lists/*, /etc/apt/sources.list*, /etc/apt/apt.conf*,
                 /etc/apt/trusted.gpg*, /usr/share/keyrings/*

    distribution: which release is installed, and until when it is supported
        codename             `VERSION_CODENAME`, such as `bookworm`.
        id                   `ID` of os-release, such as `debian`.
        lts_end              End of long-term support that is free to everybody.
        support_end          End of regular support.
        version              `VERSION_ID` of os-release, such as `12`; empty for rolling releases.
      read from: /etc/os-release, /usr/share/distro-info/*.csv, built-in distro-info
    [exit 0]
    ");
}

#[test]
fn the_whole_scope_names_every_claim_for_people_and_for_programs() {
    let holder = Holder::new();
    let (people, programs) = (holder.run(&["scope"]), holder.run(&["scope", "--format", "json"]));
    let programs = programs.json();
    for (index, id) in ClaimId::ALL.iter().enumerate() {
        assert!(people.out.contains(&format!("\n{id}: {}\n    ", id.scope().says)), "{id}");
        assert_eq!(programs["claims"][index]["claim"], id.name());
    }
    assert!(programs["schema"]["properties"]["stale_libraries"].is_object());
}

#[test]
fn an_unknown_policy_is_an_error() {
    assert_snapshot!(Holder::new().run(&["scope", "--policy", "baselin"]), @"
    $ seaworthy scope --policy baselin
    error[policy-unknown]: no shipped policy is named `baselin`
      hint: did you mean `baseline`?
    [exit 2]
    ");
}
