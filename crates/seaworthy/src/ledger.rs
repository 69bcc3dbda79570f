//! `seaworthy ledger`: who looked at this device's record. The chain is verified against what was signed before.

use std::io::{self, Write};

use seaworthy_protocol::Ledger;
use serde_json::json;

use crate::cli::{Format, LedgerArgs};
use crate::failure::{Failure, exit};
use crate::organisation::{Logged, Session, Trouble};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Asks for the ledger, verifies it and prints it.
pub fn run(args: &LedgerArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    session.clear_the_way().map_err(Trouble::failure)?;
    let told = session.ledger().map_err(Trouble::failure)?;
    let logged = args.verify.then(|| session.look_up(&told)).transpose();
    let found = logged.as_ref().ok().and_then(Option::as_ref);
    match args.format {
        Format::Json => json(&told.ledger, found, out),
        Format::Human => human(&told.ledger, found, out),
    }
    .map_err(Failure::output)?;
    logged.map_err(Trouble::failure)?;
    session.sound()?;
    Ok(exit::PASS)
}

fn json(ledger: &Ledger, logged: Option<&Logged>, out: &mut dyn Write) -> io::Result<()> {
    let told = json!({ "head": ledger.head(), "entries": ledger.entries(), "log": logged });
    serde_json::to_writer_pretty(&mut *out, &told)?;
    writeln!(out)
}

fn human(ledger: &Ledger, logged: Option<&Logged>, out: &mut dyn Write) -> io::Result<()> {
    for entry in ledger.entries() {
        let who = &entry.who;
        writeln!(
            out,
            "{:>4}  {}  {:<9} {} ({})",
            entry.sequence,
            entry.at,
            entry.kind,
            Clean(&who.name),
            Clean(&who.role)
        )?;
        if !entry.why.is_empty() {
            writeln!(out, "      why: {}", Clean(&entry.why))?;
        }
        if !entry.fields.is_empty() {
            let fields: Vec<&str> = entry.fields.iter().map(|field| field.name()).collect();
            writeln!(out, "      what: {}", fields.join(", "))?;
        }
        if let Some(query) = &entry.query {
            writeln!(out, "      among those that this asked for: {}", Clean(query))?;
        }
    }
    let count = match ledger.entries().len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    writeln!(out, "{count}; the chain holds, up to what was signed now")?;
    logged.map_or(Ok(()), |logged| in_words(logged, out))
}

fn in_words(logged: &Logged, out: &mut dyn Write) -> io::Result<()> {
    let Logged { origin, size, proved, waiting, older } = logged;
    write!(out, "{proved} proved to be in the log {}, which has {size} entries", Clean(origin))?;
    if *waiting > 0 {
        write!(out, "; {waiting} written just now, and not taken in yet")?;
    }
    if *older > 0 {
        write!(out, "; {older} older than the log")?;
    }
    writeln!(out)
}
