//! One device: verdict, findings, evidence, stamps, history; and what inspectors do with it.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};
use seaworthy_http::desk::{Desk, Scene, Signed};
use seaworthy_http::{Action, Path, Problem, Query};
use seaworthy_model::{Body, Code, Timestamp, Verdict};
use seaworthy_protocol::Digest;
use seaworthy_service::access::Why;
use seaworthy_service::authority::{Actor, Concern};
use seaworthy_service::devices::{DeviceRecord, PastReport, Reader, ToldFinding};
use seaworthy_service::ports::DeviceState;
use seaworthy_service::{Error, Id};
use serde::Deserialize;
use serde_json::Value;

use crate::chooser;
use crate::failure::sentence;
use crate::form::{Form, filled, instant};
use crate::frame::{self, For};
use crate::html::{Html, SeeOther, in_query};
use crate::words;

/// Reports of the past on one page.
const HISTORY: u32 = 50;

/// Which device.
#[derive(Deserialize)]
pub(crate) struct DevicePath {
    pub(crate) device: Digest,
}

/// Why one looks, and as of when.
#[derive(Deserialize)]
pub(crate) struct Asked {
    reason: Option<String>,
    as_of: Option<String>,
}

pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let view = desk.view(actor.organisation)?;
    let of = For { actor: &actor, view: &view };
    let Some(reason) = filled(asked.reason.as_deref()) else {
        let address = format!("/devices/{}", path.device);
        return Ok(frame::page(of, &words::called(None, &path.device), chooser::ask_reason(&address)));
    };
    let as_of = instant(asked.as_of.as_deref())?;
    let found = reading(&desk, &actor, reason, move |reader, scene| {
        let at = as_of.unwrap_or(scene.now);
        let record = reader.show(scene.records, path.device, at)?;
        let history = reader.history(scene.records, path.device, None, HISTORY)?;
        Ok((record, history, at))
    });
    let (record, history, at) = found.await?;
    let unit = record.summary.unit;
    let may = |action| actor.may(action, Concern::Device(unit, None), &view.tree).is_ok();
    let body = html! {
        (head(&record, of, at))
        p { a href={ "/devices/" (path.device) "/ledger?reason=" (in_query(reason)) } { "Who looked at this device" } }
        (findings(&record.findings, at))
        (evidence(record.evidence.as_ref()))
        (stamps(&record))
        (past(&history))
        @if may(Action::DeviceApprove) { (acts(&record, reason, of)) }
    };
    Ok(frame::page(of, &words::called(record.summary.name.as_deref(), &path.device), body))
}

fn head(record: &DeviceRecord, of: For<'_>, at: Timestamp) -> Markup {
    let summary = &record.summary;
    let unit = of.view.tree.unit(summary.unit).map_or("–", |unit| unit.name.as_str());
    html! {
        p class="lead" {
            (words::verdict(summary.verdict)) " as of " (words::instant(at))
            @if let Some(turns) = summary.turns_at { ", until " (words::instant(turns)) }
        }
        dl {
            dt { "Policy" } dd { (record.policy.as_deref().unwrap_or("none in force")) }
            dt { "Unit" } dd { (unit) }
            dt { "State" } dd { (summary.state) }
            dt { "Holder" } dd { (summary.holder.as_deref().unwrap_or("not told")) }
            dt { "Inspected" } dd { (words::instant_or(summary.inspected_at, "never")) }
            @if let Some(replaces) = record.replaces { dt { "Replaces" } dd { code { (replaces) } } }
            dt { "Id" } dd { code { (summary.device) } }
        }
    }
}

fn findings(findings: &[ToldFinding], at: Timestamp) -> Markup {
    let (passed, open): (Vec<_>, Vec<_>) = findings.iter().partition(|told| told.verdict == Verdict::Pass);
    html! {
        h2 { "Findings" }
        @if findings.is_empty() { p class="none" { "Nothing was appraised: there is no evidence, or no policy in force." } }
        @for told in &open { (finding(told, at)) }
        @if !passed.is_empty() {
            details {
                summary { (passed.len()) " in order" }
                ul { @for told in &passed { li { (title(told)) } } }
            }
        }
    }
}

/// What the rule asks for; where it is not so, that is said. Titles of updates say what is, not what should be.
fn title(told: &ToldFinding) -> Markup {
    let (code, is_update) =
        (told.finding.code, [Code::UpdatePending, Code::UpdateWithheld].contains(&told.finding.code));
    html! {
        @if told.verdict == Verdict::Fail && !is_update { "Not met: " }
        (sentence(code.entry().title))
        @if let Some(subject) = &told.finding.subject { ": " code { (subject) } }
    }
}

fn finding(told: &ToldFinding, at: Timestamp) -> Markup {
    let finding = &told.finding;
    html! {
        section class="finding" {
            h3 { (words::verdict(Some(told.verdict))) " " (title(told)) }
            p class="note" {
                (finding.severity) " · " code { (finding.code) }
                @if let Some(since) = &finding.since { " · stands for " (words::lateness(since, at)) }
                @if let Some(due) = finding.due { " · due " (words::instant(due)) }
                @if let Some(reason) = finding.reason { " · " (sentence(reason.code().entry().title)) }
            }
            @if let Some(fix) = &finding.fix {
                p { (fix.advice) }
                @if let Some(command) = &fix.command { pre { (command) } }
            }
        }
    }
}

/// What the device told, claim by claim, and the literal document.
fn evidence(body: Option<&Body>) -> Markup {
    let Some(body) = body else { return html! {} };
    let document = serde_json::to_value(body).unwrap_or_default();
    let claims = document.get("claims").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |claim: &Value, key: &str| claim.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    html! {
        h2 { "Evidence" }
        div class="table" { table {
            thead { tr { th scope="col" { "Claim" } th scope="col" { "Told" } th scope="col" { "Why not" } } }
            tbody {
                @for (name, claim) in &claims {
                    tr { th scope="row" { (name.replace('_', " ")) } td { (text(claim, "status")) } td { (text(claim, "reason")) } }
                }
            }
        } }
        details {
            summary { "The literal document" }
            pre { (serde_json::to_string_pretty(&document).unwrap_or_default()) }
        }
    }
}

fn stamps(record: &DeviceRecord) -> Markup {
    html! {
        h2 { "Stamps" }
        @if record.stamps.is_empty() { p class="none" { "None was issued." } } @else {
            div class="table" { table {
                thead { tr {
                    th scope="col" { "Stamp" } th scope="col" { "Issued" } th scope="col" { "Ends" } th scope="col" { "State" }
                } }
                tbody { @for stamp in &record.stamps {
                    tr {
                        th scope="row" { code { (stamp.id) } }
                        td { (words::instant(stamp.issued_at)) } td { (words::instant(stamp.expires_at)) }
                        td { @if stamp.in_force { "in force" } @else { "over or revoked" } }
                    }
                } }
            } }
        }
    }
}

fn past(history: &[PastReport]) -> Markup {
    html! {
        h2 { "History" }
        @if history.is_empty() { p class="none" { "It never reported." } } @else {
            div class="table" { table {
                thead { tr {
                    th scope="col" { "Came in" } th scope="col" { "Inspected" } th scope="col" { "Verdict then" }
                    th scope="col" { "Nonce" }
                } }
                tbody { @for report in history {
                    tr {
                        th scope="row" { (words::instant(report.received_at)) }
                        td { (words::instant(report.inspected_at)) }
                        td { (words::verdict(report.verdict)) }
                        td { @if report.live { "live" } @else { "history only" } }
                    }
                } }
            } }
        }
    }
}

/// What inspectors do. Each says why, in the holder's ledger.
fn acts(record: &DeviceRecord, reason: &str, of: For<'_>) -> Markup {
    let device = &record.summary.device;
    let why = html! { input type="hidden" name="reason" value=(reason); };
    html! {
        h2 { "As an inspector" }
        @if record.summary.state == DeviceState::Waiting {
            form method="post" action={ "/devices/" (device) "/approve" } class="panel" {
                (why) p { "The device waits." } button type="submit" { "Approve" }
            }
        }
        form method="post" action={ "/devices/" (device) "/move" } class="panel" {
            (why) (chooser::units(of, Action::DeviceMove, "unit", "Move it to"))
            button type="submit" class="quiet" { "Move" }
        }
        form method="post" action={ "/devices/" (device) "/revoke" } class="panel" {
            (why) p { "Take no more evidence from it, and its stamps back. It must enrol anew to come back." }
            button type="submit" class="quiet" { "Revoke" }
        }
        (stamp_act(record, reason))
    }
}

/// Taking one stamp back has a reason of its own.
fn stamp_act(record: &DeviceRecord, reason: &str) -> Markup {
    let in_force: Vec<_> = record.stamps.iter().filter(|stamp| stamp.in_force).collect();
    html! {
        @if !in_force.is_empty() {
            form method="post" action={ "/devices/" (record.summary.device) "/stamps/revoke" } class="panel" {
                label for="stamp" { "Take one stamp back; the device stays" }
                select id="stamp" name="stamp" required {
                    @for stamp in in_force {
                        option value=(stamp.id) { (stamp.id) ", issued " (words::instant(stamp.issued_at)) }
                    }
                }
                label for="stamp-reason" { "Why" }
                input id="stamp-reason" name="reason" value=(reason) required maxlength="200" autocomplete="off";
                button type="submit" class="quiet" { "Revoke the stamp" }
            }
        }
    }
}

/// Why something is done.
#[derive(Deserialize)]
pub(crate) struct Reasoned {
    reason: String,
}

pub(crate) async fn approve(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Form(form): Form<Reasoned>,
) -> Result<SeeOther, Problem> {
    reading(&desk, &actor, &form.reason, move |reader, scene| reader.approve(scene.records, path.device)).await?;
    Ok(SeeOther(format!("/waiting?reason={}", in_query(&form.reason))))
}

pub(crate) async fn revoke(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Form(form): Form<Reasoned>,
) -> Result<SeeOther, Problem> {
    reading(&desk, &actor, &form.reason, move |reader, scene| reader.revoke(scene.records, path.device)).await?;
    Ok(back(&path.device, &form.reason))
}

/// Which stamp is taken back, and why.
#[derive(Deserialize)]
pub(crate) struct StampForm {
    stamp: Id,
    reason: String,
}

pub(crate) async fn revoke_stamp(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Form(form): Form<StampForm>,
) -> Result<SeeOther, Problem> {
    let revoked = reading(&desk, &actor, &form.reason, move |reader, scene| {
        reader.revoke_stamp(scene.records, path.device, form.stamp)
    });
    revoked.await?;
    Ok(back(&path.device, &form.reason))
}

/// Where a device goes, and why.
#[derive(Deserialize)]
pub(crate) struct Move {
    unit: Id,
    reason: String,
}

pub(crate) async fn transfer(
    State(desk): State<Arc<Desk>>,
    Signed(actor): Signed,
    Path(path): Path<DevicePath>,
    Form(form): Form<Move>,
) -> Result<SeeOther, Problem> {
    desk.transfer(actor, Why::new(&form.reason)?, path.device, form.unit).await?;
    Ok(back(&path.device, &form.reason))
}

fn back(device: &Digest, reason: &str) -> SeeOther {
    SeeOther(format!("/devices/{device}?reason={}", in_query(reason)))
}

/// Runs work of a reader. It writes: what is looked at is recorded first.
pub(crate) async fn reading<T: Send + 'static>(
    desk: &Arc<Desk>,
    actor: &Actor,
    reason: &str,
    work: impl Fn(&Reader<'_>, &mut Scene<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let (why, actor) = (Why::new(reason)?, actor.clone());
    desk.write(move |scene| {
        let view = scene.view(&actor)?;
        let reader = Reader { view: &view, appraiser: scene.appraiser, actor: &actor, why: &why, now: scene.now };
        work(&reader, scene)
    })
    .await
}
