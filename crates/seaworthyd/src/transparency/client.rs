//! Asking witnesses (<https://c2sp.org/tlog-witness>): all those of a log policy that have an address, at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use seaworthy_service::ports::{Outcome, Prove, Witnesses};
use seaworthy_tlog::{Hash, Note, Policy, PolicyWitness, Request, Signature, VerifierKey, parse_size_body};

use super::web::{Answer, Web};

/// Longest answer of a witness: a signature for each key that it may have.
const MAX_ANSWER: u64 = 64 << 10;
/// How often a witness may tell that it has moved on in the meantime: another replica asks it, too.
const ATTEMPTS: usize = 3;

/// One witness, and how to reach it.
#[derive(Debug)]
pub struct WitnessClient {
    name: String,
    key: VerifierKey,
    web: Web,
    /// The size that it cosigned last, as far as we know. Only to spare a question.
    seen: AtomicU64,
}

impl WitnessClient {
    /// The witness of a policy; none if it has no address that may be asked.
    pub fn of(witness: &PolicyWitness) -> Option<WitnessClient> {
        let web = Web::at(witness.url.as_deref()?)?;
        Some(WitnessClient { name: witness.name.clone(), key: witness.key.clone(), web, seen: AtomicU64::new(0) })
    }

    /// Asks it to cosign a checkpoint.
    pub fn cosign(&self, note: &Note, prove: &Prove<'_>) -> Outcome {
        let (witness, web) = (self.name.clone(), &self.web);
        match self.ask(note, prove) {
            Ok(cosignature) => Outcome::Cosigned { witness, cosignature },
            Err(Setback::Behind(size)) => Outcome::Behind { witness, size },
            Err(Setback::Unreachable(why)) => {
                Outcome::Unreachable { witness, why: format!("{}: {why}", web.address()) }
            }
            Err(Setback::Refused(why)) => Outcome::Refused { witness, why: format!("{}: {why}", web.address()) },
        }
    }

    fn ask(&self, note: &Note, prove: &Prove<'_>) -> Result<Signature, Setback> {
        let request = Request::new(0, Vec::new(), note.clone());
        let mut request = request.map_err(|fault| Setback::Refused(fault.to_string()))?;
        let size = request.checkpoint.size;
        request.old = self.seen.load(Ordering::Relaxed).min(size);
        for _ in 0..ATTEMPTS {
            request.proof = proof(request.old, size, prove)?;
            match self.submit(&request)? {
                Said::Cosigned(cosignature) => {
                    self.seen.store(size, Ordering::Relaxed);
                    return Ok(cosignature);
                }
                Said::Holds(held) if held > size => return Err(Setback::Behind(held)),
                Said::Holds(held) if held == request.old => {
                    return Err(Setback::Refused(format!("it holds another tree of size {held}")));
                }
                Said::Holds(held) => request.old = held,
            }
        }
        Err(Setback::Unreachable("it moved on each time it was asked".to_owned()))
    }

    fn submit(&self, request: &Request) -> Result<Said, Setback> {
        let answer = self.web.post("add-checkpoint", request.to_string().as_bytes(), MAX_ANSWER);
        let Answer { status, body } = answer.map_err(|silence| Setback::Unreachable(silence.to_string()))?;
        let body = String::from_utf8(body).unwrap_or_default();
        match status {
            200 => self.verified(&request.note, &body).map(Said::Cosigned),
            409 => parse_size_body(&body).map(Said::Holds).ok_or_else(|| strange("409 without a size")),
            400 => Err(Setback::Refused("it does not understand the request".to_owned())),
            403 => Err(Setback::Refused("it has another key for the log".to_owned())),
            404 => Err(Setback::Refused("it does not know the log".to_owned())),
            422 => Err(Setback::Refused("the checkpoint does not continue the one that it holds".to_owned())),
            _ => Err(strange(&status.to_string())),
        }
    }

    /// The newest of its cosignatures; those of keys that are not known here are passed over.
    fn verified(&self, note: &Note, body: &str) -> Result<Signature, Setback> {
        let signatures = Signature::parse_lines(body).map_err(|fault| strange(&fault.to_string()))?;
        let ours = signatures.into_iter().filter(|line| line.name() == self.key.name() && line.id() == self.key.id());
        let dated: Result<Vec<(u64, Signature)>, Setback> =
            ours.map(|line| Ok((self.time(note, &line)?, line))).collect();
        let newest = dated?.into_iter().max_by_key(|(time, _)| *time);
        newest.map(|(_, line)| line).ok_or_else(|| strange("200 without a cosignature of its key"))
    }

    /// The time of a cosignature that is by its key over this checkpoint.
    fn time(&self, note: &Note, line: &Signature) -> Result<u64, Setback> {
        let seal =
            Note::parse(format!("{}\n{line}", note.text()).as_bytes()).and_then(|note| note.signed_by(&self.key));
        let seal = seal.map_err(|fault| strange(&fault.to_string()))?;
        seal.and_then(|seal| seal.time).ok_or_else(|| strange("a signature of a kind that is not known"))
    }
}

/// What a witness says to a checkpoint.
enum Said {
    Cosigned(Signature),
    /// The size that it cosigned last.
    Holds(u64),
}

/// Why there is no cosignature.
enum Setback {
    Behind(u64),
    Unreachable(String),
    Refused(String),
}

fn strange(answer: &str) -> Setback {
    Setback::Unreachable(format!("it does not answer as a witness: {answer}"))
}

/// The proof from a size on; from nothing and from the same size it takes none.
fn proof(old: u64, size: u64, prove: &Prove<'_>) -> Result<Vec<Hash>, Setback> {
    if old == 0 || old == size {
        return Ok(Vec::new());
    }
    prove(old).map_err(|fault| Setback::Unreachable(format!("the proof could not be made: {fault}")))
}

/// The witnesses of a policy.
#[derive(Debug, Default)]
pub struct Panel(Vec<WitnessClient>);

impl Panel {
    /// All witnesses of a policy that have an address that may be asked.
    pub fn of(policy: &Policy) -> Panel {
        Panel(policy.witnesses().iter().filter_map(WitnessClient::of).collect())
    }
}

impl Witnesses for Panel {
    fn cosign(&self, checkpoint: &Note, prove: &Prove<'_>) -> Vec<Outcome> {
        thread::scope(|scope| {
            let ask = |witness| scope.spawn(move || WitnessClient::cosign(witness, checkpoint, prove));
            let asked: Vec<_> = self.0.iter().map(ask).collect();
            // One that ended in a fault of ours said nothing.
            asked.into_iter().filter_map(|asked| asked.join().ok()).collect()
        })
    }
}

#[cfg(test)]
mod tests;
