//! `seaworthy present`: draws a code which shows that this device holds a stamp, and is no copy of another's.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use seaworthy_model::{Code, Timestamp};
use seaworthy_stamp::{MAX_INPUT, Occasion, PRESENTATION_WINDOW, Presentation, Stamp};

use crate::cli::PresentArgs;
use crate::failure::{Failure, exit};
use crate::form::{Form, Shown, drawn, write_shown};
use crate::kept::{Presentable, newest, presentable};
use crate::surroundings::Surroundings;

/// How often a new code is drawn, in seconds: long before the old one has ended.
const INTERVAL: u32 = 30;
/// Empties the terminal.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Presents the newest stamp, or the one that the arguments name.
pub fn run(args: &PresentArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    args.out.as_deref().map(Form::of).transpose()?;
    let held = match &args.stamp {
        Some(path) => presentable(stamp_of(path)?, around)?,
        None => newest(around)?,
    };
    match args.seconds {
        Some(seconds) => for_a_while(&held, seconds, around, out)?,
        None => once(&held, args, around, out)?,
    }
    Ok(exit::PASS)
}

fn stamp_of(path: &Path) -> Result<Stamp, Failure> {
    let unreadable = |error| Failure::new(Code::InputUnreadable, format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Stamp::read(&bytes).map_err(|refusal| Failure::new(refusal.code(), format!("{}: {refusal}", path.display())))
}

fn once(held: &Presentable, args: &PresentArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let occasion = args.challenge.map_or(Occasion::Time(around.now), Occasion::Challenge);
    match &args.out {
        None => draw(held, occasion, around, out),
        Some(path) => {
            write_shown(path, &presented(held, occasion)?)?;
            writeln!(out, "{}: {}", path.display(), good_for(held, occasion)).map_err(Failure::output)
        }
    }
}

/// Draws a new code at each interval, so that there always is a good one.
fn for_a_while(held: &Presentable, seconds: u32, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let (mut left, mut now) = (seconds, around.now);
    loop {
        if around.colour {
            out.write_all(CLEAR.as_bytes()).map_err(Failure::output)?;
        }
        draw(held, Occasion::Time(now), around, out)?;
        out.flush().map_err(Failure::output)?;
        let wait = left.min(INTERVAL);
        thread::sleep(Duration::from_secs(u64::from(wait)));
        left -= wait;
        if left == 0 {
            return Ok(());
        }
        now = Surroundings::read().now;
    }
}

fn draw(held: &Presentable, occasion: Occasion, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let text = presented(held, occasion)?.text();
    let drawn = drawn(&text, around)?;
    writeln!(out, "{drawn}\n{text}\n{}", good_for(held, occasion)).map_err(Failure::output)
}

fn presented(held: &Presentable, occasion: Occasion) -> Result<Presentation, Failure> {
    let presentation = Presentation::of(&held.stamp, &held.key, occasion);
    presentation.ok_or_else(|| Failure::bug("a stamp was found with another key than its own"))
}

fn good_for(held: &Presentable, occasion: Occasion) -> String {
    match occasion {
        Occasion::Time(now) => format!("presented, good until {}", end(held, now)),
        Occasion::Challenge(challenge) => format!("presented, answers {challenge}"),
    }
}

/// The last second at which a checker with the same clock takes it.
fn end(held: &Presentable, now: Timestamp) -> Timestamp {
    (now + PRESENTATION_WINDOW).min(held.terms.expires - 1)
}
