//! Devices, as people and programs see them. Each look is recorded before its data is answered, and needs a reason.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_protocol::{Digest, Entry};
use seaworthy_service::access::Why;
use seaworthy_service::devices::{DeviceRecord, DeviceSummary, Page, PastReport, Reader};
use seaworthy_service::ports::DeviceState;
use seaworthy_service::{Error, Id};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Scene, Signed};
use crate::extract::{Answer, Body, Done, Path, Query};
use crate::problem::Problem;
use crate::routes::page;

/// Which device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct DevicePath {
    /// SHA-256 of the device's key.
    device: Digest,
}

/// A page of devices.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// The unit.
    unit: Id,
    /// Why you look: one line, which the holders see.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
    /// Also the devices of the units below.
    #[serde(default)]
    below: bool,
    /// Only those in this state.
    state: Option<DeviceState>,
    /// As of this instant.
    as_of: Option<Timestamp>,
    /// After this device: `next` of the page before.
    after: Option<Digest>,
    /// At most so many.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// A page.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "DevicePage")]
pub(crate) struct DevicePage {
    /// The devices, in the order of their ids.
    devices: Vec<DeviceSummary>,
    /// Give this as `after` for the next page; absent on the last.
    next: Option<Digest>,
}

pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Query(query): Query<ListQuery>,
) -> Result<Answer<DevicePage>, Problem> {
    let limit = page::limit(query.limit);
    let page = Page { state: query.state, after: query.after, limit, as_of: query.as_of, below: query.below };
    let devices =
        reading(&desk, actor, query.reason, move |reader, scene| reader.list(scene.records, query.unit, &page));
    let devices = devices.await?;
    let next = page::next(&devices, limit, |last| last.device);
    Ok(Answer(DevicePage { devices, next }))
}

/// Why you look.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowQuery {
    /// Why you look: one line, which the holder sees.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
    /// As of this instant.
    as_of: Option<Timestamp>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Query(query): Query<ShowQuery>,
) -> Result<Answer<DeviceRecord>, Problem> {
    let shown = reading(&desk, actor, query.reason, move |reader, scene| {
        reader.show(scene.records, path.device, query.as_of.unwrap_or(scene.now))
    });
    shown.await.map(Answer)
}

/// The devices of whoever is signed in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnDevices")]
pub(crate) struct OwnDevices {
    /// The devices.
    devices: Vec<DeviceSummary>,
}

pub(crate) async fn mine(State(desk): State<Arc<Desk>>, Signed(actor): Signed) -> Result<Answer<OwnDevices>, Problem> {
    let own = reading(&desk, actor, "my own devices".to_owned(), move |reader, scene| reader.mine(scene.records));
    Ok(Answer(OwnDevices { devices: own.await? }))
}

/// A page of reports.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    /// Why you look: one line, which the holder sees.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
    /// Reports that came in before this instant: `next` of the page before.
    before: Option<Timestamp>,
    /// At most so many.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// Reports, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "History")]
pub(crate) struct History {
    /// The reports.
    reports: Vec<PastReport>,
    /// Give this as `before` for the next page; absent on the last.
    next: Option<Timestamp>,
}

pub(crate) async fn history(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Query(query): Query<HistoryQuery>,
) -> Result<Answer<History>, Problem> {
    let limit = page::limit(query.limit);
    let reports = reading(&desk, actor, query.reason, move |reader, scene| {
        reader.history(scene.records, path.device, query.before, limit)
    });
    let reports = reports.await?;
    let next = page::next(&reports, limit, |last| last.received_at);
    Ok(Answer(History { reports, next }))
}

/// A page of a ledger.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerQuery {
    /// Why you look: one line, which the holder sees.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
    /// Entries after this number: `next` of the page before.
    #[serde(default)]
    after: u64,
    /// At most so many.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// Entries, oldest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "LedgerPage")]
pub(crate) struct LedgerPage {
    /// The entries.
    entries: Vec<Entry>,
    /// Give this as `after` for the next page; absent on the last.
    next: Option<u64>,
}

pub(crate) async fn ledger(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Query(query): Query<LedgerQuery>,
) -> Result<Answer<LedgerPage>, Problem> {
    let limit = page::limit(query.limit);
    let entries = reading(&desk, actor, query.reason, move |reader, scene| {
        reader.ledger(scene.records, path.device, query.after, limit)
    });
    let entries = entries.await?;
    let next = page::next(&entries, limit, |last| last.sequence);
    Ok(Answer(LedgerPage { entries, next }))
}

/// Why something is done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasoned {
    /// Why: one line, which the holder sees.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
}

pub(crate) async fn approve(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Body(asked): Body<Reasoned>,
) -> Result<Done, Problem> {
    let done = reading(&desk, actor, asked.reason, move |reader, scene| reader.approve(scene.records, path.device));
    done.await.map(|()| Done)
}

pub(crate) async fn revoke(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Body(asked): Body<Reasoned>,
) -> Result<Done, Problem> {
    let done = reading(&desk, actor, asked.reason, move |reader, scene| reader.revoke(scene.records, path.device));
    done.await.map(|()| Done)
}

/// Which stamp of which device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct StampPath {
    /// SHA-256 of the device's key.
    device: Digest,
    /// The stamp's id.
    stamp: Id,
}

pub(crate) async fn revoke_stamp(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<StampPath>,
    Body(asked): Body<Reasoned>,
) -> Result<Done, Problem> {
    let done = reading(&desk, actor, asked.reason, move |reader, scene| {
        reader.revoke_stamp(scene.records, path.device, path.stamp)
    });
    done.await.map(|()| Done)
}

/// Where a device goes, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// The unit.
    unit: Id,
    /// Why: one line, which the holder sees.
    #[schemars(length(min = 1, max = 200))]
    reason: String,
}

pub(crate) async fn transfer(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Body(asked): Body<Move>,
) -> Result<Done, Problem> {
    desk.transfer(actor, Why::new(&asked.reason)?, path.device, asked.unit).await.map(|()| Done)
}

/// Runs work of a reader. It writes: what is looked at is recorded first.
async fn reading<T: Send + 'static>(
    desk: &Arc<Desk>,
    actor: seaworthy_service::authority::Actor,
    reason: String,
    work: impl Fn(&Reader<'_>, &mut Scene<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let why = Why::new(&reason)?;
    desk.write(move |scene| {
        let view = scene.view(&actor)?;
        let reader = Reader { view: &view, appraiser: scene.appraiser, actor: &actor, why: &why, now: scene.now };
        work(&reader, scene)
    })
    .await
}
