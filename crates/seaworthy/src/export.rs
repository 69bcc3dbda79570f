//! `seaworthy export`: everything that the organisation stores of this device, for its holder.

use std::io::Write;

use seaworthy_model::Code;
use seaworthy_protocol::Ask;
use serde_json::value::RawValue;

use crate::cli::ExportArgs;
use crate::failure::{Failure, exit};
use crate::form::write_whole;
use crate::organisation::{MAX_EXPORT, Session, Trouble, untrusted};
use crate::surroundings::Surroundings;

/// Asks for everything, and writes it as it came.
pub fn run(args: &ExportArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    session.clear_the_way().map_err(Trouble::failure)?;
    let answer = session.ask::<Box<RawValue>>(Ask::Export, MAX_EXPORT).map_err(Trouble::failure)?;
    let export = answer.export.ok_or_else(|| untrusted("the answer holds no export"))?;
    let text = format!("{}\n", export.get());
    match &args.out {
        Some(path) => {
            let failed = |error| Failure::new(Code::OutputUnwritable, format!("{}: {error}", path.display()));
            write_whole(path, text.as_bytes())
                .map_err(|error| failed(error).hinting("choose a folder you may write to"))?;
            writeln!(out, "everything that {} stores of this device: {}", session.membership().name, path.display())
        }
        None => out.write_all(text.as_bytes()),
    }
    .map_err(Failure::output)?;
    session.sound()?;
    Ok(exit::PASS)
}
