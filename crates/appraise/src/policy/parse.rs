//! Text to policy. Every key and value is checked against the definition, and all that is wrong is told at once.

use std::ops::Range;

use seaworthy_model::{Code, Policy, Rule, Severity};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::definition::{KINDS, Key, Kind, MAX_NAME, Need, POLICY_KEYS, RULE_KEYS, Values};
use super::error::{PolicyError, PolicyErrors};
use super::nearest::nearest;
use super::settings::{Setting, Settings};

/// Largest file that is read.
pub const MAX_BYTES: usize = 256 * 1024;

const MAX_RULES: usize = 200;
const MAX_TOLD: usize = 20;
const MAX_WORD: usize = 80;

/// Reads a policy; `file` is only its name, for messages.
pub fn parse(file: &str, text: &str) -> Result<Policy, PolicyErrors> {
    let mut reader = Reader { faults: Vec::new() };
    let policy = if text.len() > MAX_BYTES { reader.too_large() } else { reader.document(text) };
    match policy {
        Some(policy) if reader.faults.is_empty() => Ok(policy),
        _ => Err(told(file, text, reader.faults)),
    }
}

/// Something wrong, by its place in the text.
struct Fault {
    code: Code,
    span: Range<usize>,
    nearest: Option<String>,
    message: String,
    expected: String,
}

struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn too_large(&mut self) -> Option<Policy> {
        self.fault(Code::PolicyUnreadable, 0..0, None, "the file is too large", format!("at most {MAX_BYTES} bytes"));
        None
    }

    fn fault(
        &mut self,
        code: Code,
        span: Range<usize>,
        nearest: Option<String>,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.faults.push(Fault { code, span, nearest, message: message.into(), expected: expected.into() });
    }

    fn document(&mut self, text: &str) -> Option<Policy> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in &errors {
                let (message, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
                self.fault(Code::PolicySyntax, error.span().unwrap_or(0..0), None, message, expected);
            }
            return None;
        }
        self.policy(table.get_ref())
    }

    fn policy(&mut self, table: &DeTable) -> Option<Policy> {
        let settings = self.table(table, "a policy", &[POLICY_KEYS], 0..0);
        let rules = table.get("rules").map(|rules| self.rules(rules));
        Some(Policy {
            name: settings.text("name")?.to_owned(),
            version: settings.whole("version")?,
            title: settings.text("title")?.to_owned(),
            source: settings.text("source")?.to_owned(),
            cadence_days: settings.whole("cadence_days")?,
            rules: rules?,
        })
    }

    fn rules(&mut self, rules: &Spanned<DeValue>) -> Vec<Rule> {
        let DeValue::Array(tables) = rules.get_ref() else { return Vec::new() };
        if tables.is_empty() || tables.len() > MAX_RULES {
            let message = format!("a policy has 1 to {MAX_RULES} rules, this one has {}", tables.len());
            self.fault(Code::PolicyValue, rules.span(), None, message, Values::Rules.expected());
        }
        self.each_rule(tables)
    }

    fn each_rule(&mut self, tables: &DeArray) -> Vec<Rule> {
        let mut rules = Vec::new();
        for rule in tables.iter() {
            match rule.get_ref() {
                DeValue::Table(table) => rules.extend(self.rule(table, rule.span())),
                _ => self.fault(Code::PolicyValue, rule.span(), None, "a rule is a table", Values::Rules.expected()),
            }
        }
        rules
    }

    fn rule(&mut self, table: &DeTable, span: Range<usize>) -> Option<Rule> {
        // Where the kind is wrong, nothing can be said of the keys that depend on it.
        let (kind, at) = self.kind(table, span)?;
        let settings = self.table(table, &article(kind.name), &[RULE_KEYS, kind.keys], at);
        let severity = settings.text("severity").and_then(Severity::from_name)?;
        Some(Rule { kind: (kind.build)(&settings)?, severity })
    }

    fn kind(&mut self, table: &DeTable, span: Range<usize>) -> Option<(&'static Kind, Range<usize>)> {
        let names = || KINDS.iter().map(|kind| kind.name);
        let expected = || format!("one of {}", names().collect::<Vec<_>>().join(", "));
        let Some(value) = table.get("kind") else {
            self.fault(Code::PolicyValue, span, None, "a rule needs `kind`", expected());
            return None;
        };
        let Some(name) = value.get_ref().as_str() else {
            self.fault(Code::PolicyValue, value.span(), None, "`kind` is a word", expected());
            return None;
        };
        let kind = Kind::named(name);
        if kind.is_none() {
            let message = format!("`{}` is no kind of rule", word(name));
            self.fault(Code::PolicyWord, value.span(), nearest(name, names()), message, expected());
        }
        kind.map(|kind| (kind, value.span()))
    }

    /// Checks a table against its keys; `at` is where to point at when one is missing.
    fn table(&mut self, table: &DeTable, what: &str, keys: &[&'static [Key]], at: Range<usize>) -> Settings {
        let mut settings = Settings::default();
        let mut meant = Vec::new();
        let all = || keys.iter().flat_map(|keys| keys.iter());
        for (name, value) in table {
            match all().find(|key| key.name == name.get_ref()) {
                Some(key) => self.value(key, value).into_iter().for_each(|setting| settings.set(key.name, setting)),
                None => {
                    let names: Vec<&'static str> = all().map(|key| key.name).collect();
                    let message = format!("`{}` is no key of {what}", word(name.get_ref()));
                    let near = nearest(name.get_ref(), names.iter().copied());
                    meant.extend(near.clone());
                    self.fault(Code::PolicyWord, name.span(), near, message, format!("one of {}", names.join(", ")));
                }
            }
        }
        let missing = |key: &&Key| key.need == Need::Required && table.get(key.name).is_none();
        for key in all().filter(missing).filter(|key| !meant.iter().any(|name| name == key.name)) {
            let message = format!("{what} needs `{}`", key.name);
            self.fault(
                Code::PolicyValue,
                at.clone(),
                None,
                message,
                format!("{} = {}", key.name, key.values.expected()),
            );
        }
        settings
    }

    /// Checks one value against its key.
    fn value(&mut self, key: &Key, value: &Spanned<DeValue>) -> Option<Setting> {
        match accepted(key.values, value.get_ref()) {
            Accepted::Yes(setting) => return Some(setting),
            Accepted::Elsewhere => {}
            Accepted::NoSuchWord(wrong, words) => {
                let message = format!("`{}` is no value of `{}`", word(&wrong), key.name);
                self.fault(Code::PolicyWord, value.span(), nearest(&wrong, words), message, key.values.expected());
            }
            Accepted::No => {
                let message = format!("`{}` does not fit here", key.name);
                self.fault(Code::PolicyValue, value.span(), None, message, key.values.expected());
            }
        }
        None
    }
}

/// What became of a value.
enum Accepted {
    Yes(Setting),
    /// Read in its own place.
    Elsewhere,
    NoSuchWord(String, Vec<&'static str>),
    No,
}

fn accepted(values: Values, value: &DeValue) -> Accepted {
    let if_good = |setting: Option<Setting>| setting.map_or(Accepted::No, Accepted::Yes);
    match (values, value) {
        (Values::Whole { least, most, .. }, DeValue::Integer(number)) => {
            if_good(whole(number).filter(|number| (least..=most).contains(number)).map(Setting::Whole))
        }
        (Values::Flag, DeValue::Boolean(flag)) => Accepted::Yes(Setting::Flag(*flag)),
        (Values::Word(words), DeValue::String(text)) => {
            if words().contains(&text.as_ref()) {
                Accepted::Yes(Setting::Text(text.to_string()))
            } else {
                Accepted::NoSuchWord(text.to_string(), words())
            }
        }
        (Values::Line { most }, DeValue::String(text)) => {
            if_good(line(text, most).then(|| Setting::Text(text.to_string())))
        }
        (Values::Name, DeValue::String(text)) => if_good(is_name(text).then(|| Setting::Text(text.to_string()))),
        (Values::Rules, DeValue::Array(_)) => Accepted::Elsewhere,
        _ => Accepted::No,
    }
}

fn whole(number: &DeInteger) -> Option<u32> {
    u32::from_str_radix(number.as_str(), number.radix()).ok()
}

fn line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

fn is_name(text: &str) -> bool {
    let letters = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    letters && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= MAX_NAME
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} `{kind}` rule", if vowel { "an" } else { "a" })
}

/// A word from the file, short enough for a message.
fn word(text: &str) -> String {
    text.chars().take(MAX_WORD).collect()
}

/// The faults in the order of the file, each with its place.
fn told(file: &str, text: &str, mut faults: Vec<Fault>) -> PolicyErrors {
    faults.sort_by_key(|fault| fault.span.start);
    let untold = faults.len().saturating_sub(MAX_TOLD);
    let errors = faults.into_iter().take(MAX_TOLD).map(|fault| placed(file, text, fault)).collect();
    PolicyErrors { errors, untold }
}

fn placed(file: &str, text: &str, fault: Fault) -> PolicyError {
    let start = text.floor_char_boundary(fault.span.start);
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let line = text.get(line_start..).unwrap_or_default();
    let mark = if line_start == 0 && line.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let indent = text.get(line_start.saturating_add(mark)..start).unwrap_or_default();
    let line = line.get(mark..).unwrap_or_default().split('\n').next().unwrap_or_default();
    let wrong = text.get(start..text.ceil_char_boundary(fault.span.end)).unwrap_or_default();
    let wrong = wrong.split(['\n', '\r']).next().unwrap_or_default();
    PolicyError {
        code: fault.code,
        file: file.to_owned(),
        line: before.matches('\n').count().saturating_add(1),
        column: indent.chars().count().saturating_add(1),
        word: word(wrong.trim_matches(['"', '\''])),
        nearest: fault.nearest,
        message: fault.message,
        expected: fault.expected,
        text: line.strip_suffix('\r').unwrap_or(line).to_owned(),
        width: wrong.chars().count(),
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';
