//! `seaworthy check`: whether a stamp is valid, against keys the checker trusts; offline, but for `--online`.
//!
//! Reads files and standard input, and decides nothing: `seaworthy-stamp` does. Role and grade are said first, so that
//! a self-signed stamp never passes for an organisation's; of what no trusted key signed, nothing is said at all.

mod bundle;
mod demand;
mod online;
mod outcome;
mod sources;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use seaworthy_model::{Code, Timestamp};
use seaworthy_protocol::Bundle;
use seaworthy_stamp::{Answer, Carried, Challenge, Refusal, Shown, Trust, check_carried, read};
use serde_json::json;

use crate::failure::{Failure, exit};
use crate::form::drawn;
use crate::key::random;
use crate::newest::{Newest, floor_of};
use crate::surroundings::Surroundings;
use bundle::Told;
use demand::Demand;
use online::{Online, lookable, unfetched};
use outcome::{Outcome, Valid};
use sources::{add_status_lists, bytes_of, next_line, shown, trust};

/// The format of the JSON, counted up when a field changes its meaning.
const FORMAT: &str = "seaworthy-check/1";

/// Check stamps, offline
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A stamp: PNG, SVG, text, link or the bytes themselves; a file, or the text itself; - for standard input. Or a bundle,
    /// as seaworthyd prove writes it
    #[arg(value_name = "INPUT", required_unless_present_any = ["lines", "new_challenge"], conflicts_with = "lines")]
    pub inputs: Vec<String>,

    /// Whom to believe: a trust file, or the public key of a device
    #[arg(long, value_name = "FILE", required_unless_present = "new_challenge")]
    pub trust: Vec<PathBuf>,

    /// A status list, in which stamps are looked up that name it: a file of bytes
    #[arg(long, value_name = "FILE")]
    pub status_list: Vec<PathBuf>,

    /// Fetch the status list where the stamp says that it is; one fetched before does until it ends
    #[arg(long, conflicts_with = "at")]
    pub online: bool,

    /// Trust these certificates, in PEM, for --online instead of the system's
    #[arg(long, value_name = "FILE", requires = "online")]
    pub ca: Option<PathBuf>,

    /// Demand that the stamp is presented, and answers this challenge
    #[arg(long, value_name = "CODE")]
    pub challenge: Option<Challenge>,

    /// Draw a challenge for --challenge, to be shown to whoever presents a stamp; checks nothing
    #[arg(long, conflicts_with_all = ["inputs", "trust", "status_list", "challenge", "log_policy", "proof", "at", "lines", "online"])]
    pub new_challenge: bool,

    /// Demand that the stamp is in a log of this policy, and that its witnesses saw it there
    #[arg(long, value_name = "FILE")]
    pub log_policy: Option<PathBuf>,

    /// What proves that, as `seaworthy stamp --proof` writes it
    #[arg(long, value_name = "FILE", requires = "log_policy")]
    pub proof: Option<PathBuf>,

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
    if args.new_challenge {
        return new_challenge(args.format, around, out).map(|()| exit::PASS);
    }
    let newest = Newest::load(&around.state);
    let online = args.online.then(|| Online::new(args.ca.as_deref(), &around.state)).transpose()?;
    let answer = run_with(args, &Surroundings::clock, online, &newest, &mut io::stdin().lock(), out);
    newest.keep(&around.state);
    answer.map(Answer::exit_code)
}

fn new_challenge(format: CheckFormat, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let challenge = Challenge::from_bytes(random()?);
    match format {
        CheckFormat::Json => writeln!(out, "{:#}", json!({ "challenge": challenge.to_string() })),
        CheckFormat::Human => {
            let drawn = drawn(&challenge.to_string(), around)?;
            writeln!(out, "{drawn}\n{challenge}\nfor one check: seaworthy check --challenge {challenge} …")
        }
    }
    .map_err(Failure::output)
}

fn run_with(
    args: &CheckArgs,
    clock: &dyn Fn() -> Timestamp,
    online: Option<Online>,
    newest: &Newest,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Answer, Failure> {
    let mut trust = trust(&args.trust)?;
    for issued in add_status_lists(&mut trust, &args.status_list)? {
        // A list that a trusted key signed is as good a witness of the time as a stamp.
        newest.see(issued, clock());
    }
    // A time that is asked about is no clock that could be wrong.
    let (asked, read) = (args.at, clock);
    let clock = move || asked.unwrap_or_else(read);
    let mut checker = Checker {
        trust,
        challenge: args.challenge,
        online,
        demand: Demand::read(args.log_policy.as_deref(), args.proof.as_deref())?,
        newest: args.at.is_none().then_some(newest),
        now: clock(),
    };
    if args.lines { checker.lines(&clock, args.format, input, out) } else { checker.inputs(args, input, out) }
}

/// What every check of one run has in common.
struct Checker<'a> {
    trust: Trust,
    challenge: Option<Challenge>,
    online: Option<Online>,
    demand: Option<Demand>,
    now: Timestamp,
    newest: Option<&'a Newest>,
}

impl Checker<'_> {
    fn bytes(&self, input: &[u8]) -> Outcome {
        if Bundle::is_like(input) {
            return Outcome::Bundle(Box::new(self.bundle(input)));
        }
        let outcome = match read(input).and_then(|carried| self.carried(&carried)) {
            Ok(valid) => Outcome::Valid(Box::new(valid)),
            Err(refusal) => Outcome::Refused(refusal),
        };
        if let (Some(newest), Some(facts)) = (self.newest, outcome.facts()) {
            newest.see(facts.issued, self.now);
        }
        outcome
    }

    fn bundle(&self, input: &[u8]) -> Told {
        let policy = self.demand.as_ref().map(Demand::policy);
        if self.challenge.is_some() { Told::Challenged } else { Told::of(input, &self.trust, policy, self.now) }
    }

    /// The proof is looked at first, since its witnesses know how late it is; what is wrong with the stamp is said first.
    fn carried(&self, carried: &Carried) -> Result<Valid, Refusal> {
        let proven = self.demand.as_ref().map(|demand| demand.prove(carried)).transpose();
        let seen = proven.as_ref().ok().and_then(|proven| proven.as_ref()?.newest());
        let floor = self.newest.and_then(|newest| newest.floor().max(seen.map(floor_of)));
        let (shown, unfetched) = self.looked_up(carried, floor)?;
        if let (Some(newest), Some(seen)) = (self.newest, seen) {
            newest.see(seen, self.now);
        }
        match proven {
            Ok(proven) => Ok(Valid { shown, index: carried.index, proven, unfetched }),
            Err(refusal) => Err(refusal.with_facts(shown.checked().facts().clone())),
        }
    }

    /// What the stamp is by the list that is fetched, where one is; and why none was.
    fn looked_up(&self, carried: &Carried, floor: Option<Timestamp>) -> Result<(Shown, Option<String>), Refusal> {
        let check = |trust: &Trust| check_carried(carried, trust, self.now, floor, self.challenge.as_ref());
        let offline = check(&self.trust);
        let Some((online, address)) = self.online.as_ref().zip(lookable(&offline)) else {
            return offline.map(|shown| (shown, None));
        };
        let looked = online.look(&address, &self.trust);
        if let (Some(newest), Some(issued)) = (self.newest, looked.issued) {
            newest.see(issued, self.now);
        }
        let mut trust = self.trust.clone();
        let counts = looked.list.is_some_and(|list| trust.add_status_list(&list).is_ok());
        match (if counts { check(&trust) } else { offline.clone() }, looked.trouble) {
            (Ok(shown), trouble) => Ok((shown, trouble)),
            // One that was kept and has ended is as none.
            (Err(refusal), Some(trouble)) if refusal.code() == Code::StatusListExpired => unfetched(offline, trouble),
            (Err(refusal), Some(trouble)) if refusal.code() == Code::StatusListMissing => {
                unfetched(Err(refusal), trouble)
            }
            (Err(refusal), _) => Err(refusal),
        }
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
                    outcome.human(many.then_some(shown(name)).as_deref(), self.now, out).map_err(Failure::output)?
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

    /// One answer for each line, at once and by the clock as it is then: whoever stands at a door waits for it, and the
    /// door is open all day.
    fn lines(
        &mut self,
        clock: &dyn Fn() -> Timestamp,
        format: CheckFormat,
        input: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> Result<Answer, Failure> {
        let unreadable = |error| Failure::new(Code::InputUnreadable, format!("standard input: {error}"));
        let mut gravest = Answer::Valid;
        while let Some(line) = next_line(input).map_err(unreadable)? {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.now = clock();
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
}
