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

/// How alike a code must be to be meant, from 0 to 1.
const NEAR: f64 = 0.8;
/// Where nothing is alike.
const ALL: &str = "`seaworthy explain` lists all codes";

/// The code of this name; reports show it in brackets, which may be pasted along.
fn find(name: &str) -> Result<Code, Failure> {
    let name = name.trim_matches(['[', ']']);
    Code::from_name(name).ok_or_else(|| {
        let nearest = codes().iter().max_by(|a, b| likeness(a, name).total_cmp(&likeness(b, name)));
        let near = nearest.filter(|code| likeness(code, name) > NEAR);
        let hint = near.map_or(ALL.to_owned(), |code| format!("did you mean `{code}`?"));
        Failure::usage(format!("no code is called `{name}`"), hint)
    })
}

fn likeness(code: &Code, name: &str) -> f64 {
    strsim::jaro_winkler(code.name(), name)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use seaworthy_testkit::derived;

    use super::*;

    const HEAD: &str = "# Codes

<!-- Written from crates/model/src/code.rs by `cargo xtask docs`. Do not edit. -->

Every finding, every reason for an unknown, and every error has one stable code; `seaworthy explain CODE` says the same
as this page. Findings of `seaworthy inspect` come first, then reasons, then errors of use, then refusals of stamps.
";

    fn reference() -> String {
        let mut page = HEAD.to_owned();
        for code in codes() {
            let entry = code.entry();
            write!(page, "\n## {code}\n\n**{}.** {}\n\nWhat to do: {}\n", entry.title, entry.detail, entry.fix)
                .unwrap();
        }
        page
    }

    #[test]
    fn the_codes_reference_is_up_to_date() {
        derived::is_up_to_date("docs/reference/codes.md", &reference());
    }
}
