//! `seaworthy stamp`, as on a terminal. Stamps that are issued: see done_when.rs.

use std::fs;

use crate::kit::{Holder, old_debian, updated_root};
use insta::assert_snapshot;

#[test]
fn no_stamp_is_issued_for_less_than_a_pass() {
    let root = old_debian();
    let holder = Holder::new().hide(root.path(), "/mnt");
    let said =
        holder.run(&["stamp", "--policy", "six-month", "--root", root.path().to_str().unwrap(), "--out", "stamp.png"]);
    assert_snapshot!(said, @"
    $ seaworthy stamp --policy six-month --root /mnt --out stamp.png
    FAIL  mounted disk, policy six-month: 1 lapse, 3 unknown, 0 passed

    major not met: the release is supported by its vendor [release-supported]
        debian 8 jessie  for # to # days  was due 2020-07-01
        mend: Upgrade to a supported release.

    unknown whether a package source is what its vendor signed [catalog-proved]
        jessie
        why: a package source has no list on the device [lists-missing]
        mend: Run apt-get update.

    unknown whether the distribution's own archives are among the sources [catalog-coverage]
        why: the distribution's own archive is not among the sources [vendor-missing]
        mend: Add the distribution's release and security archive to /etc/apt/sources.list.d and run apt-get update.

    unknown whether no other update is missing [updates-complete]
        why: a package source has no list on the device [lists-missing]
        mend: Run apt-get update.

    to mend what a command can mend, on that system when it runs
        apt-get update

    no stamp for a verdict of fail
    [exit 1]
    ");
    assert!(
        fs::read_dir(holder.state()).into_iter().flatten().flatten().all(|entry| entry.file_name() != "device.key")
    );
    let only_kernel = "name = \"ours\"\nversion = 1\ntitle = \"t\"\nsource = \"s\"\ncadence_days = 9\n\n[[rules]]\nkind = \"kernel\"\nallowed_days = 1\nseverity = \"major\"\n";
    fs::write(holder.path().join("ours.toml"), only_kernel).unwrap();
    let unknown = holder.run(&["stamp", "--policy", "ours.toml", "--root", root.path().to_str().unwrap()]);
    assert_snapshot!(unknown, @"
    $ seaworthy stamp --policy ours.toml --root /mnt
    UNKNOWN  mounted disk, policy ours: 0 lapses, 1 unknown, 0 passed

    unknown whether the newest installed kernel runs [kernel-current]
        why: only a running system can say [not-running]
        mend: Inspect the device itself, or use a policy that asks only for what a disk can show, such as six-month.

    no stamp for a verdict of unknown
    [exit 3]
    ");
}

#[test]
fn a_stamp_is_of_the_whole_policy_and_of_a_known_form() {
    let holder = Holder::new();
    assert_snapshot!(holder.run(&["stamp", "--only", "updates"]), @"
    $ seaworthy stamp --only updates
    error: unexpected argument '--only' found

      tip: a similar argument exists: '--policy'

    Usage: seaworthy stamp --policy <NAME|FILE>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["stamp", "--out", "stamp.gif"]), @"
    $ seaworthy stamp --out stamp.gif
    error[output-unwritable]: stamp.gif: unknown ending
      hint: Use a path that ends in .png, .svg, .txt or .cbor, in a folder you may write to.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["stamp", "--out", "stamp"]), @"
    $ seaworthy stamp --out stamp
    error[output-unwritable]: stamp: unknown ending
      hint: Use a path that ends in .png, .svg, .txt or .cbor, in a folder you may write to.
    [exit 2]
    ");
}

#[test]
fn an_issued_stamp_is_drawn_or_written_whole() {
    let Some(root) = updated_root() else { return };
    let holder = Holder::new();
    let stamp = ["stamp", "--policy", "six-month", "--root", root.path().to_str().unwrap()];
    let drawn = holder.run(&stamp);
    assert_eq!((drawn.code, drawn.err.as_str()), (0, ""));
    assert!(drawn.out.contains("\nSEAWORTHY:S#") && drawn.out.contains("\nuntil "), "{drawn}");

    let to = |out: &str| holder.run(&[&stamp[..], &["--out", out]].concat());
    fs::write(holder.path().join("old.png"), "old").unwrap();
    fs::create_dir(holder.path().join("folder.png")).unwrap();
    fs::create_dir(holder.path().join("folder.png/in")).unwrap();
    for path in ["folder.png", "nowhere/stamp.png"] {
        let said = to(path);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said}");
        assert!(said.err.starts_with(&format!("error[output-unwritable]: {path}: ")), "{said}");
    }
    assert_eq!(to("old.png").code, 0);
    assert!(fs::read(holder.path().join("old.png")).unwrap().starts_with(b"\x89PNG"));
    let drafts = fs::read_dir(holder.path())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(drafts.count(), 0);

    let said = holder.said(holder.command(&stamp).env("XDG_STATE_HOME", "/dev/null"), &["stamp"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said}");
    assert!(said.err.contains("error[state-unwritable]: /dev/null/seaworthy"), "{said}");
}
