//! Settings from file, environment and command line. Each source becomes words of a command line, and the command
//! line's own parser reads them in turn: what a value may be, and which of two wins, is said in one place.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use seaworthy_model::Code;
use toml::de::{DeTable, DeValue};

use crate::cli::Configured;
use crate::failure::Failure;
use crate::settings::Settings;

/// Names of the environment begin with this.
pub const PREFIX: &str = "SEAWORTHYD_";

/// Largest file that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// The settings as they are in force. `matches` is the whole command line's.
pub fn load(args: &Configured, matches: &ArgMatches) -> Result<Settings, Failure> {
    let environment = environment();
    let named = |(name, value): &(String, String)| (name == "CONFIG").then(|| PathBuf::from(value));
    let file = args.config.clone().or_else(|| environment.iter().find_map(named));
    let mut words = file.map(|file| from_file(&file)).transpose()?.unwrap_or_default();
    words.extend(from_environment(&environment)?);
    words.extend(from_command_line(innermost(matches)));
    let settings = parsed(words).and_then(|matches| Settings::from_arg_matches(&matches));
    let settings = settings.map_err(|error| Failure::usage(told(&error)))?;
    settings.check()?;
    Ok(settings)
}

/// What was given to the command itself: `admin token` has its settings at `token`.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, given)| innermost(given))
}

/// A command of nothing but the settings, of which the last one given wins.
pub fn table() -> Command {
    Settings::augment_args(Command::new("settings")).no_binary_name(true).args_override_self(true)
}

fn parsed(words: impl IntoIterator<Item = OsString>) -> Result<ArgMatches, clap::Error> {
    table().try_get_matches_from(words)
}

fn environment() -> Vec<(String, String)> {
    let ours = |(name, value): (OsString, OsString)| {
        let name = name.to_str()?.strip_prefix(PREFIX)?.to_owned();
        Some((name, value.to_string_lossy().into_owned()))
    };
    let mut ours: Vec<_> = std::env::vars_os().filter_map(ours).collect();
    ours.sort();
    ours
}

fn from_environment(environment: &[(String, String)]) -> Result<Vec<OsString>, Failure> {
    let settings = environment.iter().filter(|(name, _)| name != "CONFIG");
    let word = |(name, value): &(String, String)| setting(&name.to_lowercase(), value, &format!("{PREFIX}{name}"));
    settings.map(word).collect()
}

fn from_command_line(given: &ArgMatches) -> Vec<OsString> {
    let table = table();
    let ids = table.get_arguments().map(|arg| arg.get_id().as_str());
    let given_ids = ids.filter(|id| given.value_source(id) == Some(ValueSource::CommandLine));
    let value = |id: &str| Some(flag(id, given.get_raw(id)?.next_back()?));
    given_ids.filter_map(value).collect()
}

fn from_file(path: &Path) -> Result<Vec<OsString>, Failure> {
    let text =
        read(path).map_err(|why| Failure::new(Code::ConfigurationUnreadable, format!("{}: {why}", path.display())))?;
    let place = |span: Range<usize>| Place { path, text: &text, span };
    let table = DeTable::parse(&text).map_err(|error| {
        let place = place(error.span().unwrap_or_default());
        Failure::new(Code::ConfigurationSyntax, format!("{place}: {}", error.message()))
    })?;
    let word = |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        if !is_known(key.get_ref()) {
            return Err(unknown(key.get_ref(), &place(key.span())));
        }
        let place = place(value.span());
        let text = scalar(value.get_ref()).ok_or_else(|| {
            Failure::new(Code::ConfigurationValue, format!("{place}: `{}` is one value", key.get_ref()))
        })?;
        setting(key.get_ref(), &text, &place)
    };
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter().map(word).collect()
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES { Err(format!("it is larger than {MAX_BYTES} bytes")) } else { Ok(text) }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// One setting as a word of the command line, if the command line takes it.
fn setting(key: &str, value: &str, place: &dyn Display) -> Result<OsString, Failure> {
    if !is_known(key) {
        return Err(unknown(key, place));
    }
    let word = flag(key, value.as_ref());
    match parsed([word.clone()]) {
        Ok(_) => Ok(word),
        Err(error) => Err(Failure::new(Code::ConfigurationValue, format!("{place}: {}", told(&error)))),
    }
}

fn flag(key: &str, value: &std::ffi::OsStr) -> OsString {
    let mut flag = OsString::from(format!("--{}=", key.replace('_', "-")));
    flag.push(value);
    flag
}

fn is_known(key: &str) -> bool {
    table().get_arguments().any(|arg| arg.get_id() == key)
}

fn unknown(key: &str, place: &dyn Display) -> Failure {
    let failure = Failure::new(Code::ConfigurationWord, format!("{place}: `{key}` is no setting"));
    let table = table();
    let names = table.get_arguments().map(|arg| arg.get_id().as_str());
    let near = names.map(|name| (strsim::damerau_levenshtein(&key.replace('-', "_"), name), name)).min();
    match near {
        Some((distance, name)) if distance <= name.len().div_ceil(3) => {
            failure.hinting(format!("did you mean `{name}`?"))
        }
        _ => failure,
    }
}

/// What the command line's parser has against a value, in one line.
fn told(error: &clap::Error) -> String {
    let word = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let flag = word(ContextKind::InvalidArg);
    let key = flag.split([' ', '=', '[']).next().unwrap_or_default().trim_start_matches('-').replace('-', "_");
    let why = match (std::error::Error::source(error), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(ContextValue::Strings(valid))) => format!("it is one of {}", valid.join(", ")),
        _ => "it cannot be read".to_owned(),
    };
    // An address of a database may hold a password.
    let value = if key == "store" { "this".to_owned() } else { format!("`{}`", word(ContextKind::InvalidValue)) };
    format!("{value} is no value of `{key}`: {why}")
}

/// A place in a file, as editors understand it.
struct Place<'a> {
    path: &'a Path,
    text: &'a str,
    span: Range<usize>,
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        write!(f, "{}:{line}:{column}", self.path.display())
    }
}
