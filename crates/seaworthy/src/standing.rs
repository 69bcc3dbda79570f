//! `seaworthy organisation`: with whom this device is enrolled and how that stands, from its own state alone.

use std::io::{self, Write};

use crate::failure::Failure;
use crate::organisation::{Chain, Exchange, Membership, Outbox, document, load};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Shows what is remembered. Nobody is asked.
pub fn run(around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (membership, exchange) = load(&around.state)?;
    let waiting = Outbox::of(&around.state).waiting()?.len();
    show(&membership, &exchange, waiting, out).map_err(Failure::output)
}

fn show(membership: &Membership, exchange: &Exchange, waiting: usize, out: &mut dyn Write) -> io::Result<()> {
    let chain = Chain::follow(&membership.key, &exchange.successors).ok();
    let key = chain.as_ref().map_or_else(|| "unreadable".to_owned(), |chain| chain.newest().id().short());
    writeln!(out, "{}", Clean(&membership.name))?;
    writeln!(out, "    key        {key}")?;
    writeln!(out, "    server     {}", Clean(&membership.server))?;
    writeln!(out, "    unit       {}", Clean(&membership.unit))?;
    writeln!(out, "    device     {}", membership.device)?;
    writeln!(out, "    enrolled   {}", membership.enrolled_at)?;
    if let Some((agreed, _)) = chain.and_then(|chain| document(&membership.agreed, &chain).ok()) {
        let policy = &agreed.policy;
        let since = membership.agreed_at;
        writeln!(out, "    policy     {}, version {}, agreed to {since}", Clean(&policy.name), policy.version)?;
    }
    if exchange.offered.is_some() {
        writeln!(out, "    offered    a policy that asks for more: seaworthy agree")?;
    }
    report(exchange, out)?;
    if waiting > 0 {
        writeln!(out, "    waiting    {waiting} to be sent")?;
    }
    if let Some(next) = exchange.next_try {
        writeln!(out, "    next try   not before {next}")?;
    }
    writeln!(out, "    ledger     up to entry {}, as signed last: seaworthy ledger", exchange.ledger.newest().sequence)
}

fn report(exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
    let Some(last) = &exchange.last else { return writeln!(out, "    reported   never: seaworthy report") };
    let verdict = last.verdict.map_or_else(String::new, |verdict| format!(", {verdict}"));
    let until = last.until.map_or_else(String::new, |until| format!(" until {until}"));
    writeln!(out, "    reported   {} ({}){verdict}{until}", last.at, last.reception)
}
