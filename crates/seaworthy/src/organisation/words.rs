//! A policy and its scope in words, for whoever is asked to agree.

use std::io::{self, Write};

use seaworthy_model::{ClaimId, Policy, RuleKind, Which};
use seaworthy_protocol::PolicyDocument;

use crate::render::Clean;

/// The rules of a policy, one line each.
pub fn policy_in_words(document: &PolicyDocument, out: &mut dyn Write) -> io::Result<()> {
    let Policy { name, version, title, source, cadence_days, rules } = &document.policy;
    writeln!(out, "Policy {}, version {version}: {}", Clean(name), Clean(title))?;
    writeln!(out, "    its numbers come from: {}", Clean(source))?;
    writeln!(out, "    inspected at least every {}", days(*cadence_days))?;
    for rule in rules {
        writeln!(out, "    {:<9} {}", rule.severity.name(), rule_in_words(&rule.kind))?;
    }
    Ok(())
}

/// What leaves the device under a document, one line a claim, and what does not.
pub fn scope_in_words(document: &PolicyDocument, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "What leaves this device with each report, and nothing else:")?;
    for claim in document.policy.claims() {
        writeln!(out, "    {claim:<26} {}", claim_in_words(claim, document.grants.update_names))?;
    }
    writeln!(
        out,
        "    {:<26} the device's public key, its clock, a counter; no serial number, no host name",
        "envelope"
    )?;
    let names = match document.grants.update_names {
        true => "Names of updates leave this device: the scope updates.names is asked for.",
        false => "No name of a package leaves this device: the scope updates.names is not asked for.",
    };
    writeln!(out, "    {names}")?;
    writeln!(out, "    Never: what is installed, files, history, messages, contacts, location.")
}

/// What a report tells of a claim.
pub fn claim_in_words(claim: ClaimId, names: bool) -> &'static str {
    match claim {
        ClaimId::Updates if names => {
            "updates that are not installed: names, versions, advisories, since when, how grave"
        }
        ClaimId::Updates => "how many updates are not installed, since when, how grave",
        ClaimId::Catalog => "the distribution's package sources, how fresh, how far proved; of others dates by the day",
        ClaimId::Distribution => "which release is installed, and until when it is supported",
        ClaimId::Kernel => "versions of the running and the newest installed kernel",
        ClaimId::Restart => "whether, and since when, the system asks for a restart",
        ClaimId::StaleLibraries => "whether a process runs replaced libraries; never which, nor how many",
        ClaimId::DiskEncryption => "of /, /home, /var and swap: encrypted or not",
        ClaimId::Firewall => "whether incoming packets are denied by default, and by what",
        ClaimId::SecureBoot => "whether verified boot is on",
        ClaimId::AutomaticUpdates => "whether security updates install themselves, and what is missing for it",
        ClaimId::MandatoryAccessControl => "whether programs are confined, and by what",
        ClaimId::Ssh => "whether an SSH server takes passwords, and how the superuser may sign in",
        ClaimId::ScreenLock => "whether an idle desktop locks, and after how long",
        ClaimId::Antivirus => "which of the known scanners is installed, and the date of its signatures",
    }
}

fn rule_in_words(kind: &RuleKind) -> String {
    match kind {
        RuleKind::Catalog { max_age_days } => {
            format!("package lists are signed, proved, and at most {} old", days(*max_age_days))
        }
        RuleKind::Updates { which, rated_at_least, allowed_days } => {
            let which = if *which == Which::Security { "security updates" } else { "all updates" };
            let rated =
                rated_at_least.map_or_else(String::new, |rating| format!(" rated {rating} or more, or not rated,"));
            format!("{which}{rated} are installed within {}", days(*allowed_days))
        }
        RuleKind::Release { lts: true } => {
            "the release is supported by its vendor, long-term support included".to_owned()
        }
        RuleKind::Release { lts: false } => "the release is supported by its vendor".to_owned(),
        RuleKind::Kernel { allowed_days } => format!("the newest installed kernel runs within {}", days(*allowed_days)),
        RuleKind::Restart { allowed_days } => {
            format!("a restart that is asked for is made within {}", days(*allowed_days))
        }
        RuleKind::StaleLibraries => "no process runs replaced libraries".to_owned(),
        RuleKind::DiskEncryption => "volumes are encrypted at rest".to_owned(),
        RuleKind::Firewall => "incoming packets are denied by default".to_owned(),
        RuleKind::SecureBoot => "verified boot is on".to_owned(),
        RuleKind::AutomaticUpdates => "security updates install themselves".to_owned(),
        RuleKind::MandatoryAccessControl => "programs are confined".to_owned(),
        RuleKind::SshPassword => "SSH accepts no passwords".to_owned(),
        RuleKind::SshRootLogin => "SSH does not let the superuser in with a password".to_owned(),
        RuleKind::ScreenLock { max_delay_seconds } => {
            format!("an idle desktop locks within {max_delay_seconds} seconds")
        }
        RuleKind::Antivirus { max_age_days } => {
            format!("signatures of an installed scanner are at most {} old", days(*max_age_days))
        }
    }
}

fn days(count: u32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
