//! The one list of pages: where each is, which actions of the authority's table it stands for, and what answers.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use seaworthy_http::{Action, Application, Pages};

use crate::pages::{
    device, enrol, home, keys, ledger, people, policies, sign_in, tokens, unit, waiting, webhooks, welcome,
};
use crate::{assets, failure, guard};

/// One page, or one form.
pub struct Page {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its address, with parameters in braces.
    pub path: &'static str,
    /// The actions that it takes, all of them.
    pub needs: &'static [Action],
    /// Actions whose part of the page is left out for whoever may not.
    pub shows: &'static [Action],
    handler: MethodRouter<Application>,
}

fn shown(path: &'static str, needs: &'static [Action], handler: MethodRouter<Application>) -> Page {
    Page { method: "GET", path, needs, shows: &[], handler }
}

fn sent(path: &'static str, needs: &'static [Action], handler: MethodRouter<Application>) -> Page {
    Page { method: "POST", path, needs, shows: &[], handler }
}

impl Page {
    fn and(self, shows: &'static [Action]) -> Page {
        Page { shows, ..self }
    }
}

/// Every page.
pub fn all() -> Vec<Page> {
    use Action::*;
    vec![
        shown("/sign-in", &[SignInWays], get(sign_in::show)).and(&[SignInPasskeyBegin, SignInPasskeyFinish]),
        sent("/sign-in", &[SignInPassword], post(sign_in::password)),
        sent("/sign-in/openid/{provider}", &[SignInOpenIdBegin], post(sign_in::openid)),
        sent("/sign-out", &[SignOut], post(sign_in::out)),
        shown("/welcome", &[InvitationShow], get(welcome::ask)),
        sent("/welcome", &[InvitationShow], post(welcome::show))
            .and(&[InvitationPasskeyBegin, InvitationPasskeyFinish]),
        sent("/welcome/password", &[InvitationUse], post(welcome::password)),
        sent("/welcome/openid/{provider}", &[SignInOpenIdBegin], post(welcome::openid)),
        shown("/", &[Me, DeviceMine, UnitList], get(home::show)).and(&[UnitCounts]),
        shown("/units/{unit}", &[UnitCounts], get(unit::show)).and(&[DeviceList, EnrolmentTokenAdd]),
        sent("/units/{unit}/units", &[UnitAdd], post(unit::add)),
        shown("/units/{unit}/enrol", &[EnrolmentTokenAdd], get(enrol::ask)),
        sent("/units/{unit}/enrol", &[EnrolmentTokenAdd], post(enrol::make)),
        shown("/waiting", &[DeviceList, DeviceApprove], get(waiting::show)),
        shown("/devices/{device}", &[DeviceShow, DeviceHistory], get(device::show)).and(&[
            DeviceApprove,
            DeviceRevoke,
            DeviceMove,
            StampRevoke,
        ]),
        sent("/devices/{device}/approve", &[DeviceApprove], post(device::approve)),
        sent("/devices/{device}/revoke", &[DeviceRevoke], post(device::revoke)),
        sent("/devices/{device}/stamps/revoke", &[StampRevoke], post(device::revoke_stamp)),
        sent("/devices/{device}/move", &[DeviceMove], post(device::transfer)),
        shown("/devices/{device}/ledger", &[DeviceLedger], get(ledger::show)),
        shown("/policies", &[PolicyList], get(policies::show)).and(&[PolicyAdd, PolicyAssign]),
        sent("/policies", &[PolicyAdd], post(policies::add)),
        sent("/policies/assign", &[PolicyAssign], post(policies::assign)),
        shown("/policies/{sequence}", &[PolicyShow], get(policies::one)),
        shown("/people", &[PersonList, PersonShow], get(people::show)).and(&[InvitationAdd, PersonChange]),
        sent("/people/invite", &[InvitationAdd], post(people::invite)),
        sent("/people/{person}/change", &[PersonChange], post(people::change)),
        shown("/tokens", &[ApiTokenList], get(tokens::show)).and(&[ApiTokenAdd, ApiTokenRemove]),
        sent("/tokens", &[ApiTokenAdd], post(tokens::add)),
        sent("/tokens/{token}/remove", &[ApiTokenRemove], post(tokens::remove)),
        shown("/webhooks", &[WebhookList, DeliveryList], get(webhooks::show)).and(&[
            WebhookAdd,
            WebhookRemove,
            DeliveryRetry,
        ]),
        sent("/webhooks", &[WebhookAdd], post(webhooks::add)),
        sent("/webhooks/{webhook}/remove", &[WebhookRemove], post(webhooks::remove)),
        sent("/deliveries/{delivery}/retry", &[DeliveryRetry], post(webhooks::retry)),
        shown("/keys", &[Me, OrganisationShow, TrustFile], get(keys::show)).and(&[KeyRotate]),
        sent("/keys/rotate", &[KeyRotate], post(keys::rotate)),
    ]
}

/// The pages and the files that they load, for `seaworthy_http::router`.
pub fn pages(application: &Application) -> Pages {
    let mut routes =
        Router::new().route("/assets/style.css", get(assets::style)).route("/assets/passkey.js", get(assets::passkey));
    for page in all() {
        let guarded = page.handler.route_layer(from_fn_with_state((application.clone(), page.needs), guard::guard));
        routes = routes.route(page.path, guarded);
    }
    Pages { routes, failure: failure::page }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::*;

    #[test]
    fn no_two_pages_share_an_address() {
        let mut seen = BTreeSet::new();
        for page in all() {
            assert!(seen.insert((page.method, page.path)), "{} {}", page.method, page.path);
            assert!(!page.needs.is_empty(), "{} takes nothing", page.path);
        }
    }

    #[test]
    fn the_reference_is_up_to_date() {
        let mut text = String::from(
            "# Pages of the console\n\nDerived from `crates/console/src/table.rs`. A page does nothing that the API cannot: \
             each takes the actions named here, and what each of those takes stands in [authority.md](authority.md).\n\n\
             | page | takes | also shows, to whoever may |\n| --- | --- | --- |\n",
        );
        let names = |actions: &[Action]| actions.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", ");
        for page in all() {
            writeln!(text, "| `{} {}` | {} | {} |", page.method, page.path, names(page.needs), names(page.shows))
                .unwrap();
        }
        seaworthy_testkit::derived::is_up_to_date("docs/reference/console.md", &text);
    }
}
