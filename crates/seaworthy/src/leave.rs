//! `seaworthy leave`: ends the enrolment, and has what the organisation stores of this device erased.

use std::io::{self, Write};

use seaworthy_model::Code;
use seaworthy_protocol::Ask;
use serde_json::Value;

use crate::cli::ConsentArgs;
use crate::failure::{Failure, exit};
use crate::organisation::{MAX_ANSWER, Membership, Session, agree};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Says what is erased and what is kept, asks, and leaves.
pub fn run(args: &ConsentArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    let membership = session.membership().clone();
    show(&membership, out).map_err(Failure::output)?;
    agree(args.yes, around, out)?;
    match session.ask::<Value>(Ask::Leave, MAX_ANSWER) {
        Ok(_) => {}
        // Left before, and the answer was lost; or not known there any more.
        Err(trouble) if matches!(trouble.refusal(), Some(Code::DeviceLeft | Code::DeviceUnknown)) => {}
        Err(trouble) => return Err(trouble.failure()),
    }
    let alarm = session.sound();
    session.forget()?;
    writeln!(out, "\nThis device has left {}.", Clean(&membership.name)).map_err(Failure::output)?;
    alarm.map(|()| exit::PASS)
}

fn show(membership: &Membership, out: &mut dyn Write) -> io::Result<()> {
    let name = Clean(&membership.name);
    writeln!(out, "Leaving {name}:")?;
    writeln!(out, "    erased there  this device's reports, findings, name and holder, and the ledger's entries")?;
    writeln!(out, "    kept there    {}", Clean(&membership.kept_when_leaving))?;
    writeln!(out, "    erased here   what this device remembers of {name}, and reports that wait")?;
    writeln!(out, "    kept here     the device key and the stamps")?;
    writeln!(
        out,
        "The key is not taken back in: to come back, enrol with --again. seaworthy export takes the data out first."
    )
}
