//! `seaworthy inspect`.

use std::io::{self, Write};

use seaworthy_model::Verdict;

use crate::cli::{Format, InspectArgs};
use crate::failure::{Failure, exit};
use crate::judged::judge;
use crate::render::{self, Show, Style};
use crate::report::Report;
use crate::surroundings::Surroundings;

/// Inspects, shows the report, and answers with the verdict's exit code.
pub fn run(args: &InspectArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let report = judge(&args.subject, &args.only, around)?.report(args.as_of);
    show(args, &report, around, out).map_err(Failure::output).or_else(Failure::unless_closed_pipe)?;
    Ok(exit_code(report.verdict))
}

fn show(args: &InspectArgs, report: &Report, around: &Surroundings, out: &mut dyn Write) -> io::Result<()> {
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)
        }
        Format::Human => {
            let show = Show { style: Style::new(around.colour), verbose: args.verbose };
            render::report(report, show, out)
        }
    }
}

fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => exit::PASS,
        Verdict::Fail => exit::FAIL,
        Verdict::Unknown | Verdict::NotApplicable => exit::UNKNOWN,
    }
}
