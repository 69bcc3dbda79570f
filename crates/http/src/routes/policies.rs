//! Policies and the catalog.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_model::{Code, Grants, Policy, Timestamp};
use seaworthy_protocol::{Digest, Octets};
use seaworthy_service::authority::{Action, Concern};
use seaworthy_service::policies::{Support, Supported};
use seaworthy_service::ports::{Assignment, PolicyRecord};
use seaworthy_service::{Id, policies};
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Signed};
use crate::etag::{IfNoneMatch, Tagged};
use crate::extract::{Answer, Body, Created, Path};
use crate::problem::Problem;

/// Policies, and where they are in force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Policies")]
pub(crate) struct Policies {
    /// The documents, oldest first.
    policies: Vec<PolicyRecord>,
    /// Which of them are and were in force where, oldest first.
    assignments: Vec<Assignment>,
}

pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    known: IfNoneMatch,
) -> Result<Tagged<Policies>, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyList, Concern::Own, &view.tree)?;
    let policies = view.documents.iter().map(|document| document.record.clone()).collect();
    Ok(Tagged { document: Policies { policies, assignments: view.assignments.clone() }, known })
}

/// Which document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct PolicyPath {
    /// Its number.
    sequence: u64,
}

/// A policy document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PolicyDocument")]
pub(crate) struct PolicyShown {
    /// How it is kept.
    record: PolicyRecord,
    /// The rules.
    policy: Policy,
    /// What may leave a device beyond the least.
    grants: Grants,
    /// The document as the organisation signed it.
    sealed: Octets,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<PolicyPath>,
    known: IfNoneMatch,
) -> Result<Tagged<PolicyShown>, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyShow, Concern::Own, &view.tree)?;
    let document = view.document(path.sequence).ok_or_else(|| Problem::new(Code::NotFound))?;
    let shown = PolicyShown {
        record: document.record.clone(),
        policy: document.content.policy.clone(),
        grants: document.content.grants,
        sealed: document.record.sealed.clone().into(),
    };
    Ok(Tagged { document: shown, known })
}

/// A policy to be signed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPolicy {
    /// The policy, as TOML (docs/reference/policy.md), or the name of one that is shipped.
    #[schemars(length(min = 1, max = 65_536))]
    policy: String,
    /// What may leave a device beyond the least.
    #[serde(default)]
    grants: Grants,
}

pub(crate) async fn add(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewPolicy>,
) -> Result<Created<PolicyRecord>, Problem> {
    let policy = policies::read(&new.policy)?;
    let view = desk.view(actor.organisation)?;
    actor.may(Action::PolicyAdd, Concern::Root, &view.tree)?;
    let key = desk.signing_key(&view)?;
    let added = desk.change(actor.organisation, move |scene| {
        let view = scene.view(&actor)?;
        policies::sign(scene.records, &view, policy.clone(), new.grants, &key, scene.now)
    });
    added.await.map(Created)
}

/// Where a policy is to be in force.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssignment {
    /// The unit, and all below it without an assignment of their own.
    unit: Id,
    /// The document's number.
    sequence: u64,
}

pub(crate) async fn assign(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewAssignment>,
) -> Result<Created<Assignment>, Problem> {
    let assigned = desk.put_in_force(actor, new.unit, new.sequence).await?;
    Ok(Created(assigned))
}

/// A version of the catalog.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogVersion")]
pub(crate) struct CatalogVersion {
    /// SHA-256 of its deterministic CBOR.
    digest: Digest,
    /// Since when it is in force.
    since: Timestamp,
}

/// The versions of the catalog.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Catalogs")]
pub(crate) struct Catalogs {
    /// The versions, oldest first.
    catalogs: Vec<CatalogVersion>,
}

pub(crate) async fn catalogs(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
) -> Result<Answer<Catalogs>, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::CatalogList, Concern::Root, &view.tree)?;
    let version = |record: &seaworthy_service::ports::CatalogRecord| CatalogVersion {
        digest: record.digest,
        since: record.since,
    };
    Ok(Answer(Catalogs { catalogs: view.catalogs.iter().map(version).collect() }))
}

/// How long a release is supported.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSupport {
    /// `ID` of os-release, such as `debian`.
    #[schemars(length(min = 1, max = 64))]
    id: String,
    /// `VERSION_ID` of os-release, such as `12`.
    #[schemars(length(min = 1, max = 64))]
    version: String,
    /// End of regular support.
    support_end: Timestamp,
    /// End of long-term support that is free to everybody.
    lts_end: Option<Timestamp>,
}

/// What the catalog is to know besides what it knows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCatalog {
    /// Support ends.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    supports: Vec<NewSupport>,
    /// OSV advisory records (https://ossf.github.io/osv-schema/), as objects.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    advisories: Vec<serde_json::Value>,
}

pub(crate) async fn add_catalog(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Body(new): Body<NewCatalog>,
) -> Result<Created<CatalogVersion>, Problem> {
    let view = desk.view(actor.organisation)?;
    actor.may(Action::CatalogAdd, Concern::Root, &view.tree)?;
    let support =
        |new: NewSupport| (new.id, new.version, Support { support_end: new.support_end, lts_end: new.lts_end });
    let supports: Vec<Supported> = new.supports.into_iter().map(support).collect();
    let advisories: Vec<Vec<u8>> = new.advisories.iter().map(|record| record.to_string().into_bytes()).collect();
    let organisation = actor.organisation;
    let loaded = desk.change(organisation, move |scene| {
        let view = scene.view(&actor)?;
        let reference = policies::learn(&view, &supports, &advisories)?;
        policies::load_catalog(scene.records, &view, &reference, scene.now)
    });
    let loaded = loaded.await?;
    desk.appraise_all(organisation).await?;
    Ok(Created(CatalogVersion { digest: loaded.digest, since: loaded.since }))
}
