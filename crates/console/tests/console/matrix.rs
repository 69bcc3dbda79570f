//! Every page × every role, held at the root and in another unit, against the authority's table.

use seaworthy_console::{Page, all};
use seaworthy_http::Action;
use seaworthy_service::authority::{Actor, Concern, Need, Role};
use seaworthy_service::directory::View;

use crate::harbour::{Crew, Harbour, Shown};

/// A device that nobody has.
const NOBODYS: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

fn address(page: &Page, harbour: &Harbour) -> String {
    let path = page.path.replace("{unit}", &harbour.root.to_string()).replace("{provider}", "none");
    let nobodys = ["{person}", "{token}", "{webhook}", "{delivery}"];
    let path = nobodys.iter().fold(path, |path, name| path.replace(name, &"0".repeat(32)));
    path.replace("{device}", NOBODYS).replace("{sequence}", "1")
}

fn ask(page: &Page, harbour: &Harbour, crew: Option<&Crew>) -> Shown {
    let address = address(page, harbour);
    match page.method {
        "GET" => harbour.get(crew, &address),
        _ => harbour.send(crew, &address, ""),
    }
}

/// Whether the gate lets a role in, wherever it is held: some row of the table could.
fn is_admitted(action: Action, role: Role) -> bool {
    let reads_own = [Action::DeviceShow, Action::DeviceHistory, Action::DeviceLedger].contains(&action);
    match action.need() {
        Need::Open | Need::Own => true,
        Need::Unit(roles) | Need::Root(roles) => reads_own || roles.contains(&role),
    }
}

fn is_refused(shown: &Shown) -> bool {
    shown.status == 403 && shown.html.contains("not-allowed")
}

#[test]
fn the_gate_is_the_tables() {
    let harbour = Harbour::open();
    for &role in Role::ALL {
        for unit in [harbour.root, harbour.quay] {
            for page in all() {
                // Each signs in anew, since one of the pages signs out.
                let crew = harbour.crew(role, unit);
                let shown = ask(&page, &harbour, Some(&crew));
                assert!(shown.status < 500, "{} {}: {}", page.method, page.path, shown.html);
                if !page.needs.iter().all(|action| is_admitted(*action, role)) {
                    assert!(is_refused(&shown), "{} {} by {role}: {}", page.method, page.path, shown.status);
                } else if unit == harbour.root {
                    assert!(!is_refused(&shown), "{} {} by {role}: {}", page.method, page.path, shown.html);
                }
            }
        }
    }
}

/// What concerns the root unit, asked for by somebody whose role holds in another one.
#[test]
fn a_role_elsewhere_opens_nothing_here() {
    let harbour = Harbour::open();
    let view = harbour.desk.directory().views().next().unwrap().clone();
    let concern = |page: &Page| match page.path {
        path if path.contains("{unit}") => Some(Concern::Unit(harbour.root)),
        "/people" | "/tokens" | "/webhooks" => Some(Concern::Root),
        _ => None,
    };
    for &role in Role::ALL {
        for page in all().iter().filter(|page| page.method == "GET") {
            let Some(concern) = concern(page) else { continue };
            for unit in [harbour.root, harbour.quay] {
                let crew = harbour.crew(role, unit);
                let may = page.needs.iter().all(|action| may(&crew.actor, *action, concern, &view));
                let shown = ask(page, &harbour, Some(&crew));
                let expected = if may { 200 } else { 403 };
                assert_eq!(shown.status, expected, "{} by {role} of {unit}: {}", page.path, shown.html);
            }
        }
    }
}

fn may(actor: &Actor, action: Action, concern: Concern, view: &View) -> bool {
    actor.may(action, concern, &view.tree).is_ok()
}

#[test]
fn parts_of_pages_are_shown_to_whoever_may() {
    let harbour = Harbour::open();
    let unit = format!("/units/{}", harbour.root);
    let parts = [
        ("/", "<h2>Units</h2>", Action::UnitCounts),
        (unit.as_str(), "Enrol devices", Action::EnrolmentTokenAdd),
        ("/policies", "Sign a policy", Action::PolicyAdd),
        ("/policies", "Put a policy in force", Action::PolicyAssign),
        ("/", "href=\"/people\"", Action::PersonList),
        ("/", "href=\"/tokens\"", Action::ApiTokenList),
        ("/", "href=\"/webhooks\"", Action::WebhookList),
        ("/keys", "action=\"/keys/rotate\"", Action::KeyRotate),
        ("/", "href=\"/waiting\"", Action::DeviceApprove),
    ];
    for &role in Role::ALL {
        let crew = harbour.crew(role, harbour.root);
        for (path, part, action) in parts {
            let shown = harbour.get(Some(&crew), path);
            let expected = shown.status == 200 && is_admitted(action, role);
            assert_eq!(shown.html.contains(part), expected, "{part} of {path} by {role}");
        }
    }
}

#[test]
fn whoever_is_not_signed_in_is_sent_to_sign_in() {
    let harbour = Harbour::open();
    for page in all() {
        let shown = ask(&page, &harbour, None);
        let is_open = page.needs.iter().all(|action| action.need() == Need::Open);
        let is_sent = (shown.status, shown.location.as_str()) == (303, "/sign-in");
        assert_eq!(is_sent, !is_open, "{} {}: {}", page.method, page.path, shown.status);
    }
}

#[test]
fn a_form_from_another_site_does_nothing() {
    let harbour = Harbour::open();
    for page in all().iter().filter(|page| page.method == "POST") {
        let crew = harbour.crew(Role::Administrator, harbour.root);
        for (origin, crew) in [("https://evil.example", Some(&crew)), ("null", Some(&crew)), ("null", None)] {
            let shown = harbour.send_from(origin, crew, &address(page, &harbour), "");
            let is_sent_away = crew.is_none() && shown.location == "/sign-in";
            assert!(is_refused(&shown) || is_sent_away, "{} from {origin}: {}", page.path, shown.status);
        }
    }
}
