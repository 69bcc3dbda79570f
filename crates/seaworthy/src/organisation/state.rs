//! State files of an enrolment. Each is written whole, and durable before the message that relies on it goes out.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use seaworthy_inspect::StateDirectory;
use seaworthy_model::{Code, Timestamp, Verdict};
use seaworthy_protocol::{Digest, Octets, Reception};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::heads::Heads;
use crate::failure::{Failure, exit};

/// With whom, and what was agreed to.
const MEMBERSHIP: &str = "organisation.json";
/// Counter, nonce, ledger head: what moves with each message.
const EXCHANGE: &str = "exchange.json";
/// An enrolment that has no answer yet.
const PENDING: &str = "enrolling.json";
const LOCK: &str = "exchange.lock";
/// How long a run waits for another one: this often, so long.
const PATIENCE: (u32, Duration) = (50, Duration::from_millis(100));

/// An enrolment: with whom, and what was agreed to. Changes when a person decides something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The server.
    pub server: String,
    /// Certificates in PEM that are trusted for it instead of the system's.
    pub ca: Option<String>,
    /// The organisation's name.
    pub name: String,
    /// Its first key, pinned by the link.
    pub key: Octets,
    /// The unit that the device came into.
    pub unit: String,
    /// The device: SHA-256 of its key.
    pub device: Digest,
    /// When it was enrolled, by the device's clock.
    pub enrolled_at: Timestamp,
    /// What the organisation keeps when the device leaves.
    pub kept_when_leaving: String,
    /// The sealed policy document that the holder agreed to.
    pub agreed: Octets,
    /// When they did.
    pub agreed_at: Timestamp,
}

/// What moves with each message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The counter of the newest message. It is on disk before that message goes out, so that none is used twice.
    pub counter: u64,
    /// What makes the next evidence live; taken out when a message is made.
    pub nonce: Option<Nonce>,
    /// The heads of the holder's ledger that acknowledgements carried.
    pub ledger: Heads,
    /// When the whole ledger was last looked at, or the device enrolled.
    pub ledger_proved_at: Timestamp,
    /// The organisation's later keys, oldest first.
    pub successors: Vec<Octets>,
    /// The newest policy document seen: its number and digest.
    pub newest: (u64, Digest),
    /// The sealed policy document in force, where it reaches further than what was agreed to.
    pub offered: Option<Octets>,
    /// The newest report that was answered.
    pub last: Option<Last>,
    /// Runs in a row that did not reach the server.
    pub failures: u32,
    /// No run of the agent before this instant.
    pub next_try: Option<Timestamp>,
}

/// A nonce and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// The nonce.
    pub value: Digest,
    /// When it came, by the device's clock.
    pub at: Timestamp,
}

/// The newest report that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// When, by the device's clock.
    pub at: Timestamp,
    /// How it was taken in.
    pub reception: Reception,
    /// What the organisation said of it, if it did.
    pub verdict: Option<Verdict>,
    /// Until when, where it passed.
    pub until: Option<Timestamp>,
}

/// An enrolment that was sent and has no answer yet: all that is needed to send it again and to end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What becomes of it.
    pub membership: Membership,
    /// The organisation's later keys at that time.
    pub successors: Vec<Octets>,
    /// SHA-256 of the link's token: the same link goes on with it.
    pub token: Digest,
    /// The sealed enrolment.
    pub message: Octets,
    /// Its counter.
    pub counter: u64,
}

/// The state directory, held by this run alone.
#[derive(Debug)]
pub struct Store {
    directory: StateDirectory,
    _lock: File,
}

impl Store {
    /// Takes the state directory for this run.
    pub fn take(directory: &StateDirectory) -> Result<Store, Failure> {
        let at = |error: &io::Error| unwritable(directory, LOCK, error);
        directory.make().map_err(|error| at(&error))?;
        let path = directory.path().join(LOCK);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        let lock = opened.map_err(|error| at(&error))?;
        for _ in 0..PATIENCE.0 {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Store { directory: directory.clone(), _lock: lock }),
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(PATIENCE.1),
                Err(error) => return Err(at(&error.into())),
            }
        }
        let failure = Failure::new(Code::ExchangeBusy, format!("{}: held by another run", directory.path().display()));
        Err(failure.ending(exit::UNKNOWN))
    }

    /// The directory.
    pub fn directory(&self) -> &StateDirectory {
        &self.directory
    }

    /// The enrolment and where the exchange stands.
    pub fn load(&self) -> Result<(Membership, Exchange), Failure> {
        load(&self.directory)
    }

    /// The enrolment alone, where it can be read.
    pub fn membership(&self) -> Option<Membership> {
        self.directory.read_json(MEMBERSHIP)
    }

    /// Keeps the enrolment.
    pub fn keep_membership(&self, membership: &Membership) -> Result<(), Failure> {
        self.keep(MEMBERSHIP, membership)
    }

    /// Keeps where the exchange stands.
    pub fn keep_exchange(&self, exchange: &Exchange) -> Result<(), Failure> {
        self.keep(EXCHANGE, exchange)
    }

    /// The enrolment that has no answer yet. One that cannot be read is set aside; the holder enrols anew.
    pub fn pending(&self) -> Option<Pending> {
        self.directory.read_json(PENDING)
    }

    /// Keeps an enrolment before it is sent.
    pub fn keep_pending(&self, pending: &Pending) -> Result<(), Failure> {
        self.keep(PENDING, pending)
    }

    /// Forgets an enrolment that was answered or refused.
    pub fn forget_pending(&self) -> Result<(), Failure> {
        self.forget(PENDING)
    }

    /// Forgets the organisation. The device key stays, and so do stamps: they are the holder's.
    pub fn forget_all(&self) -> Result<(), Failure> {
        for name in [MEMBERSHIP, EXCHANGE, PENDING] {
            self.forget(name)?;
        }
        Ok(())
    }

    /// Keeps evidence of a ledger that was changed, under the first free number.
    pub fn keep_evidence(&self, evidence: &impl Serialize) -> Result<String, Failure> {
        let is_free = |name: &String| !self.directory.path().join(name).exists();
        let name = (1..=MOST_EVIDENCE).map(|number| format!("ledger-broken-{number}.json")).find(is_free);
        let name = name.unwrap_or_else(|| format!("ledger-broken-{MOST_EVIDENCE}.json"));
        self.keep(&name, evidence)?;
        Ok(self.directory.path().join(name).display().to_string())
    }

    fn keep(&self, name: &str, value: &impl Serialize) -> Result<(), Failure> {
        let written = self.directory.write_json(name, value).and_then(|()| self.settle());
        written.map_err(|error| unwritable(&self.directory, name, &error))
    }

    fn forget(&self, name: &str) -> Result<(), Failure> {
        let removed = fs::remove_file(self.directory.path().join(name));
        let removed =
            removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
        removed.and_then(|()| self.settle()).map_err(|error| unwritable(&self.directory, name, &error))
    }

    /// Makes names durable: a counter that a power failure takes back would look like a clone.
    fn settle(&self) -> io::Result<()> {
        File::open(self.directory.path())?.sync_all()
    }
}

/// Most files of evidence that are kept; the last is replaced.
const MOST_EVIDENCE: u32 = 100;

/// The enrolment and where the exchange stands, without holding them.
pub fn load(directory: &StateDirectory) -> Result<(Membership, Exchange), Failure> {
    let membership: Option<Membership> = read(directory, MEMBERSHIP)?;
    let exchange: Option<Exchange> = read(directory, EXCHANGE)?;
    match (membership, exchange) {
        (Some(membership), Some(exchange)) => Ok((membership, exchange)),
        (None, None) => Err(not_enrolled(directory)),
        (None, Some(_)) => Err(broken(format!("{MEMBERSHIP} is missing"))),
        (Some(_), None) => Err(broken(format!("{EXCHANGE} is missing"))),
    }
}

fn read<T: DeserializeOwned>(directory: &StateDirectory, name: &str) -> Result<Option<T>, Failure> {
    let is_there = directory.path().join(name).exists();
    match directory.read_json(name) {
        None if is_there && directory.path().join(name).exists() => Err(Failure::new(
            Code::StateUnwritable,
            format!("{}: cannot be read", directory.path().join(name).display()),
        )),
        None if is_there => Err(broken(format!("{name} makes no sense, and was set aside as {name}.broken"))),
        value => Ok(value),
    }
}

fn not_enrolled(directory: &StateDirectory) -> Failure {
    Failure::new(Code::NotEnrolled, format!("no enrolment is in {}", directory.path().display()))
}

/// State of an enrolment that is of no use any more.
pub fn broken(what: String) -> Failure {
    Failure::new(Code::EnrolmentBroken, what)
}

fn unwritable(directory: &StateDirectory, name: &str, error: &io::Error) -> Failure {
    Failure::new(Code::StateUnwritable, format!("{}: {error}", directory.path().join(name).display()))
}

#[cfg(test)]
mod tests {
    use seaworthy_protocol::Head;

    use super::*;

    #[test]
    fn one_run_at_a_time_holds_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let directory = StateDirectory::new(folder.path());
        let first = Store::take(&directory).unwrap();
        assert_eq!(Store::take(&directory).unwrap_err().code, Code::ExchangeBusy);
        drop(first);
        assert_eq!(Store::take(&directory).unwrap().load().unwrap_err().code, Code::NotEnrolled);
    }

    #[test]
    fn half_an_enrolment_is_a_broken_one_and_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        let directory = StateDirectory::new(folder.path());
        let store = Store::take(&directory).unwrap();
        let exchange = Exchange {
            counter: 3,
            nonce: None,
            ledger: Heads::of(Head::EMPTY),
            ledger_proved_at: Timestamp::from_seconds(0),
            successors: Vec::new(),
            newest: (1, Digest::ZERO),
            offered: None,
            last: None,
            failures: 0,
            next_try: None,
        };
        store.keep_exchange(&exchange).unwrap();
        assert_eq!(store.load().unwrap_err().code, Code::EnrolmentBroken);
        directory.write(MEMBERSHIP, b"{").unwrap();
        for _ in 0..2 {
            assert_eq!(store.load().unwrap_err().code, Code::EnrolmentBroken);
        }
        assert!(folder.path().join("organisation.json.broken").exists());
        store.forget_all().unwrap();
        assert_eq!(store.load().unwrap_err().code, Code::NotEnrolled);
    }
}
