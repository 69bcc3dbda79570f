//! A made organisation: a server on loopback that speaks the real messages, and can be told to misbehave.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use seaworthy_model::{
    Appraisal, Code, Grade, Grants, Policy, PolicyId, Rule, RuleKind, Severity, Subject, Timeline, Timestamp, Verdict,
};
use seaworthy_protocol::{
    Acknowledgement, Ask, DeviceRequest, Digest, Enrolment, EnrolmentAnswer, Entry, EntryKind, EvidenceEnvelope, Field,
    Head, Link, Octets, OfferAnswer, PolicyDocument, Reception, Report, ReportAnswer, RequestAnswer, Successor,
    VERSION, Who, digest_of, open_own, seal,
};
use seaworthy_stamp::{Fresh, Particulars, Passing, PublicKey, SigningKey, issue};
use serde::Serialize;
use serde_json::{Value, json};

use crate::fake_log::Log;

/// How the server misbehaves with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not at all.
    Nothing,
    /// It closes the connection before it has understood anything.
    Deaf,
    /// It takes the message in, and closes the connection before the answer.
    Mute,
    /// It answers with bytes of no meaning.
    Garbage,
    /// It answers without end.
    Endless,
    /// It answers with a status and no more.
    Status(u16),
    /// It answers with a problem document.
    Problem(u16, Code),
    /// It signs with a key of somebody else.
    WrongKey,
    /// It signs an acknowledgement of another message.
    AnotherMessage,
    /// It points elsewhere.
    Redirect,
}

/// What the organisation has and knows.
pub struct State {
    pub keys: Vec<SigningKey>,
    pub documents: Vec<PolicyDocument>,
    /// Index into the documents; none is in force where there is none.
    pub in_force: Option<usize>,
    pub waits: bool,
    /// Reports pass, and are stamped.
    pub passes: bool,
    pub ledger: Vec<Entry>,
    /// Every message that came, with its path, whatever became of it.
    pub seen: Vec<(String, Vec<u8>)>,
    pub faults: VecDeque<Fault>,
    /// Its log, where it has one.
    pub log: Option<Log>,
    device: Option<Standing>,
    nonces: u64,
    address: String,
    scheme: &'static str,
}

struct Standing {
    id: Digest,
    counter: u64,
    message: Digest,
    answer: Acknowledgement,
    nonce: Digest,
}

impl State {
    fn pinned(&self) -> PublicKey {
        self.keys[0].public()
    }

    fn key(&self) -> &SigningKey {
        self.keys.last().unwrap()
    }

    fn head(&self) -> Head {
        self.ledger.iter().fold(Head::EMPTY, |head, entry| head.after(entry).unwrap())
    }

    /// Writes an entry of somebody who looked.
    pub fn look(&mut self, why: &str) {
        let who = Who { id: "person:1".into(), name: "Rita Reviewer".into(), role: "reviewer".into() };
        self.enter(EntryKind::Read, who, why, vec![Field::Verdict, Field::Findings]);
    }

    fn enter(&mut self, kind: EntryKind, who: Who, why: &str, fields: Vec<Field>) {
        let head = self.head();
        let at = "2026-11-24T10:00:00Z".parse().unwrap();
        let (sequence, previous) = (head.sequence + 1, head.hash);
        self.ledger.push(Entry { sequence, at, kind, who, why: why.into(), fields, query: None, previous });
    }

    /// Signs another policy document and puts it in force.
    pub fn publish(&mut self, kinds: &[RuleKind], update_names: bool) {
        let sequence = self.documents.len() as u64 + 1;
        let rules = kinds.iter().map(|kind| Rule { kind: kind.clone(), severity: Severity::Major }).collect();
        let policy = Policy {
            name: "house-rules".into(),
            version: u32::try_from(sequence).unwrap(),
            title: "What our devices are held to".into(),
            source: "https://example.org/rules".into(),
            cadence_days: 7,
            rules,
        };
        let organisation = self.pinned().id().into();
        let issued_at = Timestamp::from_seconds(1_790_000_000);
        let grants = Grants { update_names };
        self.documents.push(PolicyDocument { version: VERSION, organisation, sequence, issued_at, policy, grants });
        self.in_force = Some(self.documents.len() - 1);
    }

    fn successors(&self) -> Vec<Octets> {
        let link = |pair: &[SigningKey]| {
            let since = Timestamp::from_seconds(1_790_000_000);
            let key = Octets(pair[1].public().as_bytes().to_vec());
            let successor = Successor { version: VERSION, before: pair[0].public().id().into(), key, since };
            Octets(seal(&successor, &pair[0]).unwrap())
        };
        self.keys.windows(2).map(link).collect()
    }

    fn document(&self) -> Option<Octets> {
        self.in_force.map(|index| Octets(seal(&self.documents[index], self.key()).unwrap()))
    }

    fn policy(&self) -> Digest {
        self.in_force.map_or(Digest::ZERO, |index| digest_of(&self.documents[index]).unwrap())
    }

    /// The messages that came to a path.
    pub fn sent(&self, path: &str) -> Vec<Vec<u8>> {
        self.seen.iter().filter(|(to, _)| to == path).map(|(_, body)| body.clone()).collect()
    }

    /// The envelopes of the reports that came.
    pub fn envelopes(&self) -> Vec<EvidenceEnvelope> {
        let envelope = |bytes: Vec<u8>| open_own(&Report::decode(&bytes).unwrap().envelope.0).unwrap().0;
        self.sent("/api/v1/reports").into_iter().map(envelope).collect()
    }

    fn answer(&mut self, path: &str, body: &[u8]) -> Result<Value, (u16, Code)> {
        self.nonces += 1;
        match path {
            "/api/v1/enrolment/offer" => Ok(value(&self.offer())),
            "/api/v1/enrolment" => self.enrol(body),
            "/api/v1/reports" => self.report(body),
            "/api/v1/requests" => self.request(body),
            _ => Err((404, Code::RouteUnknown)),
        }
    }

    fn offer(&self) -> OfferAnswer {
        OfferAnswer {
            organisation: "Example Ltd".into(),
            key: Octets(self.pinned().as_bytes().to_vec()),
            successors: self.successors(),
            unit: "Workshop".into(),
            policy: self.document().unwrap(),
            waits: self.waits,
            kept_when_leaving: "the ids of the stamps it was issued".into(),
        }
    }

    fn enrol(&mut self, body: &[u8]) -> Result<Value, (u16, Code)> {
        let (enrolment, key) = open_own::<Enrolment>(body).unwrap();
        let (id, message) = (Digest::from(key.id()), Digest::of(body));
        if self.device.as_ref().is_some_and(|device| device.message == message) {
            return Ok(self.enrolled());
        }
        if enrolment.policy != self.policy() {
            return Err((409, Code::PolicyNotAgreed));
        }
        let waits = self.waits || enrolment.replaces.is_some();
        self.ledger.clear();
        let who = Who { id: format!("device:{id}"), name: "holder".into(), role: "holder".into() };
        self.enter(EntryKind::Enrolled, who, "enrolled", Vec::new());
        let reception = if waits { Reception::Waiting } else { Reception::Enrolled };
        self.move_on(id, message, enrolment.counter, reception);
        Ok(self.enrolled())
    }

    fn enrolled(&self) -> Value {
        value(&EnrolmentAnswer { acknowledgement: self.acknowledgement(), successors: self.successors() })
    }

    fn move_on(&mut self, id: Digest, message: Digest, counter: u64, reception: Reception) {
        let nonce = Digest::of(&self.nonces.to_be_bytes());
        let (received_at, ledger, policy) = (now(), self.head(), self.policy());
        let version = VERSION;
        let answer = Acknowledgement {
            version,
            device: id,
            answers: message,
            reception,
            counter,
            received_at,
            nonce,
            ledger,
            policy,
        };
        self.device = Some(Standing { id, counter, message, answer, nonce });
    }

    fn acknowledgement(&self) -> Octets {
        let answer = &self.device.as_ref().unwrap().answer;
        match self.faults.front() {
            Some(Fault::WrongKey) => Octets(seal(answer, &SigningKey::from_seed(&[66; 32]).unwrap()).unwrap()),
            Some(Fault::AnotherMessage) => {
                let answer = Acknowledgement { answers: Digest::ZERO, ..answer.clone() };
                Octets(seal(&answer, self.key()).unwrap())
            }
            _ => Octets(seal(answer, self.key()).unwrap()),
        }
    }

    fn report(&mut self, body: &[u8]) -> Result<Value, (u16, Code)> {
        let report = Report::decode(body).unwrap();
        let (envelope, key) = open_own::<EvidenceEnvelope>(&report.envelope.0).unwrap();
        assert_eq!(Digest::of(&report.body.0), envelope.body);
        seaworthy_model::Body::decode(&report.body.0).unwrap();
        let message = Digest::of(&report.envelope.0);
        let standing = self.device.as_ref().filter(|device| device.id == key.id().into());
        let Some(standing) = standing else { return Err((404, Code::DeviceUnknown)) };
        let is_live = match standing.message == message {
            true => standing.answer.reception == Reception::Live,
            false if envelope.counter <= standing.counter => return Err((409, Code::DeviceForked)),
            false => {
                let is_live = envelope.nonce == Some(standing.nonce);
                let reception = if is_live { Reception::Live } else { Reception::History };
                let id = standing.id;
                self.move_on(id, message, envelope.counter, reception);
                is_live
            }
        };
        let appraisal = self.appraisal().filter(|_| is_live);
        let stamp = appraisal.as_ref().and_then(|appraisal| self.stamp(appraisal, &envelope));
        let leaf = self.log.as_mut().zip(stamp.as_ref()).map(|(log, stamp)| log.commit_stamp(&stamp.0));
        Ok(value(&ReportAnswer {
            acknowledgement: self.acknowledgement(),
            successors: self.successors(),
            appraisal,
            stamp,
            leaf,
            policy: self.document().filter(|_| self.policy() != envelope.policy),
        }))
    }

    fn appraisal(&self) -> Option<Appraisal> {
        let policy = PolicyId { name: "house-rules".into(), digest: "ab".repeat(32) };
        let verdict = if self.passes { Verdict::Pass } else { Verdict::Fail };
        let (from, until) = (Timestamp::from_seconds(1_700_000_000), Timestamp::from_seconds(4_000_000_000));
        let timeline = Timeline::always(Verdict::Unknown).then(from, verdict).then(until, Verdict::Unknown);
        self.in_force.map(|_| Appraisal { policy, timeline, findings: Vec::new() })
    }

    fn stamp(&self, appraisal: &Appraisal, envelope: &EvidenceEnvelope) -> Option<Octets> {
        let passing = Passing::new(appraisal, now()).ok()?;
        let presenter = PublicKey::from_bytes(envelope.presenter.array()?).ok()?;
        let fresh = Fresh { id: [u8::try_from(envelope.counter).unwrap(); 16], presenter };
        let (subject, grade) = (Subject::Device, Grade::SelfAsserted);
        let particulars = Particulars { subject, grade, build: "0.1.0".into(), status: None };
        Some(Octets(issue(&passing, &particulars, &fresh, self.key()).unwrap().cbor().to_vec()))
    }

    /// What a key of the organisation says of its log.
    fn log_document(&self) -> Option<Octets> {
        let document = self.log.as_ref()?.document(self.pinned().id().into());
        Some(Octets(seal(&document, self.key()).unwrap()))
    }

    /// What anybody may read.
    fn public(&self, path: &str) -> Option<Vec<u8>> {
        let organisation = Digest::from(self.pinned().id()).to_string();
        if path == format!("/api/v1/organisations/{organisation}") {
            let log = self.log_document().map(|document| json!({ "document": document }));
            return Some(serde_json::to_vec(&json!({ "name": "Example Ltd", "log": log })).unwrap());
        }
        self.log.as_ref()?.read(path.strip_prefix(&format!("/log/{}/", &organisation[..16]))?)
    }

    fn request(&mut self, body: &[u8]) -> Result<Value, (u16, Code)> {
        let (request, key) = open_own::<DeviceRequest>(body).unwrap();
        let standing = self.device.as_ref().filter(|device| device.id == key.id().into());
        let Some(standing) = standing else { return Err((404, Code::DeviceUnknown)) };
        if request.counter <= standing.counter {
            return Err((409, Code::ReportReplayed));
        }
        let id = standing.id;
        self.move_on(id, Digest::of(body), request.counter, Reception::Heard);
        let export = json!({ "state": "active", "reports": [] });
        let answer = RequestAnswer {
            acknowledgement: self.acknowledgement(),
            successors: self.successors(),
            policy: self.document(),
            ledger: (request.ask == Ask::Ledger).then(|| self.ledger.clone()),
            proofs: self.log.as_mut().map_or_else(Vec::new, |log| log.commit_ledger(&self.ledger, id)),
            log: self.log_document(),
            export: (request.ask == Ask::Export).then_some(export),
        };
        if request.ask == Ask::Leave {
            self.device = None;
        }
        Ok(value(&answer))
    }
}

/// The server. It ends with the test.
pub struct Server {
    state: Arc<Mutex<State>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// An organisation with one key and one policy of these rules.
    pub fn new(kinds: &[RuleKind]) -> Server {
        Server::start(kinds, None)
    }

    /// The same behind TLS. Beside it its certificate, in PEM.
    pub fn with_tls(kinds: &[RuleKind]) -> (Server, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        (Server::start(kinds, Some(Arc::new(config))), made.cert.pem())
    }

    fn start(kinds: &[RuleKind], tls: Option<Arc<ServerConfig>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut state = State {
            keys: vec![SigningKey::from_seed(&[1; 32]).unwrap()],
            documents: Vec::new(),
            in_force: None,
            waits: false,
            passes: true,
            ledger: Vec::new(),
            seen: Vec::new(),
            faults: VecDeque::new(),
            log: None,
            device: None,
            nonces: 0,
            address,
            scheme: if tls.is_some() { "https" } else { "http" },
        };
        state.publish(kinds, false);
        let (state, ends) = (Arc::new(Mutex::new(state)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (state, ends) = (Arc::clone(&state), Arc::clone(&ends));
            move || serve(&listener, &state, &ends, tls.as_ref())
        });
        Server { state, ends, thread: Some(thread) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// With the next requests, one after the other, it misbehaves so.
    pub fn misbehave(&self, faults: &[Fault]) {
        self.state().faults = faults.iter().cloned().collect();
    }

    /// Where it is.
    pub fn address(&self) -> String {
        let state = self.state();
        format!("{}://{}", state.scheme, state.address)
    }

    /// An enrolment link.
    pub fn link(&self) -> String {
        let organisation = self.state().pinned().id().into();
        Link { server: self.address(), organisation, token: Octets(vec![5; 32]) }.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.state().address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, state: &Mutex<State>, ends: &AtomicBool, tls: Option<&Arc<ServerConfig>>) {
    for connection in listener.incoming().flatten() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = connection.set_write_timeout(Some(Duration::from_secs(5)));
        match tls {
            None => drop(handle(connection, state)),
            Some(config) => {
                let session = ServerConnection::new(Arc::clone(config)).unwrap();
                let mut stream = StreamOwned::new(session, connection);
                let _ = handle(&mut stream, state);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    }
}

fn handle(mut connection: impl Read + Write, state: &Mutex<State>) -> Option<()> {
    let (path, body) = request(&mut connection)?;
    let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    state.seen.push((path.clone(), body.clone()));
    let fault = state.faults.front().cloned();
    let respond = |connection: &mut dyn Write, status: u16, kind: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body)).ok()
    };
    match &fault {
        Some(Fault::Deaf) => {}
        Some(Fault::Garbage) => respond(&mut connection, 200, "text/html", b"<h1>Welcome to the hotel</h1>")?,
        Some(Fault::Endless) => endless(&mut connection),
        Some(Fault::Status(status)) => respond(&mut connection, *status, "text/plain", b"away")?,
        Some(Fault::Problem(status, code)) => respond(&mut connection, *status, PROBLEM, &problem(*status, *code))?,
        Some(Fault::Redirect) => {
            let head =
                "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            connection.write_all(head.as_bytes()).ok()?;
        }
        Some(Fault::Mute) => drop(state.answer(&path, &body)),
        _ if path.starts_with("/log/") || path.starts_with("/api/v1/organisations/") => match state.public(&path) {
            Some(bytes) => respond(&mut connection, 200, "application/octet-stream", &bytes)?,
            None => respond(&mut connection, 404, "text/plain", b"nothing here")?,
        },
        Some(Fault::Nothing | Fault::WrongKey | Fault::AnotherMessage) | None => match state.answer(&path, &body) {
            Ok(answer) => respond(&mut connection, 200, "application/json", &serde_json::to_vec(&answer).unwrap())?,
            Err((status, code)) => respond(&mut connection, status, PROBLEM, &problem(status, code))?,
        },
    }
    state.faults.pop_front();
    Some(())
}

const PROBLEM: &str = "application/problem+json";

fn problem(status: u16, code: Code) -> Vec<u8> {
    let entry = code.entry();
    let problem = json!({
        "type": format!("urn:seaworthy:problem:{code}"), "title": entry.title, "status": status, "code": code,
        "detail": entry.title, "hint": entry.fix,
    });
    serde_json::to_vec(&problem).unwrap()
}

/// Until the other side has enough.
fn endless(connection: &mut dyn Write) {
    let head = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\"";
    let _ = connection.write_all(head);
    while connection.write_all(&[b'x'; 1 << 16]).is_ok() {}
}

fn request(connection: &mut dyn Read) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).ok()?;
    Some((path, body))
}

fn value(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_seconds(i64::try_from(seconds).unwrap())
}
