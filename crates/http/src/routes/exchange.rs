//! The exchange with devices: offers, enrolments, reports, requests. What a device sends is sealed with its own key, so
//! that no session is needed; what it gets is sealed with the organisation's.

use std::sync::Arc;

use axum::extract::State;
use seaworthy_protocol::{
    DeviceRequest, Enrolment, EnrolmentAnswer, Message, Octets, OfferAnswer, OfferRequest, Report, ReportAnswer,
    RequestAnswer, seal,
};
use seaworthy_service::Error;
use seaworthy_service::answer::answer;
use seaworthy_service::ask::{self, Export, KEPT};
use seaworthy_service::directory::View;
use seaworthy_service::enrolment;
use seaworthy_service::intake::receive;

use crate::desk::{Desk, Intake, KnownBodies};
use crate::extract::{Answer, Body, MediaType, Raw};
use crate::problem::Problem;

/// A sealed enrolment.
pub(crate) struct EnrolmentBytes;

impl MediaType for EnrolmentBytes {
    const TYPE: &'static str = Enrolment::TYPE;
    const MAX_BYTES: usize = Enrolment::MAX_BYTES;
}

/// A report.
pub(crate) struct ReportBytes;

impl MediaType for ReportBytes {
    const TYPE: &'static str = Report::TYPE;
    const MAX_BYTES: usize = seaworthy_protocol::MAX_REPORT;
}

/// A sealed request of a holder.
pub(crate) struct RequestBytes;

impl MediaType for RequestBytes {
    const TYPE: &'static str = DeviceRequest::TYPE;
    const MAX_BYTES: usize = DeviceRequest::MAX_BYTES;
}

pub(crate) async fn offer(
    State(desk): State<Arc<Desk>>,
    Body(asked): Body<OfferRequest>,
) -> Result<Answer<OfferAnswer>, Problem> {
    let offer = desk.read(move |scene| {
        enrolment::offer(scene.records, scene.directory, &asked.organisation, &asked.token.0, scene.now)
    });
    let offer = offer.await?;
    let key = offer.view.keys.first().map(|key| Octets(key.key.to_vec())).unwrap_or_default();
    Ok(Answer(OfferAnswer {
        organisation: offer.view.organisation.name.clone(),
        key,
        successors: Desk::successors(&offer.view),
        unit: offer.unit,
        policy: offer.document.record.sealed.clone().into(),
        waits: offer.waits,
        kept_when_leaving: KEPT.to_owned(),
    }))
}

pub(crate) async fn enter(
    State(desk): State<Arc<Desk>>,
    Raw(sealed, _): Raw<EnrolmentBytes>,
) -> Result<Answer<EnrolmentAnswer>, Problem> {
    let entered =
        desk.write(move |scene| enrolment::enter(scene.records, scene.directory, &sealed, scene.now, scene.draw));
    let (view, acknowledgement) = entered.await?;
    let acknowledgement = sealed_by(&desk, &view, &acknowledgement)?;
    Ok(Answer(EnrolmentAnswer { acknowledgement, successors: Desk::successors(&view) }))
}

pub(crate) async fn report(
    State(desk): State<Arc<Desk>>,
    State(intake): State<Intake>,
    State(known): State<Arc<KnownBodies>>,
    Raw(bytes, _): Raw<ReportBytes>,
) -> Result<Answer<ReportAnswer>, Problem> {
    let received = receive(&bytes, |digest| known.has(digest))?;
    known.add(received.body());
    let taken = intake.take_in(received).await?;
    let view = desk.view(taken.organisation)?;
    let key = desk.signing_key(&view)?;
    let answer = answer(&taken, &key, desk.earlier_keys(&view))?;
    Ok(Answer(ReportAnswer {
        acknowledgement: answer.acknowledgement,
        successors: Desk::successors(&view),
        appraisal: answer.appraisal,
        stamp: answer.stamp,
        leaf: answer.leaf,
        policy: answer.policy,
    }))
}

pub(crate) async fn request(
    State(desk): State<Arc<Desk>>,
    Raw(sealed, _): Raw<RequestBytes>,
) -> Result<Answer<RequestAnswer<Export>>, Problem> {
    let heard = desk.write(move |scene| ask::ask(scene.records, scene.directory, &sealed, scene.now, scene.draw));
    let heard = heard.await?;
    let acknowledgement = sealed_by(&desk, &heard.view, &heard.acknowledgement)?;
    let log = heard.view.log.as_ref().filter(|_| heard.ledger.is_some()).map(|log| log.sealed.clone().into());
    let (ledger, proofs) = heard.ledger.map(|ledger| (ledger.entries, ledger.proofs)).unzip();
    Ok(Answer(RequestAnswer {
        acknowledgement,
        successors: Desk::successors(&heard.view),
        policy: heard.policy.map(|document| document.record.sealed.clone().into()),
        ledger,
        proofs: proofs.unwrap_or_default(),
        log,
        export: heard.export,
    }))
}

fn sealed_by<M: Message>(desk: &Desk, view: &View, message: &M) -> Result<Octets, Problem> {
    let key = desk.signing_key(view)?;
    let sealed = seal(message, &key).map_err(|error| Error::damaged(error.to_string()))?;
    Ok(sealed.into())
}
