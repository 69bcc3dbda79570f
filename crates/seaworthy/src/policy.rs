//! `seaworthy policy`: the policies shipped, one of them, or whether a file is right.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use clap::{Args, Subcommand};
use seaworthy_appraise::policy::{self, DEFAULT, MAX_BYTES, PolicyErrors, SHIPPED, Shipped};
use seaworthy_model::{Code, Policy};

use crate::failure::Failure;

/// Arguments of `policy`.
#[derive(Args, Debug)]
pub struct PolicyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List the policies shipped
    List,
    /// Print a shipped policy, as a start for your own
    Show {
        /// Its name.
        name: String,
    },
    /// Check a policy file: every wrong word with its line, its column and the nearest right one
    Check {
        /// The file.
        file: String,
    },
}

/// Runs `policy`.
pub fn run(args: &PolicyArgs, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.command {
        PolicyCommand::List => list(out).map_err(Failure::output),
        PolicyCommand::Show { name } => {
            let shipped = policy::named(name).ok_or_else(|| unknown(name))?;
            out.write_all(shipped.text.as_bytes()).map_err(Failure::output)
        }
        PolicyCommand::Check { file } => {
            let policy = parse(file, &text(file)?)?;
            writeln!(out, "{file}: policy {}, version {}, is right: {}", policy.name, policy.version, rules(&policy))
                .map_err(Failure::output)
        }
    }
}

/// The policy that `--policy` names: a shipped one, or else a file.
pub fn load(name_or_file: &str) -> Result<Policy, Failure> {
    match policy::named(name_or_file) {
        Some(shipped) => parse(shipped.name, shipped.text),
        None => parse(name_or_file, &text(name_or_file)?),
    }
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let width = SHIPPED.iter().map(|shipped| shipped.name.len()).max().unwrap_or_default();
    for (shipped, policy) in SHIPPED.iter().filter_map(|shipped| Some((shipped, shipped.policy()?))) {
        let Shipped { name, .. } = *shipped;
        let mark = if name == DEFAULT { " (default)" } else { "" };
        writeln!(out, "{name:width$}  {}{mark}", policy.title)?;
        writeln!(out, "{:width$}  {}, inspected at least every {} days", "", rules(&policy), policy.cadence_days)?;
        writeln!(out, "{:width$}  {}", "", policy.source)?;
    }
    Ok(())
}

fn rules(policy: &Policy) -> String {
    match policy.rules.len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    }
}

fn parse(file: &str, text: &str) -> Result<Policy, Failure> {
    policy::parse(file, text).map_err(wrong)
}

/// The whole message is the errors' own; the first line's `error[code]: ` is written where failures are rendered.
fn wrong(errors: PolicyErrors) -> Failure {
    let text = errors.render();
    let prefix = format!("error[{}]: ", errors.code());
    let what = text.strip_prefix(&prefix).unwrap_or(&text);
    hinting(Failure::new(errors.code(), what), String::new())
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::new(Code::PolicyUnknown, format!("no shipped policy is named `{name}`"));
    match policy::nearest_name(name) {
        Some(near) => hinting(failure, format!("did you mean `{near}`?")),
        None => failure,
    }
}

fn hinting(mut failure: Failure, hint: String) -> Failure {
    failure.hint = hint;
    failure
}

/// Reads a file, no further than a policy may be long.
fn text(file: &str) -> Result<String, Failure> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_path(file) => return Err(unknown(file)),
        Err(error) => return Err(Failure::new(Code::PolicyUnreadable, format!("{file}: {error}"))),
        Ok(_) if bytes.len() > MAX_BYTES => {
            return Err(Failure::new(Code::PolicyUnreadable, format!("{file}: larger than {MAX_BYTES} bytes")));
        }
        Ok(_) => {}
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(Code::PolicyUnreadable, format!("{file}: not UTF-8")))
}

/// Meant as a path, so that no shipped name is suggested for it.
fn is_path(file: &str) -> bool {
    file.contains('/') || file.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(command: PolicyCommand) -> Result<String, Failure> {
        let mut out = Vec::new();
        run(&PolicyArgs { command }, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    fn file(name: &str, content: &[u8]) -> String {
        let path = std::env::temp_dir().join(format!("seaworthy-policy-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn every_shipped_policy_is_listed_shown_and_loaded() {
        let listed = output(PolicyCommand::List).unwrap();
        for shipped in SHIPPED {
            assert!(listed.contains(shipped.name));
            assert_eq!(output(PolicyCommand::Show { name: shipped.name.into() }).unwrap(), shipped.text);
            assert_eq!(load(shipped.name).unwrap().name, shipped.name);
        }
    }

    #[test]
    fn a_right_file_is_called_right_and_a_wrong_one_is_shown() {
        let right = file("right.toml", SHIPPED[0].text.as_bytes());
        assert!(
            output(PolicyCommand::Check { file: right.clone() }).unwrap().contains("baseline, version 1, is right")
        );
        let text = SHIPPED[0].text.replacen("max_age_days = 7", "max_age_dayz = 7", 1);
        let wrong = file("wrong.toml", text.as_bytes());
        let failure = output(PolicyCommand::Check { file: wrong.clone() }).unwrap_err();
        assert_eq!((failure.code, failure.exit), (Code::PolicyWord, 2));
        assert!(failure.what.starts_with("`max_age_dayz` is no key of a `catalog` rule\n"), "{}", failure.what);
        assert!(failure.what.contains("did you mean `max_age_days`?"));
        for path in [right, wrong] {
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_missing_or_unreadable_file_has_its_own_code() {
        let code = |name: &str| load(name).unwrap_err().code;
        assert_eq!(load("baselin").unwrap_err().hint, "did you mean `baseline`?");
        assert_eq!(code("baselin"), Code::PolicyUnknown);
        assert_eq!(code("./baselin"), Code::PolicyUnreadable);
        assert_eq!(code("/"), Code::PolicyUnreadable);
        for (name, content) in [("latin.toml", vec![0xff]), ("large.toml", vec![b'#'; MAX_BYTES + 1])] {
            let path = file(name, &content);
            assert_eq!(code(&path), Code::PolicyUnreadable, "{name}");
            std::fs::remove_file(path).unwrap();
        }
    }
}
