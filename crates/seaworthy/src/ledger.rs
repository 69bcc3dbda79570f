//! `seaworthy ledger`: who looked at this device's record. The chain is verified against what was signed before.

use std::io::{self, Write};

use seaworthy_protocol::Ledger;
use serde_json::json;

use crate::cli::{Format, LedgerArgs};
use crate::failure::{Failure, exit};
use crate::organisation::{Session, Trouble};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Asks for the ledger, verifies it and prints it.
pub fn run(args: &LedgerArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    session.clear_the_way().map_err(Trouble::failure)?;
    let ledger = session.ledger().map_err(Trouble::failure)?;
    match args.format {
        Format::Json => json(&ledger, out),
        Format::Human => human(&ledger, out),
    }
    .map_err(Failure::output)?;
    session.sound()?;
    Ok(exit::PASS)
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
    let count = match ledger.entries().len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    writeln!(out, "{count}; the chain holds, up to what was signed now")
}
