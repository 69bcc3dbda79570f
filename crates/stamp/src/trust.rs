//! Trust: the keys a checker relies on, each with its role and limits. Read from trust files (`docs/spec/trust.md`) or
//! from bare public keys.
//!
//! The keys of the TOML are a closed set: a misspelt limit must never read as no limit.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use data_encoding::HEXLOWER_PERMISSIVE;
use seaworthy_model::{Code, Grade, Timestamp};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::claims::is_policy_name;
use crate::key::{KeyFault, KeyId, PublicKey};
use crate::refusal::Refusal;
use crate::status::StatusList;

/// Longest name of a record.
const MAX_NAME: usize = 200;
const TABLE: &str = "trust";
const ALGORITHM: &str = "Ed25519";
const KEYS: [&str; 9] = [
    "key",
    "algorithm",
    "role",
    "name",
    "not_before",
    "not_after",
    "highest_grade",
    "policies",
    "status_list_required",
];

/// What a key may sign. A key has one role, so that no message of one kind can stand for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A device, for itself.
    Device,
    /// An organisation, for its devices.
    Organisation,
    /// Lists of revoked stamps.
    StatusList,
    /// A transparency log.
    Log,
    /// A witness of logs.
    Witness,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [Role::Device, Role::Organisation, Role::StatusList, Role::Log, Role::Witness];

    /// The one name, as written everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Device => "device",
            Role::Organisation => "organisation",
            Role::StatusList => "status-list",
            Role::Log => "log",
            Role::Witness => "witness",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A policy that a record allows: by name, and perhaps only with one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AllowedPolicy {
    name: String,
    digest: Option<[u8; 32]>,
}

/// One trusted key and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The key. Its algorithm is Ed25519.
    pub key: PublicKey,
    /// What it may sign.
    pub role: Role,
    /// Its holder; a bare key has none.
    pub name: Option<String>,
    /// Stamps issued before this are refused, and a clock before it is wrong.
    pub not_before: Option<Timestamp>,
    /// The first instant at which the key is no longer trusted.
    pub not_after: Option<Timestamp>,
    /// The highest grade that it may give.
    pub highest_grade: Grade,
    /// Stamps must be looked up in a status list.
    pub status_list_required: bool,
    policies: Option<Vec<AllowedPolicy>>,
    id: KeyId,
}

impl Record {
    /// The least that a key can be trusted for: a device that asserts of itself.
    pub fn of_device(key: PublicKey) -> Record {
        Record {
            key,
            role: Role::Device,
            name: None,
            not_before: None,
            not_after: None,
            highest_grade: Grade::SelfAsserted,
            status_list_required: false,
            policies: None,
            id: key.id(),
        }
    }

    /// SHA-256 of the key.
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn allows_policy(&self, name: &str, digest: &[u8; 32]) -> bool {
        let allows = |allowed: &AllowedPolicy| allowed.name == name && allowed.digest.is_none_or(|one| one == *digest);
        self.policies.as_ref().is_none_or(|policies| policies.iter().any(allows))
    }
}

/// The keys a checker relies on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    records: Vec<Record>,
    /// Status lists at hand, each with the name of the record whose key signed it.
    lists: Vec<(Option<String>, StatusList)>,
}

impl Trust {
    /// Adds what a file holds: a bare public key, or a list of records in TOML. `file` is the name shown in errors.
    pub fn add_file(&mut self, file: &str, text: &str) -> Result<(), TrustError> {
        let source = Source { file, text };
        if is_bare_key(text) {
            let key = PublicKey::parse(text).map_err(|fault| source.key_error(fault, None))?;
            return self.add(Record::of_device(key), &source, 0..text.len());
        }
        let root = DeTable::parse(text)
            .map_err(|error| source.error(Code::TrustSyntax, error.message().to_owned(), error.span()))?;
        for (record, span) in source.records(root.get_ref())? {
            self.add(record, &source, span)?;
        }
        Ok(())
    }

    /// Adds a status list that a key of the role `status-list` signed; the records come first. When it was made.
    ///
    /// # Errors
    /// `status-list-broken` for what is none, `status-list-issuer` where no such record has the key, or it had ended
    /// when the list was made.
    pub fn add_status_list(&mut self, bytes: &[u8]) -> Result<Timestamp, Refusal> {
        let message = StatusList::message(bytes)?;
        let signers = self.records.iter().filter(|record| record.role == Role::StatusList);
        let signed = signers.filter_map(|record| Some((record, message.verify(&record.key)?))).next();
        let (record, payload) = signed.ok_or(Refusal::of(Code::StatusListIssuer))?;
        let list = StatusList::decode(payload)?;
        let ended = record.not_after.is_some_and(|end| list.issued >= end);
        if ended || record.not_before.is_some_and(|begin| list.issued < begin) {
            return Err(Refusal::found(Code::StatusListIssuer, "the list was made outside the record's time"));
        }
        let issued = list.issued;
        self.lists.push((record.name.clone(), list));
        Ok(issued)
    }

    /// The newest list of this address by the issuer of the same name: nobody clears another's stamps.
    pub(crate) fn status_list(&self, address: &str, issuer: &Record) -> Option<&StatusList> {
        let own = self.lists.iter().filter(|(name, list)| list.address == address && *name == issuer.name);
        own.map(|(_, list)| list).max_by_key(|list| list.issued)
    }

    /// The records, in the order in which they were added.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub(crate) fn with_hint(&self, hint: [u8; 8]) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.id.hint() == hint)
    }

    /// A key has one record: with two, which limits hold would depend on their order.
    fn add(&mut self, record: Record, source: &Source<'_>, span: Range<usize>) -> Result<(), TrustError> {
        if self.records.iter().any(|known| known.key == record.key) {
            let message = format!("the key {} is given twice", record.id.short());
            return Err(source.error(Code::TrustValue, message, Some(span)));
        }
        self.records.push(record);
        Ok(())
    }
}

/// Why a trust file cannot be used: code, place and hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustError {
    /// The code of the catalogue.
    pub code: Code,
    /// The file.
    pub file: String,
    /// Line and column in it, counted from one, in characters; none where the whole file is meant.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// The nearest right word, where one is near.
    pub nearest: Option<String>,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
    }
}

impl std::error::Error for TrustError {}

/// PEM, or nothing but hexadecimal digits.
fn is_bare_key(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("-----BEGIN") || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A trust file while it is read.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

type Word<'i> = Spanned<Cow<'i, str>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Source<'_> {
    fn error(&self, code: Code, message: String, span: Option<Range<usize>>) -> TrustError {
        let place = span.map(|span| place(self.text, span.start));
        TrustError { code, file: self.file.to_owned(), place, message, nearest: None }
    }

    fn value_error(&self, key: &str, wants: &str, span: Range<usize>) -> TrustError {
        self.error(Code::TrustValue, format!("`{key}` wants {wants}"), Some(span))
    }

    fn key_error(&self, fault: KeyFault, span: Option<Range<usize>>) -> TrustError {
        self.error(Code::TrustKey, format!("this is {fault}"), span)
    }

    fn word_error(&self, kind: &str, found: &str, right: &[&str], span: Range<usize>) -> TrustError {
        let shown: String = found.chars().take(40).filter(|c| !c.is_control()).collect();
        let message = format!("`{shown}` is no {kind}; there are {}", right.join(", "));
        TrustError { nearest: nearest(found, right), ..self.error(Code::TrustWord, message, Some(span)) }
    }

    fn records(&self, root: &DeTable<'_>) -> Result<Vec<(Record, Range<usize>)>, TrustError> {
        let mut found = Vec::new();
        for (word, value) in root.iter() {
            if word.get_ref() != TABLE {
                return Err(self.word_error("table of a trust file", word.get_ref(), &[TABLE], word.span()));
            }
            let wants = || self.value_error(TABLE, "records, each under [[trust]]", value.span());
            let DeValue::Array(items) = value.get_ref() else { return Err(wants()) };
            for item in items.iter() {
                let DeValue::Table(table) = item.get_ref() else { return Err(wants()) };
                found.push((self.record(table, item.span())?, item.span()));
            }
        }
        if found.is_empty() {
            return Err(self.error(Code::TrustValue, "the file has no [[trust]] record".to_owned(), None));
        }
        Ok(found)
    }

    fn record(&self, table: &DeTable<'_>, span: Range<usize>) -> Result<Record, TrustError> {
        self.known_keys(table)?;
        let (key_span, key) = self.required(table, "key", &span)?;
        let key = PublicKey::parse(&key).map_err(|fault| self.key_error(fault, Some(key_span)))?;
        let (algorithm_span, algorithm) = self.required(table, "algorithm", &span)?;
        if algorithm != ALGORITHM {
            return Err(self.word_error("algorithm", &algorithm, &[ALGORITHM], algorithm_span));
        }
        let (role_span, role) = self.required(table, "role", &span)?;
        let role = self.one_of("role", &role, &Role::ALL.map(|role| (role.name(), role)), role_span)?;
        let (name_span, name) = self.required(table, "name", &span)?;
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(self.value_error("name", "1 to 200 characters on one line", name_span));
        }
        let record = Record {
            role,
            name: Some(name),
            not_before: self.instant(table, "not_before")?,
            not_after: self.instant(table, "not_after")?,
            highest_grade: self.grade(table)?,
            policies: self.policies(table)?,
            status_list_required: self.status_list_required(table)?,
            ..Record::of_device(key)
        };
        self.consistent(record, table, span)
    }

    fn known_keys(&self, table: &DeTable<'_>) -> Result<(), TrustError> {
        match table.keys().find(|word| !KEYS.contains(&word.get_ref().as_ref())) {
            Some(word) => Err(self.word_error("key of a trust record", word.get_ref(), &KEYS, word.span())),
            None => Ok(()),
        }
    }

    /// Limits that contradict each other.
    fn consistent(&self, record: Record, table: &DeTable<'_>, span: Range<usize>) -> Result<Record, TrustError> {
        let span_of = |key: &str| entry(table, key).map_or(span.clone(), |(_, value)| value.span());
        if record.role == Role::Device && record.highest_grade != Grade::SelfAsserted {
            let wants = "self-asserted for a device's own key";
            return Err(self.value_error("highest_grade", wants, span_of("highest_grade")));
        }
        if matches!((record.not_before, record.not_after), (Some(begin), Some(end)) if end <= begin) {
            return Err(self.value_error("not_after", "an instant after not_before", span_of("not_after")));
        }
        Ok(record)
    }

    fn required(
        &self,
        table: &DeTable<'_>,
        key: &str,
        span: &Range<usize>,
    ) -> Result<(Range<usize>, String), TrustError> {
        match entry(table, key) {
            Some((_, value)) => Ok((value.span(), self.text_of(key, value)?.to_owned())),
            None => Err(self.error(Code::TrustValue, format!("the record lacks `{key}`"), Some(span.clone()))),
        }
    }

    fn text_of<'v>(&self, key: &str, value: &'v Value<'_>) -> Result<&'v str, TrustError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.value_error(key, "a text in quotes", value.span())),
        }
    }

    fn one_of<T: Copy>(&self, kind: &str, found: &str, all: &[(&str, T)], span: Range<usize>) -> Result<T, TrustError> {
        let right: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let word = all.iter().find(|(name, _)| *name == found).map(|(_, word)| *word);
        word.ok_or_else(|| self.word_error(kind, found, &right, span))
    }

    fn instant(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Timestamp>, TrustError> {
        let Some((_, value)) = entry(table, key) else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(instant) => instant.to_string(),
            _ => String::new(),
        };
        let wants = "a date (2026-11-22) or an instant with its zone (2026-11-22T10:00:00Z)";
        text.parse().map(Some).map_err(|_| self.value_error(key, wants, value.span()))
    }

    fn grade(&self, table: &DeTable<'_>) -> Result<Grade, TrustError> {
        let Some((_, value)) = entry(table, "highest_grade") else { return Ok(Grade::SelfAsserted) };
        let all: Vec<(&str, Grade)> = Grade::ALL.iter().map(|&grade| (grade.name(), grade)).collect();
        self.one_of("grade", self.text_of("highest_grade", value)?, &all, value.span())
    }

    fn status_list_required(&self, table: &DeTable<'_>) -> Result<bool, TrustError> {
        match entry(table, "status_list_required").map(|(_, value)| (value.get_ref(), value.span())) {
            None => Ok(false),
            Some((DeValue::Boolean(required), _)) => Ok(*required),
            Some((_, span)) => Err(self.value_error("status_list_required", "true or false", span)),
        }
    }

    fn policies(&self, table: &DeTable<'_>) -> Result<Option<Vec<AllowedPolicy>>, TrustError> {
        let Some((_, value)) = entry(table, "policies") else { return Ok(None) };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.value_error("policies", "a list of policy names", value.span()));
        };
        items.iter().map(|item| self.policy(item)).collect::<Result<_, _>>().map(Some)
    }

    fn policy(&self, item: &Value<'_>) -> Result<AllowedPolicy, TrustError> {
        let text = self.text_of("policies", item)?;
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).unwrap_or_default())),
            None => (text, None),
        };
        let digest: Option<Result<[u8; 32], _>> = digest.map(TryInto::try_into);
        match digest.transpose() {
            Ok(digest) if is_policy_name(name) => Ok(AllowedPolicy { name: name.to_owned(), digest }),
            _ => Err(self.value_error(
                "policies",
                "NAME, or NAME@ and the 64 hexadecimal digits of its digest",
                item.span(),
            )),
        }
    }
}

fn entry<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<(&'t Word<'i>, &'t Value<'i>)> {
    table.iter().find(|(word, _)| word.get_ref() == key)
}

/// The nearest of the right words, if it is near enough to be meant: a few slips, or its beginning.
fn nearest(found: &str, right: &[&str]) -> Option<String> {
    let found = found.chars().take(40).collect::<String>().to_lowercase();
    let begun = right.iter().find(|word| found.len() >= 3 && word.starts_with(&found));
    let slips = right
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&found, &word.to_lowercase()), word))
        .min()
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(2))
        .map(|(_, word)| word);
    begun.or(slips).map(|word| (*word).to_owned())
}

/// Line and column of a byte, counted from one.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::SigningKey;

    fn hex(seed: u8) -> String {
        let key = SigningKey::from_seed(&[seed; 32]).unwrap().public();
        data_encoding::HEXLOWER.encode(key.as_bytes())
    }

    fn read(text: &str) -> Result<Trust, TrustError> {
        let mut trust = Trust::default();
        trust.add_file("trust.toml", text).map(|()| trust)
    }

    fn with(lines: &str) -> String {
        format!(
            "[[trust]]\nkey = \"{}\"\nalgorithm = \"Ed25519\"\nrole = \"organisation\"\nname = \"Example\"\n{lines}",
            hex(1)
        )
    }

    fn says(text: &str) -> String {
        let error = read(text).unwrap_err();
        format!("{} {error}", error.code)
    }

    #[test]
    fn a_full_record_reads() {
        let digest = "ab".repeat(32);
        let text = with(&format!(
            "not_before = 2026-01-01\nnot_after = \"2028-01-01T00:00:00Z\"\nhighest_grade = \"hardware-attested\"\n\
             policies = [\"six-month\", \"baseline@{digest}\"]\nstatus_list_required = true\n"
        ));
        let trust = read(&text).unwrap();
        let [record] = trust.records() else { panic!("one record") };
        assert_eq!(record.role, Role::Organisation);
        assert_eq!(record.not_before.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(record.not_after.unwrap().to_string(), "2028-01-01T00:00:00Z");
        assert_eq!(record.highest_grade, Grade::HardwareAttested);
        assert!(record.status_list_required);
        assert!(record.allows_policy("six-month", &[0; 32]) && record.allows_policy("baseline", &[0xab; 32]));
        assert!(!record.allows_policy("baseline", &[0; 32]) && !record.allows_policy("other", &[0; 32]));
    }

    #[test]
    fn limits_left_out_are_the_least() {
        let trust = read(&with("")).unwrap();
        let [record] = trust.records() else { panic!("one record") };
        assert_eq!((record.highest_grade, record.status_list_required), (Grade::SelfAsserted, false));
    }

    #[test]
    fn a_bare_key_is_a_device_that_asserts_of_itself() {
        let pem = SigningKey::from_seed(&[1; 32]).unwrap().public().to_pem();
        for text in [format!("{}\n", hex(1)), pem] {
            let trust = read(&text).unwrap();
            assert_eq!(trust.records()[0].role, Role::Device);
            assert_eq!(trust.records()[0].highest_grade, Grade::SelfAsserted);
        }
    }

    #[test]
    fn errors_name_place_word_and_the_nearest_right_word() {
        assert_eq!(
            says(&with("polices = []")),
            "trust-word trust.toml:6:1: `polices` is no key of a trust record; there are key, algorithm, role, name, not_before, not_after, highest_grade, policies, status_list_required; did you mean `policies`?"
        );
        assert_eq!(
            says(&with("").replace("organisation", "organization")),
            "trust-word trust.toml:4:8: `organization` is no role; there are device, organisation, status-list, log, witness; did you mean `organisation`?"
        );
        assert_eq!(
            says("[[trusted]]"),
            "trust-word trust.toml:1:3: `trusted` is no table of a trust file; there are trust; did you mean `trust`?"
        );
        assert_eq!(
            says(&with("").replace("Ed25519", "ES256")),
            "trust-word trust.toml:3:13: `ES256` is no algorithm; there are Ed25519"
        );
        assert_eq!(
            says(&with("highest_grade = \"self\"")),
            "trust-word trust.toml:6:17: `self` is no grade; there are self-asserted, inspector-observed, hardware-attested; did you mean `self-asserted`?"
        );
    }

    #[test]
    fn errors_name_missing_and_contradictory_values() {
        assert_eq!(says(""), "trust-value trust.toml: the file has no [[trust]] record");
        assert_eq!(says("[[trust]]\n"), "trust-value trust.toml:1:1: the record lacks `key`");
        assert_eq!(says("trust = 1"), "trust-value trust.toml:1:9: `trust` wants records, each under [[trust]]");
        assert_eq!(
            says(&with("status_list_required = \"yes\"")),
            "trust-value trust.toml:6:24: `status_list_required` wants true or false"
        );
        assert!(says(&with("not_before = 2026-01-01T00:00:00")).contains("6:14: `not_before` wants a date"));
        assert!(
            says(&with("not_before = 2026-01-02\nnot_after = 2026-01-02"))
                .contains("7:13: `not_after` wants an instant after")
        );
        assert!(says(&with("policies = [\"Six\"]")).contains("6:13: `policies` wants NAME"));
        assert!(says(&with("policies = [\"six@12\"]")).contains("6:13: `policies` wants NAME"));
        assert!(
            says(&with("highest_grade = \"hardware-attested\"").replace("organisation", "device"))
                .contains("wants self-asserted for a device")
        );
        assert!(says(&with("").replace("Example", "a\\u001b[2J")).contains("`name` wants 1 to 200"));
        assert!(says(&format!("{}{}", with(""), with(""))).contains("trust.toml:6:1: the key"));
        assert!(says("[[trust]\n").starts_with("trust-syntax trust.toml:1:"));
        assert!(says(&with("").replace(&hex(1), "00")).starts_with("trust-key trust.toml:2:7: this is neither"));
        assert!(
            says("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").contains("this is a private key")
        );
        assert!(says("abcdef").starts_with("trust-key"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String, line in "[a-z_]{1,12} ?= ?[\\[\\]\"a-z0-9,:.{}-]{0,20}") {
            let _ = read(&text);
            let _ = read(&with(&line));
        }
    }
}
