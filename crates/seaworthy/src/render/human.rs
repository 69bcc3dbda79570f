//! An inspection for people: the verdict, then lapses by severity, then what is unknown and why, then what passed.

use std::collections::HashMap;
use std::io::{self, Write};

use seaworthy_model::{
    Code, DateSource, Dated, Finding, Interval, PendingUpdate, Severity, Subject, Timestamp, Verdict,
};

use super::style::{Clean, Style};
use super::wrap::wrapped;
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
    if report.as_of < report.inspected_at {
        return writeln!(out, "      nothing is known of the time before the inspection");
    }
    let page = Page { report, show, updates: updates(report) };
    lapses(&page, out)?;
    unknown(&page, out)?;
    passed(&page, out)?;
    if show.verbose {
        places(report, show.style, out)?;
    }
    fix(report, show.style, out)
}

/// What every part is drawn from.
struct Page<'a> {
    report: &'a Report,
    show: Show,
    /// By the name that findings give them: a disk may have tens of thousands.
    updates: HashMap<String, &'a PendingUpdate>,
}

fn updates(report: &Report) -> HashMap<String, &PendingUpdate> {
    let seen = report.claims.updates.seen().into_iter();
    seen.flat_map(|updates| updates.pending.iter().chain(&updates.withheld))
        .map(|update| (update.name(), update))
        .collect()
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
    let lapses = match count(report, Verdict::Fail) {
        1 => "1 lapse".to_owned(),
        lapses => format!("{lapses} lapses"),
    };
    let counts =
        format!("{lapses}, {} unknown, {} passed", count(report, Verdict::Unknown), count(report, Verdict::Pass));
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

fn lapses(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    for severity in [Severity::Dangerous, Severity::Major, Severity::Minor, Severity::Advisory] {
        let of_severity = |reported: &&Reported| is(reported, Verdict::Fail) && reported.finding.severity == severity;
        let found: Vec<&Reported> = page.report.findings.iter().filter(of_severity).collect();
        for group in found.chunk_by(|a, b| a.finding.code == b.finding.code) {
            let Some(first) = group.first() else { continue };
            let code = first.finding.code;
            let not_met = if is_update(code) { "" } else { "not met: " };
            let title = format!("{not_met}{} {}", code.entry().title, page.show.style.dim(&format!("[{code}]")));
            writeln!(out, "\n{} {title}", page.show.style.bold(severity.name()))?;
            lines(group, page, out)?;
            mends(group, page.show.style, out)?;
        }
    }
    Ok(())
}

/// What to do about the findings of a group: most often one thing for all of them.
fn mends(group: &[&Reported], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let fix = |reported: &Reported| reported.finding.fix.clone();
    let mut advices: Vec<String> = group.iter().filter_map(|reported| fix(reported)).map(|fix| fix.advice).collect();
    advices.sort();
    advices.dedup();
    for advice in &advices {
        let own = group.iter().filter(|reported| fix(reported).is_some_and(|fix| fix.advice == *advice));
        let subjects: Vec<&str> = own.filter_map(|reported| reported.finding.subject.as_deref()).collect();
        let of = match advices.len() {
            1 => String::new(),
            _ => format!(" ({})", shortened(&subjects)),
        };
        writeln!(out, "    {} {}{of}", style.dim("mend:"), Clean(advice))?;
    }
    let mut commands = group.iter().filter_map(|reported| fix(reported)?.command);
    match commands.next() {
        // Updates have one command for all of them, at the end.
        Some(command)
            if !group.iter().any(|reported| is_update(reported.finding.code))
                && commands.all(|other| other == command) =>
        {
            writeln!(out, "        {}", Clean(&command))
        }
        _ => Ok(()),
    }
}

/// Subjects that are named where there are many.
const NAMED: usize = 8;

fn shortened(subjects: &[&str]) -> String {
    let named: Vec<String> = subjects.iter().take(NAMED).map(|subject| clean(subject)).collect();
    match subjects.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Longest text of a subject: a hostile disk may name things at any length.
const LONGEST: usize = 160;

fn clean(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", Clean(&short))
}

/// Widest column of subjects; a wider one stands out of line.
const WIDEST: usize = 64;

fn lines(group: &[&Reported], page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let described: Vec<String> = group.iter().map(|reported| described(&reported.finding, page)).collect();
    let width = described.iter().map(|text| text.chars().count()).max().unwrap_or_default().min(WIDEST);
    for (reported, subject) in group.iter().zip(&described) {
        let line = format!("    {subject:<width$}{}", dates(&reported.finding, page.report.as_of));
        if !line.trim().is_empty() {
            writeln!(out, "{}", line.trim_end())?;
        }
        if page.show.verbose {
            details(&reported.finding, page, out)?;
        }
    }
    Ok(())
}

fn dates(finding: &Finding, now: Timestamp) -> String {
    let mut dates = String::new();
    // A lapse that only this inspection dates stands now: no more is known.
    let since_now = |since: &Interval| since.by.is_some_and(|by| by.from == DateSource::Inspection);
    if finding.since.as_ref().is_some_and(since_now) && finding.due.is_some_and(|due| due <= now) {
        return dates;
    }
    if let Some(since) = finding.since.as_ref().filter(|since| since.by.or(since.not_before).is_some()) {
        let out_for = if is_update(finding.code) { "out for" } else { "for" };
        dates.push_str(&format!("  {out_for} {}", lateness(since, now)));
    }
    if let Some(due) = finding.due {
        let word = if due <= now { "was due" } else { "due" };
        dates.push_str(&format!("  {word} {}", due.date()));
    }
    dates
}

/// How the dates of a lapse are known, and which advisories an update answers.
fn details(finding: &Finding, page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let dated =
        |word: &str, dated: Option<Dated>| dated.map(|dated| format!("{word} {} ({})", dated.at.date(), dated.from));
    let since = finding.since.map(|since| [dated("not before", since.not_before), dated("by", since.by)]);
    let mut parts: Vec<String> = since.into_iter().flatten().flatten().collect();
    parts.extend(update(finding, page).into_iter().flat_map(|update| &update.advisories).map(|id| clean(id)));
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if parts.is_empty() { Ok(()) } else { writeln!(out, "{}", page.show.style.dim(&wrapped("        ", &parts))) }
}

fn is_update(code: Code) -> bool {
    matches!(code, Code::UpdatePending | Code::UpdateWithheld)
}

/// An update's subject is a package: its versions, and what apt would not do with it, are in the claim.
fn update<'a>(finding: &Finding, page: &Page<'a>) -> Option<&'a PendingUpdate> {
    let subject = finding.subject.as_ref().filter(|_| is_update(finding.code))?;
    page.updates.get(subject).copied()
}

fn described(finding: &Finding, page: &Page) -> String {
    let subject = finding.subject.as_deref().unwrap_or_default();
    let Some(update) = update(finding, page) else { return clean(subject) };
    let mut text = format!("{} {} -> {}", clean(subject), clean(&update.installed), clean(&update.candidate));
    if update.security {
        text.push_str(" security");
    }
    if let Some(rating) = update.rating {
        text.push_str(&format!(" {rating}"));
    }
    if let Some(kept_back) = update.kept_back {
        text.push_str(&format!(" {kept_back}"));
    }
    text
}

/// `134 to 583 days`: at least, to at most.
fn lateness(since: &Interval, now: Timestamp) -> String {
    match since.days(now) {
        (Some(least), Some(most)) if least == most => format!("{least} days"),
        (Some(least), Some(most)) => format!("{least} to {most} days"),
        (Some(least), None) => format!("at least {least} days"),
        (None, Some(most)) => format!("at most {most} days"),
        (None, None) => "an unknown time".to_owned(),
    }
}

fn unknown(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let style = page.show.style;
    let found: Vec<&Reported> = page.report.findings.iter().filter(|reported| is(reported, Verdict::Unknown)).collect();
    let why = |reported: &Reported| why(&reported.finding, page.report.as_of);
    for alike in found.chunk_by(|a, b| why(a) == why(b)) {
        let Some((why, mend)) = alike.first().map(|first| why(first)) else { continue };
        writeln!(out)?;
        for group in alike.chunk_by(|a, b| a.finding.code == b.finding.code) {
            questions(group, page, out)?;
        }
        writeln!(out, "    {} {why}\n    {} {mend}", style.dim("why:"), style.dim("mend:"))?;
    }
    Ok(())
}

/// What is unknown, and of which subjects.
fn questions(group: &[&Reported], page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let (code, style) = (first.finding.code, page.show.style);
    let word = if is_advisory(first) { "unknown (advisory)" } else { "unknown" };
    let late = if is_update(code) { "it is late: " } else { "" };
    writeln!(out, "{} whether {late}{} {}", style.bold(word), code.entry().title, style.dim(&format!("[{code}]")))?;
    let shown = if page.show.verbose { group.len() } else { group.len().min(NAMED) };
    lines(group.get(..shown).unwrap_or_default(), page, out)?;
    match group.len() - shown {
        0 => Ok(()),
        more => writeln!(out, "    {}", style.dim(&format!("and {more} more (-v shows them)"))),
    }
}

/// Why a finding is unknown, and what settles it.
fn why(finding: &Finding, now: Timestamp) -> (String, &'static str) {
    let last = finding.timeline.spans().last();
    match (finding.reason, finding.due) {
        (Some(reason), _) => (format!("{} [{reason}]", reason.code().entry().title), reason.code().entry().fix),
        (None, Some(due)) if due > now => (format!("{UNDATED}; on the day shown it is"), MEND_UNDATED),
        (None, None) if finding.since.is_some() => (UNDATED.to_owned(), MEND_UNDATED),
        _ if last.is_some_and(|last| last.from <= Some(now)) => (AGED.to_owned(), MEND_AGED),
        _ => (UNDATED.to_owned(), MEND_UNDATED),
    }
}

const UNDATED: &str = "whether it is late already cannot be proved";
const MEND_UNDATED: &str = "Mend it now: what is mended needs no proof of its age.";
const AGED: &str = "the inspection is too old to say anything of this day";
const MEND_AGED: &str = "Inspect again.";

fn passed(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let found = |verdict| page.report.findings.iter().filter(move |reported| is(reported, verdict));
    let (passed, other) = (found(Verdict::Pass).count(), found(Verdict::NotApplicable).count());
    if !page.show.verbose {
        if passed + other == 0 {
            return Ok(());
        }
        let line = format!("{passed} passed, {other} not applicable (-v lists them)");
        return writeln!(out, "\n{}", page.show.style.dim(&line));
    }
    for (verdict, word) in [(Verdict::Pass, "passed"), (Verdict::NotApplicable, "not applicable")] {
        let found: Vec<&Reported> = found(verdict).collect();
        if !found.is_empty() {
            writeln!(out, "\n{}", page.show.style.bold(word))?;
        }
        for Reported { finding, .. } in found {
            let subject =
                finding.subject.as_ref().map_or_else(String::new, |_| format!(": {}", described(finding, page)));
            let reason =
                finding.reason.map_or_else(String::new, |reason| format!(" ({})", reason.code().entry().title));
            writeln!(out, "    {}{subject}{reason}", finding.code.entry().title)?;
        }
    }
    Ok(())
}

fn places(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", style.bold("read"))?;
    for &id in seaworthy_model::ClaimId::ALL {
        let read: Vec<&str> = report.claims.read(id).iter().map(|place| place.name()).collect();
        if !read.is_empty() {
            writeln!(out, "{}", wrapped(&format!("    {id:<26} "), &read))?;
        }
    }
    Ok(())
}

fn fix(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let heading = match report.subject {
        Subject::Device => "to mend what a command can mend",
        Subject::MountedDisk => "to mend what a command can mend, on that system when it runs",
    };
    match &report.fix {
        Some(command) => writeln!(out, "\n{}\n    {}", style.bold(heading), Clean(command)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_model::{Appraisal, Claims, Envelope, Evidence, Fix, PolicyId, Reason, Timeline};

    use super::*;

    fn lapse(subject: &str, advice: &str) -> Finding {
        Finding {
            code: Code::UpdatePending,
            subject: Some(subject.to_owned()),
            severity: Severity::Major,
            timeline: Timeline::always(Verdict::Fail),
            reason: None,
            since: None,
            due: None,
            fix: Some(Fix { advice: advice.to_owned(), command: None }),
        }
    }

    fn shown(findings: Vec<Finding>) -> String {
        let now = Timestamp::from_seconds(1_800_000_000);
        let envelope = Envelope { inspected_at: now, subject: Subject::Device };
        let evidence = Evidence { envelope, claims: Claims::unknown(Reason::NotAsked) };
        let policy = PolicyId { name: "ours".to_owned(), digest: String::new() };
        let appraisal = Appraisal { policy, timeline: Timeline::always(Verdict::Fail), findings };
        let mut out = Vec::new();
        let show = Show { style: Style::new(false), verbose: false };
        report(&Report::new(evidence, appraisal, now, None), show, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_advice_names_whom_it_is_for_where_there_are_several() {
        let one = shown(vec![lapse("jq", "Install it."), lapse("zip", "Install it.")]);
        assert!(one.ends_with("    jq\n    zip\n    mend: Install it.\n"), "{one}");
        let two = shown(vec![lapse("jq", "Install it."), lapse("zip", "Take it off hold.")]);
        assert!(two.ends_with("    mend: Install it. (jq)\n    mend: Take it off hold. (zip)\n"), "{two}");
    }

    #[test]
    fn a_name_of_any_length_is_cut() {
        let text = shown(vec![lapse(&"x".repeat(1 << 20), "Install it.")]);
        assert!(text.len() < 1000 && text.contains("xxx..."));
    }
}
