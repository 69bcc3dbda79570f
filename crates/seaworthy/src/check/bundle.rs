//! Bundles (`docs/spec/bundle.md`): what a device's verdict was is worked out anew, with no server. Of a bundle that nobody
//! trusted vouches for, nothing is said but that.

use std::io::{self, Write};

use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::{BundleError, Digest, Gap, Recomputed, recompute};
use seaworthy_stamp::{Answer, Role, Trust};
use seaworthy_tlog::Policy;
use serde_json::{Value, json};

use super::outcome::{explained, refusal_json, seen_by, verdict_word, witness_json};
use crate::render::Clean;

/// How a bundle came out.
pub enum Told {
    /// It holds, and this is by whose word.
    Holds(Box<Recomputed>, String),
    /// Something in it does not.
    Broken(BundleError),
    /// Nobody vouches for it.
    Untrusted,
    /// The log was demanded, and these parts have no proof but the organisation's date.
    Unproved(Vec<Gap>),
    /// A challenge was demanded; a bundle answers none.
    Challenged,
}

impl Told {
    /// Works a bundle out anew.
    pub fn of(bytes: &[u8], trust: &Trust, policy: Option<&Policy>, now: Timestamp) -> Told {
        match recompute(bytes, policy) {
            Err(error) => Told::Broken(error),
            Ok(found) => match trusted(&found, trust, now) {
                Some(name) => Told::vouched(found, name, policy.is_some()),
                None => Told::Untrusted,
            },
        }
    }

    /// A signer may date what it makes today before the log began: where the log is demanded, a date is no proof.
    fn vouched(found: Recomputed, name: String, log_is_demanded: bool) -> Told {
        let mut unproved = found.bundle.gaps();
        unproved.retain(|gap| log_is_demanded && gap.is_before_log());
        if unproved.is_empty() { Told::Holds(Box::new(found), name) } else { Told::Unproved(unproved) }
    }

    /// What it amounts to. Whether the device was in order is in the verdict, not in the answer.
    pub fn answer(&self) -> Answer {
        match self {
            Told::Holds(..) => Answer::Valid,
            Told::Broken(_) | Told::Challenged => Answer::Refused,
            Told::Untrusted | Told::Unproved(_) => Answer::Untold,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Told::Holds(..) => None,
            Told::Broken(error) => Some(error.code()),
            Told::Untrusted => Some(Code::BundleUntrusted),
            Told::Unproved(_) => Some(Code::BundleUnproved),
            Told::Challenged => Some(Code::PresentationMissing),
        }
    }

    fn what(&self) -> Option<String> {
        match self {
            Told::Broken(error) => Some(format!("{}", Clean(&error.to_string()))),
            Told::Unproved(gaps) => Some(gaps.iter().map(|gap| gap.name()).collect::<Vec<_>>().join(", ")),
            Told::Holds(..) | Told::Untrusted | Told::Challenged => None,
        }
    }

    /// The verdict, and by whose word.
    pub fn headline(&self) -> String {
        match (self, self.code()) {
            (Told::Holds(found, name), _) => {
                let bundle = &found.bundle;
                format!("HOLDS: at {} the verdict was {}, by {name}", bundle.at, bundle.verdict)
            }
            (_, code) => {
                let code = code.unwrap_or(Code::Bug);
                let what = self.what().map(|what| format!(": {what}")).unwrap_or_default();
                format!("{} {}{what} [{code}]", verdict_word(self.answer()), code.entry().title)
            }
        }
    }

    /// What stands below the headline, for people.
    pub fn details(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self, self.code()) {
            (Told::Holds(found, _), _) => details(found, out),
            (_, code) => explained(code.unwrap_or(Code::Bug), out),
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        match (self, self.code()) {
            (Told::Holds(found, name), _) => json!({ "bundle": told(found, name) }),
            (_, code) => json!({ "refusal": refusal_json(code.unwrap_or(Code::Bug), self.what().as_deref()) }),
        }
    }
}

/// The name of a record of an organisation that covers the making of the bundle, and has not ended.
fn trusted(found: &Recomputed, trust: &Trust, now: Timestamp) -> Option<String> {
    let made_at = found.bundle.made_at;
    let mut records = trust.records().iter().filter(|record| {
        record.role == Role::Organisation
            && found.keys.contains(&record.key)
            && record.not_before.is_none_or(|begin| begin <= made_at)
            && record.not_after.is_none_or(|end| made_at < end && now < end)
    });
    records.next().map(|record| record.name.clone().unwrap_or_default())
}

fn details(found: &Recomputed, out: &mut dyn Write) -> io::Result<()> {
    let (bundle, checkpoint) = (&found.bundle, &found.checkpoint);
    let report = &bundle.report;
    let policy = &found.appraisal.policy;
    writeln!(out, "  device       {}", bundle.device)?;
    writeln!(out, "  verdict      {} at {}, worked out anew", bundle.verdict, bundle.at)?;
    match bundle.timeline.next_change(bundle.at) {
        Some(turns) => writeln!(out, "  then         {} from {turns} on", bundle.timeline.at(turns))?,
        None => writeln!(out, "  then         no other verdict by this report")?,
    }
    writeln!(out, "  report       inspected {}, came in {}", report.inspected_at, report.received_at)?;
    writeln!(out, "  policy       {} (digest {})", Clean(&policy.name), policy.digest)?;
    writeln!(out, "  in force     since {}", bundle.assignment.record.since)?;
    writeln!(out, "  made         {} by key {}", bundle.made_at, signer(found))?;
    let entries = checkpoint.size;
    writeln!(out, "  log          {}, {entries} entries, seen by {}", Clean(&checkpoint.origin), seen_by(checkpoint))?;
    for gap in bundle.gaps() {
        writeln!(out, "  not proved   {}", gap.says())?;
    }
    Ok(())
}

fn signer(found: &Recomputed) -> String {
    found.keys.last().map(|key| Digest::from(key.id()).to_string()).unwrap_or_default()
}

fn told(found: &Recomputed, name: &str) -> Value {
    let (bundle, checkpoint) = (&found.bundle, &found.checkpoint);
    json!({
        "organisation": { "name": name, "first_key": bundle.organisation, "signed_by": signer(found) },
        "device": bundle.device,
        "at": bundle.at,
        "verdict": bundle.verdict,
        "timeline": bundle.timeline,
        "findings": found.appraisal.findings,
        "report": { "inspected_at": bundle.report.inspected_at, "received_at": bundle.report.received_at },
        "policy": found.appraisal.policy,
        "in_force_since": bundle.assignment.record.since,
        "made_at": bundle.made_at,
        "log": {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "witnesses": checkpoint.witnesses.iter().map(witness_json).collect::<Vec<_>>(),
        },
        "not_proved": bundle.gaps().iter().map(|gap: &Gap| json!({ "part": gap, "says": gap.says() })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn vector(name: &str) -> Vec<u8> {
        fs::read(format!("{}/../../docs/spec/vectors/bundle/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn told(trust: &str, policy: Option<&Policy>) -> (String, u8) {
        told_of("device.cbor", trust, policy)
    }

    fn told_of(bundle: &str, trust: &str, policy: Option<&Policy>) -> (String, u8) {
        let mut trusted = Trust::default();
        trusted.add_file("trust.toml", trust).unwrap();
        let told = Told::of(&vector(bundle), &trusted, policy, "2026-11-25T12:00:00Z".parse().unwrap());
        let mut out = Vec::new();
        told.details(&mut out).unwrap();
        (format!("{}\n{}", told.headline(), String::from_utf8(out).unwrap()), told.answer().exit_code())
    }

    #[test]
    fn what_was_is_said_by_whose_word_and_what_is_not_proved() {
        let trust = String::from_utf8(vector("trust.toml")).unwrap();
        let policy = Policy::parse(&vector("log-policy.txt")).unwrap();
        let (said, exit) = told(&trust, Some(&policy));
        assert_eq!(exit, 0, "{said}");
        insta::assert_snapshot!(said, @r"
        HOLDS: at 2026-11-24T10:00:00Z the verdict was pass, by Example
          device       fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889
          verdict      pass at 2026-11-24T10:00:00Z, worked out anew
          then         unknown from 2026-12-24T09:05:00Z on
          report       inspected 2026-11-24T09:05:00Z, came in 2026-11-24T09:05:02Z
          policy       house-rules (digest b52870ecb491be2d3de81f1130dea2b4929cb5e35f40c82be197abb994199eae)
          in force     since 2026-11-01T00:00:05Z
          made         2026-11-25T00:00:00Z by key 6a3803d5f059902a1c6dafbc9ba4729212f7caac08634cc3ae76b27529f03827
          log          log.example/log/1325b850c2871916, 9 entries, seen by north (2026-11-24T10:05:00Z)
          not proved   in which unit the device was
          not proved   when updates were first seen on the organisation's devices
          not proved   that no later report, policy or catalog counted at that instant
        ");
        let (said, _) = told(&trust, None);
        assert!(said.contains("9 entries, seen by no witness"), "{said}");
    }

    #[test]
    fn a_date_before_the_log_is_no_proof_where_the_log_is_demanded() {
        let trust = String::from_utf8(vector("trust.toml")).unwrap();
        let policy = Policy::parse(&vector("log-policy.txt")).unwrap();
        let (said, exit) = told_of("before-log.cbor", &trust, Some(&policy));
        let parts = "report-before-log, policy-before-log, assignment-before-log, catalog-before-log";
        let headline = format!("NOT KNOWN the log does not prove a part of the bundle: {parts} [bundle-unproved]");
        assert!(exit == 3 && said.starts_with(&headline) && !said.contains("pass"), "{said}");
        let (said, exit) = told_of("before-log.cbor", &trust, None);
        assert!(exit == 0 && said.starts_with("HOLDS") && said.contains("the policy document: it is older"), "{said}");
        let (said, exit) = told_of("before-log.cbor", &trust.replace("\"organisation\"", "\"log\""), Some(&policy));
        assert!(exit == 3 && said.contains("[bundle-untrusted]"), "{said}");
    }

    #[test]
    fn a_bundle_of_nobody_trusted_says_nothing() {
        let trust = String::from_utf8(vector("trust.toml")).unwrap();
        for wrong in [
            trust.replace("\"organisation\"", "\"log\""),
            format!("{trust}not_after = 2026-11-25\n"),
            format!("{trust}not_before = 2026-11-26\n"),
        ] {
            let (said, exit) = told(&wrong, None);
            assert!(exit == 3 && said.contains("[bundle-untrusted]") && !said.contains("device "), "{said}");
        }
    }
}
