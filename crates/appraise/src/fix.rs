//! Fixes: what mends a lapse, and the one command for all of them. Nothing is ever answered on the holder's behalf
//! (no `-y`), and a name that dpkg's grammar does not know never reaches a command line.

use std::collections::BTreeSet;

use seaworthy_model::{Appraisal, Code, Evidence, Finding, Fix, KeptBack, PendingUpdate, Reason, Updates};

use crate::case::Listed;

const REFRESH: &str = "apt-get update";
const INSTALL: &str = "apt-get install --only-upgrade";
/// Where the names of updates stayed on the device.
const UPGRADE: &str = "apt-get upgrade";

/// What to do about a claim or catalog that is not known.
pub(crate) fn of_reason(reason: Reason) -> Fix {
    let command = match reason {
        reason if is_mended_by_refresh(reason) => Some(REFRESH),
        Reason::ClockWrong => Some("timedatectl set-ntp true"),
        Reason::PackagesBusy => Some("dpkg --configure -a"),
        Reason::NoRight => Some("sudo seaworthy inspect"),
        _ => None,
    };
    Fix { advice: reason.code().entry().fix.to_owned(), command: command.map(str::to_owned) }
}

/// What to do about a lapse, as the catalogue of codes says it.
pub(crate) fn of_code(code: Code) -> Fix {
    let command = match code {
        Code::KernelCurrent | Code::RestartRequired => Some("systemctl reboot"),
        Code::AntivirusFresh => Some("freshclam"),
        _ => None,
    };
    Fix { advice: code.entry().fix.to_owned(), command: command.map(str::to_owned) }
}

fn is_mended_by_refresh(reason: Reason) -> bool {
    use Reason::{BadSignature, ListsEmpty, ListsMissing, Mismatch, Stale};
    matches!(reason, Stale | ListsMissing | ListsEmpty | Mismatch | BadSignature)
}

/// What to do about one update.
pub(crate) fn update(listed: &Listed) -> Fix {
    let advice = advice(listed);
    if !listed.update.is_named() {
        return Fix { advice: advice.to_owned(), command: upgrade(listed) };
    }
    let target = is_installable(listed).then(|| target(listed.update)).flatten();
    let command = target.map(|target| {
        let refresh = listed.doubt.filter(|&reason| is_mended_by_refresh(reason)).map(|_| REFRESH.to_owned());
        let unhold = is_held(listed.update).then(|| format!("apt-mark unhold {target}"));
        joined([refresh, unhold, Some(format!("{INSTALL} {target}"))])
    });
    Fix { advice: advice.to_owned(), command }
}

/// What installs an update whose name is not known here; nothing takes it off hold.
fn upgrade(listed: &Listed) -> Option<String> {
    let is_mended = is_installable(listed) && !is_held(listed.update);
    is_mended.then(|| joined([Some(REFRESH.to_owned()), Some(UPGRADE.to_owned()), None]))
}

fn advice(listed: &Listed) -> &'static str {
    match listed.update.kept_back {
        _ if listed.update.leftover => "Nothing needs this package any more: apt-get autoremove would remove it.",
        Some(KeptBack::Phased) if !listed.withheld => {
            "The vendor has not released this update to your device yet: nothing to do."
        }
        Some(KeptBack::Held) => "Take the package off hold and install the update.",
        Some(KeptBack::Pinned) => Code::UpdateWithheld.entry().fix,
        _ if listed.withheld => Code::UpdateWithheld.entry().fix,
        _ if !listed.update.is_named() => "Install the pending updates.",
        _ => Code::UpdatePending.entry().fix,
    }
}

/// A command installs it: it is a lapse, and no pin hides it from apt.
fn is_installable(listed: &Listed) -> bool {
    !listed.is_no_lapse() && !listed.withheld && listed.update.kept_back != Some(KeptBack::Pinned)
}

fn is_held(update: &PendingUpdate) -> bool {
    update.kept_back == Some(KeptBack::Held)
}

/// One command for all lapses of updates, in the order of their names; none where no command mends anything.
/// Lists that cannot be believed are refreshed first.
pub fn combined_fix(evidence: &Evidence, appraisal: &Appraisal) -> Option<String> {
    let lapses = lapses(appraisal);
    let updates = evidence.claims.updates.seen().map(|seen| wanted(seen, &lapses)).unwrap_or_default();
    let named = |updates: &mut dyn Iterator<Item = &&PendingUpdate>| -> Option<String> {
        let targets: BTreeSet<String> = updates.filter_map(|update| target(update)).collect();
        let targets: Vec<String> = targets.into_iter().collect();
        (!targets.is_empty()).then(|| targets.join(" "))
    };
    let nameless = appraisal.findings.iter().any(is_mended_by_upgrade);
    let refresh = nameless || appraisal.findings.iter().any(asks_for_refresh);
    let unhold = named(&mut updates.iter().filter(|update| is_held(update)));
    let unhold = unhold.map(|targets| format!("apt-mark unhold {targets}"));
    let install = named(&mut updates.iter()).map(|targets| format!("{INSTALL} {targets}"));
    // An upgrade installs the named ones as well.
    let install = if nameless { Some(UPGRADE.to_owned()) } else { install };
    let command = joined([refresh.then(|| REFRESH.to_owned()), unhold, install]);
    (!command.is_empty()).then_some(command)
}

/// An update whose name stayed on the device, and which a command mends.
fn is_mended_by_upgrade(finding: &Finding) -> bool {
    let has_command = finding.fix.as_ref().is_some_and(|fix| fix.command.is_some());
    finding.code == Code::UpdatePending && finding.subject.is_none() && has_command
}

/// The subjects of updates that a command mends.
fn lapses(appraisal: &Appraisal) -> BTreeSet<&str> {
    let pending = appraisal.findings.iter().filter(|finding| finding.code == Code::UpdatePending);
    let mended = pending.filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.command.is_some()));
    mended.filter_map(|finding| finding.subject.as_deref()).collect()
}

fn wanted<'a>(seen: &'a Updates, lapses: &BTreeSet<&str>) -> Vec<&'a PendingUpdate> {
    seen.pending.iter().filter(|update| lapses.contains(update.name().as_str())).collect()
}

fn asks_for_refresh(finding: &Finding) -> bool {
    use Code::{CatalogCoverage, CatalogProved, UpdatePending, UpdateWithheld, UpdatesComplete};
    let of_catalogs =
        matches!(finding.code, CatalogProved | CatalogCoverage | UpdatesComplete | UpdatePending | UpdateWithheld);
    of_catalogs && finding.reason.is_some_and(is_mended_by_refresh)
}

fn joined(steps: [Option<String>; 3]) -> String {
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    steps.join(" && ")
}

/// The name for a command line; none where it is not a name that dpkg would accept.
fn target(update: &PendingUpdate) -> Option<String> {
    (is_package_name(&update.package) && is_architecture(&update.architecture)).then(|| update.name())
}

/// Debian Policy §5.6.1. A trailing `-` is refused too: apt takes it for an order to remove.
fn is_package_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    starts && rest && name.len() >= 2 && !name.ends_with('-')
}

fn is_architecture(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    starts && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
