//! The packet filter, from messages as the kernel sends them.

use std::path::PathBuf;
use std::sync::Arc;

use seaworthy_inspect::probes::netfilter::{Netfilter, Question};
use seaworthy_inspect::probes::{Look, UserContext, firewall};
use seaworthy_inspect::{Fault, Root};
use seaworthy_model::{Claim, Reason, Timestamp};
use seaworthy_testkit::Sysroot;

const INET: u8 = 1;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// A kernel with made rules.
#[derive(Clone, Debug, Default)]
struct Rules {
    tables: Vec<u8>,
    chains: Vec<u8>,
    rules: Vec<u8>,
    refuses: Option<Reason>,
}

impl Netfilter for Rules {
    fn dump(&self, question: Question) -> Result<Vec<u8>, Reason> {
        let messages = match question {
            Question::Tables => &self.tables,
            Question::Chains => &self.chains,
            Question::Rules => &self.rules,
        };
        let end = message(3, 0, &[]);
        self.refuses.map_or(Ok([messages.as_slice(), &end].concat()), Err)
    }
}

fn message(kind: u16, family: u8, body: &[u8]) -> Vec<u8> {
    let length = (20 + body.len()) as u32;
    let head = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &2_u16.to_ne_bytes(), &[0; 8], &[family, 0, 0, 0]];
    [&head.concat(), body].concat()
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = (4 + value.len()) as u16;
    let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn text(kind: u16, value: &str) -> Vec<u8> {
    attribute(kind, &[value.as_bytes(), b"\0"].concat())
}

fn number(kind: u16, value: i32) -> Vec<u8> {
    attribute(kind, &value.to_be_bytes())
}

fn expression(name: &str, data: &[u8]) -> Vec<u8> {
    attribute(1, &[text(1, name), attribute(2, data)].concat())
}

fn verdict(code: i32, chain: &str) -> Vec<u8> {
    let chain = if chain.is_empty() { Vec::new() } else { text(2, chain) };
    let data = attribute(2, &attribute(2, &[number(1, code), chain].concat()));
    expression("immediate", &[number(1, 0), data].concat())
}

const DROP: i32 = 0;
const ACCEPT: i32 = 1;
const JUMP: i32 = -3;
const GOTO: i32 = -4;
const RETURN: i32 = -5;

impl Rules {
    fn table(mut self, family: u8, name: &str, flags: i32) -> Rules {
        self.tables.extend(message(0xa00, family, &[text(1, name), number(2, flags)].concat()));
        self
    }

    /// A chain hooked to `hook` (1 is input, 3 output), with a policy.
    fn base(mut self, family: u8, table: &str, name: &str, hook: i32, policy: i32) -> Rules {
        let hook = attribute(4, &[number(1, hook), number(2, 0)].concat());
        let body = [text(1, table), text(3, name), hook, number(5, policy), text(7, "filter")].concat();
        self.chains.extend(message(0xa03, family, &body));
        self
    }

    fn chain(mut self, family: u8, table: &str, name: &str) -> Rules {
        self.chains.extend(message(0xa03, family, &[text(1, table), text(3, name)].concat()));
        self
    }

    fn rule(mut self, family: u8, table: &str, chain: &str, expressions: &[Vec<u8>]) -> Rules {
        let body = [text(1, table), text(2, chain), attribute(4, &expressions.concat())].concat();
        self.rules.extend(message(0xa06, family, &body));
        self
    }
}

const ADDRESSES: &str = "00000000000000000000000000000001 01 80 10 80 lo\nfe80000000000000 02 40 20 80 eth0\n";

fn system() -> Sysroot {
    let system = Sysroot::new().folder("/sys/module/nf_tables").file("/proc/sys/kernel/osrelease", "6.1.0-37-amd64\n");
    system.file("/proc/net/ip_tables_names", "").file("/proc/net/if_inet6", ADDRESSES)
}

fn container() -> Sysroot {
    system().file("/.dockerenv", "").link("/proc/self/ns/pid", "pid:[4026532999]")
}

fn probe(system: &Sysroot, rules: &Rules, is_root: bool) -> String {
    let user = UserContext { home: PathBuf::from("/root"), uid: 0, is_root, desktop: None };
    let mut look = Look::new(Root::staged(system.path()), Timestamp::from_seconds(0), user);
    look.netfilter = Arc::new(rules.clone());
    match firewall::probe(&look) {
        Claim::Known { value, .. } => format!("{} {}", value.active, value.kind),
        Claim::NotApplicable { reason, .. } => format!("n/a {reason}"),
        Claim::Unknown { reason, .. } => format!("? {reason}"),
    }
}

fn check(rules: &Rules, expected: &str) {
    assert_eq!(probe(&system(), rules, true), expected);
}

fn rules() -> Rules {
    Rules::default()
}

#[test]
fn a_chain_at_input_that_drops() {
    check(&rules(), "false none");
    check(&rules().base(INET, "t", "in", 1, DROP), "true nftables");
    check(&rules().base(INET, "t", "in", 1, ACCEPT), "false nftables");
    check(&rules().base(INET, "t", "out", 3, DROP), "false none");
    check(&rules().table(INET, "t", 1).base(INET, "t", "in", 1, DROP), "false none");
}

#[test]
fn both_families_must_be_denied_unless_one_is_not_used() {
    let only_ipv4 = rules().base(IPV4, "filter", "INPUT", 1, DROP);
    check(&only_ipv4, "false nftables");
    check(&only_ipv4.clone().base(IPV6, "filter", "INPUT", 1, DROP), "true nftables");
    let loopback = ADDRESSES.lines().next().unwrap();
    assert_eq!(probe(&system().file("/proc/net/if_inet6", format!("{loopback}\n")), &only_ipv4, true), "true nftables");
    check(&rules().base(IPV6, "filter", "INPUT", 1, DROP), "false nftables");
}

#[test]
fn rules_without_a_condition_decide_before_the_policy() {
    let drops = || rules().base(INET, "t", "in", 1, DROP);
    let accepts = || rules().base(INET, "t", "in", 1, ACCEPT);
    let counter = || expression("counter", &[]);
    check(&drops().rule(INET, "t", "in", &[counter(), verdict(ACCEPT, "")]), "false nftables");
    check(&accepts().rule(INET, "t", "in", &[counter(), expression("reject", &[])]), "true nftables");
    check(&accepts().rule(INET, "t", "in", &[expression("target", &text(1, "REJECT"))]), "true nftables");
    check(&accepts().rule(INET, "t", "in", &[expression("target", &text(1, "LOG"))]), "false nftables");
    check(&drops().rule(INET, "t", "in", &[expression("queue", &[])]), "? not-supported");
    let condition = [expression("meta", &[]), expression("cmp", &[]), verdict(ACCEPT, "")];
    check(&drops().rule(INET, "t", "in", &condition), "true nftables");
    let condition = [expression("ct", &[]), expression("lookup", &[]), verdict(DROP, "")];
    check(&accepts().rule(INET, "t", "in", &condition), "false nftables");
}

#[test]
fn jumps_come_back_and_gotos_do_not() {
    let base = || rules().base(INET, "t", "in", 1, ACCEPT).chain(INET, "t", "sub");
    let jump = |code| base().rule(INET, "t", "in", &[verdict(code, "sub")]).rule(INET, "t", "in", &[verdict(DROP, "")]);
    check(&jump(JUMP), "true nftables");
    check(&jump(GOTO), "false nftables");
    check(&jump(JUMP).rule(INET, "t", "sub", &[verdict(ACCEPT, "")]), "false nftables");
    let returns = jump(JUMP).rule(INET, "t", "sub", &[verdict(RETURN, "")]);
    check(&returns.rule(INET, "t", "sub", &[verdict(ACCEPT, "")]), "true nftables");
    check(&base().rule(INET, "t", "in", &[verdict(JUMP, "in")]), "? not-supported");
}

#[test]
fn an_accepting_chain_does_not_undo_a_denying_one() {
    let both = rules().base(INET, "a", "in", 1, ACCEPT).base(INET, "b", "in", 1, DROP);
    check(&both.rule(INET, "a", "in", &[verdict(ACCEPT, "")]), "true nftables");
}

#[test]
fn ufw_is_what_stands_in_the_kernel_not_its_unit_or_its_switch() {
    let unit = "/etc/systemd/system/multi-user.target.wants/ufw.service";
    let off = system().file("/etc/ufw/ufw.conf", "ENABLED=no\n").link(unit, "/usr/lib/systemd/system/ufw.service");
    assert_eq!(probe(&off, &rules(), true), "false none");
    let on = system().file("/etc/ufw/ufw.conf", "# x\nENABLED=yes\n");
    assert_eq!(probe(&on, &rules(), true), "false none");
    let ufw = rules().base(IPV4, "filter", "INPUT", 1, DROP).base(IPV6, "filter", "INPUT", 1, DROP);
    let ufw = ufw.chain(IPV4, "filter", "ufw-before-input").rule(
        IPV4,
        "filter",
        "INPUT",
        &[verdict(JUMP, "ufw-before-input")],
    );
    assert_eq!(probe(&on, &ufw, true), "true ufw");
    assert_eq!(probe(&off, &ufw, true), "true nftables");
}

#[test]
fn firewalld_rejects_at_the_end_of_an_accepting_chain() {
    let firewalld =
        rules().base(INET, "firewalld", "filter_INPUT", 1, ACCEPT).chain(INET, "firewalld", "filter_IN_public");
    let zone = |rules: Rules| rules.rule(INET, "firewalld", "filter_INPUT", &[verdict(GOTO, "filter_IN_public")]);
    let reject = [expression("reject", &[])];
    check(&zone(firewalld.clone()).rule(INET, "firewalld", "filter_IN_public", &reject), "true firewalld");
    check(&firewalld.clone().rule(INET, "firewalld", "filter_INPUT", &reject), "true firewalld");
    let trusted = zone(firewalld).rule(INET, "firewalld", "filter_IN_public", &[verdict(ACCEPT, "")]);
    check(&trusted, "false firewalld");
}

#[test]
fn without_the_right_it_is_unknown_never_off() {
    let refused = Rules { refuses: Some(Reason::NoRight), ..rules() };
    let off = system().file("/etc/ufw/ufw.conf", "ENABLED=no\n");
    assert_eq!(probe(&off, &refused, false), "? no-right");
    assert_eq!(probe(&container(), &refused, true), "n/a container");
    assert_eq!(probe(&container(), &refused, false), "? no-right");
    let user = UserContext { home: PathBuf::from("/"), uid: 1, is_root: false, desktop: None };
    let made = system();
    let root = Root::staged(made.path()).failing("/proc/net/ip_tables_names", Fault::NoRight);
    let mut look = Look::new(root, Timestamp::from_seconds(0), user);
    look.netfilter = Arc::new(rules());
    assert_eq!(firewall::probe(&look).reason(), Some(Reason::NoRight));
}

#[test]
fn older_tables_are_not_overlooked() {
    let legacy = system().file("/proc/net/ip_tables_names", "nat\nfilter\n");
    assert_eq!(probe(&legacy, &rules(), true), "? not-supported");
    assert_eq!(probe(&legacy, &rules().base(INET, "t", "in", 1, DROP), true), "true nftables");
}

#[test]
fn a_kernel_that_has_not_loaded_the_filter_is_not_asked_to_load_it() {
    let unloaded = Sysroot::new().folder("/sys/module").file("/proc/sys/kernel/osrelease", "6.1\n");
    let with = |built_in: &str| unloaded_with(built_in);
    let refused = Rules { refuses: Some(Reason::ReadFailed), ..rules() };
    assert_eq!(probe(&with("kernel/fs/ext4/ext4.ko\n"), &refused, true), "false none");
    assert_eq!(probe(&with("kernel/net/netfilter/nf_tables.ko\n"), &refused, true), "? read-failed");
    assert_eq!(probe(&unloaded, &refused, true), "? read-failed");
}

fn unloaded_with(built_in: &str) -> Sysroot {
    let system = Sysroot::new().folder("/sys/module").file("/proc/sys/kernel/osrelease", "6.1\n");
    system.file("/usr/lib/modules/6.1/modules.builtin", built_in)
}

#[test]
fn cut_or_flipped_answers_never_pass_for_a_firewall() {
    let whole = rules().base(INET, "t", "in", 1, ACCEPT).rule(INET, "t", "in", &[verdict(ACCEPT, "")]);
    for at in 0..whole.chains.len() {
        let cut = Rules { chains: whole.chains[..at].to_vec(), ..whole.clone() };
        assert_ne!(probe(&system(), &cut, true), "true nftables", "cut at {at}");
    }
}
