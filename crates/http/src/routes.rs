//! The one list of routes. An action without a route does not compile, and a route is reached by its action alone.

mod devices;
mod exchange;
mod log;
mod organisations;
mod page;
mod people;
mod policies;
mod sign_in;
mod statuses;
mod tokens;
mod units;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use seaworthy_model::Code;

use crate::desk::Desk;
use crate::extract::Answer;
use crate::{Action, Route, health};

pub use organisations::rotate_key;
pub use people::invitation_link;

/// What the exchange with a device can be refused for.
const EXCHANGE: &[Code] = &[
    Code::ReportMalformed,
    Code::ReportSignature,
    Code::OrganisationUnknown,
    Code::DeviceUnknown,
    Code::DeviceWaiting,
    Code::DeviceRevoked,
    Code::DeviceForked,
    Code::DeviceReplaced,
    Code::DeviceLeft,
    Code::ReportReplayed,
    Code::ReportBody,
    Code::NotReady,
    Code::StoreUnavailable,
    Code::StoreFull,
];
const ENROLMENT: &[Code] = &[
    Code::ReportMalformed,
    Code::ReportSignature,
    Code::OrganisationUnknown,
    Code::EnrolmentToken,
    Code::NoPolicy,
    Code::PolicyNotAgreed,
    Code::ReplacedUnknown,
    Code::AlreadyThere,
    Code::DeviceWaiting,
    Code::DeviceRevoked,
    Code::DeviceForked,
    Code::DeviceReplaced,
    Code::DeviceLeft,
    Code::StoreUnavailable,
    Code::StoreFull,
];
/// What a proof of who somebody is can be refused for.
const PROOF: &[Code] =
    &[Code::SignInRefused, Code::InvalidValue, Code::ProviderUnreachable, Code::StoreUnavailable, Code::StoreFull];
/// The same with a one-time link.
const INVITATION: &[Code] = &[
    Code::LinkInvalid,
    Code::SignInRefused,
    Code::InvalidValue,
    Code::AlreadyThere,
    Code::ProviderUnreachable,
    Code::StoreUnavailable,
    Code::StoreFull,
];
/// What reading the log can be refused for.
const LOG: &[Code] = &[Code::OrganisationUnknown, Code::NotFound, Code::StoreUnavailable];
const LOOK: &[Code] = &[Code::NotFound, Code::ReasonMissing];
const ACT: &[Code] = &[Code::NotFound, Code::ReasonMissing, Code::AlreadyThere];
const CHANGE: &[Code] = &[Code::NotFound, Code::InvalidValue, Code::AlreadyThere];

/// The route of an action.
pub(crate) fn route(action: Action) -> Route {
    let says = action.says();
    match action {
        Action::HealthAlive => Route::get("/healthz", health::alive, says).under("health"),
        Action::HealthReady => Route::get("/readyz", health::ready, says).under("health").fails(&[Code::NotReady]),
        Action::HealthMetrics => {
            Route::get("/metrics", health::metrics, says).under("health").fails(&[Code::RouteUnknown])
        }
        Action::ApiDescription => Route::get("/api/v1/openapi.json", described, says).under("health"),
        Action::OrganisationShow => Route::get("/api/v1/organisations/{key}", organisations::show, says)
            .under("organisation")
            .fails(&[Code::OrganisationUnknown]),
        Action::TrustFile => Route::get("/api/v1/organisations/{key}/trust.toml", organisations::trust, says)
            .under("organisation")
            .fails(&[Code::OrganisationUnknown]),
        Action::LogPolicy => Route::get("/api/v1/organisations/{key}/log-policy", organisations::log_policy, says)
            .under("organisation")
            .fails(&[Code::OrganisationUnknown, Code::NotFound]),
        Action::LogCheckpoint => Route::get("/log/{log}/checkpoint", log::checkpoint, says).under("log").fails(LOG),
        Action::LogTile => Route::get("/log/{log}/tile/{*place}", log::tile, says).under("log").fails(LOG),
        Action::LogBatch => Route::get("/log/{log}/batch/{batch}", log::batch, says).under("log").fails(LOG),
        Action::StatusList => {
            Route::get("/status/{organisation}/{number}", statuses::list, says).under("log").fails(LOG)
        }
        Action::EnrolmentOffer => {
            Route::post("/api/v1/enrolment/offer", exchange::offer, says).under("exchange").fails(ENROLMENT)
        }
        Action::EnrolmentEnter => {
            Route::post("/api/v1/enrolment", exchange::enter, says).under("exchange").fails(ENROLMENT)
        }
        Action::ReportSend => Route::post("/api/v1/reports", exchange::report, says).under("exchange").fails(EXCHANGE),
        Action::DeviceAsk => Route::post("/api/v1/requests", exchange::request, says).under("exchange").fails(EXCHANGE),
        Action::SignInWays => Route::get("/api/v1/sign-in", sign_in::ways, says).under("sign-in"),
        Action::SignInPassword => {
            Route::post("/api/v1/sign-in/password", sign_in::password, says).under("sign-in").fails(PROOF)
        }
        Action::SignInPasskeyBegin => {
            Route::post("/api/v1/sign-in/passkey/begin", sign_in::begin_passkey, says).under("sign-in").fails(PROOF)
        }
        Action::SignInPasskeyFinish => {
            Route::post("/api/v1/sign-in/passkey/finish", sign_in::finish_passkey, says).under("sign-in").fails(PROOF)
        }
        Action::SignInOpenIdBegin => Route::post("/api/v1/sign-in/openid/{provider}", sign_in::begin_openid, says)
            .under("sign-in")
            .fails(INVITATION),
        Action::SignInOpenIdFinish => {
            Route::get("/sign-in/openid/{provider}", sign_in::finish_openid, says).under("sign-in")
        }
        Action::InvitationShow => {
            Route::post("/api/v1/invitations/show", sign_in::show_invitation, says).under("sign-in").fails(INVITATION)
        }
        Action::InvitationUse => {
            Route::post("/api/v1/invitations/use", sign_in::use_invitation, says).under("sign-in").fails(INVITATION)
        }
        Action::InvitationPasskeyBegin => {
            Route::post("/api/v1/invitations/passkey/begin", sign_in::begin_invitation_passkey, says)
                .under("sign-in")
                .fails(INVITATION)
        }
        Action::InvitationPasskeyFinish => {
            Route::post("/api/v1/invitations/passkey/finish", sign_in::finish_invitation_passkey, says)
                .under("sign-in")
                .fails(INVITATION)
        }
        Action::SignOut => Route::post("/api/v1/sign-out", sign_in::sign_out, says).under("sign-in"),
        Action::Me => Route::get("/api/v1/me", people::me, says).under("people"),
        Action::UnitList => Route::get("/api/v1/units", units::list, says).under("units"),
        Action::UnitCounts => Route::get("/api/v1/units/{unit}/counts", units::count, says).under("units").fails(LOOK),
        Action::UnitAdd => Route::post("/api/v1/units", units::add, says).under("units").fails(CHANGE),
        Action::UnitChange => Route::patch("/api/v1/units/{unit}", units::change, says).under("units").fails(CHANGE),
        Action::UnitRemove => Route::delete("/api/v1/units/{unit}", units::remove, says).under("units").fails(CHANGE),
        Action::DeviceList => Route::get("/api/v1/devices", devices::list, says).under("devices").fails(LOOK),
        Action::DeviceMine => Route::get("/api/v1/me/devices", devices::mine, says).under("devices").fails(LOOK),
        Action::DeviceShow => Route::get("/api/v1/devices/{device}", devices::show, says).under("devices").fails(&[
            Code::NotFound,
            Code::ReasonMissing,
            Code::DeviceLeft,
        ]),
        Action::DeviceHistory => {
            Route::get("/api/v1/devices/{device}/history", devices::history, says).under("devices").fails(LOOK)
        }
        Action::DeviceLedger => {
            Route::get("/api/v1/devices/{device}/ledger", devices::ledger, says).under("devices").fails(LOOK)
        }
        Action::DeviceApprove => {
            Route::post("/api/v1/devices/{device}/approve", devices::approve, says).under("devices").fails(ACT)
        }
        Action::DeviceRevoke => {
            Route::post("/api/v1/devices/{device}/revoke", devices::revoke, says).under("devices").fails(ACT)
        }
        Action::StampRevoke => {
            Route::post("/api/v1/devices/{device}/stamps/{stamp}/revoke", devices::revoke_stamp, says)
                .under("devices")
                .fails(&[Code::NotFound, Code::ReasonMissing, Code::AlreadyThere, Code::InvalidValue])
        }
        Action::DeviceMove => {
            Route::post("/api/v1/devices/{device}/move", devices::transfer, says).under("devices").fails(ACT)
        }
        Action::EnrolmentTokenList => Route::get("/api/v1/enrolment-tokens", tokens::enrolments, says).under("tokens"),
        Action::EnrolmentTokenAdd => {
            Route::post("/api/v1/enrolment-tokens", tokens::add_enrolment, says).under("tokens").fails(CHANGE)
        }
        Action::EnrolmentTokenClose => Route::delete("/api/v1/enrolment-tokens/{token}", tokens::close_enrolment, says)
            .under("tokens")
            .fails(CHANGE),
        Action::PolicyList => Route::get("/api/v1/policies", policies::list, says).under("policies"),
        Action::PolicyShow => {
            Route::get("/api/v1/policies/{sequence}", policies::show, says).under("policies").fails(&[Code::NotFound])
        }
        Action::PolicyAdd => Route::post("/api/v1/policies", policies::add, says).under("policies").fails(CHANGE),
        Action::PolicyAssign => {
            Route::post("/api/v1/assignments", policies::assign, says).under("policies").fails(CHANGE)
        }
        Action::CatalogList => Route::get("/api/v1/catalogs", policies::catalogs, says).under("policies"),
        Action::CatalogAdd => {
            Route::post("/api/v1/catalogs", policies::add_catalog, says).under("policies").fails(CHANGE)
        }
        Action::PersonList => Route::get("/api/v1/people", people::list, says).under("people"),
        Action::PersonShow => {
            Route::get("/api/v1/people/{person}", people::show, says).under("people").fails(&[Code::NotFound])
        }
        Action::PersonChange => {
            Route::patch("/api/v1/people/{person}", people::change, says).under("people").fails(CHANGE)
        }
        Action::GrantAdd => {
            Route::post("/api/v1/people/{person}/grants", people::give, says).under("people").fails(CHANGE)
        }
        Action::GrantRemove => Route::delete("/api/v1/people/{person}/grants/{role}/{unit}", people::take, says)
            .under("people")
            .fails(CHANGE),
        Action::InvitationAdd => Route::post("/api/v1/invitations", people::invite, says).under("people").fails(CHANGE),
        Action::ApiTokenList => Route::get("/api/v1/api-tokens", tokens::apis, says).under("tokens"),
        Action::ApiTokenAdd => Route::post("/api/v1/api-tokens", tokens::add_api, says).under("tokens").fails(CHANGE),
        Action::ApiTokenRemove => {
            Route::delete("/api/v1/api-tokens/{token}", tokens::remove_api, says).under("tokens").fails(CHANGE)
        }
        Action::KeyRotate => {
            Route::post("/api/v1/keys", organisations::rotate, says).under("organisation").fails(CHANGE)
        }
        Action::KeyRevoke => {
            Route::post("/api/v1/keys/{place}/revoke", organisations::revoke, says).under("organisation").fails(CHANGE)
        }
        Action::WebhookList => Route::get("/api/v1/webhooks", webhooks::list, says).under("webhooks"),
        Action::WebhookAdd => {
            Route::post("/api/v1/webhooks", webhooks::add, says).under("webhooks").fails(&[Code::InvalidValue])
        }
        Action::WebhookRemove => Route::delete("/api/v1/webhooks/{webhook}", webhooks::remove, says)
            .under("webhooks")
            .fails(&[Code::NotFound]),
        Action::DeliveryList => Route::get("/api/v1/deliveries", webhooks::deliveries, says).under("webhooks"),
        Action::DeliveryRetry => Route::post("/api/v1/deliveries/{delivery}/retry", webhooks::retry, says)
            .under("webhooks")
            .fails(&[Code::NotFound, Code::AlreadyThere]),
    }
}

/// The document itself.
async fn described(State(desk): State<Arc<Desk>>) -> Answer<BTreeMap<String, serde_json::Value>> {
    let document = crate::openapi::document(desk.build());
    Answer(serde_json::from_value(document).unwrap_or_default())
}

/// Health is told however often somebody asks: it costs nothing, and monitors share addresses with others.
pub(crate) fn is_health(path: &str) -> bool {
    ["/healthz", "/readyz", "/metrics"].contains(&path)
}

/// What pages of any site may read: it is the same for everybody.
pub(crate) fn is_for_everybody(path: &str) -> bool {
    path.starts_with("/log/") || path.starts_with("/status/")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_actions_share_a_route() {
        let mut seen = BTreeSet::new();
        for &action in Action::ALL {
            let route = route(action);
            assert!(seen.insert((route.method, route.path)), "{} {}", route.method, route.path);
        }
    }
}
