//! Agreement: nothing leaves the device before its holder has seen what, and said yes.

use std::io::{self, Write};

use seaworthy_model::{ClaimId, Code};
use seaworthy_protocol::PolicyDocument;

use super::words::claim_in_words;
use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// How far a document reaches beyond another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    claims: Vec<ClaimId>,
    names: bool,
}

impl Wider {
    /// What the newer document asks for that the agreed one did not; none where it reaches no further.
    pub fn between(agreed: &PolicyDocument, newer: &PolicyDocument) -> Option<Wider> {
        let before = agreed.policy.claims();
        let claims: Vec<ClaimId> = newer.policy.claims().into_iter().filter(|claim| !before.contains(claim)).collect();
        let names = newer.grants.update_names && !agreed.grants.update_names;
        (names || !claims.is_empty()).then_some(Wider { claims, names })
    }

    /// Says what is new.
    pub fn in_words(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "New, beyond what you agreed to:")?;
        for &claim in &self.claims {
            writeln!(out, "    {claim:<26} {}", claim_in_words(claim, self.names))?;
        }
        if self.names {
            writeln!(out, "    {:<26} names and versions of updates that are not installed", "updates.names")?;
        }
        Ok(())
    }
}

/// Whether the person has agreed beforehand, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beforehand {
    /// `--yes` stands there.
    Yes,
    /// They are to be asked.
    Ask,
}

impl From<bool> for Beforehand {
    fn from(yes: bool) -> Beforehand {
        if yes { Beforehand::Yes } else { Beforehand::Ask }
    }
}

/// Asks for a yes, unless it was given beforehand. Without a terminal nobody can be asked, and nobody has agreed.
pub fn agree(beforehand: impl Into<Beforehand>, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    out.flush().map_err(Failure::output)?;
    if beforehand.into() == Beforehand::Yes {
        return Ok(());
    }
    if !around.answers {
        let hint = "read what is asked for above; then run it on a terminal, or with --yes";
        return Err(Failure::new(Code::NotAgreed, "nobody can be asked here, so nothing was sent").hinting(hint));
    }
    match ask(out)?.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::new(Code::NotAgreed, "not agreed, so nothing was sent").hinting("")),
    }
}

/// Longest answer that is read.
const MAX_LINE: u64 = 1024;

/// Asks at the terminal.
pub fn ask(out: &mut dyn Write) -> Result<String, Failure> {
    use std::io::{BufRead, Read};
    write!(out, "\nType yes to agree: ").and_then(|()| out.flush()).map_err(Failure::output)?;
    let mut line = String::new();
    let read = io::stdin().lock().take(MAX_LINE).read_line(&mut line);
    read.map_err(|error| Failure::new(Code::NotAgreed, format!("standard input: {error}")))?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use seaworthy_model::{Grants, Policy, Rule, RuleKind, Severity, Timestamp};
    use seaworthy_protocol::Digest;

    use super::*;

    fn document(kinds: &[RuleKind], update_names: bool) -> PolicyDocument {
        let rules = kinds.iter().map(|kind| Rule { kind: kind.clone(), severity: Severity::Minor }).collect();
        let (name, title, source) = ("ours".to_owned(), String::new(), String::new());
        PolicyDocument {
            version: 1,
            organisation: Digest::ZERO,
            sequence: 1,
            issued_at: Timestamp::from_seconds(0),
            policy: Policy { name, version: 1, title, source, cadence_days: 7, rules },
            grants: Grants { update_names },
        }
    }

    #[test]
    fn wider_is_a_claim_more_or_names_more_and_never_less() {
        let one = document(&[RuleKind::Firewall], false);
        let two = document(&[RuleKind::Firewall, RuleKind::SecureBoot], false);
        let named = document(&[RuleKind::Firewall], true);
        assert_eq!(Wider::between(&one, &two), Some(Wider { claims: vec![ClaimId::SecureBoot], names: false }));
        assert_eq!(Wider::between(&two, &one), None);
        assert_eq!(Wider::between(&one, &named), Some(Wider { claims: vec![], names: true }));
        assert_eq!(Wider::between(&named, &one), None);
        // The same claims, held to sterner rules, send nothing more.
        let both = document(&[RuleKind::SshPassword, RuleKind::SshRootLogin], false);
        assert_eq!(Wider::between(&document(&[RuleKind::SshPassword], false), &both), None);
    }
}
