//! The effective settings of the SSH server.

use std::path::PathBuf;

use seaworthy_inspect::probes::{Look, UserContext, ssh};
use seaworthy_inspect::{Fault, Root};
use seaworthy_model::{Claim, Reason, Ssh, Timestamp};
use seaworthy_testkit::Sysroot;

const INCLUDE: &str = "Include /etc/ssh/sshd_config.d/*.conf\n";

fn server(config: &str) -> Sysroot {
    Sysroot::new()
        .file("/usr/sbin/sshd", "")
        .folder("/run/systemd/system")
        .link("/etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service")
        .file("/proc/1/comm", "systemd\n")
        .file("/etc/ssh/sshd_config", config)
}

fn probe(root: Root) -> Claim<Ssh> {
    let user = UserContext { home: PathBuf::from("/root"), uid: 0, is_root: true, desktop: None };
    ssh::probe(&Look::new(root, Timestamp::from_seconds(0), user))
}

/// `password root-login`, or the reason.
fn of(system: &Sysroot) -> String {
    match probe(Root::staged(system.path())) {
        Claim::Known { value, .. } => format!("{} {}", value.password, value.root_login),
        Claim::NotApplicable { reason, .. } => format!("n/a {reason}"),
        Claim::Unknown { reason, .. } => format!("? {reason}"),
    }
}

fn check(config: &str, expected: &str) {
    assert_eq!(of(&server(config)), expected, "{config}");
}

#[test]
fn built_in_defaults() {
    check("", "true prohibit-password");
    check("PasswordAuthentication no\n", "false prohibit-password");
    check("PasswordAuthentication no\nUsePAM yes\n", "true prohibit-password");
    check("PasswordAuthentication no\nUsePAM yes\nKbdInteractiveAuthentication no\n", "false prohibit-password");
    check(
        "passwordauthentication = \"no\" # why\nChallengeResponseAuthentication no\nusepam yes\n",
        "false prohibit-password",
    );
}

#[test]
fn the_first_value_wins() {
    check(
        "PermitRootLogin no\nPermitRootLogin yes\nPasswordAuthentication no\nPasswordAuthentication yes\n",
        "false no",
    );
    check("PermitRootLogin without-password\nPasswordAuthentication no\n", "false prohibit-password");
}

#[test]
fn cloud_init_beats_hardening() {
    let system = server(&format!("{INCLUDE}PasswordAuthentication no\nPermitRootLogin no\n"))
        .file("/etc/ssh/sshd_config.d/99-hardening.conf", "PasswordAuthentication no\n")
        .file("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n");
    assert_eq!(of(&system), "true no");
    let after = server(&format!("PasswordAuthentication no\n{INCLUDE}"));
    assert_eq!(
        of(&after.file("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n")),
        "false prohibit-password"
    );
    let other_name = server(&format!("{INCLUDE}PasswordAuthentication no\n"));
    assert_eq!(
        of(&other_name.file("/etc/ssh/sshd_config.d/50-x.conf.bak", "PasswordAuthentication yes\n")),
        "false prohibit-password"
    );
}

#[test]
fn match_blocks_give_the_widest() {
    let global = "PasswordAuthentication no\nPermitRootLogin no\n";
    check(&format!("{global}Match Address 10.0.0.0/8\n  PermitRootLogin yes\n"), "false yes");
    check(&format!("{global}Match User git\n  PasswordAuthentication yes\n"), "true no");
    check(
        "PermitRootLogin yes\nMatch Address 10.0.0.0/8\n PermitRootLogin no\n PasswordAuthentication no\n",
        "true yes",
    );
    check("Match all\n PasswordAuthentication no\n PermitRootLogin no\n", "false no");
    check(
        "Match User a\n PasswordAuthentication yes\nMatch all\n PasswordAuthentication no\n PermitRootLogin no\n",
        "true no",
    );
}

#[test]
fn a_match_in_an_included_file_ends_with_it() {
    let system = server(&format!("{INCLUDE}PasswordAuthentication no\n"))
        .file("/etc/ssh/sshd_config.d/10.conf", "Match User a\n PermitRootLogin forced-commands-only\n")
        .file("/etc/ssh/sshd_config.d/20.conf", "PermitRootLogin no\n");
    assert_eq!(of(&system), "false forced-commands-only");
}

#[test]
fn demanded_methods_count() {
    check("AuthenticationMethods publickey\n", "false prohibit-password");
    check("AuthenticationMethods publickey,password\n", "false prohibit-password");
    check("AuthenticationMethods publickey password\n", "true prohibit-password");
}

#[test]
fn what_sshd_would_refuse_or_nobody_can_follow_is_unknown() {
    check("PermitRootLogin maybe\n", "? garbled");
    check("PasswordAuthentication\n", "? garbled");
    check("Include /etc/ssh/sshd_config\n", "? garbled");
    check("Include /etc/*/x.conf\n", "? not-supported");
    let unreadable = server(INCLUDE).file("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication yes\n");
    let root = Root::staged(unreadable.path()).failing("/etc/ssh/sshd_config.d/50-cloud-init.conf", Fault::NoRight);
    assert_eq!(probe(root).reason(), Some(Reason::NoRight));
    let options = server("").file("/etc/default/ssh", "SSHD_OPTS=\"-o PasswordAuthentication=no\"\n");
    assert_eq!(of(&options), "? not-supported");
    let missing = server("");
    std::fs::remove_file(missing.at("/etc/ssh/sshd_config")).unwrap();
    assert_eq!(of(&missing), "? missing");
}

#[test]
fn without_a_server_that_starts_or_runs_it_does_not_apply() {
    let bare = || Sysroot::new().folder("/usr/sbin").folder("/run/systemd/system").file("/proc/1/comm", "systemd\n");
    assert_eq!(of(&bare()), "n/a no-ssh-server");
    let idle = || bare().file("/usr/sbin/sshd", "").file("/etc/ssh/sshd_config", "");
    assert_eq!(of(&idle()), "n/a no-ssh-server");
    assert_eq!(of(&idle().file("/proc/7/comm", "sshd\n")), "true prohibit-password");
    let tcp = "  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A 00\n";
    assert_eq!(of(&idle().file("/proc/net/tcp", tcp)), "true prohibit-password");
    let socket = "/etc/systemd/system/sockets.target.wants/ssh.socket";
    assert_eq!(of(&idle().link(socket, "/x")), "true prohibit-password");
    let masked = server("").link("/etc/systemd/system/ssh.service", "/dev/null");
    assert_eq!(of(&masked), "n/a no-ssh-server");
    assert_eq!(of(&bare().file("/usr/sbin/dropbear", "")), "? not-supported");
}
