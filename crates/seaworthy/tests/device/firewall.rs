//! The firewall claim against the kernel itself: rules that `nft` loads, each in a network of its own.

use std::io::Write;
use std::process::{Command, Stdio};

use seaworthy_testkit::skip;

use crate::kit::{Holder, SEAWORTHY};

/// Rules as a person writes them, and whether what comes in is denied by default under them.
const RULES: [(&str, bool); 9] = [
    ("", false),
    (
        "table inet f { chain i { type filter hook input priority 0; policy drop; iif lo accept;
         ct state established,related accept; tcp dport {22, 80} accept; log prefix \"x \"; } }",
        true,
    ),
    ("table inet f { chain i { type filter hook input priority 0; policy accept; tcp dport 22 drop; } }", false),
    (
        "table inet f { chain i { type filter hook input priority 0; policy accept; ct state established accept;
         counter reject with icmpx type admin-prohibited; } }",
        true,
    ),
    ("table inet f { chain i { type filter hook input priority 0; policy drop; counter accept; } }", false),
    (
        "table inet f { chain a { tcp dport 1 drop; accept; }
         chain i { type filter hook input priority 0; policy drop; jump a; } }",
        false,
    ),
    (
        "table inet f { chain z { tcp dport 1 accept; reject; }
         chain i { type filter hook input priority 10; policy accept; goto z; } }",
        true,
    ),
    ("table inet f { flags dormant; chain i { type filter hook input priority 0; policy drop; } }", false),
    ("table inet f { chain i { type filter hook forward priority 0; policy drop; } }", false),
];

/// Runs a script in a network of its own, with these rules on its standard input.
fn alone(script: &str, rules: &str) -> (bool, String) {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", script]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // A script that fails at once reads nothing.
    let _ = child.stdin.take().unwrap().write_all(rules.replace("; }", ";\n}\n").as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn rules_of_the_kernel_are_read_as_they_work() {
    if !alone("nft -f -", RULES[1].0).0 {
        return skip("firewall rules", "nft cannot load rules here (package nftables, root, a kernel with nf_tables)");
    }
    let holder = Holder::new();
    let state = holder.state();
    for (rules, active) in RULES {
        let script = format!(
            "nft -f - && XDG_STATE_HOME={} {SEAWORTHY} inspect --only firewall --format json; true",
            state.display()
        );
        let (_, out) = alone(&script, rules);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let claim = &report["claims"]["firewall"];
        assert_eq!(claim["active"], active, "{rules}\n{claim}");
    }
}
