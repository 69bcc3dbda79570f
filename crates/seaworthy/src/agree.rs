//! `seaworthy agree`: what the newest policy asks for beyond what the holder agreed to, and whether they agree to that.

use std::io::{self, Write};

use seaworthy_protocol::{Ask, PolicyDocument};

use crate::cli::ConsentArgs;
use crate::failure::{Failure, exit};
use crate::organisation::{MAX_ANSWER, Session, Trouble, Wider, agree, policy_in_words, scope_in_words};
use crate::render::Clean;
use crate::surroundings::Surroundings;

/// Shows what is new, and takes it over if the holder agrees.
pub fn run(args: &ConsentArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut session = Session::open(around)?;
    if session.offered().is_none() {
        let asked = session.flush().and_then(|()| session.ask::<serde_json::Value>(Ask::Nonce, MAX_ANSWER).map(drop));
        asked.map_err(Trouble::failure)?;
        session.sound()?;
    }
    let name = session.membership().name.clone();
    let Some((offered, sealed)) = session.offered() else {
        let policy = Clean(&session.agreed().policy.name);
        writeln!(out, "{} asks for no more than you agreed to: policy {policy}", Clean(&name))
            .map_err(Failure::output)?;
        return Ok(exit::PASS);
    };
    show(&name, session.agreed(), &offered, out).map_err(Failure::output)?;
    agree(args.yes, around, out)?;
    session.agree_to(sealed)?;
    writeln!(out, "\nAgreed. The next report is held to it: seaworthy report.").map_err(Failure::output)?;
    Ok(exit::PASS)
}

fn show(name: &str, agreed: &PolicyDocument, offered: &PolicyDocument, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} asks for more than you agreed to.\n", Clean(name))?;
    if let Some(wider) = Wider::between(agreed, offered) {
        wider.in_words(out)?;
        writeln!(out)?;
    }
    policy_in_words(offered, out)?;
    writeln!(out)?;
    scope_in_words(offered, out)
}
