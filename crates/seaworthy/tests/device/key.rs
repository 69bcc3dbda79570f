//! `seaworthy key`, as on a terminal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::kit::Holder;
use insta::assert_snapshot;

#[test]
fn the_key_is_made_once_and_for_its_owner_alone() {
    let holder = Holder::new();
    let first = holder.run(&["key"]);
    assert!(first.out.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{first}");
    assert_eq!(first.out, holder.run(&["key"]).out);
    assert_eq!(first.out, fs::read_to_string(holder.state().join("device.pub")).unwrap());
    let mode = |name: &str| fs::metadata(holder.state().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("device.key"), mode("")), (0o600, 0o700));
    let mut files: Vec<_> = fs::read_dir(holder.state()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    files.sort();
    assert_eq!(files, ["device.key", "device.pub"]);
}

#[test]
fn a_lost_public_key_is_written_again_and_a_broken_private_one_is_never_replaced() {
    let holder = Holder::new();
    let first = holder.run(&["key"]).out;
    fs::remove_file(holder.state().join("device.pub")).unwrap();
    assert_eq!(holder.run(&["key"]).out, first);
    assert_eq!(fs::read_to_string(holder.state().join("device.pub")).unwrap(), first);
    for broken in ["", "broken", "\u{1b}[2J"] {
        fs::write(holder.state().join("device.key"), broken).unwrap();
        let said = holder.run(&["key"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said}");
        assert_eq!(fs::read_to_string(holder.state().join("device.key")).unwrap(), broken);
    }
    assert_snapshot!(holder.run(&["key"]), @"
    $ seaworthy key
    error[state-unwritable]: ~/state/seaworthy/device.key: neither a PEM block nor 64 hexadecimal digits
      hint: restore the key from a backup, or move the file away, and the next run makes a new one
    [exit 2]
    ");
}

#[test]
fn runs_that_make_it_at_once_agree_on_one() {
    let holder = Holder::new();
    let start = |_| holder.command(&["key"]).stdout(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(start).collect();
    let keys: BTreeSet<Vec<u8>> = children.into_iter().map(|child| child.wait_with_output().unwrap().stdout).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys.first().unwrap(), &holder.run(&["key"]).out.into_bytes());
}

#[test]
fn a_state_directory_that_cannot_be_is_said() {
    let holder = Holder::new();
    let said = holder.said(holder.command(&["key"]).env("XDG_STATE_HOME", "/dev/null"), &["key"]);
    assert_snapshot!(said, @"
    $ seaworthy key
    error[state-unwritable]: /dev/null/seaworthy/device.key: Not a directory (os error 20)
      hint: Make it writable, or choose another with XDG_STATE_HOME.
    [exit 2]
    ");
    // A relative one is no state directory (XDG Base Directory Specification): the next in order is taken.
    let relative = holder.said(holder.command(&["scope"]).env("XDG_STATE_HOME", "here"), &["scope"]);
    assert_eq!(relative.code, 0);
    assert!(!holder.path().join("here").exists());
}
