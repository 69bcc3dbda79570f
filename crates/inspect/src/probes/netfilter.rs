//! The kernel's packet filter, asked over netlink and read as its rules stand: linux/netfilter/nf_tables.h.
//!
//! Only three questions are put, each a dump: tables, chains, rules. Nothing can be changed by them. The answer is
//! parsed from bytes, so that a test can give its own.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, sendto, socket_with};
use seaworthy_model::Reason;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// `NFT_MSG_GETTABLE`.
    Tables,
    /// `NFT_MSG_GETCHAIN`.
    Chains,
    /// `NFT_MSG_GETRULE`.
    Rules,
}

/// Who answers.
pub trait Netfilter: fmt::Debug + Send + Sync {
    /// The messages of one dump, one after the other, as the kernel sends them.
    ///
    /// # Errors
    /// [`Reason::NoRight`] where the kernel refuses, [`Reason::Missing`] where it has no nf_tables,
    /// [`Reason::ReadFailed`] for anything else.
    fn dump(&self, question: Question) -> Result<Vec<u8>, Reason>;
}

/// The running kernel.
#[derive(Debug)]
pub struct Kernel;

/// Nobody: the root that is read is not the running system's.
#[derive(Debug)]
pub struct Unasked;

impl Netfilter for Unasked {
    fn dump(&self, _: Question) -> Result<Vec<u8>, Reason> {
        Err(Reason::NotRunning)
    }
}

/// Rules beyond this many bytes are not read; 100,000 rules take about 40 MB.
const DUMP_CAP: usize = 64 << 20;
/// The kernel answers at once; this only keeps a lost answer from holding a thread.
const PATIENCE: Duration = Duration::from_secs(3);

impl Netfilter for Kernel {
    fn dump(&self, question: Question) -> Result<Vec<u8>, Reason> {
        exchange(question).map_err(|errno| match errno {
            Errno::PERM | Errno::ACCESS => Reason::NoRight,
            // No nf_tables behind the socket, or no such socket.
            Errno::INVAL | Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => Reason::Missing,
            _ => Reason::ReadFailed,
        })
    }
}

fn exchange(question: Question) -> Result<Vec<u8>, Errno> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::NETFILTER))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    sendto(&socket, &request(question), SendFlags::empty(), &netlink::SocketAddrNetlink::new(0, 0))?;
    let mut all = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let (_, length) = recv(&socket, buffer.as_mut_slice(), RecvFlags::TRUNC)?;
        let part = buffer.get(..length).ok_or(Errno::MSGSIZE)?;
        if part.is_empty() || all.len() > DUMP_CAP {
            return Err(Errno::MSGSIZE);
        }
        all.extend_from_slice(part);
        for message in messages(part) {
            match message.kind {
                DONE => return Ok(all),
                ERROR => return Err(message.errno().unwrap_or(Errno::IO)),
                // The rules changed meanwhile: what came is no one state of them.
                _ if message.flags & INTERRUPTED != 0 => return Err(Errno::INTR),
                _ => {}
            }
        }
    }
}

const ERROR: u16 = 2;
const DONE: u16 = 3;
const INTERRUPTED: u16 = 0x10;
const REQUEST_DUMP: u16 = 0x1 | 0x300;
const NFTABLES: u16 = 10 << 8;

/// `struct nlmsghdr` and `struct nfgenmsg` (family unspecified, version 0).
fn request(question: Question) -> Vec<u8> {
    let kind = NFTABLES
        | match question {
            Question::Tables => 1,
            Question::Chains => 4,
            Question::Rules => 7,
        };
    let mut bytes = 20_u32.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(REQUEST_DUMP.to_ne_bytes());
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes
}

/// One netlink message, borrowed.
struct Message<'a> {
    kind: u16,
    flags: u16,
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    fn errno(&self) -> Option<Errno> {
        let code = i32::from_ne_bytes(self.payload.first_chunk().copied()?);
        (code != 0).then(|| Errno::from_raw_os_error(code.wrapping_neg()))
    }

    /// Family and attributes of an nf_tables message.
    fn body(&self) -> Option<(u8, &'a [u8])> {
        Some((*self.payload.first()?, self.payload.get(4..)?))
    }
}

/// The messages of a buffer; what is cut short ends it.
fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(rest.first_chunk().copied()?) as usize;
        let kind = u16::from_ne_bytes(rest.get(4..6)?.try_into().ok()?);
        let flags = u16::from_ne_bytes(rest.get(6..8)?.try_into().ok()?);
        let payload = rest.get(16..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, flags, payload })
    })
}

/// Attributes: `struct nlattr`, each padded to four bytes.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(rest.get(0..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(rest.get(2..4)?.try_into().ok()?) & 0x3fff;
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

/// Attributes of nf_tables carry numbers in network order.
fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_be_bytes)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.strip_suffix(b"\0").unwrap_or(bytes)).into_owned()
}

/// Address families a table can serve: linux/netfilter.h.
const INET: u8 = 1;
const IPV4: u8 = 2;
const IPV6: u8 = 10;
/// `NF_INET_LOCAL_IN`.
const HOOK_INPUT: u32 = 1;

/// The tables, chains and rules that decide about incoming packets.
#[derive(Debug, Default)]
pub struct Ruleset {
    chains: BTreeMap<ChainName, Chain>,
}

type ChainName = (u8, String, String);

#[derive(Debug, Default)]
struct Chain {
    /// Some where the chain is hooked to input: whether its policy accepts.
    input: Option<Outcome>,
    rules: Vec<Rule>,
}

/// What becomes of a packet that no condition matches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Denied,
    /// It is handed to a program, or to a target whose effect is not known.
    Unclear,
}

/// A rule without conditions; rules with one are left out, for such a packet passes them by.
#[derive(Debug)]
enum Rule {
    End(Outcome),
    Jump(String),
    Goto(String),
    Return,
}

/// Which product wrote the rules, by the names it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Uncomplicated firewall.
    Ufw,
    /// firewalld.
    Firewalld,
    /// Anybody else.
    Other,
}

impl Ruleset {
    /// Asks for everything there is to know.
    ///
    /// # Errors
    /// The kernel refuses or what it says makes no sense.
    pub fn read(netfilter: &dyn Netfilter) -> Result<Ruleset, Reason> {
        let tables = netfilter.dump(Question::Tables)?;
        let chains = netfilter.dump(Question::Chains)?;
        let rules = netfilter.dump(Question::Rules)?;
        if ![&tables, &chains, &rules].iter().all(|dump| is_whole(dump)) {
            return Err(Reason::Garbled);
        }
        Ruleset::parse(&tables, &chains, &rules).ok_or(Reason::Garbled)
    }

    fn parse(tables: &[u8], chains: &[u8], rules: &[u8]) -> Option<Ruleset> {
        let mut asleep = Vec::new();
        for message in nftables(tables) {
            let (family, body) = message.body()?;
            // NFT_TABLE_F_DORMANT: its chains are not hooked to anything.
            if attribute(body, 2).and_then(number).unwrap_or(0) & 1 != 0 {
                asleep.push((family, text(attribute(body, 1)?)));
            }
        }
        let mut ruleset = Ruleset::default();
        for message in nftables(chains) {
            let (family, body) = message.body()?;
            let table = text(attribute(body, 1)?);
            let is_asleep = asleep.iter().any(|(other, name)| *other == family && *name == table);
            let input = if is_asleep { None } else { input_policy(body) };
            ruleset.chains.entry((family, table, text(attribute(body, 3)?))).or_default().input = input;
        }
        for message in nftables(rules) {
            let (family, body) = message.body()?;
            let name = (family, text(attribute(body, 1)?), text(attribute(body, 2)?));
            if let Some(rule) = unconditional(attribute(body, 4).unwrap_or_default()) {
                ruleset.chains.entry(name).or_default().rules.push(rule);
            }
        }
        Some(ruleset)
    }

    /// Whether incoming packets of IPv4 that no condition matches are denied; an error where it cannot be told.
    ///
    /// # Errors
    /// A rule hands such packets to something whose decision is not known.
    pub fn denies_ipv4(&self) -> Result<bool, Reason> {
        self.denies(IPV4)
    }

    /// The same for IPv6.
    ///
    /// # Errors
    /// As for [`Ruleset::denies_ipv4`].
    pub fn denies_ipv6(&self) -> Result<bool, Reason> {
        self.denies(IPV6)
    }

    /// Every chain at the hook is asked in turn: one that denies is enough, one that accepts only passes on.
    fn denies(&self, family: u8) -> Result<bool, Reason> {
        let mut unclear = false;
        for (name, chain) in &self.chains {
            let Some(policy) = chain.input.as_ref().filter(|_| name.0 == family || name.0 == INET) else { continue };
            match self.outcome(name, 0).unwrap_or(policy.clone()) {
                Outcome::Denied => return Ok(true),
                Outcome::Unclear => unclear = true,
                Outcome::Accepted => {}
            }
        }
        if unclear { Err(Reason::NotSupported) } else { Ok(false) }
    }

    /// `None` where the packet comes to the chain's end. The kernel allows 16 jumps and no loops.
    fn outcome(&self, name: &ChainName, depth: u8) -> Option<Outcome> {
        if depth > 16 {
            return Some(Outcome::Unclear);
        }
        for rule in &self.chains.get(name)?.rules {
            let into = |chain: &String| self.outcome(&(name.0, name.1.clone(), chain.clone()), depth + 1);
            match rule {
                Rule::End(outcome) => return Some(outcome.clone()),
                Rule::Return => return None,
                Rule::Goto(chain) => return into(chain),
                Rule::Jump(chain) => match into(chain) {
                    Some(outcome) => return Some(outcome),
                    None => continue,
                },
            }
        }
        None
    }

    /// Whether anything is hooked to input at all.
    pub fn filters_input(&self) -> bool {
        self.chains.values().any(|chain| chain.input.is_some())
    }

    /// Who wrote the rules.
    pub fn author(&self) -> Author {
        let any = |test: &dyn Fn(&ChainName) -> bool| self.chains.keys().any(test);
        if any(&|(_, _, chain)| chain == "ufw-before-input" || chain == "ufw6-before-input") {
            Author::Ufw
        } else if any(&|(_, table, _)| table == "firewalld") {
            Author::Firewalld
        } else {
            Author::Other
        }
    }
}

/// Whether a dump came to its end.
fn is_whole(dump: &[u8]) -> bool {
    messages(dump).any(|message| message.kind == DONE)
}

fn nftables(dump: &[u8]) -> impl Iterator<Item = Message<'_>> {
    messages(dump).filter(|message| message.kind & 0xff00 == NFTABLES)
}

/// The policy of a filter chain hooked to input.
fn input_policy(chain: &[u8]) -> Option<Outcome> {
    let hook = attribute(chain, 4)?;
    if attribute(hook, 1).and_then(number) != Some(HOOK_INPUT) {
        return None;
    }
    // NF_DROP is 0, NF_ACCEPT 1.
    let drops = attribute(chain, 5).and_then(number) == Some(0);
    Some(if drops { Outcome::Denied } else { Outcome::Accepted })
}

/// Expressions that let a packet pass a rule by.
const CONDITIONS: [&str; 12] =
    ["cmp", "lookup", "range", "match", "limit", "quota", "connlimit", "objref", "dynset", "osf", "fib", "inner"];
/// Targets of xtables that only note something.
const NOTING_TARGETS: [&str; 9] =
    ["LOG", "NFLOG", "MARK", "CONNMARK", "AUDIT", "TRACE", "CT", "SECMARK", "CONNSECMARK"];

/// What a rule without conditions does; `None` where it has one, or does nothing that decides.
///
/// BUG: a condition that everything meets (`ip saddr 0.0.0.0/0`, a map with an element for all) counts as one.
fn unconditional(expressions: &[u8]) -> Option<Rule> {
    let all: Vec<(String, &[u8])> = attributes(expressions)
        .filter_map(|(_, element)| Some((text(attribute(element, 1)?), attribute(element, 2).unwrap_or_default())))
        .collect();
    if all.iter().any(|(name, _)| CONDITIONS.contains(&name.as_str())) {
        return None;
    }
    all.iter().find_map(|(name, data)| match name.as_str() {
        "immediate" => verdict(data),
        "reject" => Some(Rule::End(Outcome::Denied)),
        "target" => target(data),
        "queue" | "tproxy" | "synproxy" => Some(Rule::End(Outcome::Unclear)),
        _ => None,
    })
}

fn target(data: &[u8]) -> Option<Rule> {
    let name = text(attribute(data, 1)?.split_inclusive(|&byte| byte == 0).next().unwrap_or_default());
    match name.as_str() {
        "REJECT" | "DROP" => Some(Rule::End(Outcome::Denied)),
        name if NOTING_TARGETS.contains(&name) => None,
        _ => Some(Rule::End(Outcome::Unclear)),
    }
}

/// An immediate value for the verdict register: NFTA_IMMEDIATE_DATA, NFTA_DATA_VERDICT, its code and chain.
fn verdict(data: &[u8]) -> Option<Rule> {
    let verdict = attribute(attribute(data, 2)?, 2)?;
    let chain = || attribute(verdict, 2).map(text);
    // NF_DROP, NF_ACCEPT, NF_QUEUE and the negative codes of nf_tables.
    Some(match number(attribute(verdict, 1)?)?.cast_signed() {
        0 => Rule::End(Outcome::Denied),
        1 => Rule::End(Outcome::Accepted),
        -1 => return None,
        -3 => Rule::Jump(chain()?),
        -4 => Rule::Goto(chain()?),
        -5 => Rule::Return,
        _ => Rule::End(Outcome::Unclear),
    })
}
