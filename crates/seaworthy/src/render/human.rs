//! An inspection for people: the verdict, then lapses by severity, then what is unknown and why, then what passed.

use std::io::{self, Write};

use seaworthy_model::{Dated, Interval, Reason, Severity, Subject, Timestamp, Verdict};

use super::style::{Clean, Style};
use crate::report::{Report, Reported};

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// Colour or not.
    pub style: Style,
    /// Also what passed, and where each claim was read.
    pub verbose: bool,
}

/// Writes a report.
pub fn report(report: &Report, show: Show, out: &mut dyn Write) -> io::Result<()> {
    headline(report, show.style, out)?;
    lapses(report, show.style, out)?;
    unknown(report, show.style, out)?;
    passed(report, show, out)?;
    if show.verbose {
        places(report, show.style, out)?;
    }
    fix(report, show.style, out)
}

fn headline(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let word = match report.verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Unknown | Verdict::NotApplicable => "UNKNOWN",
    };
    let subject = match report.subject {
        Subject::Device => "this device",
        Subject::MountedDisk => "mounted disk",
    };
    let counts = format!(
        "{} lapses, {} unknown, {} passed",
        count(report, Verdict::Fail),
        count(report, Verdict::Unknown),
        count(report, Verdict::Pass)
    );
    let word = style.verdict(report.verdict, word);
    writeln!(out, "{word}  {subject}, policy {}: {counts}", Clean(&report.policy.name))?;
    if report.as_of != report.inspected_at {
        writeln!(out, "      as of {}, inspected {}", report.as_of, report.inspected_at)?;
    }
    match (report.verdict, report.timeline.next_change(report.as_of)) {
        (Verdict::Pass, Some(end)) => writeln!(out, "      until {end}"),
        _ => Ok(()),
    }
}

fn count(report: &Report, verdict: Verdict) -> usize {
    report.findings.iter().filter(|reported| is(reported, verdict) && !is_advisory(reported)).count()
}

fn is(reported: &Reported, verdict: Verdict) -> bool {
    reported.verdict == verdict
}

fn is_advisory(reported: &Reported) -> bool {
    reported.finding.severity == Severity::Advisory
}

fn lapses(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for severity in [Severity::Dangerous, Severity::Major, Severity::Minor, Severity::Advisory] {
        let of_severity = |reported: &&Reported| is(reported, Verdict::Fail) && reported.finding.severity == severity;
        let found: Vec<&Reported> = report.findings.iter().filter(of_severity).collect();
        groups(&found, style, &format!("{severity}"), report.as_of, out)?;
    }
    Ok(())
}

/// Findings of one code stand together under its title.
fn groups(found: &[&Reported], style: Style, word: &str, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    for group in found.chunk_by(|a, b| a.finding.code == b.finding.code) {
        let Some(first) = group.first() else { continue };
        let code = first.finding.code;
        writeln!(out, "\n{} {} {}", style.bold(word), code.entry().title, style.dim(&format!("[{code}]")))?;
        for reported in group {
            line(reported, now, out)?;
        }
        let advice = first.finding.fix.as_ref().map_or(code.entry().fix, |fix| &fix.advice);
        writeln!(out, "    {} {}", style.dim("mend:"), Clean(advice))?;
    }
    Ok(())
}

fn line(reported: &Reported, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let finding = &reported.finding;
    let mut parts = Vec::new();
    if let Some(subject) = &finding.subject {
        parts.push(format!("{:<44}", Clean(subject)));
    }
    if let Some(since) = &finding.since {
        parts.push(lateness(since, now));
    }
    if let Some(due) = finding.due {
        let word = if due <= now { "was due" } else { "due" };
        parts.push(format!("{word} {}", due.date()));
    }
    if parts.is_empty() { Ok(()) } else { writeln!(out, "    {}", parts.join("  ").trim_end()) }
}

/// `late 134 to 583 days`: at least, to at most.
fn lateness(since: &Interval, now: Timestamp) -> String {
    let days = |dated: Dated| now.days_since(dated.at).max(0);
    match (since.by.map(days), since.not_before.map(days)) {
        (Some(least), Some(most)) if least == most => format!("out for {least} days"),
        (Some(least), Some(most)) => format!("out for {least} to {most} days"),
        (Some(least), None) => format!("out for at least {least} days"),
        (None, Some(most)) => format!("out for at most {most} days"),
        (None, None) => "out since an unknown day".to_owned(),
    }
}

fn unknown(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let found: Vec<&Reported> = report.findings.iter().filter(|reported| is(reported, Verdict::Unknown)).collect();
    for group in found.chunk_by(|a, b| (a.finding.code, a.finding.reason) == (b.finding.code, b.finding.reason)) {
        let Some(first) = group.first() else { continue };
        let finding = &first.finding;
        let title = finding.code.entry().title;
        writeln!(out, "\n{} {title} {}", style.bold("unknown"), style.dim(&format!("[{}]", finding.code)))?;
        for reported in group {
            line(reported, report.as_of, out)?;
        }
        if let Some(reason) = finding.reason {
            writeln!(out, "    {} {} {}", style.dim("why:"), why(reason), style.dim(&format!("[{reason}]")))?;
            writeln!(out, "    {} {}", style.dim("mend:"), reason.code().entry().fix)?;
        }
    }
    Ok(())
}

fn why(reason: Reason) -> &'static str {
    reason.code().entry().title
}

fn passed(report: &Report, show: Show, out: &mut dyn Write) -> io::Result<()> {
    let found = |verdict| report.findings.iter().filter(move |reported| is(reported, verdict));
    let (passed, other) = (found(Verdict::Pass).count(), found(Verdict::NotApplicable).count());
    if !show.verbose {
        if passed + other == 0 {
            return Ok(());
        }
        let line = format!("{passed} passed, {other} not applicable (-v lists them)");
        return writeln!(out, "\n{}", show.style.dim(&line));
    }
    for (verdict, word) in [(Verdict::Pass, "passed"), (Verdict::NotApplicable, "not applicable")] {
        let found: Vec<&Reported> = found(verdict).collect();
        if !found.is_empty() {
            writeln!(out, "\n{}", show.style.bold(word))?;
        }
        for reported in found {
            let finding = &reported.finding;
            let subject = finding.subject.as_deref().unwrap_or_default();
            let reason = finding.reason.map_or_else(String::new, |reason| format!(" ({})", why(reason)));
            writeln!(out, "    {}  {}{reason}", finding.code.entry().title, Clean(subject))?;
        }
    }
    Ok(())
}

fn places(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", style.bold("read"))?;
    for &id in seaworthy_model::ClaimId::ALL {
        let read: Vec<&str> = report.claims.read(id).iter().map(|place| place.name()).collect();
        if !read.is_empty() {
            writeln!(out, "    {id:<26} {}", read.join(", "))?;
        }
    }
    Ok(())
}

fn fix(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match &report.fix {
        Some(command) => writeln!(out, "\n{}\n    {}", style.bold("to mend what a command can mend"), Clean(command)),
        None => Ok(()),
    }
}
