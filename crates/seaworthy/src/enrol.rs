//! `seaworthy enrol`: who asks, what for, and only then a signed enrolment.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use seaworthy_model::{Body, Code};
use seaworthy_protocol::{
    Digest, Enrolment, EnrolmentAnswer, EvidenceEnvelope, Link, Message, Octets, OfferAnswer, OfferRequest,
    PolicyDocument, Reception, VERSION, open_own, seal,
};
use seaworthy_stamp::{PublicKey, SigningKey};

use crate::cli::EnrolArgs;
use crate::failure::{Failure, exit};
use crate::judged::inspect_device;
use crate::key::{device_key, fresh_key, next_key, succeed};
use crate::organisation::{
    About, Chain, Client, Exchange, Heads, MAX_ANSWER, Membership, Nonce, Outbox, Pending, Store, Trouble,
    acknowledgement, agree, document, policy_in_words, scope_in_words, untrusted,
};
use crate::render::Clean;
use crate::reporting::literal;
use crate::surroundings::Surroundings;

const OFFER: &str = "/api/v1/enrolment/offer";
const ENROLMENT: &str = "/api/v1/enrolment";
/// Longest file of certificates.
const MAX_CA: usize = 256 << 10;

/// Enrols this device, if its holder agrees.
pub fn run(args: &EnrolArgs, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Failure> {
    let link: Link = args.link.parse().map_err(|error: seaworthy_protocol::LinkError| wrong_link(error.to_string()))?;
    let ca = args.ca.as_deref().map(certificates).transpose()?;
    let store = Store::take(&around.state)?;
    let client = Client::new(&link.server, ca.as_deref())?;
    if let Some(done) = go_on(&store, &client, &link, around, out)? {
        return Ok(done);
    }
    let known = store.membership();
    if let Some(known) = known.as_ref().filter(|_| !args.again) {
        return Err(enrolled_already(known));
    }
    if let Some(other) = known.as_ref().filter(|known| Digest::of(&known.key.0) != link.organisation) {
        crate::say(&format!(
            "note: this device forgets {}, which keeps what it has; to have that erased, leave first",
            other.name
        ));
    }
    let offer = Offer::of(&client, &link)?;
    offer.show(&link, around, out).map_err(Failure::output)?;
    if args.show {
        return show_literally(&offer, &link, around, out).map(|()| exit::PASS);
    }
    agree(args.yes, around, out)?;
    let pending = pending(args, &link, ca, offer, known.as_ref(), around)?;
    store.keep_pending(&pending)?;
    let finished = finish(&store, &client, pending, around, out);
    if let Err(Trouble::Refused(_)) = &finished {
        store.forget_pending()?;
    }
    finished.map_err(Trouble::failure)
}

/// An enrolment of this link that was sent and never answered is sent again as it was: its token may be used up by it.
fn go_on(
    store: &Store,
    client: &Client,
    link: &Link,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<Option<u8>, Failure> {
    let is_this = |pending: &Pending| {
        pending.token == Digest::of(&link.token.0) && Digest::of(&pending.membership.key.0) == link.organisation
    };
    let Some(pending) = store.pending().filter(is_this) else { return Ok(None) };
    crate::say("note: an enrolment with this link, which you agreed to, had no answer yet; it is sent again");
    match finish(store, client, pending, around, out) {
        Ok(code) => Ok(Some(code)),
        Err(Trouble::Refused(failure)) => {
            crate::say(&format!("note: it was refused: {failure} [{}]", failure.code));
            store.forget_pending().map(|()| None)
        }
        Err(trouble) => Err(trouble.failure()),
    }
}

/// What the link offers, verified.
struct Offer {
    answer: OfferAnswer,
    document: PolicyDocument,
    digest: Digest,
}

impl Offer {
    fn of(client: &Client, link: &Link) -> Result<Offer, Failure> {
        let request = OfferRequest { organisation: link.organisation, token: link.token.clone() };
        let request = serde_json::to_vec(&request).map_err(|error| Failure::bug(error.to_string()))?;
        let answer: OfferAnswer =
            client.post(OFFER, "application/json", &request, MAX_ANSWER).map_err(Trouble::failure)?;
        if Digest::of(&answer.key.0) != link.organisation {
            return Err(untrusted("the server shows another key than the link names"));
        }
        let chain = Chain::follow(&answer.key, &answer.successors).map_err(untrusted)?;
        let (document, digest) = document(&answer.policy, &chain).map_err(untrusted)?;
        Ok(Offer { answer, document, digest })
    }

    fn show(&self, link: &Link, around: &Surroundings, out: &mut dyn Write) -> io::Result<()> {
        let OfferAnswer { organisation, unit, waits, kept_when_leaving, .. } = &self.answer;
        let key: String = link.organisation.to_string().chars().take(16).collect();
        writeln!(out, "{} asks to inspect this device.", Clean(organisation))?;
        writeln!(out, "    key       {key}")?;
        writeln!(out, "    server    {}", Clean(&link.server))?;
        writeln!(out, "    unit      {}", Clean(unit))?;
        if *waits {
            writeln!(out, "    approval  somebody there has to let this device in")?;
        }
        writeln!(out)?;
        policy_in_words(&self.document, out)?;
        writeln!(out)?;
        scope_in_words(&self.document, out)?;
        if around.uid != 0 {
            writeln!(out, "    Run by a user and not by root, reports tell only what this user can see.")?;
        }
        writeln!(out, "\nWho looks at this device's record there leaves a line that you see: seaworthy ledger.")?;
        writeln!(
            out,
            "When you leave (seaworthy leave), your data is erased there, except: {}.",
            Clean(kept_when_leaving)
        )
    }
}

/// The literal document that a report under this offer would be now.
fn show_literally(offer: &Offer, link: &Link, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let evidence = inspect_device(&offer.document.policy.claims(), around)?;
    let body = Body::of(&evidence, offer.document.grants);
    let bytes = body.canonical_bytes().map_err(|error| Failure::bug(error.to_string()))?;
    let (key, presenter) = (device_key(&around.state)?, fresh_key()?);
    let envelope = EvidenceEnvelope {
        version: VERSION,
        organisation: link.organisation,
        key: Octets(key.public().as_bytes().to_vec()),
        counter: 2,
        inspected_at: evidence.envelope.inspected_at,
        nonce: None,
        policy: offer.digest,
        body: Digest::of(&bytes),
        presenter: Octets(presenter.public().as_bytes().to_vec()),
    };
    writeln!(out, "\nThe literal document, as it would be sent now:").map_err(Failure::output)?;
    literal(&envelope, &body, out).map_err(Failure::output)
}

fn pending(
    args: &EnrolArgs,
    link: &Link,
    ca: Option<String>,
    offer: Offer,
    known: Option<&Membership>,
    around: &Surroundings,
) -> Result<Pending, Failure> {
    let key = if args.again { next_key(&around.state)? } else { device_key(&around.state)? };
    let of_this = known.filter(|known| Digest::of(&known.key.0) == link.organisation);
    let enrolment = Enrolment {
        version: VERSION,
        organisation: link.organisation,
        token: link.token.clone(),
        key: Octets(key.public().as_bytes().to_vec()),
        counter: 1,
        device_time: around.now,
        policy: offer.digest,
        name: args.name.clone(),
        holder: args.holder.clone(),
        replaces: args.replaces.or(of_this.map(|known| known.device)),
    };
    if !enrolment.is_sound() {
        let hint = format!("one line each, of at most {} bytes", seaworthy_protocol::MAX_NOTE);
        return Err(Failure::usage("--name or --holder is not a name", hint));
    }
    let message = seal(&enrolment, &key).map_err(|error| Failure::bug(error.to_string()))?;
    Ok(Pending {
        membership: membership(link, ca, &offer.answer, &key, around),
        successors: offer.answer.successors,
        token: Digest::of(&link.token.0),
        message: message.into(),
        counter: enrolment.counter,
    })
}

fn membership(
    link: &Link,
    ca: Option<String>,
    answer: &OfferAnswer,
    key: &SigningKey,
    around: &Surroundings,
) -> Membership {
    Membership {
        server: link.server.clone(),
        ca,
        name: answer.organisation.clone(),
        key: answer.key.clone(),
        unit: answer.unit.clone(),
        device: key.public().id().into(),
        enrolled_at: around.now,
        kept_when_leaving: answer.kept_when_leaving.clone(),
        agreed: answer.policy.clone(),
        agreed_at: around.now,
    }
}

/// Sends an enrolment, and ends it with what is answered. Each step can be done again after a crash: the same message
/// gets the same answer.
fn finish(
    store: &Store,
    client: &Client,
    pending: Pending,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let Pending { membership, successors, message, counter, .. } = pending;
    let answer: EnrolmentAnswer = client.post(ENROLMENT, Enrolment::TYPE, &message.0, MAX_ANSWER)?;
    let chain = Chain::follow(&membership.key, &successors).and_then(|chain| chain.grown(&answer.successors));
    let chain = chain.map_err(Trouble::untrusted)?;
    let about = About { device: membership.device, message: &message.0, counter };
    let taken = acknowledgement(&answer.acknowledgement, &chain, about).map_err(Trouble::untrusted)?;
    let (agreed, digest) = document(&membership.agreed, &chain).map_err(Trouble::untrusted)?;
    succeed(store.directory(), &own_key(&message)?)?;
    Outbox::of(store.directory()).clear()?;
    store.keep_exchange(&Exchange {
        counter,
        nonce: Some(Nonce { value: taken.nonce, at: around.now }),
        ledger: Heads::of(taken.ledger),
        ledger_proved_at: around.now,
        successors: answer.successors,
        newest: (agreed.sequence, digest),
        offered: None,
        last: None,
        failures: 0,
        next_try: None,
    })?;
    store.keep_membership(&membership)?;
    store.forget_pending()?;
    told(&membership, taken.reception, out).map_err(Failure::output)?;
    Ok(exit::PASS)
}

fn own_key(message: &Octets) -> Result<PublicKey, Failure> {
    let opened = open_own::<Enrolment>(&message.0);
    opened.map(|(_, key)| key).map_err(|error| Failure::bug(format!("our own enrolment: {error}")))
}

fn told(membership: &Membership, reception: Reception, out: &mut dyn Write) -> io::Result<()> {
    let name = Clean(&membership.name);
    writeln!(out)?;
    match reception {
        Reception::Waiting => writeln!(out, "Sent to {name}. Somebody there has to approve this device.")?,
        _ => writeln!(out, "Enrolled with {name}.")?,
    }
    writeln!(out, "    device    {}", membership.device)?;
    writeln!(out, "Next: seaworthy report, and for regular reports dist/seaworthy-agent.timer.")
}

fn enrolled_already(known: &Membership) -> Failure {
    let what = format!("this device is enrolled with {}", known.name);
    let hint = "seaworthy leave ends that; seaworthy enrol --again LINK enrols it anew under a new key";
    Failure::new(Code::AlreadyThere, what).hinting(hint)
}

fn wrong_link(what: String) -> Failure {
    Failure::new(Code::EnrolmentLink, what)
}

fn certificates(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()), "give --ca a file in PEM form");
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    if text.len() > MAX_CA { Err(failed(format!("longer than {MAX_CA} bytes"))) } else { Ok(text) }
}
