//! `seaworthy inspect`, as on a terminal.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::kit::{Holder, SEAWORTHY, old_debian, status};
use insta::assert_snapshot;
use seaworthy_testkit::{Sysroot, skip};

/// The made system at `/mnt`, before a holder of their own.
fn at_mnt(root: &Sysroot, arguments: &[&str]) -> crate::kit::Said {
    let holder = Holder::new().hide(root.path(), "/mnt");
    let path = root.path().to_str().unwrap();
    let arguments: Vec<&str> =
        arguments.iter().map(|&argument| if argument == "/mnt" { path } else { argument }).collect();
    holder.run(&arguments)
}

#[test]
fn a_disk_without_lists_is_unknown_with_why_and_what_mends_it() {
    let said = at_mnt(&old_debian(), &["inspect", "--root", "/mnt", "--policy", "six-month"]);
    assert_snapshot!(said, @"
    $ seaworthy inspect --root /mnt --policy six-month
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
    [exit 1]
    ");
}

#[test]
fn an_empty_source_list_is_no_clean_bill() {
    let root = old_debian().file("/etc/apt/sources.list", "");
    let said = at_mnt(&root, &["inspect", "--root", "/mnt", "--policy", "six-month"]);
    assert_snapshot!(said, @"
    $ seaworthy inspect --root /mnt --policy six-month
    FAIL  mounted disk, policy six-month: 1 lapse, 2 unknown, 0 passed

    major not met: the release is supported by its vendor [release-supported]
        debian 8 jessie  for # to # days  was due 2020-07-01
        mend: Upgrade to a supported release.

    unknown whether a package source is what its vendor signed [catalog-proved]
    unknown whether no other update is missing [updates-complete]
        why: no package source is configured [no-sources]
        mend: Restore /etc/apt/sources.list.d and run apt-get update.
    [exit 1]
    ");
}

#[test]
fn a_mounted_disk_cannot_show_what_only_runs() {
    let root = old_debian().file("/usr/sbin/sshd", "").file("/etc/ssh/sshd_config", "PermitRootLogin yes\n");
    let verbose = at_mnt(&root, &["inspect", "--root", "/mnt", "--verbose"]).out;
    assert!(
        verbose.contains("\n        not before 2020-07-01 (support-end), by 2020-07-01 (support-end)\n"),
        "{verbose}"
    );
    assert!(
        verbose.contains("\nnot applicable\n    SSH accepts no passwords (no SSH server is installed or running)\n"),
        "{verbose}"
    );
    assert!(verbose.contains("\nread\n    updates                    /var/lib/dpkg/status, "), "{verbose}");
    let said = at_mnt(&root, &["inspect", "--root", "/mnt"]);
    assert_snapshot!(said, @"
    $ seaworthy inspect --root /mnt
    FAIL  mounted disk, policy baseline: 2 lapses, 9 unknown, 0 passed

    major not met: the release is supported by its vendor [release-supported]
        debian 8 jessie  for # to # days  was due 2020-07-01
        mend: Upgrade to a supported release.

    minor not met: security updates install themselves [automatic-updates-on]
        not-installed, upgrade-off, lists-off, timer-off, security-not-allowed, not-run
        mend: Install unattended-upgrades and switch it on.
            apt-get install unattended-upgrades && dpkg-reconfigure unattended-upgrades

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

    unknown whether the newest installed kernel runs [kernel-current]
    unknown whether no restart is asked for [restart-required]
    unknown (advisory) whether no process runs replaced libraries [libraries-current]
    unknown whether volumes are encrypted at rest [disk-encrypted]
    unknown whether incoming packets are denied by default [firewall-active]
    unknown (advisory) whether verified boot is on [secure-boot-on]
    unknown whether programs are confined [mandatory-access-control-on]
        why: only a running system can say [not-running]
        mend: Inspect the device itself, or use a policy that asks only for what a disk can show, such as six-month.

    unknown whether an idle desktop locks [screen-locks]
    unknown (advisory) whether the scanner's signatures are fresh [antivirus-fresh]
        why: a file that must be there is not [missing]
        mend: Restore the file from its package or a backup.

    0 passed, 2 not applicable (-v lists them)

    to mend what a command can mend, on that system when it runs
        apt-get update
    [exit 1]
    ");
}

#[test]
fn a_disk_with_hostile_names_cannot_command_the_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}PASS";
    let root = old_debian()
        .file("/etc/os-release", format!("ID=debian\nVERSION_ID=\"{hostile}\"\nVERSION_CODENAME=\"{hostile}\"\n"))
        .file("/etc/apt/sources.list", format!("deb http://{hostile}/debian {hostile} main\n"))
        .file("/var/lib/apt/lists/h_debian_dists_x_InRelease", format!("Origin: {hostile}\nLabel: {hostile}\n"))
        .file("/var/lib/dpkg/status", status(hostile, hostile));
    for arguments in [["inspect", "--root", "/mnt"], ["stamp", "--root", "/mnt"]] {
        let said = at_mnt(&root, &arguments);
        assert!(!format!("{said}").contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
        assert!(matches!(said.code, 1 | 3), "{said}");
    }
    let json = at_mnt(&root, &["inspect", "--root", "/mnt", "--format", "json"]);
    assert!(json.json()["verdict"].is_string() && !json.out.contains('\u{1b}'));
}

#[test]
fn what_is_no_disk_is_refused() {
    let nothing = Sysroot::new().file("/notes.txt", "");
    assert_snapshot!(at_mnt(&nothing, &["inspect", "--root", "/mnt"]), @"
    $ seaworthy inspect --root /mnt
    error[root-unreadable]: /mnt: no Linux system is there (no os-release, no package database)
      hint: Give the mount point of the disk's root filesystem.
    [exit 2]
    ");
    assert_snapshot!(at_mnt(&nothing, &["inspect", "--root", "nowhere"]), @"
    $ seaworthy inspect --root nowhere
    error[root-unreadable]: nowhere: No such file or directory (os error 2)
      hint: Give the mount point of the disk's root filesystem.
    [exit 2]
    ");
    fs::write(nothing.at("/file"), "").unwrap();
    let file = nothing.at("/file");
    let said = Holder::new().hide(&file, "/mnt/file").run(&["inspect", "--root", file.to_str().unwrap()]);
    assert_snapshot!(said, @"
    $ seaworthy inspect --root /mnt/file
    error[root-unreadable]: /mnt/file: Not a directory (os error 20)
      hint: Give the mount point of the disk's root filesystem.
    [exit 2]
    ");
}

#[test]
fn before_the_inspection_nothing_is_known_and_long_after_it_neither() {
    let holder = Holder::new();
    let before = holder.run(&["inspect", "--as-of", "2020-01-01"]);
    assert_eq!(before.code, 3, "{before}");
    assert!(before.out.starts_with("UNKNOWN  this device, policy baseline: 0 lapses, "), "{before}");
    assert!(before.out.ends_with("\n      nothing is known of the time before the inspection\n"), "{before}");
    let after = holder.run(&["inspect", "--as-of", "2999-01-01"]);
    assert_eq!(after.code, 3, "{after}");
    assert!(
        after.out.contains("why: the inspection is too old to say anything of this day\n    mend: Inspect again."),
        "{after}"
    );
}

#[test]
fn wrong_words_are_named_with_the_right_ones() {
    let holder = Holder::new();
    assert_snapshot!(holder.run(&["inspect", "--only", "bogus"]), @"
    $ seaworthy inspect --only bogus
    error: invalid value 'bogus' for '--only <CLAIM>...': no such claim; the claims are updates, catalog, distribution, kernel, restart, stale-libraries, disk-encryption, firewall, secure-boot, automatic-updates, mandatory-access-control, ssh, screen-lock, antivirus

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["inspect", "--as-of", "tomorrow"]), @"
    $ seaworthy inspect --as-of tomorrow
    error: invalid value 'tomorrow' for '--as-of <TIME>': `tomorrow` is not a time: write a date (2026-11-22) or an RFC 3339 instant (2026-11-22T10:00:00Z)

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["inspect", "--policy", "six-moth"]), @"
    $ seaworthy inspect --policy six-moth
    error[policy-unknown]: no shipped policy is named `six-moth`
      hint: did you mean `six-month`?
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["inspect", "--policy", "./ours.toml"]), @"
    $ seaworthy inspect --policy ./ours.toml
    error[policy-unreadable]: ./ours.toml: No such file or directory (os error 2)
      hint: Check the path.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["inspect", "--advisories", "nowhere.json"]), @"
    $ seaworthy inspect --advisories nowhere.json
    error[advisories-unreadable]: nowhere.json: No such file or directory (os error 2)
      hint: Check the path and the format of the records.
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["inspect", "--format", "xml"]), @"
    $ seaworthy inspect --format xml
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: human, json]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn errors_leave_standard_output_empty() {
    let holder = Holder::new();
    fs::write(holder.path().join("wrong.toml"), "name = 1\n").unwrap();
    fs::write(holder.path().join("escape.toml"), "\u{1b}[2J = 1\n").unwrap();
    fs::write(holder.path().join("huge.toml"), vec![b'#'; 64 << 20]).unwrap();
    for policy in ["wrong.toml", "escape.toml", "huge.toml", "/dev/zero", "/", "nope"] {
        let said = holder.run(&["inspect", "--policy", policy, "--format", "json"]);
        assert_eq!((said.out.as_str(), said.code), ("", 2), "{policy}");
        assert!(said.err.starts_with("error[policy-") && !said.err.contains('\u{1b}'), "{policy}: {}", said.err);
    }
}

#[test]
fn json_is_valid_whatever_the_verdict() {
    let holder = Holder::new();
    let disk = old_debian();
    let disk = disk.path().to_str().unwrap();
    let runs: [&[&str]; 5] = [
        &["inspect"],
        &["inspect", "--only", "updates"],
        &["inspect", "--only", "ssh,kernel", "firewall"],
        &["inspect", "--as-of", "2020-01-01"],
        &["inspect", "--root", disk, "--policy", "cyber-essentials"],
    ];
    for run in runs {
        let said = holder.run(&[run, &["--format", "json"]].concat());
        let verdict = said.json()["verdict"].as_str().unwrap().to_owned();
        let expected = match said.code {
            0 => "pass",
            1 => "fail",
            3 => "unknown",
            _ => "no such code",
        };
        assert_eq!(verdict, expected, "{run:?}: {}", said.err);
    }
}

#[test]
fn claims_that_were_not_asked_for_keep_a_run_from_passing() {
    let said = Holder::new().run(&["inspect", "--only", "distribution", "--format", "json"]);
    let report = said.json();
    assert_eq!(said.code, 3, "{}", said.err);
    assert_eq!(
        (&report["claims"]["ssh"]["reason"], &report["claims"]["distribution"]["status"]),
        (&"not-asked".into(), &"known".into())
    );
}

#[test]
fn a_reader_that_has_seen_enough_changes_no_exit_code() {
    let holder = Holder::new();
    let verdict = holder.run(&["inspect", "--verbose"]).code;
    let mut child =
        holder.command(&["inspect", "--verbose"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(verdict), ""));
}

#[test]
fn output_that_cannot_be_written_is_said() {
    let holder = Holder::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = holder.command(&["inspect"]).stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert_snapshot!(err.trim_end(), @"
    error[output-unwritable]: standard output: No space left on device (os error 28)
      hint: make room, or write elsewhere
    ");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let holder = Holder::new();
    assert!(!holder.run(&["inspect"]).out.contains('\u{1b}'));
    let on_terminal = |name: &str, value: &str| {
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{SEAWORTHY} inspect --only ssh"), "/dev/null"]).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", holder.path()).env_remove("NO_COLOR").env("TERM", "xterm").env(name, value);
        command.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).contains("\u{1b}[1;3"))
    };
    let Some(coloured) = on_terminal("TERM", "xterm") else {
        return skip("colour on a terminal", "the program `script` is not here");
    };
    assert!(coloured);
    assert_eq!([on_terminal("NO_COLOR", "1"), on_terminal("TERM", "dumb")], [Some(false), Some(false)]);
    assert_eq!(on_terminal("NO_COLOR", ""), Some(true), "an empty NO_COLOR asks for nothing");
}

#[test]
fn without_a_home_or_a_writable_state_directory_it_still_inspects() {
    let holder = Holder::new();
    let verdict = holder.run(&["inspect"]).code;
    let said = holder.said(holder.command(&["inspect"]).env("XDG_STATE_HOME", "/dev/null"), &["inspect"]);
    assert_eq!(said.code, verdict, "{said}");
    assert!(said.err.lines().all(|line| line.starts_with("note: ")), "{}", said.err);
    let said = holder.said(holder.command(&["inspect"]).env_remove("HOME"), &["inspect"]);
    assert_eq!((said.code, said.err.as_str()), (verdict, ""));
}

#[test]
fn arguments_that_are_not_text_are_refused() {
    let holder = Holder::new();
    let mut command = holder.command(&["inspect", "--policy"]);
    command.arg(OsStr::from_bytes(b"\xff\xfe"));
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    let mut command = holder.command(&["inspect", "--root"]);
    command.arg(OsStr::from_bytes(b"/\xff\xfe"));
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}

#[test]
fn without_rights_it_names_what_needs_more_and_keeps_its_state_at_home() {
    if !rustix::process::geteuid().is_root() {
        return skip("an inspection by nobody", "becoming another user takes root");
    }
    let holder = Holder::new();
    let program = holder.path().join("seaworthy");
    fs::copy(SEAWORTHY, &program).unwrap();
    for path in [holder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let home = holder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).uid(65534).gid(65534).env_clear().env("HOME", &home).current_dir("/");
        holder.said(&mut command, arguments)
    };
    let said = run(&["inspect"]);
    assert!(matches!(said.code, 1 | 3), "{said}");
    assert!(
        said.out.contains("reading it needs more rights [no-right]\n    mend: Run the inspection as root"),
        "{said}"
    );
    let key = run(&["key"]);
    assert!(key.out.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{key}");
    assert!(home.join(".local/state/seaworthy/device.key").exists());
    let mut homeless = Command::new(&program);
    homeless.arg("key").uid(65534).gid(65534).env_clear().current_dir("/");
    let said = holder.said(&mut homeless, &["key"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("error[state-unwritable]: /var/lib/seaworthy") && said.err.contains("XDG_STATE_HOME"),
        "{said}"
    );
}
