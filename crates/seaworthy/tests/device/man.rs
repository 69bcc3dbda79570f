//! `seaworthy man`, `seaworthy completions` and the help, all from one definition.

use std::fs;

use crate::kit::Holder;
use insta::assert_snapshot;

#[test]
fn every_command_has_a_page() {
    let holder = Holder::new();
    assert_snapshot!(holder.run(&["man", "pages"]), @"
    $ seaworthy man pages
    man pages are in pages
    [exit 0]
    ");
    for command in ["inspect", "stamp", "check", "policy", "scope", "explain", "key"] {
        let page = fs::read_to_string(holder.path().join(format!("pages/seaworthy-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
    assert_eq!(holder.run(&["man", "/dev/null/pages"]).code, 2);
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let said = Holder::new().run(&["completions", shell]);
        assert!(said.code == 0 && said.out.contains("inspect"), "{shell}");
    }
}

#[test]
fn help_tells_commands_and_exit_codes() {
    assert_snapshot!(Holder::new().run(&["--help"]), @"
    $ seaworthy --help
    inspect a device, stamp it, check a stamp

    Usage: seaworthy <COMMAND>

    Commands:
      inspect       Inspect this device, or a mounted disk, and say what is wrong and what mends it
      stamp         Inspect, and issue a stamp that anyone can check offline; only for a pass
      present       Draw a code which shows that this device holds its stamp, good for a minute or for a
                    challenge
      check         Check stamps, without any network
      enrol         Enrol this device with an organisation: see what it asks for, and agree or not
      report        Inspect this device and report to its organisation
      agent         Report as a timer does: quiet, patient, and never twice at once
      agree         See what the organisation's newest policy asks for beyond what you agreed to, and
                    agree or not
      ledger        Show who looked at this device's record at the organisation, when, why, and at what
      export        Take out everything that the organisation stores of this device, as JSON
      leave         Leave the organisation, and have this device's data erased there
      organisation  Show with whom this device is enrolled, and how that stands; asks nobody
      policy        List, show and check policies
      scope         Show the whole scope of an inspection, or what a policy would read
      explain       Explain a code: what it means, what was looked at, what to do
      key           Show this device's public key, making it on first use
      completions   Write shell completions to standard output
      man           Write the man pages into a folder
      help          Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 unknown, 70 a fault in Seaworthy.
    Nothing leaves a device that its holder has not enrolled; `seaworthy scope` shows what is read.
    [exit 0]
    ");
    assert_eq!(Holder::new().run(&[]).code, 2);
}
