//! How one input came out, for people and for programs.

use std::io::{self, Write};

use seaworthy_model::{Code, Subject, Timestamp};
use seaworthy_protocol::{Proven, Witnessed};
use seaworthy_stamp::{Answer, Facts, LogIndex, Occasion, PRESENTER_NOTE, Refusal, Shown};
use serde_json::{Value, json};

use super::bundle::Told;
use crate::render::Clean;

/// How one input came out.
pub enum Outcome {
    /// The stamp is valid.
    Valid(Box<Valid>),
    /// It is refused, or cannot be told.
    Refused(Refusal),
    /// It is a bundle.
    Bundle(Box<Told>),
    /// The input cannot be read.
    Unreadable(io::Error),
}

/// A stamp that is valid.
pub struct Valid {
    /// The stamp, and how it was shown.
    pub shown: Shown,
    /// Where in the log its carrier says that it is.
    pub index: Option<LogIndex>,
    /// That it is in the log, where that was demanded.
    pub proven: Option<Proven>,
    /// Why its status list could not be fetched, where that was asked for.
    pub unfetched: Option<String>,
}

impl Valid {
    fn facts(&self) -> &Facts {
        self.shown.checked().facts()
    }

    /// Whether its presenter showed to hold it.
    fn shown(&self) -> String {
        match self.shown.occasion() {
            None => "bare stamp".to_owned(),
            Some(Occasion::Time(time)) => format!("presented by its own key at {time}"),
            Some(Occasion::Challenge(_)) => "presented by its own key to your challenge".to_owned(),
        }
    }

    fn log(&self) -> Option<String> {
        match (&self.proven, self.index) {
            (Some(proven), _) => {
                Some(format!("entry {} of {}, seen by {}", proven.index, Clean(&proven.origin), seen_by(proven)))
            }
            (None, Some(index)) => Some(format!("index {index}, not checked")),
            (None, None) => None,
        }
    }
}

/// The witnesses who saw a checkpoint, and when.
pub fn seen_by(proven: &Proven) -> String {
    let named = |witness: &Witnessed| format!("{} ({})", Clean(&witness.name), witness.at);
    let witnesses: Vec<String> = proven.witnesses.iter().map(named).collect();
    if witnesses.is_empty() { "no witness".to_owned() } else { witnesses.join(", ") }
}

impl Outcome {
    /// What it amounts to.
    pub fn answer(&self) -> Answer {
        match self {
            Outcome::Valid(_) => Answer::Valid,
            Outcome::Refused(refusal) => refusal.answer(),
            Outcome::Bundle(told) => told.answer(),
            Outcome::Unreadable(_) => Answer::Usage,
        }
    }

    /// What a trusted key signed.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Outcome::Valid(valid) => Some(valid.facts()),
            Outcome::Refused(refusal) => refusal.facts(),
            Outcome::Bundle(_) | Outcome::Unreadable(_) => None,
        }
    }

    /// Whether its presenter proved to hold it.
    fn is_presented(&self) -> bool {
        matches!(self, Outcome::Valid(valid) if valid.shown.occasion().is_some())
    }

    /// One line: role and grade, then the answer.
    pub fn headline(&self) -> String {
        let standing = self.facts().map_or_else(String::new, |facts| format!("{}, {}: ", facts.role, facts.grade));
        match self {
            Outcome::Valid(valid) => {
                let (facts, shown) = (valid.facts(), valid.shown());
                let (end, policy) = (facts.expires, &facts.policy.name);
                let unfetched = if valid.unfetched.is_some() { "; status list NOT FETCHED" } else { "" };
                format!("{standing}VALID until {end}, {policy}, by {}; {shown}{unfetched}", issuer_short(facts))
            }
            Outcome::Refused(refusal) => {
                format!("{standing}{} {refusal} [{}]", verdict_word(refusal.answer()), refusal.code())
            }
            Outcome::Bundle(told) => told.headline(),
            Outcome::Unreadable(error) => format!("NOT READ {error} [{}]", Code::InputUnreadable),
        }
    }

    /// For people.
    pub fn human(&self, name: Option<&str>, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
        if let Some(name) = name {
            writeln!(out, "{name}")?;
        }
        writeln!(out, "{}", self.headline())?;
        if let Some(facts) = self.facts() {
            details(facts, now, out)?;
        }
        match self {
            Outcome::Valid(valid) => beyond(valid, out),
            Outcome::Refused(refusal) => explained(refusal.code(), out),
            Outcome::Bundle(told) => told.details(out),
            Outcome::Unreadable(_) => explained(Code::InputUnreadable, out),
        }
    }

    /// For programs.
    pub fn json(&self, input: Option<&str>) -> Value {
        let mut stamp = json!({
            "input": input,
            "answer": match self.answer() { Answer::Valid => "valid", Answer::Untold => "unknown", Answer::Refused => "refused", Answer::Usage => "unreadable" },
            "exit": self.answer().exit_code(),
            "signed": self.facts().map(|facts| facts_json(facts, self.is_presented())),
        });
        let more = match self {
            Outcome::Valid(valid) => valid_json(valid),
            Outcome::Refused(refusal) => json!({ "refusal": refusal_json(refusal.code(), refusal.what()) }),
            Outcome::Bundle(told) => told.json(),
            Outcome::Unreadable(error) => {
                json!({ "refusal": refusal_json(Code::InputUnreadable, Some(&error.to_string())) })
            }
        };
        if let (Value::Object(stamp), Value::Object(more)) = (&mut stamp, more) {
            stamp.extend(more);
        }
        stamp
    }
}

/// What is known of a valid stamp beyond what it says.
fn beyond(valid: &Valid, out: &mut dyn Write) -> io::Result<()> {
    revocation(valid.facts(), out)?;
    if let Some(why) = &valid.unfetched {
        let used = valid.facts().cleared.map_or("the stamp is not looked up", |_| "the list kept here is used");
        writeln!(out, "  not fetched  {}; {used}", Clean(why))?;
    }
    if let Some(log) = valid.log() {
        writeln!(out, "  log          {log}")?;
    }
    writeln!(out, "  shown        {}", valid.shown())?;
    match valid.shown.occasion() {
        None => writeln!(out, "\n{PRESENTER_NOTE}"),
        Some(_) => Ok(()),
    }
}

fn details(facts: &Facts, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let left = facts.expires.days_since(now);
    let left = if left < 0 { String::new() } else { format!(" ({left} days left)") };
    writeln!(out, "  valid until  {}{left}", facts.expires)?;
    writeln!(out, "  policy       {} (digest {})", facts.policy.name, facts.policy.digest)?;
    writeln!(out, "  issued       {}", facts.issued)?;
    writeln!(out, "  by           {}key {}", issuer(facts), facts.issuer.key)?;
    writeln!(out, "  subject      {}", subject(facts.subject))
}

/// Whether a valid stamp was looked up.
fn revocation(facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let Some(status) = &facts.status else { return Ok(()) };
    let looked = facts.cleared.map_or("not looked up".into(), |at| format!("not revoked by the list of {at}"));
    writeln!(out, "  revocation   {looked} ({}, place {})", status.uri, status.index)
}

/// The answer in capitals.
pub const fn verdict_word(answer: Answer) -> &'static str {
    match answer {
        Answer::Untold => "NOT KNOWN",
        _ => "REFUSED",
    }
}

/// Why, and what to do.
pub fn explained(code: Code, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  why          {}", code.entry().detail)?;
    writeln!(out, "  what to do   {}", code.entry().fix)
}

fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Device => "a running device",
        Subject::MountedDisk => "a mounted disk, not a running device",
    }
}

fn issuer(facts: &Facts) -> String {
    facts.issuer.name.as_ref().map_or_else(String::new, |name| format!("{name}, "))
}

fn issuer_short(facts: &Facts) -> String {
    facts.issuer.name.clone().unwrap_or_else(|| format!("key {}", facts.issuer.key.short()))
}

fn facts_json(facts: &Facts, is_presented: bool) -> Value {
    json!({
        "role": facts.role.name(),
        "grade": facts.grade,
        "valid_until": facts.expires,
        "policy": facts.policy,
        "issued": facts.issued,
        "issuer": { "name": facts.issuer.name, "key": facts.issuer.key.to_string() },
        "subject": facts.subject,
        "id": facts.id,
        "presenter_key": facts.presenter,
        "presenter_proved": is_presented,
        "status_list": facts.status.as_ref().map(|status| json!({ "index": status.index, "uri": status.uri, "cleared_by_list_of": facts.cleared })),
    })
}

/// A refusal, for programs.
pub fn refusal_json(code: Code, found: Option<&str>) -> Value {
    let entry = code.entry();
    json!({ "code": code, "title": entry.title, "found": found, "detail": entry.detail, "fix": entry.fix })
}

fn valid_json(valid: &Valid) -> Value {
    let presented = valid.shown.occasion().map(|occasion| match occasion {
        Occasion::Time(time) => json!({ "by": "time", "time": time }),
        Occasion::Challenge(challenge) => json!({ "by": "challenge", "challenge": challenge.to_string() }),
    });
    let note = presented.is_none().then_some(PRESENTER_NOTE);
    json!({ "presented": presented, "log": log_json(valid), "not_fetched": valid.unfetched, "note": note })
}

fn log_json(valid: &Valid) -> Value {
    match (&valid.proven, valid.index) {
        (Some(proven), _) => json!({
            "checked": true,
            "index": proven.index,
            "origin": proven.origin,
            "size": proven.size,
            "witnesses": proven.witnesses.iter().map(witness_json).collect::<Vec<_>>(),
        }),
        (None, Some(index)) => json!({ "checked": false, "index": index.number() }),
        (None, None) => Value::Null,
    }
}

/// A witness, for programs.
pub fn witness_json(witness: &Witnessed) -> Value {
    json!({ "name": witness.name, "at": witness.at })
}
