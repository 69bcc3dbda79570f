//! Reading policies: line by line, names are bytes and mean nothing outside of the file.

use std::collections::{BTreeMap, BTreeSet};

use crate::key::{Algorithm, VerifierKey, VerifierKeyFault};
use crate::line::decimal;
use crate::policy::{Group, Member, Policy, PolicyLog, PolicyWitness};

/// Longest policy in bytes.
pub const MAX_POLICY: usize = 1 << 20;
/// Most logs, most witnesses and most groups.
const MAX_EACH: usize = 256;

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PolicyFault {
    /// The line, counted from 1; 0 is the file as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is longer than [`MAX_POLICY`].
    #[error("the policy has {0} bytes; at most {MAX_POLICY} are read")]
    TooLarge(usize),
    /// A control character that is neither tab nor line end.
    #[error("a control character that is neither tab nor line end")]
    Control,
    /// It begins with none of the four words.
    #[error("a line begins with log, witness, group or quorum")]
    Keyword,
    /// It has too few or too many parts.
    #[error("too few or too many parts; this line reads `{0}`")]
    Parts(&'static str),
    /// A key is none.
    #[error(transparent)]
    Key(#[from] VerifierKeyFault),
    /// A key is of the wrong kind.
    #[error("the key signs in a way that is not that of a {0}")]
    Kind(&'static str),
    /// The same key stands twice.
    #[error("the same key stands on an earlier line")]
    SameKey,
    /// A name is taken, or is `none`.
    #[error("the name {0} is taken")]
    Taken(String),
    /// A name is not defined above.
    #[error("{0} is not defined above")]
    Unknown(String),
    /// A name is a member of two groups, or twice of one.
    #[error("{0} is a member already")]
    Twice(String),
    /// The number of members that is asked for cannot be.
    #[error("a group asks for all, any, or a number from 1 to that of its members")]
    Threshold,
    /// There are too many of one kind.
    #[error("more than {MAX_EACH} of a kind")]
    TooMany,
    /// There is a second quorum.
    #[error("a second quorum")]
    SecondQuorum,
    /// There is no quorum.
    #[error("the policy has no quorum; `quorum none` asks for no witnesses")]
    NoQuorum,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyFault> {
        if bytes.len() > MAX_POLICY {
            return Err(PolicyFault { line: 0, reason: Reason::TooLarge(bytes.len()) });
        }
        let mut draft = Draft::default();
        for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            draft.line(line).map_err(|reason| PolicyFault { line: number, reason })?;
        }
        let quorum = draft.quorum.ok_or(PolicyFault { line: 0, reason: Reason::NoQuorum })?;
        Ok(Policy { logs: draft.logs, witnesses: draft.witnesses, groups: draft.groups, quorum })
    }
}

/// A policy while it is read.
#[derive(Default)]
struct Draft<'a> {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Option<Member>>,
    names: BTreeMap<&'a [u8], Member>,
    members: BTreeSet<&'a [u8]>,
}

impl<'a> Draft<'a> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), Reason> {
        if line.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err(Reason::Control);
        }
        let words = line.split(|&byte| byte == b' ' || byte == b'\t');
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", rest @ ..] => self.log(rest),
            [b"witness", rest @ ..] => self.witness(rest),
            [b"group", rest @ ..] => self.group(rest),
            [b"quorum", rest @ ..] => self.quorum(rest),
            _ => Err(Reason::Keyword),
        }
    }

    fn log(&mut self, words: &[&'a [u8]]) -> Result<(), Reason> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(shown(url))),
            _ => return Err(Reason::Parts("log KEY [URL]")),
        };
        let key = parse_key(key, &[Algorithm::Ed25519, Algorithm::MlDsa44], "log")?;
        if self.logs.iter().any(|log| log.key.as_bytes() == key.as_bytes()) {
            return Err(Reason::SameKey);
        }
        self.logs.push(PolicyLog { key, url });
        bounded(self.logs.len())
    }

    fn witness(&mut self, words: &[&'a [u8]]) -> Result<(), Reason> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(shown(url))),
            _ => return Err(Reason::Parts("witness NAME KEY [URL]")),
        };
        let key = parse_key(key, &[Algorithm::CosignatureV1, Algorithm::MlDsa44], "witness")?;
        if self.witnesses.iter().any(|witness| witness.key.as_bytes() == key.as_bytes()) {
            return Err(Reason::SameKey);
        }
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: shown(name), key, url });
        bounded(self.witnesses.len())
    }

    fn group(&mut self, words: &[&'a [u8]]) -> Result<(), Reason> {
        let [name, threshold, names @ ..] = words else {
            return Err(Reason::Parts("group NAME all|any|NUMBER NAME…"));
        };
        let mut members = Vec::with_capacity(names.len());
        for &member in names {
            members.push(self.find(member)?);
            if !self.members.insert(member) {
                return Err(Reason::Twice(shown(member)));
            }
        }
        let threshold = parse_threshold(threshold, members.len()).ok_or(Reason::Threshold)?;
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members });
        bounded(self.groups.len())
    }

    fn quorum(&mut self, words: &[&'a [u8]]) -> Result<(), Reason> {
        let [name] = words else { return Err(Reason::Parts("quorum NAME")) };
        let quorum = if *name == b"none" { None } else { Some(self.find(name)?) };
        if self.quorum.replace(quorum).is_some() { Err(Reason::SecondQuorum) } else { Ok(()) }
    }

    fn define(&mut self, name: &'a [u8], member: Member) -> Result<(), Reason> {
        let free = name != b"none" && self.names.insert(name, member).is_none();
        if free { Ok(()) } else { Err(Reason::Taken(shown(name))) }
    }

    fn find(&self, name: &[u8]) -> Result<Member, Reason> {
        self.names.get(name).copied().ok_or_else(|| Reason::Unknown(shown(name)))
    }
}

fn parse_key(word: &[u8], kinds: &[Algorithm], whose: &'static str) -> Result<VerifierKey, Reason> {
    let text = std::str::from_utf8(word).map_err(|_| VerifierKeyFault::Form)?;
    let key: VerifierKey = text.parse()?;
    if kinds.contains(&key.algorithm()) { Ok(key) } else { Err(Reason::Kind(whose)) }
}

fn parse_threshold(word: &[u8], members: usize) -> Option<usize> {
    let threshold = match word {
        b"all" => members,
        b"any" => 1,
        number => usize::try_from(decimal(std::str::from_utf8(number).ok()?)?).ok()?,
    };
    (1..=members).contains(&threshold).then_some(threshold)
}

fn bounded(count: usize) -> Result<(), Reason> {
    if count <= MAX_EACH { Ok(()) } else { Err(Reason::TooMany) }
}

fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}
