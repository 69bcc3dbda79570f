//! `seaworthy report`: inspects this device as far as its holder agreed, sends that, and shows what it amounts to.

use std::io::{self, Write};

use seaworthy_model::{Appraisal, Body, Evidence, Verdict};
use seaworthy_protocol::{EvidenceEnvelope, Reception};
use seaworthy_stamp::LogIndex;
use serde_json::{Value, json};

use crate::cli::{Format, ReportArgs};
use crate::failure::{Failure, exit};
use crate::form::{Form, write_shown};
use crate::judged::{appraised, inspect_device};
use crate::organisation::{Delivered, Session, Trouble, scope_in_words};
use crate::render::{self, Clean, Show, Style};
use crate::report::Report;
use crate::surroundings::Surroundings;

/// What became of an inspection.
pub enum Outcome {
    /// It was delivered.
    Delivered(Box<Delivered>),
    /// It waits, and why.
    Waits(Failure),
}

/// Reports, or shows what would be reported.
pub fn run(args: &ReportArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    args.stamp.as_deref().map(Form::of).transpose()?;
    let mut session = Session::open(around)?;
    if args.show {
        return show(args, &session, around, out).map(|()| exit::PASS);
    }
    let (evidence, outcome) = round(&mut session, around)?;
    let report = appraised(evidence, &session.agreed().policy)?.report(None);
    tell(args, &report, &outcome, &session, around, out)
        .map_err(Failure::output)
        .or_else(Failure::unless_closed_pipe)?;
    out.flush().map_err(Failure::output).or_else(Failure::unless_closed_pipe)?;
    let Outcome::Delivered(delivered) = &outcome else { return waits(outcome, &session) };
    if let (Some(path), Some(kept)) = (&args.stamp, &delivered.stamp) {
        write_shown(path, &kept.stamp)?;
    }
    session.sound()?;
    Ok(exit_code(verdict(delivered, around)))
}

/// One round: what waits goes first, then a fresh inspection, which waits in turn if nobody answers.
pub fn round(session: &mut Session<'_>, around: &Surroundings) -> Result<(Evidence, Outcome), Failure> {
    let claims = session.agreed().policy.claims();
    match session.flush().and_then(|()| session.refresh_nonce()) {
        Ok(()) => {}
        Err(Trouble::Unanswered(failure)) => {
            let evidence = inspect_device(&claims, around)?;
            session.queue(&evidence)?;
            return Ok((evidence, Outcome::Waits(failure)));
        }
        Err(trouble) => return Err(trouble.failure()),
    }
    let evidence = inspect_device(&session.agreed().policy.claims(), around)?;
    match send(session, &evidence)? {
        // The nonce had ended, by the server's clock; the answer brought another, for an inspection made after it.
        Outcome::Delivered(delivered) if delivered.receipt.reception == Reception::History => {
            let evidence = inspect_device(&session.agreed().policy.claims(), &Surroundings::read())?;
            let outcome = send(session, &evidence)?;
            Ok((evidence, outcome))
        }
        outcome => Ok((evidence, outcome)),
    }
}

fn send(session: &mut Session<'_>, evidence: &Evidence) -> Result<Outcome, Failure> {
    let counter = session.queue(evidence)?;
    match session.deliver(counter) {
        Ok(delivered) => Ok(Outcome::Delivered(Box::new(proved(delivered, session)))),
        Err(Trouble::Unanswered(failure)) => Ok(Outcome::Waits(failure)),
        Err(trouble) => Err(trouble.failure()),
    }
}

/// With the stamp's place in the log, where it has one by now. Without it, the report counts all the same.
fn proved(mut delivered: Delivered, session: &Session<'_>) -> Delivered {
    let (Some(kept), Some(leaf)) = (&mut delivered.stamp, &delivered.leaf) else { return delivered };
    match session.prove_stamp(&kept.stamp, &kept.id, leaf) {
        Ok(Some(proof)) => kept.stamp = kept.stamp.clone().at(LogIndex::new(proof.index)),
        Ok(None) => crate::say("note: the log has not taken the stamp in yet; later: seaworthy stamp --proof FILE"),
        Err(trouble) => crate::say(&format!("note: the stamp is not proved to be in the log: {}", trouble.failure())),
    }
    delivered
}

/// The failure to end with where nothing was delivered.
pub fn waits(outcome: Outcome, session: &Session<'_>) -> Result<u8, Failure> {
    let Outcome::Waits(failure) = outcome else { return Ok(exit::PASS) };
    let waiting = match session.waiting()? {
        1 => "1 report waits".to_owned(),
        count => format!("{count} reports wait"),
    };
    let what = format!("{}; {waiting} to be sent", failure.what);
    Err(failure.saying(what))
}

/// Prints the envelope and the body as JSON, exactly as they would be signed and sent.
pub fn literal(envelope: &EvidenceEnvelope, body: &Body, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &json!({ "envelope": envelope, "body": body }))?;
    writeln!(out)
}

fn show(args: &ReportArgs, session: &Session<'_>, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let evidence = inspect_device(&session.agreed().policy.claims(), around)?;
    let (envelope, body) = session.draft(&evidence)?;
    if args.format == Format::Human {
        let name = Clean(&session.membership().name);
        writeln!(out, "This would be sent to {name}, signed with this device's key. Nothing is sent now.\n")
            .and_then(|()| scope_in_words(session.agreed(), out))
            .and_then(|()| writeln!(out, "\nThe literal document:"))
            .map_err(Failure::output)?;
    }
    literal(&envelope, &body, out).map_err(Failure::output)
}

fn tell(
    args: &ReportArgs,
    report: &Report,
    outcome: &Outcome,
    session: &Session<'_>,
    around: &Surroundings,
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.format == Format::Json {
        serde_json::to_writer_pretty(&mut *out, &document(report, outcome, session, around))?;
        return writeln!(out);
    }
    let style = Style::new(around.colour);
    render::report(report, Show { style, verbose: args.verbose }, out)?;
    let Outcome::Delivered(delivered) = outcome else { return Ok(()) };
    writeln!(out)?;
    organisation_says(report, delivered, &session.membership().name, style, around, out)?;
    match (&delivered.stamp, &args.stamp) {
        (Some(kept), None) => writeln!(out, "stamp until {}: {}", kept.until, kept.path.display()),
        (Some(kept), Some(file)) => {
            writeln!(out, "stamp until {}: {} and {}", kept.until, kept.path.display(), file.display())
        }
        (None, Some(file)) => writeln!(out, "no stamp, so {} was not written", file.display()),
        (None, None) => Ok(()),
    }
}

/// The organisation's own word, and what it finds beyond what was found here.
fn organisation_says(
    report: &Report,
    delivered: &Delivered,
    name: &str,
    style: Style,
    around: &Surroundings,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = Clean(name);
    let Some(appraisal) = &delivered.appraisal else {
        return match (delivered.receipt.reception, delivered.receipt.is_held_to_a_policy) {
            (_, false) => writeln!(out, "{name} has no policy in force for this device: it counts as not inspected"),
            _ => writeln!(out, "{name} took this in as history: it is kept, and nothing is said of it"),
        };
    };
    let verdict = appraisal.timeline.at(around.now);
    let word = style.verdict(verdict, &verdict.name().to_uppercase());
    writeln!(out, "{name} says: {word}, by policy {}", Clean(&appraisal.policy.name))?;
    for code in beyond(report, appraisal, around) {
        writeln!(out, "    also found there: {code}")?;
    }
    Ok(())
}

/// What is no pass there and was none of the lapses here.
fn beyond(report: &Report, appraisal: &Appraisal, around: &Surroundings) -> Vec<String> {
    let is_known = |code, verdict| report.findings.iter().any(|own| own.finding.code == code && own.verdict == verdict);
    let mut found: Vec<String> = Vec::new();
    for finding in &appraisal.findings {
        let verdict = finding.timeline.at(around.now);
        let is_lapse = matches!(verdict, Verdict::Fail | Verdict::Unknown);
        if is_lapse && !is_known(finding.code, verdict) {
            found.push(format!("{verdict}: {} [{}]", finding.code.entry().title, finding.code));
        }
    }
    found.dedup();
    found
}

fn document(report: &Report, outcome: &Outcome, session: &Session<'_>, around: &Surroundings) -> Value {
    let name = &session.membership().name;
    match outcome {
        Outcome::Delivered(delivered) => json!({
            "version": 1,
            "organisation": name,
            "reception": delivered.receipt.reception,
            "verdict": verdict(delivered, around),
            "appraisal": delivered.appraisal,
            "stamp": delivered.stamp.as_ref().map(|kept| json!({ "file": kept.path, "until": kept.until, "log_index": kept.stamp.index().map(LogIndex::number) })),
            "report": report,
        }),
        Outcome::Waits(failure) => json!({
            "version": 1,
            "organisation": name,
            "reception": null,
            "waiting": session.waiting().unwrap_or_default(),
            "why": failure.code,
            "report": report,
        }),
    }
}

/// What the organisation says; of what it says nothing, nothing is known.
fn verdict(delivered: &Delivered, around: &Surroundings) -> Verdict {
    delivered.appraisal.as_ref().map_or(Verdict::Unknown, |appraisal| appraisal.timeline.at(around.now))
}

fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => exit::PASS,
        Verdict::Fail => exit::FAIL,
        Verdict::Unknown | Verdict::NotApplicable => exit::UNKNOWN,
    }
}
