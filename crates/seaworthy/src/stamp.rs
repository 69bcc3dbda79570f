//! `seaworthy stamp`: inspect, and for a pass issue a stamp signed by the device's own key.

use std::io::Write;

use seaworthy_model::{Grade, Subject, Verdict};
use seaworthy_stamp::{Fresh, Particulars, Passing, issue};

use crate::cli::StampArgs;
use crate::failure::{Failure, exit};
use crate::form::{Form, Shown, drawn, write_shown};
use crate::judged::{Judged, judge};
use crate::kept::{hex, keep, keep_key};
use crate::key::{device_key, fresh_key, random};
use crate::proof;
use crate::render::{self, Show, Style};
use crate::surroundings::Surroundings;

/// Inspects and stamps. Without a pass there is no stamp, and the report says why.
pub fn run(args: &StampArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Some(path) = &args.proof {
        return proof::run(path, around, out);
    }
    args.out.as_deref().map(Form::of).transpose()?;
    let judged = judge(&args.subject, &[], around)?;
    let now = judged.evidence.envelope.inspected_at;
    let passing = match Passing::new(&judged.appraisal, now) {
        Ok(passing) => passing,
        Err(refusal) => return refused(judged, &refusal.to_string(), around, out),
    };
    let key = device_key(&around.state)?;
    let presenter = fresh_key()?;
    let fresh = Fresh { id: random()?, presenter: presenter.public() };
    let particulars = Particulars {
        subject: judged.evidence.envelope.subject,
        grade: Grade::SelfAsserted,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        status: None,
    };
    let stamp = issue(&passing, &particulars, &fresh, &key).map_err(|error| Failure::bug(error.to_string()))?;
    let id = hex(&fresh.id);
    keep_key(&id, &presenter, around)?;
    if particulars.subject == Subject::Device {
        // A mounted disk's is none that this device presents as its own.
        keep(&id, &stamp, around)?;
    }
    match &args.out {
        Some(path) => {
            write_shown(path, &stamp)?;
            let end = passing.until();
            writeln!(out, "stamp for {} until {end}: {}", judged.appraisal.policy.name, path.display())
        }
        None => {
            let text = stamp.text();
            writeln!(out, "{}\n{text}\nuntil {}", drawn(&text, around)?, passing.until())
        }
    }
    .map_err(Failure::output)?;
    Ok(exit::PASS)
}

fn refused(judged: Judged, why: &str, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let report = judged.report(None);
    let show = Show { style: Style::new(around.colour), verbose: false };
    render::report(&report, show, out)
        .and_then(|()| out.flush())
        .map_err(Failure::output)
        .or_else(Failure::unless_closed_pipe)?;
    crate::say(&format!("\n{why}"));
    Ok(if report.verdict == Verdict::Fail { exit::FAIL } else { exit::UNKNOWN })
}
