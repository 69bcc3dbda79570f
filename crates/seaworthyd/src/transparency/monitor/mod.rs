//! `seaworthyd log monitor`: follows a log by its public files. It demands that the log continues what it saw before, and
//! checks all of its past: when it begins, once a day, and what is new each time it looks.

mod ahead;
mod check;
mod finding;
mod memory;
mod progress;
mod source;
mod trust;

use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_model::Code;
use seaworthy_tlog::{Algorithm, Checkpoint, Edge, Policy, VerifierKey};

use self::check::{Trouble, check, continues};
use self::finding::Finding;
use self::memory::Memory;
pub use self::progress::Progress;
use self::source::{Source, SourceFault};
use self::trust::Trust;
use super::unusable_list;
use crate::cli;
use crate::failure::{Failure, exit};
use crate::office;

/// How long a check of all of the past counts.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Looks once, or until the log is caught.
pub fn run(options: &cli::Monitor) -> Result<(), Failure> {
    let mut monitor = Monitor::open(options)?;
    loop {
        let looked = monitor.look();
        match looked {
            Ok(said) => say(&said)?,
            Err(failure) if options.once || failure.exit != exit::UNKNOWN => return Err(failure),
            Err(failure) => complain(&failure),
        }
        if options.once {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(options.every.into()));
    }
}

/// One line, of what there is to tell.
fn say(said: &Option<String>) -> Result<(), Failure> {
    let Some(said) = said else { return Ok(()) };
    let mut out = io::stdout().lock();
    writeln!(out, "{said}").and_then(|()| out.flush()).map_err(Failure::output)
}

/// A look that found nothing out; the next one may.
fn complain(failure: &Failure) {
    // With standard error closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}: {} [{}]", office::now(), failure.what, failure.code);
}

/// A checkpoint that was seen.
struct Seen {
    note: Vec<u8>,
    checkpoint: Checkpoint,
}

/// All of the past up to here was checked.
struct Checked {
    edge: Edge,
    since: Instant,
}

struct Monitor {
    source: Source,
    trust: Trust,
    memory: Option<Memory>,
    seen: Option<Seen>,
    checked: Option<Checked>,
}

impl Monitor {
    fn open(options: &cli::Monitor) -> Result<Monitor, Failure> {
        if options.key.algorithm() != Algorithm::Ed25519 {
            return Err(Failure::usage("--key: this key does not sign as a log's does").hinting(""));
        }
        let policy = options.log_policy.as_deref().map(|path| policy(path, &options.key)).transpose()?;
        let trust = Trust { key: options.key.clone(), policy };
        let source = Source::at(&options.log)?;
        let memory = options.state.as_deref().map(Memory::open).transpose()?;
        let seen = memory.as_ref().map(|memory| last(memory, &trust)).transpose()?.flatten();
        Ok(Monitor { source, trust, memory, seen, checked: None })
    }

    /// One look at the log; what there is to tell.
    fn look(&mut self) -> Result<Option<String>, Failure> {
        let found = match self.source.checkpoint() {
            Ok(found) => found,
            Err(SourceFault::TooLong(_)) => {
                return Err(self.caught(&[], &Finding::Checkpoint("it is too long".to_owned())));
            }
            Err(fault) => return Err(unknown(&fault.to_string())),
        };
        match self.compare(&found) {
            Ok(said) => {
                self.remember(found)?;
                Ok(said)
            }
            Err(Trouble::Unknown(why)) => Err(unknown(&why)),
            Err(Trouble::Caught(finding)) => Err(self.caught(&found, &finding)),
        }
    }

    /// Compares what was found with what was seen, and checks what was not yet.
    fn compare(&mut self, found: &[u8]) -> Result<Option<String>, Trouble> {
        let checkpoint = self.trust.check(found)?;
        self.grows(&checkpoint)?;
        let begun = Instant::now();
        let recent = self.checked.as_ref().filter(|checked| checked.since.elapsed() < DAY);
        let (from, since) = recent.map_or((Edge::empty(), begun), |checked| (checked.edge.clone(), checked.since));
        if recent.is_some() && from.size() == checkpoint.size {
            return Ok(None);
        }
        let first = from.size();
        let edge = self.check(from, &checkpoint)?;
        self.checked = Some(Checked { edge, since });
        Ok(Some(told(&checkpoint, first, begun.elapsed())))
    }

    /// What two checkpoints tell without a look at the entries.
    fn grows(&self, checkpoint: &Checkpoint) -> Result<(), Finding> {
        let (Some(Seen { checkpoint: seen, .. }), size) = (&self.seen, checkpoint.size) else { return Ok(()) };
        match size.cmp(&seen.size) {
            std::cmp::Ordering::Less => Err(Finding::Rewound { held: seen.size, size }),
            std::cmp::Ordering::Equal if checkpoint.root != seen.root => Err(Finding::Forked { held: seen.size, size }),
            _ => Ok(()),
        }
    }

    /// Checks the entries from an edge on. That they were checked from the edge of what was seen shows that the log
    /// continues it; from the beginning on, it is still to be shown. What is wrong may come from another past, too.
    fn check(&self, from: Edge, checkpoint: &Checkpoint) -> Result<Edge, Trouble> {
        let from_start = from.size() == 0;
        let mut progress = Progress::begin();
        let checked = check(&self.source, from, checkpoint, &mut |checked| progress.at(checked, checkpoint.size));
        drop(progress);
        let is_settled = matches!((&checked, from_start), (Ok(_), false) | (Err(Trouble::Unknown(_)), _));
        let Some(seen) = self.seen.as_ref().filter(|_| !is_settled) else { return checked };
        match continues(&self.source, checkpoint, &seen.checkpoint) {
            Some(false) => Err(Finding::Forked { held: seen.checkpoint.size, size: checkpoint.size }.into()),
            None if checked.is_ok() => Err(Trouble::Unknown("the log changed while it was read".to_owned())),
            _ => checked,
        }
    }

    fn remember(&mut self, note: Vec<u8>) -> Result<(), Failure> {
        let (_, checkpoint) = self.trust.signed(&note).map_err(Failure::bug)?;
        if let Some(memory) = self.memory.as_ref().filter(|_| self.seen.as_ref().is_none_or(|seen| seen.note != note)) {
            memory.remember(&note)?;
        }
        self.seen = Some(Seen { note, checkpoint });
        Ok(())
    }

    /// Keeps the evidence, and says what the log was caught at.
    fn caught(&self, found: &[u8], finding: &Finding) -> Failure {
        let failure = Failure::new(finding.code(), format!("{}: {finding}", self.source)).ending(exit::NO);
        let Some(memory) = &self.memory else { return failure };
        let what = format!("{} [{}]\n", failure.what, failure.code);
        let hint = match memory.keep(office::now(), self.seen.as_ref().map(|seen| seen.note.as_slice()), found, &what) {
            Ok(kept) => format!("{}\n  evidence: {}", failure.hint, kept.display()),
            Err(error) => format!("{}\n  the evidence could not be kept: {error}", failure.hint),
        };
        failure.hinting(hint)
    }
}

/// The last checkpoint that a monitor remembers, which must be of this log.
fn last(memory: &Memory, trust: &Trust) -> Result<Option<Seen>, Failure> {
    let Some(note) = memory.last()? else { return Ok(None) };
    let (_, checkpoint) = trust.signed(&note).map_err(|why| memory.is_of_another(&why))?;
    Ok(Some(Seen { note, checkpoint }))
}

/// The policy of a file, for this log alone.
fn policy(path: &Path, key: &VerifierKey) -> Result<Policy, Failure> {
    super::policy(path)?.of_log(key).map_err(|refusal| unusable_list(path, &refusal))
}

fn unknown(why: &str) -> Failure {
    Failure::new(Code::LogUnreachable, why).ending(exit::UNKNOWN)
}

fn told(checkpoint: &Checkpoint, first: u64, took: Duration) -> String {
    let Checkpoint { origin, size, root, .. } = checkpoint;
    let checked = if first == 0 { "all checked".to_owned() } else { format!("{} new ones checked", size - first) };
    format!("{origin}: {size} entries, {checked} in {:.1} s; root {root}", took.as_secs_f64())
}
