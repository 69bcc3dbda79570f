//! Fix commands: exact, in a stable order, and safe to paste.

use seaworthy_appraise::combined_fix;
use seaworthy_model::*;

use crate::made::*;

fn combined(evidence: &Evidence) -> Option<String> {
    combined_fix(evidence, &appraised(evidence, &shipped("baseline")))
}

fn late(package: &str) -> PendingUpdate {
    update(package, None, Some(days_ago(99)))
}

fn fix(update: PendingUpdate) -> Fix {
    let appraisal = appraised(&with_pending(vec![update]), &shipped("baseline"));
    finding(&appraisal, Code::UpdatePending).fix.clone().unwrap()
}

#[test]
fn each_update_has_its_command() {
    let command = |update| fix(update).command;
    let check = |update, expected: Option<&str>| assert_eq!(command(update).as_deref(), expected);
    check(late("bash"), Some("apt-get install --only-upgrade bash"));
    check(
        PendingUpdate { architecture: "all".into(), ..late("tzdata") },
        Some("apt-get install --only-upgrade tzdata"),
    );
    check(
        PendingUpdate { kept_back: Some(KeptBack::Held), ..late("bash") },
        Some("apt-mark unhold bash && apt-get install --only-upgrade bash"),
    );
    check(PendingUpdate { kept_back: Some(KeptBack::Phased), ..late("bash") }, None);
    check(PendingUpdate { kept_back: Some(KeptBack::Pinned), ..late("bash") }, None);
    check(PendingUpdate { leftover: true, ..late("linux-image-6.1.0-18-amd64") }, None);
    for name in ["a; rm -rf ~", "-o=x", "bash-", "b", "Bash", "a b", "a$(b)", "a/b", "", "é1", "a*"] {
        check(late(name), None);
    }
    for architecture in ["", "-amd64", "amd64;x", "amd64 bash-", "AMD64"] {
        check(PendingUpdate { architecture: architecture.into(), foreign: true, ..late("bash") }, None);
    }
    check(late("libstdc++6"), Some("apt-get install --only-upgrade libstdc++6"));
    assert!(fix(PendingUpdate { kept_back: Some(KeptBack::Phased), ..late("bash") }).advice.contains("nothing to do"));
}

#[test]
fn one_command_covers_all_lapses() {
    let held = PendingUpdate { kept_back: Some(KeptBack::Held), ..late("vim") };
    let phased = PendingUpdate { kept_back: Some(KeptBack::Phased), ..late("snapd") };
    let foreign = PendingUpdate { architecture: "i386".into(), foreign: true, ..late("libc6") };
    let evil = late("x && reboot");
    let pending = vec![held, foreign, late("libc6"), phased, late("bash"), evil];
    let mut reversed = pending.clone();
    reversed.reverse();
    for pending in [pending, reversed] {
        let expected = "apt-mark unhold vim && \
                        apt-get install --only-upgrade bash libc6 libc6:i386 vim";
        assert_eq!(combined(&with_pending(pending)).as_deref(), Some(expected));
    }
    assert_eq!(combined(&in_order()), None);
}

#[test]
fn lists_that_cannot_be_believed_are_refreshed_first() {
    let mut evidence = with_pending(vec![late("bash")]);
    sources(&mut evidence)[1].valid_until = Some(days_ago(1));
    assert_eq!(combined(&evidence).as_deref(), Some("apt-get update && apt-get install --only-upgrade bash"));
    evidence.claims.updates = Claim::unknown(Reason::ListsEmpty, &[]);
    assert_eq!(combined(&evidence).as_deref(), Some("apt-get update"));
    let appraisal = appraised(&evidence, &shipped("baseline"));
    let fix = finding(&appraisal, Code::UpdatesComplete).fix.clone().unwrap();
    assert_eq!(fix.command.as_deref(), Some("apt-get update"));
}

#[test]
fn nothing_is_answered_on_the_holders_behalf() {
    let mut evidence = with_pending(vec![late("bash")]);
    for id in ClaimId::ALL.iter().filter(|&&id| id != ClaimId::Updates) {
        evidence.claims.set_unknown(*id, Reason::Stale);
    }
    for finding in appraised(&evidence, &shipped("baseline")).findings {
        let fix = finding.fix.expect("whatever is unknown or a lapse can be mended, or is told why not");
        assert!(!fix.command.unwrap_or_default().split(' ').any(|word| word == "-y" || word == "--yes"));
    }
}

#[test]
fn what_is_in_order_needs_no_fix() {
    for finding in appraised(&in_order(), &one(RuleKind::Firewall)).findings {
        assert_eq!(finding.fix, None);
    }
}
