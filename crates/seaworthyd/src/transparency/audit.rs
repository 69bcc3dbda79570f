//! `seaworthyd log audit`: holds every record of the store to what the log committed to, and the log to its checkpoint.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use seaworthy_model::Code;
use seaworthy_service::directory::Directory;
use seaworthy_service::log::{Audit, Audited};
use seaworthy_service::{Error, ports};
use seaworthy_store::SqlStore;

use super::monitor::Progress;
use crate::cli;
use crate::failure::{Failure, exit};
use crate::office::{self, failed};
use crate::operator::organisation;
use crate::settings::Settings;
use crate::tiles;

/// A server that runs takes in what waits, and its witnesses answer, in less.
const PAUSE: Duration = Duration::from_secs(2);

/// Audits the log of an organisation.
pub fn run(options: &cli::Audit, settings: &Settings) -> Result<(), Failure> {
    let store = SqlStore::new(office::database_beside(settings)?);
    let tiles = tiles::open(settings)?;
    let view = ports::read(&store as &dyn ports::Store, |records| {
        organisation(&Directory::load(records)?, options.of.as_deref())
    });
    let view = view.map_err(failed)?;
    let none = || Failure::new(Code::AuditUnknown, "the organisation has no log yet").ending(exit::UNKNOWN);
    let log = view.log.as_ref().ok_or_else(none)?;
    let audit = Audit { store: &store, tiles: tiles.as_ref(), log };
    let mut shown = Progress::begin();
    let audited = audit.run(&mut |done, of| shown.at(done, of), &mut || thread::sleep(PAUSE));
    drop(shown);
    let audited = audited.map_err(caught)?;
    tell(&log.origin, &audited, &mut io::stdout().lock()).map_err(Failure::output)?;
    judged(&audited)
}

/// A log that contradicts itself is a true answer; one that cannot be read is none.
fn caught(error: Error) -> Failure {
    let exit = if matches!(error, Error::Refused { .. }) { exit::NO } else { exit::UNKNOWN };
    failed(error).ending(exit)
}

fn tell(origin: &str, audited: &Audited, out: &mut dyn Write) -> io::Result<()> {
    for changed in &audited.changed {
        writeln!(out, "CHANGED  {changed}")?;
    }
    let left = audited.changes.saturating_sub(audited.changed.len() as u64);
    if left > 0 {
        writeln!(out, "CHANGED  and {left} more")?;
    }
    let Audited { entries, agreeing, older, without_record, waiting, .. } = audited;
    writeln!(out, "{origin}: {entries} entries, all checked against the signed checkpoint")?;
    writeln!(out, "  {agreeing} records are what the log has")?;
    writeln!(out, "  {without_record} entries have no record any more: erased, or replaced by a newer state")?;
    writeln!(out, "  {older} records are older than the log")?;
    writeln!(out, "  {waiting} records wait to be taken into the log")?;
    out.flush()
}

fn judged(audited: &Audited) -> Result<(), Failure> {
    match audited {
        Audited { changes: 1.., .. } => {
            Err(Failure::new(Code::AuditChanged, format!("{} records", audited.changes)).ending(exit::NO))
        }
        Audited { waiting: 1.., .. } => {
            Err(Failure::new(Code::AuditUnknown, format!("{} records wait", audited.waiting)).ending(exit::UNKNOWN))
        }
        _ => Ok(()),
    }
}
