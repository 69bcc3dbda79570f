//! `seaworthy check`: whether a stamp is valid, offline, against keys the checker trusts.
//!
//! Reads files and standard input, and decides nothing: `seaworthy-stamp` does. Role and grade are said first, so that
//! a self-signed stamp never passes for an organisation's; of what no trusted key signed, nothing is said at all.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use seaworthy_model::{Code, Subject, Timestamp};
use seaworthy_stamp::{
    Answer, Checked, Facts, MAX_INPUT, MAX_STATUS_LIST, PRESENTER_NOTE, Refusal, Trust, check, read,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::newest::Newest;
use crate::surroundings::Surroundings;

/// Largest trust file.
const MAX_TRUST: usize = 1024 * 1024;
/// Longest line that is kept with `--lines`; the rest of a longer one is passed over.
const MAX_LINE: usize = 64 * 1024;
/// The format of the JSON, counted up when a field changes its meaning.
const FORMAT: &str = "seaworthy-check/1";

/// Check stamps, offline
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A stamp: PNG, SVG, text, link or the bytes themselves; a file, or the text itself; - for standard input
    #[arg(value_name = "INPUT", required_unless_present = "lines", conflicts_with = "lines")]
    pub inputs: Vec<String>,

    /// Whom to believe: a trust file, or the public key of a device
    #[arg(long, value_name = "FILE", required = true)]
    pub trust: Vec<PathBuf>,

    /// A status list, in which stamps are looked up that name it: a file of bytes
    #[arg(long, value_name = "FILE")]
    pub status_list: Vec<PathBuf>,

    /// Check as of this time (2026-11-22, 2026-11-22T10:00:00Z) instead of now
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,

    /// How to answer
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub format: CheckFormat,

    /// Check each line of standard input as it comes, and answer each with a line
    #[arg(long)]
    pub lines: bool,
}

/// How `check` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Checks what the arguments name, with standard input where they say so.
pub fn run(args: &CheckArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let newest = Newest::load(&around.state);
    let answer = run_with(args, around.now, &newest, &mut io::stdin().lock(), out);
    newest.keep(&around.state);
    answer.map(Answer::exit_code)
}

fn run_with(
    args: &CheckArgs,
    now: Timestamp,
    newest: &Newest,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Answer, Failure> {
    let mut trust = trust(&args.trust)?;
    for issued in add_status_lists(&mut trust, &args.status_list)? {
        // A list that a trusted key signed is as good a witness of the time as a stamp.
        newest.see(issued, now);
    }
    let checker = Checker {
        trust,
        // A time that is asked about is no clock that could be wrong.
        newest: args.at.is_none().then_some(newest),
        now: args.at.unwrap_or(now),
    };
    if args.lines { checker.lines(args.format, input, out) } else { checker.inputs(args, input, out) }
}

/// What every check of one run has in common.
struct Checker<'a> {
    trust: Trust,
    now: Timestamp,
    newest: Option<&'a Newest>,
}

/// How one input came out.
enum Outcome {
    Valid(Checked),
    Refused(Refusal),
    Unreadable(io::Error),
}

impl Checker<'_> {
    fn bytes(&self, input: &[u8]) -> Outcome {
        let floor = self.newest.and_then(Newest::floor);
        let outcome = match read(input).and_then(|bytes| check(&bytes, &self.trust, self.now, floor)) {
            Ok(checked) => Outcome::Valid(checked),
            Err(refusal) => Outcome::Refused(refusal),
        };
        if let (Some(newest), Some(facts)) = (self.newest, outcome.facts()) {
            newest.see(facts.issued, self.now);
        }
        outcome
    }

    fn inputs(&self, args: &CheckArgs, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<Answer, Failure> {
        let many = args.inputs.len() > 1;
        let mut gravest = Answer::Valid;
        let mut stamps = Vec::new();
        for name in &args.inputs {
            let outcome = match bytes_of(name, input) {
                Ok(bytes) => self.bytes(&bytes),
                Err(error) => Outcome::Unreadable(error),
            };
            gravest = gravest.max(outcome.answer());
            match args.format {
                CheckFormat::Human => {
                    self.human(many.then_some(shown(name)).as_deref(), &outcome, out).map_err(Failure::output)?
                }
                CheckFormat::Json => stamps.push(outcome.json(Some(&shown(name)))),
            }
        }
        if args.format == CheckFormat::Json {
            let whole = json!({"format": FORMAT, "at": self.now, "exit": gravest.exit_code(), "stamps": stamps});
            writeln!(out, "{whole:#}").map_err(Failure::output)?;
        }
        out.flush().map_err(Failure::output)?;
        Ok(gravest)
    }

    /// One answer for each line, at once: whoever stands at a door waits for it.
    fn lines(&self, format: CheckFormat, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<Answer, Failure> {
        let unreadable = |error| Failure::new(Code::InputUnreadable, format!("standard input: {error}"));
        let mut gravest = Answer::Valid;
        while let Some(line) = next_line(input).map_err(unreadable)? {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let outcome = self.line(&line);
            gravest = gravest.max(outcome.answer());
            let answer = match format {
                CheckFormat::Human => outcome.headline(),
                CheckFormat::Json => outcome.json(None).to_string(),
            };
            writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(Failure::output)?;
        }
        Ok(gravest)
    }

    /// A line is text, whatever it begins with.
    fn line(&self, line: &[u8]) -> Outcome {
        self.bytes(String::from_utf8_lossy(line).as_bytes())
    }

    fn human(&self, name: Option<&str>, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        if let Some(name) = name {
            writeln!(out, "{name}")?;
        }
        writeln!(out, "{}", outcome.headline())?;
        if let Some(facts) = outcome.facts() {
            self.details(facts, out)?;
        }
        match outcome {
            Outcome::Valid(checked) => {
                revocation(checked.facts(), out)?;
                writeln!(out, "\n{PRESENTER_NOTE}")
            }
            Outcome::Refused(refusal) => explained(refusal.code(), out),
            Outcome::Unreadable(_) => explained(Code::InputUnreadable, out),
        }
    }

    fn details(&self, facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
        let left = facts.expires.days_since(self.now);
        let left = if left < 0 { String::new() } else { format!(" ({left} days left)") };
        writeln!(out, "  valid until  {}{left}", facts.expires)?;
        writeln!(out, "  policy       {} (digest {})", facts.policy.name, facts.policy.digest)?;
        writeln!(out, "  issued       {}", facts.issued)?;
        writeln!(out, "  by           {}key {}", issuer(facts), facts.issuer.key)?;
        writeln!(out, "  subject      {}", subject(facts.subject))
    }
}

impl Outcome {
    fn answer(&self) -> Answer {
        match self {
            Outcome::Valid(_) => Answer::Valid,
            Outcome::Refused(refusal) => refusal.answer(),
            Outcome::Unreadable(_) => Answer::Usage,
        }
    }

    fn facts(&self) -> Option<&Facts> {
        match self {
            Outcome::Valid(checked) => Some(checked.facts()),
            Outcome::Refused(refusal) => refusal.facts(),
            Outcome::Unreadable(_) => None,
        }
    }

    /// One line: role and grade, then the answer.
    fn headline(&self) -> String {
        let standing = self.facts().map_or_else(String::new, |facts| format!("{}, {}: ", facts.role, facts.grade));
        match self {
            Outcome::Valid(checked) => {
                let facts = checked.facts();
                format!("{standing}VALID until {}, {}, by {}", facts.expires, facts.policy.name, issuer_short(facts))
            }
            Outcome::Refused(refusal) => {
                format!("{standing}{} {refusal} [{}]", verdict(refusal.answer()), refusal.code())
            }
            Outcome::Unreadable(error) => format!("NOT READ {error} [{}]", Code::InputUnreadable),
        }
    }

    fn json(&self, input: Option<&str>) -> Value {
        let mut stamp = json!({
            "input": input,
            "answer": match self.answer() { Answer::Valid => "valid", Answer::Untold => "unknown", Answer::Refused => "refused", Answer::Usage => "unreadable" },
            "exit": self.answer().exit_code(),
            "signed": self.facts().map(facts_json),
        });
        let mut add =
            |key: &str, value: Value| stamp.as_object_mut().and_then(|fields| fields.insert(key.to_owned(), value));
        match self {
            Outcome::Valid(_) => _ = add("note", PRESENTER_NOTE.into()),
            Outcome::Refused(refusal) => _ = add("refusal", refusal_json(refusal.code(), refusal.what())),
            Outcome::Unreadable(error) => {
                _ = add("refusal", refusal_json(Code::InputUnreadable, Some(&error.to_string())))
            }
        }
        stamp
    }
}

/// Whether a valid stamp was looked up.
fn revocation(facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let Some(status) = &facts.status else { return Ok(()) };
    let looked = facts.cleared.map_or("not looked up".into(), |at| format!("not revoked by the list of {at}"));
    writeln!(out, "  revocation   {looked} ({}, place {})", status.uri, status.index)
}

const fn verdict(answer: Answer) -> &'static str {
    match answer {
        Answer::Untold => "NOT KNOWN",
        _ => "REFUSED",
    }
}

fn explained(code: Code, out: &mut dyn Write) -> io::Result<()> {
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

fn facts_json(facts: &Facts) -> Value {
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
        "presenter_proved": false,
        "status_list": facts.status.as_ref().map(|status| json!({ "index": status.index, "uri": status.uri, "cleared_by_list_of": facts.cleared })),
    })
}

fn refusal_json(code: Code, found: Option<&str>) -> Value {
    let entry = code.entry();
    json!({ "code": code, "title": entry.title, "found": found, "detail": entry.detail, "fix": entry.fix })
}

fn trust(files: &[PathBuf]) -> Result<Trust, Failure> {
    let mut trust = Trust::default();
    for path in files {
        let unreadable = |error| Failure::new(Code::TrustUnreadable, format!("{}: {error}", path.display()));
        let mut file = File::open(path).map_err(unreadable)?;
        let bytes = read_up_to(&mut file, MAX_TRUST).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(io::Error::other("not UTF-8")))?;
        trust
            .add_file(&path.display().to_string(), &text)
            .map_err(|error| Failure::new(error.code, error.to_string()))?;
    }
    Ok(trust)
}

/// Adds the lists, and tells when each was made.
fn add_status_lists(trust: &mut Trust, files: &[PathBuf]) -> Result<Vec<Timestamp>, Failure> {
    let mut issued = Vec::new();
    for path in files {
        let broken = |error| Failure::new(Code::StatusListBroken, format!("{}: {error}", path.display()));
        let bytes = File::open(path).and_then(|mut file| read_up_to(&mut file, MAX_STATUS_LIST)).map_err(broken)?;
        let added = trust.add_status_list(&bytes);
        issued.push(added.map_err(|refusal| Failure::new(refusal.code(), format!("{}: {refusal}", path.display())))?);
    }
    Ok(issued)
}

/// What an argument stands for: standard input, a file, or the stamp itself, which no file's name looks like.
fn bytes_of(name: &str, input: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    if name == "-" {
        return read_up_to(input, MAX_INPUT);
    }
    if name.contains("S#") && !Path::new(name).exists() {
        return Ok(name.as_bytes().to_vec());
    }
    read_up_to(&mut File::open(name)?, MAX_INPUT)
}

fn read_up_to(source: &mut dyn Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(io::Error::other("larger than is read")) } else { Ok(bytes) }
}

/// The next line without its end, cut at [`MAX_LINE`]; none at the end of the input.
fn next_line(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = available.iter().position(|&byte| byte == b'\n');
        let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        let room = MAX_LINE.saturating_sub(line.len());
        line.extend(part.iter().take(room));
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// An argument as it is shown: a stamp's own text is cut short.
fn shown(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        check: CheckArgs,
    }

    fn vector(name: &str) -> String {
        format!("{}/../../docs/spec/vectors/stamp/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn text(name: &str) -> String {
        fs::read_to_string(vector(name)).unwrap()
    }

    /// What a command line says, and its exit code.
    fn said(arguments: &[&str], input: &str) -> (String, u8) {
        let line = Line::try_parse_from(["check"].iter().chain(arguments)).unwrap();
        let mut out = Vec::new();
        let now = "2026-11-23".parse().unwrap();
        let answer = run_with(&line.check, now, &Newest::default(), &mut input.as_bytes(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), answer.exit_code())
    }

    #[test]
    fn a_valid_stamp_says_role_and_grade_first() {
        let (out, exit) = said(&[&vector("organisation.svg"), "--trust", &vector("trust.toml")], "");
        assert_eq!(exit, 0);
        let expected = format!(
            "organisation, inspector-observed: VALID until 2027-05-21T10:00:00Z, six-month, by Example Harbour
  valid until  2027-05-21T10:00:00Z (179 days left)
  policy       six-month (digest {})
  issued       2026-11-22T10:00:00Z
  by           Example Harbour, key 1325b850c2871916eae203f0efc3c8987f64e5e3cdb27679e6d1fa97808357e6
  subject      a mounted disk, not a running device
  revocation   not looked up (https://status.example/3, place 123456)

{PRESENTER_NOTE}
",
            "5a".repeat(32)
        );
        assert_eq!(out, expected);
    }

    #[test]
    fn a_refused_stamp_says_why_and_what_to_do() {
        let arguments = [&vector("device.txt"), "--trust", &vector("device.pub"), "--at", "2027-06-01"];
        let (out, exit) = said(&arguments, "");
        assert_eq!(exit, 1);
        assert!(
            out.starts_with(
                "device, self-asserted: REFUSED the stamp has expired: ended 2027-05-21T10:00:00Z [stamp-expired]\n"
            ),
            "{out}"
        );
        assert!(out.contains("what to do   Inspect the device again"), "{out}");
    }

    #[test]
    fn of_an_unknown_issuer_nothing_is_said() {
        let (out, exit) = said(&["-", "--trust", &vector("organisation.pub")], &text("device.txt"));
        assert_eq!(exit, 3);
        assert!(out.starts_with("NOT KNOWN no trusted key issued the stamp: key "), "{out}");
        assert!(!out.contains("six-month") && !out.contains("2027"), "{out}");
    }

    #[test]
    fn a_door_gets_a_line_for_a_line_and_goes_on_after_a_bad_one() {
        let input =
            format!("{}hello\n\n{}\u{1b}[2J\n{}", text("device.txt"), "A".repeat(200_000), text("device.url").trim());
        let (out, exit) = said(&["--lines", "--trust", &vector("device.pub")], &input);
        assert_eq!(exit, 1);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("device, self-asserted: VALID until ") && lines[3] == lines[0]);
        assert_eq!(lines[1], "REFUSED the text is not a stamp: `hello` [stamp-text]");
        assert!(!out.contains('\u{1b}'));
    }

    #[test]
    fn json_carries_code_and_fix() {
        let missing = vector("none.png");
        let (out, exit) = said(
            &[
                &vector("device.txt"),
                text("device.url").trim(),
                &missing,
                "--trust",
                &vector("device.pub"),
                "--format",
                "json",
            ],
            "",
        );
        assert_eq!(exit, 2);
        let out: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&out["stamps"][0]["answer"], &out["stamps"][0]["signed"]["role"]),
            (&"valid".into(), &"device".into())
        );
        assert_eq!(out["stamps"][1]["exit"], 0);
        assert_eq!(
            (&out["stamps"][2]["refusal"]["code"], &out["stamps"][2]["signed"]),
            (&"input-unreadable".into(), &Value::Null)
        );
        let (lines, _) = said(&["--lines", "--trust", &vector("device.pub"), "--format", "json"], "hello\n");
        assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["refusal"]["code"], "stamp-text");
    }

    #[test]
    fn a_clock_before_the_newest_stamp_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let state = seaworthy_inspect::StateDirectory::new(folder.path());
        let line = |extra: &[&str]| {
            let (stamp, key) = (vector("device.txt"), vector("device.pub"));
            let arguments = ["check", &stamp, "--trust", &key];
            Line::try_parse_from(arguments.iter().chain(extra)).unwrap().check
        };
        let checked = |now: &str, extra: &[&str]| {
            let newest = Newest::load(&state);
            let (now, mut out) = (now.parse().unwrap(), Vec::new());
            let answer = run_with(&line(extra), now, &newest, &mut "".as_bytes(), &mut out).unwrap();
            newest.keep(&state);
            (answer.exit_code(), String::from_utf8(out).unwrap())
        };
        // Issued on 22 November 2026 at 10:00.
        assert_eq!(checked("2026-11-20", &["--at", "2026-11-23"]).0, 0, "an instant that is asked about");
        let (exit, out) = checked("2026-11-20", &[]);
        assert!(exit == 1 && out.contains("[stamp-not-yet-valid]"), "from the future, and no proof: {out}");
        assert_eq!(checked("2026-11-22T10:05:00Z", &[]).0, 0);
        let (exit, out) = checked("2026-11-22T09:45:00Z", &[]);
        assert!(exit == 3 && out.contains("[clock-wrong]"), "{out}");
        assert_eq!(checked("2026-11-22T09:55:00Z", &[]).0, 0, "within the tolerance");
        assert_eq!(checked("2026-11-20", &["--at", "2026-11-23"]).0, 0);
    }

    #[test]
    fn a_stamp_is_looked_up_where_a_list_is_given() {
        let (stamp, trust, list) = (vector("organisation.txt"), vector("trust.toml"), vector("status-list.cwt"));
        let (out, exit) = said(&[&stamp, "--trust", &trust, "--status-list", &list], "");
        let head = "organisation, inspector-observed: REFUSED the stamp was revoked: by the list of 2026-11-23";
        assert!(exit == 1 && out.starts_with(head) && out.contains("[stamp-revoked]"), "{out}");
        assert!(!out.contains("not looked up"), "{out}");
        let failing = |list: &str, trust: &str| {
            let line = ["check", &stamp, "--trust", trust, "--status-list", list];
            let check = Line::try_parse_from(line).unwrap().check;
            let now = "2026-11-23".parse().unwrap();
            run_with(&check, now, &Newest::default(), &mut "".as_bytes(), &mut Vec::new()).unwrap_err().code
        };
        assert_eq!(failing(&stamp, &trust), Code::StatusListBroken);
        assert_eq!(failing(&vector("none.cwt"), &trust), Code::StatusListBroken);
        assert_eq!(failing(&list, &vector("organisation.pub")), Code::StatusListIssuer);
    }

    #[test]
    fn a_broken_trust_file_stops_all() {
        let line = Line::try_parse_from(["check", "x", "--trust", &vector("device.txt")]).unwrap();
        let now = Timestamp::from_seconds(0);
        let error = run_with(&line.check, now, &Newest::default(), &mut "".as_bytes(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.code, Code::TrustSyntax);
        assert!(Line::try_parse_from(["check", "x"]).is_err(), "--trust is required");
        assert!(Line::try_parse_from(["check", "--trust", "x"]).is_err(), "an input is required");
    }
}
