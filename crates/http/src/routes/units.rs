//! Units: the tree, and counts by verdict.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_model::Timestamp;
use seaworthy_service::Id;
use seaworthy_service::authority::{Action, Concern};
use seaworthy_service::counts::{Counts, counts};
use seaworthy_service::ports::Unit;
use seaworthy_service::units::{self, Change};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Signed};
use crate::etag::{IfNoneMatch, Tagged};
use crate::extract::{Answer, Body, Created, Done, Path, Query};
use crate::problem::Problem;

/// The tree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Units")]
pub(crate) struct Units {
    /// The units; the one without a parent is the root.
    units: Vec<Unit>,
}

pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    known: IfNoneMatch,
) -> Result<Tagged<Units>, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::UnitList, Concern::Own, &view.tree)?;
    Ok(Tagged { document: Units { units: view.tree.units().cloned().collect() }, known })
}

/// Which unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct UnitPath {
    /// The unit.
    unit: Id,
}

/// As of when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountsQuery {
    /// As of this instant, an hour of the past as it ended; now if absent.
    as_of: Option<Timestamp>,
}

/// Counts of a unit and all below it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "UnitCounts")]
pub(crate) struct UnitCounts {
    /// The unit.
    unit: Id,
    /// The instant.
    at: Timestamp,
    /// How many devices stand how.
    #[serde(flatten)]
    counts: Counts,
}

pub(crate) async fn count(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
    Query(query): Query<CountsQuery>,
) -> Result<Answer<UnitCounts>, Problem> {
    let counted = desk.write(move |scene| {
        let view = scene.view(&actor)?;
        actor.may(Action::UnitCounts, Concern::Unit(path.unit), &view.tree)?;
        let at = query.as_of.unwrap_or(scene.now);
        let counts = counts(scene.records, &view, scene.appraiser, path.unit, at, scene.now)?;
        Ok(UnitCounts { unit: path.unit, at, counts })
    });
    counted.await.map(Answer)
}

/// A unit to be added.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUnit {
    /// The unit above it.
    parent: Id,
    /// Its name.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewUnit>,
) -> Result<Created<Unit>, Problem> {
    let added = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        units::add(scene.records, &view, &actor, new.parent, &new.name, scene.draw)
    });
    added.await.map(Created)
}

/// What is to change of a unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitChange {
    /// Another name.
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    /// Another unit above it.
    parent: Option<Id>,
}

pub(crate) async fn change(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
    Body(asked): Body<UnitChange>,
) -> Result<Answer<Unit>, Problem> {
    let asked = Change { name: asked.name, parent: asked.parent };
    let changed = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        units::change(scene.records, &view, &actor, path.unit, &asked, scene.now)
    });
    changed.await.map(Answer)
}

pub(crate) async fn remove(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<UnitPath>,
) -> Result<Done, Problem> {
    let removed = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        units::remove(scene.records, &view, &actor, path.unit)
    });
    removed.await.map(|()| Done)
}
