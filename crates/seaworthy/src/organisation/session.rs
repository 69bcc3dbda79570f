//! One run's talk with the organisation: messages in the order of their counters, each durable before it goes out, and
//! of each answer only what verifies.

use std::thread;
use std::time::Duration;

use seaworthy_model::{Appraisal, Body, Code, DAY, Evidence, Timestamp, Verdict};
use seaworthy_protocol::{
    Acknowledgement, Ask, DeviceRequest, Digest, EvidenceEnvelope, Leaf, LeafKind, Message, Octets, PolicyDocument,
    Reception, Report, ReportAnswer, RequestAnswer, VERSION, seal,
};
use seaworthy_stamp::{SigningKey, Stamp};
use seaworthy_tlog::LogProof;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::agreement::Wider;
use super::client::{Client, MAX_ANSWER, MAX_EXPORT};
use super::log::{LogReader, Placed, described};
use super::logged::{Logged, Told, look_up};
use super::outbox::Outbox;
use super::state::{Exchange, Last, Membership, Nonce, Store, broken};
use super::trouble::{Trouble, untrusted};
use super::trust::{About, Chain, acknowledgement, document, log_document};
use crate::failure::{Failure, exit};
use crate::kept::{Kept, keep_issued, keep_leaf, keep_proof};
use crate::key::{device_key, fresh_key};
use crate::surroundings::Surroundings;

/// Where reports are posted.
const REPORTS: &str = "/api/v1/reports";
/// Where requests are posted.
const REQUESTS: &str = "/api/v1/requests";
/// The oldest nonce that a report relies on; an older one is asked for anew.
const NONCE_LIFE: i64 = DAY;
/// How often the agent looks at the whole ledger, if it has grown.
const LEDGER_INTERVAL: i64 = 7 * DAY;
/// How often the log is asked for a stamp, and how long after another: it takes an entry in within a second or so.
const LOG_TRIES: (u32, Duration) = (12, Duration::from_millis(250));

/// A run's talk with the organisation. It holds the state directory.
#[derive(Debug)]
pub struct Session<'a> {
    around: &'a Surroundings,
    store: Store,
    client: Client,
    key: SigningKey,
    chain: Chain,
    outbox: Outbox,
    membership: Membership,
    exchange: Exchange,
    agreed: (PolicyDocument, Digest),
    alarms: Vec<Failure>,
}

/// A report that was answered.
#[derive(Debug)]
pub struct Delivered {
    /// How it was taken in.
    pub receipt: Receipt,
    /// What the organisation says of it.
    pub appraisal: Option<Appraisal>,
    /// Its stamp, where it passed.
    pub stamp: Option<Kept>,
    /// What opens the stamp's entry in the log.
    pub leaf: Option<Leaf>,
}

/// What of an acknowledgement is told.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// How the report was taken in.
    pub reception: Reception,
    /// A policy is in force for this device.
    pub is_held_to_a_policy: bool,
}

impl<'a> Session<'a> {
    /// Takes up where the last run left.
    pub fn open(around: &'a Surroundings) -> Result<Session<'a>, Failure> {
        let store = Store::take(&around.state)?;
        let (membership, exchange) = store.load()?;
        let key = device_key(&around.state)?;
        if Digest::from(key.public().id()) != membership.device {
            return Err(broken("the device key is not the one that was enrolled".to_owned()));
        }
        let chain = Chain::follow(&membership.key, &exchange.successors).map_err(broken)?;
        let agreed = document(&membership.agreed, &chain).map_err(broken)?;
        let client = Client::new(&membership.server, membership.ca.as_deref())?;
        let outbox = Outbox::of(&around.state);
        Ok(Session { around, store, client, key, chain, outbox, membership, exchange, agreed, alarms: Vec::new() })
    }

    /// With whom.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Where the exchange stands.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// What the holder agreed to.
    pub fn agreed(&self) -> &PolicyDocument {
        &self.agreed.0
    }

    /// What is in force and reaches further than that.
    pub fn offered(&self) -> Option<(PolicyDocument, Octets)> {
        let sealed = self.exchange.offered.clone()?;
        Some((document(&sealed, &self.chain).ok()?.0, sealed))
    }

    /// How many reports wait to be sent.
    pub fn waiting(&self) -> Result<usize, Failure> {
        Ok(self.outbox.waiting()?.len())
    }

    /// Fails if an answer showed something that the holder must hear of, though it counted.
    pub fn sound(&mut self) -> Result<(), Failure> {
        let gravest = self.alarms.iter().position(|alarm| alarm.code == Code::LedgerBroken).unwrap_or(0);
        if gravest < self.alarms.len() { Err(self.alarms.swap_remove(gravest)) } else { Ok(()) }
    }

    /// The envelope and the body that a report of this evidence would have now; nothing is counted up.
    pub fn draft(&self, evidence: &Evidence) -> Result<(EvidenceEnvelope, Body), Failure> {
        let body = Body::of(evidence, self.agreed.0.grants);
        let bytes = body.canonical_bytes().map_err(|error| Failure::bug(error.to_string()))?;
        let nonce = self.exchange.nonce.filter(|_| self.has_live_nonce());
        let envelope = EvidenceEnvelope {
            version: VERSION,
            organisation: Digest::of(&self.membership.key.0),
            key: public(&self.key),
            counter: self.exchange.counter.saturating_add(1),
            inspected_at: evidence.envelope.inspected_at,
            nonce: nonce.map(|nonce| nonce.value),
            policy: self.agreed.1,
            body: Digest::of(&bytes),
            presenter: public(&fresh_key()?),
        };
        Ok((envelope, body))
    }

    /// Whether the next report would be live.
    pub fn has_live_nonce(&self) -> bool {
        let age = |nonce: Nonce| self.around.now.seconds().saturating_sub(nonce.at.seconds());
        self.exchange.nonce.is_some_and(|nonce| (0..=NONCE_LIFE).contains(&age(nonce)))
    }

    /// Sends what waits, oldest first, so that no message comes after one with a higher counter.
    pub fn flush(&mut self) -> Result<(), Trouble> {
        for counter in self.outbox.waiting()? {
            match self.deliver(counter) {
                Ok(_) => {}
                Err(Trouble::Refused(failure)) if is_of_one_message(failure.code) => {
                    crate::say(&format!("note: a report that waited was refused: {failure} [{}]", failure.code));
                }
                Err(Trouble::Refused(failure)) if is_closed(failure.code) => {
                    // The others would fare no better, and must not come late.
                    self.outbox.clear()?;
                    return Err(Trouble::Refused(failure));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// Sends what waits, so that a request may follow: it has a higher counter. Holders of a device that is not heard any
    /// more keep their right to ask.
    pub fn clear_the_way(&mut self) -> Result<(), Trouble> {
        match self.flush() {
            Err(Trouble::Refused(_)) if self.outbox.waiting()?.is_empty() => Ok(()),
            flushed => flushed,
        }
    }

    /// Makes sure that the next report is live, where the server lets it.
    pub fn refresh_nonce(&mut self) -> Result<(), Trouble> {
        if self.has_live_nonce() {
            return Ok(());
        }
        match self.ask::<serde_json::Value>(Ask::Nonce, MAX_ANSWER) {
            // Heard before, though it is new: this state is older than what was sent of it. The report will tell.
            Err(trouble) if trouble.refusal() == Some(Code::ReportReplayed) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Makes a report of this evidence and keeps it in the outbox. Its counter.
    pub fn queue(&mut self, evidence: &Evidence) -> Result<u64, Failure> {
        let presenter = fresh_key()?;
        let (envelope, body) = self.draft(evidence)?;
        let envelope = EvidenceEnvelope { presenter: public(&presenter), ..envelope };
        let sealed = seal(&envelope, &self.key).map_err(|error| Failure::bug(error.to_string()))?;
        let body = body.canonical_bytes().map_err(|error| Failure::bug(error.to_string()))?;
        let message = Report::new(sealed, body).encode().map_err(|error| Failure::bug(error.to_string()))?;
        self.count()?;
        self.outbox.keep(envelope.counter, &message, &presenter)?;
        Ok(envelope.counter)
    }

    /// Sends a message of the outbox, and takes its answer in.
    pub fn deliver(&mut self, counter: u64) -> Result<Delivered, Trouble> {
        let (message, presenter) = self.outbox.message(counter)?;
        let Ok(report) = Report::decode(&message) else {
            self.outbox.remove(counter)?;
            return Err(Trouble::Refused(Failure::new(Code::ReportMalformed, "a report of the outbox is damaged")));
        };
        let answered = self.client.post::<ReportAnswer>(REPORTS, Report::TYPE, &message, MAX_ANSWER);
        if let Err(Trouble::Refused(failure)) = &answered
            && (is_of_one_message(failure.code) || is_closed(failure.code))
        {
            self.outbox.remove(counter)?;
        }
        let answer = answered?;
        let taken = self.take(&answer.acknowledgement, &answer.successors, &report.envelope.0, counter)?;
        self.outbox.remove(counter)?;
        self.consider(answer.policy.as_ref())?;
        let stamp = answer.stamp.zip(presenter).and_then(|(stamp, presenter)| self.keep_stamp(&stamp, &presenter));
        let leaf = answer.leaf.filter(|_| stamp.is_some());
        if let (Some(kept), Some(leaf)) = (&stamp, &leaf) {
            keep_leaf(&kept.id, leaf, self.around)?;
        }
        let receipt = Receipt { reception: taken.reception, is_held_to_a_policy: taken.policy != Digest::ZERO };
        self.remember(taken.reception, answer.appraisal.as_ref())?;
        Ok(Delivered { receipt, appraisal: answer.appraisal, stamp, leaf })
    }

    /// Asks something about this device.
    pub fn ask<E: DeserializeOwned>(&mut self, ask: Ask, most: u64) -> Result<RequestAnswer<E>, Trouble> {
        let counter = self.count()?;
        let request = DeviceRequest {
            version: VERSION,
            organisation: Digest::of(&self.membership.key.0),
            key: public(&self.key),
            counter,
            device_time: self.around.now,
            ask,
        };
        let sealed = seal(&request, &self.key).map_err(|error| Failure::bug(error.to_string()))?;
        let answer = self.client.post::<RequestAnswer<E>>(REQUESTS, DeviceRequest::TYPE, &sealed, most)?;
        self.take(&answer.acknowledgement, &answer.successors, &sealed, counter)?;
        self.consider(answer.policy.as_ref())?;
        Ok(answer)
    }

    /// Proves a stamp to be in the log, and keeps the proof beside it. None if the log has not taken it in yet.
    pub fn prove_stamp(&self, stamp: &Stamp, id: &str, leaf: &Leaf) -> Result<Option<LogProof>, Trouble> {
        let Some(sealed) = described(&self.client, Digest::of(&self.membership.key.0))? else { return Ok(None) };
        let log = self.log(&sealed)?;
        let record = stamp.to_be_signed().ok_or_else(|| Failure::bug("a stamp was kept that is none"))?;
        for attempt in 0..LOG_TRIES.0 {
            if attempt > 0 {
                thread::sleep(LOG_TRIES.1);
            }
            match log.place(&log.checkpoint()?, LeafKind::Stamp, &record, leaf)? {
                Placed::NotYet => {}
                Placed::Other(error) => {
                    return Err(Trouble::untrusted(format!("the stamp is not in the log: {error}")));
                }
                Placed::Proved(proof) => {
                    keep_proof(id, &proof, self.around)?;
                    return Ok(Some(proof));
                }
            }
        }
        Ok(None)
    }

    fn log(&self, sealed: &Octets) -> Result<LogReader<'_>, Trouble> {
        LogReader::open(&self.client, log_document(sealed, &self.chain).map_err(Trouble::untrusted)?)
    }

    /// How the entries of the ledger stand to the log.
    pub fn look_up(&self, told: &Told) -> Result<Logged, Trouble> {
        let none = || Failure::new(Code::LedgerUnlogged, "the organisation shows no log").ending(exit::UNKNOWN);
        let sealed = told.log.as_ref().ok_or_else(none)?;
        look_up(&self.log(sealed)?, told, self.membership.device, self.around.now)
    }

    /// The whole ledger, if it holds together and holds every head that was signed.
    pub fn ledger(&mut self) -> Result<Told, Trouble> {
        let answer = self.ask::<serde_json::Value>(Ask::Ledger, MAX_EXPORT)?;
        let (entries, proofs, log) = (answer.ledger.unwrap_or_default(), answer.proofs, answer.log);
        let signed = self.exchange.ledger.clone();
        match self.exchange.ledger.prove(entries.clone()) {
            Ok(ledger) => {
                self.exchange.ledger_proved_at = self.around.now;
                self.store.keep_exchange(&self.exchange)?;
                Ok(Told { ledger, proofs, log })
            }
            Err(fault) => {
                let now = answer.acknowledgement;
                let evidence = json!({ "signed_earlier": signed, "acknowledgement": now, "entries": entries });
                Err(Trouble::Here(self.ledger_is_broken(&fault.to_string(), &evidence)))
            }
        }
    }

    /// Whether somebody has looked at the record since the whole ledger was last looked at, a while ago.
    pub fn is_ledger_due(&self) -> bool {
        let age = self.around.now.seconds().saturating_sub(self.exchange.ledger_proved_at.seconds());
        self.exchange.ledger.has_unproved() && !(0..LEDGER_INTERVAL).contains(&age)
    }

    /// Keeps evidence of a changed ledger, and says so.
    fn ledger_is_broken(&self, why: &str, evidence: &serde_json::Value) -> Failure {
        let kept = self.store.keep_evidence(evidence);
        let at = kept.unwrap_or_else(|failure| format!("nowhere: {failure}"));
        let failure = Failure::new(Code::LedgerBroken, format!("{why}; what shows it is kept in {at}"));
        failure.ending(exit::FAIL)
    }

    /// Takes over the document that reaches further: the holder agreed to it.
    pub fn agree_to(&mut self, sealed: Octets) -> Result<(), Failure> {
        self.agreed = document(&sealed, &self.chain).map_err(broken)?;
        self.membership.agreed = sealed;
        self.membership.agreed_at = self.around.now;
        self.store.keep_membership(&self.membership)?;
        self.exchange.offered = None;
        self.store.keep_exchange(&self.exchange)
    }

    /// Remembers that the server was not reached, and until when the agent lets it be.
    pub fn put_off(&mut self, until: impl FnOnce(u32) -> Timestamp) -> Result<(), Failure> {
        self.exchange.failures = self.exchange.failures.saturating_add(1);
        self.exchange.next_try = Some(until(self.exchange.failures));
        self.store.keep_exchange(&self.exchange)
    }

    /// Forgets the organisation, and what waits for it.
    pub fn forget(self) -> Result<(), Failure> {
        self.outbox.clear()?;
        self.store.forget_all()
    }

    /// The counter of the next message: on disk before that is sent. The nonce is used up with it.
    fn count(&mut self) -> Result<u64, Failure> {
        self.exchange.counter = self.exchange.counter.saturating_add(1);
        self.exchange.nonce = None;
        self.store.keep_exchange(&self.exchange)?;
        Ok(self.exchange.counter)
    }

    /// Verifies an acknowledgement and takes over what it moves on.
    fn take(
        &mut self,
        sealed: &Octets,
        successors: &[Octets],
        message: &[u8],
        counter: u64,
    ) -> Result<Acknowledgement, Trouble> {
        let chain = self.chain.grown(successors).map_err(Trouble::untrusted)?;
        let about = About { device: self.membership.device, message, counter };
        let taken = acknowledgement(sealed, &chain, about).map_err(Trouble::untrusted)?;
        self.chain = chain;
        self.exchange.successors = successors.to_vec();
        self.exchange.nonce = Some(Nonce { value: taken.nonce, at: self.around.now });
        self.exchange.failures = 0;
        self.exchange.next_try = None;
        self.watch_ledger(&taken, sealed);
        self.store.keep_exchange(&self.exchange)?;
        Ok(taken)
    }

    /// Remembers the head of the ledger, or raises the alarm.
    fn watch_ledger(&mut self, taken: &Acknowledgement, sealed: &Octets) {
        let held = self.exchange.ledger.newest();
        if let Err(why) = self.exchange.ledger.show(taken.ledger) {
            let evidence = json!({ "signed_earlier": held, "shown_now": taken.ledger, "acknowledgement": sealed });
            self.alarms.push(self.ledger_is_broken(&why, &evidence));
        }
    }

    /// Looks at the policy document in force: refuses an older one, takes over what reaches no further, and keeps the
    /// rest for the holder to decide.
    fn consider(&mut self, sealed: Option<&Octets>) -> Result<(), Failure> {
        let Some(sealed) = sealed else { return Ok(()) };
        let (given, digest) = match document(sealed, &self.chain) {
            Ok(given) => given,
            Err(why) => {
                self.alarms.push(untrusted(why));
                return Ok(());
            }
        };
        if digest == self.agreed.1 {
            return Ok(());
        }
        let (newest, newest_digest) = self.exchange.newest;
        if given.sequence < newest || (given.sequence == newest && digest != newest_digest) {
            let what = format!("document {} of {} after document {newest}", given.sequence, self.membership.name);
            self.alarms.push(Failure::new(Code::PolicyRollback, what).ending(exit::UNKNOWN));
            return Ok(());
        }
        self.exchange.newest = (given.sequence, digest);
        self.replace(&given, sealed)
    }

    fn replace(&mut self, given: &PolicyDocument, sealed: &Octets) -> Result<(), Failure> {
        let name = format!("{}, version {} (document {})", given.policy.name, given.policy.version, given.sequence);
        if Wider::between(&self.agreed.0, given).is_none() {
            crate::say(&format!("note: policy {name} is in force now; it asks for no more than you agreed to"));
            return self.agree_to(sealed.clone());
        }
        crate::say(&format!("note: policy {name} asks for more than you agreed to; none of that is sent until you do"));
        crate::say("  hint: seaworthy agree shows what is new, and asks");
        self.exchange.offered = Some(sealed.clone());
        self.store.keep_exchange(&self.exchange)
    }

    /// A stamp that is not what it should be is left out: the report counts all the same.
    fn keep_stamp(&self, stamp: &Octets, presenter: &SigningKey) -> Option<Kept> {
        let kept = keep_issued(&stamp.0, self.chain.newest(), presenter, self.around);
        kept.map_err(|why| crate::say(&format!("note: the stamp is not kept: {why}"))).ok()
    }

    fn remember(&mut self, reception: Reception, appraisal: Option<&Appraisal>) -> Result<(), Failure> {
        let now = self.around.now;
        let verdict = appraisal.map(|appraisal| appraisal.timeline.at(now));
        let end = appraisal.and_then(|appraisal| appraisal.timeline.next_change(now));
        let until = end.filter(|_| verdict == Some(Verdict::Pass));
        self.exchange.last = Some(Last { at: now, reception, verdict, until });
        self.store.keep_exchange(&self.exchange)
    }
}

/// Whether a refusal is about one message, so that the next may fare better.
fn is_of_one_message(code: Code) -> bool {
    let of_form = matches!(code, Code::ReportMalformed | Code::BodyTooLarge | Code::RequestInvalid);
    of_form || matches!(code, Code::ReportReplayed | Code::ReportSignature | Code::ReportBody)
}

/// Whether a refusal is about the device: nothing that waits will be taken.
fn is_closed(code: Code) -> bool {
    let is_heard_no_more = matches!(code, Code::DeviceRevoked | Code::DeviceReplaced | Code::DeviceLeft);
    is_heard_no_more || matches!(code, Code::DeviceWaiting | Code::DeviceForked)
}

fn public(key: &SigningKey) -> Octets {
    Octets(key.public().as_bytes().to_vec())
}
