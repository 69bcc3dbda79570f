//! `seaworthy explain`: the catalogue of codes, for people.

use std::io::{self, Write};

use seaworthy_model::{Code, codes};

use crate::cli::ExplainArgs;
use crate::failure::Failure;

/// Explains one code, or lists them all.
pub fn run(args: &ExplainArgs, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.code {
        None => list(out).map_err(Failure::output),
        Some(name) => explain(find(name)?, out).map_err(Failure::output),
    }
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    for code in codes() {
        writeln!(out, "{code:<28} {}", code.entry().title)?;
    }
    Ok(())
}

fn explain(code: Code, out: &mut dyn Write) -> io::Result<()> {
    let entry = code.entry();
    writeln!(out, "{code}: {}\n\n{}\n\nWhat to do: {}", entry.title, entry.detail, entry.fix)
}

fn find(name: &str) -> Result<Code, Failure> {
    Code::from_name(name).ok_or_else(|| {
        let nearest = codes().iter().max_by(|a, b| likeness(a, name).total_cmp(&likeness(b, name)));
        let hint = nearest.map_or_else(String::new, |code| format!("did you mean `{code}`?"));
        Failure::usage(format!("no code is called `{name}`"), hint)
    })
}

fn likeness(code: &Code, name: &str) -> f64 {
    strsim::jaro_winkler(code.name(), name)
}
