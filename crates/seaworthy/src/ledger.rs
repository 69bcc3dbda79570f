//! `seaworthy ledger`: who looked at this device's record. The chain is verified against what was signed before.

use std::io::{self, Write};

use seaworthy_protocol::{Ask, Entry, Head, Ledger};
use serde_json::{Value, json};

use crate::cli::{Format, LedgerArgs};
use crate::failure::{Failure, exit};
use crate::organisation::{MAX_EXPORT, Session, Trouble};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Asks for the ledger, verifies it and prints it.
pub fn run(args: &LedgerArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    if let Err(trouble @ (Trouble::Unanswered(_) | Trouble::Here(_))) = session.flush() {
        return Err(trouble.failure());
    }
    let signed = session.ledger_head();
    let answer = session.ask::<Value>(Ask::Ledger, MAX_EXPORT).map_err(Trouble::failure)?;
    let entries = answer.ledger.unwrap_or_default();
    let newest = session.ledger_head();
    let ledger = verified(entries, signed, newest).map_err(|(why, entries)| {
        let evidence = json!({ "signed_earlier": signed, "signed_now": answer.acknowledgement, "entries": entries });
        session.ledger_is_broken(&why, &evidence)
    })?;
    match args.format {
        Format::Json => json(&ledger, out),
        Format::Human => human(&ledger, out),
    }
    .map_err(Failure::output)?;
    session.sound()?;
    Ok(exit::PASS)
}

/// The ledger, if it holds together, and holds what was signed before and what is signed now.
fn verified(entries: Vec<Entry>, signed: Head, newest: Head) -> Result<Ledger, (String, Vec<Entry>)> {
    let checked = Ledger::verified(entries.clone(), signed).and_then(|_| Ledger::verified(entries.clone(), newest));
    checked.map_err(|fault| (fault.to_string(), entries))
}

fn json(ledger: &Ledger, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &json!({ "head": ledger.head(), "entries": ledger.entries() }))?;
    writeln!(out)
}

fn human(ledger: &Ledger, out: &mut dyn Write) -> io::Result<()> {
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
    let count = ledger.entries().len();
    writeln!(out, "{count} entries; the chain holds, up to what was signed now")
}
