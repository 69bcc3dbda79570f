//! Every page is sound: one language, one title, one heading, a label for every field, elements that are closed, nothing
//! inline that the content security policy would refuse.

use std::collections::BTreeSet;

use seaworthy_service::authority::Role;

use crate::harbour::{Harbour, Shown};

/// Elements without an end.
const VOID: [&str; 6] = ["meta", "link", "input", "br", "hr", "img"];

/// A tag: its name, and whether it ends an element.
struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
    is_end: bool,
}

fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    for part in html.split('<').skip(1) {
        // `maud` escapes `>` in values, so the first one ends the tag.
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("a tag without end: {part}"));
        if tag.starts_with('!') {
            continue;
        }
        let is_end = tag.starts_with('/');
        let tag = tag.trim_start_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        tags.push(Tag { name, attributes, is_end });
    }
    tags
}

fn attribute<'a>(tag: &Tag<'a>, name: &str) -> Option<&'a str> {
    let all = format!(" {}", tag.attributes);
    let at = all.find(&format!(" {name}=\""))?;
    tag.attributes[at..].split('"').nth(1)
}

#[track_caller]
fn is_sound(path: &str, shown: &Shown) {
    let html = &shown.html;
    let tags = tags(html);
    let mut open = Vec::new();
    for tag in &tags {
        match (tag.is_end, VOID.contains(&tag.name)) {
            (true, _) => assert_eq!(open.pop(), Some(tag.name), "{path} is not closed in order"),
            (false, false) => open.push(tag.name),
            (false, true) => {}
        }
    }
    assert!(open.is_empty(), "{path} leaves {open:?} open");
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name && !tag.is_end).count();
    for name in ["html", "title", "h1", "main", "header"] {
        assert_eq!(count(name), 1, "{path} has one {name}");
    }
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<html lang=\"en\">"), "{path}");
    assert!(html.contains("class=\"skip\" href=\"#main\""), "{path}");
    names_are_single_and_fields_labelled(path, &tags);
    for inline in [" style=", " onclick=", "<style", "javascript:", "<script>"] {
        assert!(!html.contains(inline), "{path} has {inline}");
    }
    for table in html.split("<table>").skip(1) {
        assert!(table.contains("<th scope=\"col\">"), "{path} has a table without headers");
    }
}

fn names_are_single_and_fields_labelled(path: &str, tags: &[Tag<'_>]) {
    let labels: BTreeSet<&str> = tags.iter().filter_map(|tag| attribute(tag, "for")).collect();
    let mut ids = BTreeSet::new();
    for tag in tags.iter().filter(|tag| !tag.is_end) {
        if let Some(id) = attribute(tag, "id") {
            assert!(ids.insert(id), "{path} has {id} twice");
        }
        let is_field = ["input", "select", "textarea"].contains(&tag.name);
        if is_field && attribute(tag, "type") != Some("hidden") {
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{path}: a field without id: {}", tag.attributes));
            assert!(labels.contains(id), "{path}: no label for {id}");
        }
    }
    let described = tags.iter().filter_map(|tag| attribute(tag, "aria-describedby"));
    described.for_each(|id| assert!(ids.contains(id), "{path}: nothing is called {id}"));
}

#[test]
fn every_page_is_sound() {
    let harbour = Harbour::open();
    let crew = harbour.crew(Role::Administrator, harbour.root);
    let unit = format!("/units/{}", harbour.root);
    let device = format!("/devices/{}", "ab".repeat(32));
    for (path, status) in [
        ("/", 200),
        ("/sign-in", 200),
        ("/sign-in?refused=sign-in-refused", 200),
        ("/welcome", 200),
        (unit.as_str(), 200),
        (&format!("{unit}?reason=a%20look&as_of=2026-11-24T14:00&below=yes"), 200),
        (&format!("{unit}?as_of=yesterday"), 422),
        (&format!("{unit}/enrol"), 200),
        ("/waiting", 200),
        ("/waiting?reason=a%20look", 200),
        (&device, 200),
        (&format!("{device}?reason=a%20look"), 404),
        (&format!("{device}/ledger"), 200),
        ("/policies", 200),
        ("/policies/1", 200),
        ("/policies/99", 404),
        ("/people", 200),
        ("/keys", 200),
        ("/tokens", 200),
        ("/webhooks", 200),
        ("/units/nothing", 404),
        ("/nothing", 404),
        ("/sign-out", 405),
        ("/api/v1/people/nobody", 404),
    ] {
        let shown = harbour.get(Some(&crew), path);
        assert_eq!(shown.status, status, "{path}: {}", shown.html);
        is_sound(path, &shown);
    }
}

/// Whoever is not signed in and follows an address of the API sees a page, too.
#[test]
fn what_strangers_are_told_is_sound() {
    let harbour = Harbour::open();
    for (path, status) in [("/nothing", 404), ("/api/v1/people", 401), ("/healthz/x", 404)] {
        let shown = harbour.get(None, path);
        assert_eq!(shown.status, status, "{path}: {}", shown.html);
        is_sound(path, &shown);
    }
}

#[test]
fn what_forms_answer_is_sound() {
    let harbour = Harbour::open();
    let crew = harbour.crew(Role::Administrator, harbour.root);
    let root = harbour.root;
    let made = harbour.send(Some(&crew), &format!("/units/{root}/enrol"), "kind=one-time&days=7&holder=");
    assert!(made.status == 200 && made.html.contains("/e#") && made.html.contains("<svg"), "{}", made.html);
    is_sound("an enrolment link", &made);
    let made = harbour.send(Some(&crew), "/people/invite", &format!("role=reviewer&unit={root}&days=7"));
    is_sound("a one-time link", &made);
    let secret = made.html.split("/welcome#").nth(1).unwrap().split('<').next().unwrap();
    let shown = harbour.send(None, "/welcome", &format!("link=http://localhost:8440/welcome%23{secret}"));
    assert!(shown.html.contains("<strong>reviewer</strong>"), "{}", shown.html);
    is_sound("the choice of a guest", &shown);
    let made = harbour.send(Some(&crew), "/tokens", &format!("name=Nightly&role=reviewer&unit={root}&days=7"));
    assert!(made.status == 200 && made.html.contains("swt_"), "{}", made.html);
    is_sound("an API token", &made);
    let made = harbour.send(Some(&crew), "/webhooks", "url=https://hooks.example.org/in&policy-assigned=yes");
    assert!(made.status == 200 && made.html.contains("whsec_"), "{}", made.html);
    is_sound("a webhook", &made);
    for form in ["url=http://example.org/", "url=https://hooks.example.org/in&all=yes"] {
        let refused = harbour.send(Some(&crew), "/webhooks", form);
        assert!(refused.status == 422 && refused.html.contains("invalid-value"), "{}", refused.html);
    }
    let refused = harbour.send(None, "/welcome", "link=nothing");
    assert!(refused.status == 403 && refused.html.contains("link-invalid"), "{}", refused.html);
    is_sound("a refusal", &refused);
}

#[test]
fn tokens_webhooks_and_keys_come_and_go() {
    let harbour = Harbour::open();
    let (crew, root) = (harbour.crew(Role::Administrator, harbour.root), harbour.root);
    let sent = |path: &str| {
        let shown = harbour.send(Some(&crew), path, "");
        assert_eq!(shown.status, 303, "{path}: {}", shown.html);
        let after = harbour.get(Some(&crew), &shown.location);
        is_sound(&shown.location, &after);
        after.html
    };
    let listed = |path: &str| {
        let shown = harbour.get(Some(&crew), path);
        is_sound(path, &shown);
        shown.html
    };
    let action = |html: &str, end: &str| {
        let action = html.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
        action.into_iter().find(|action| action.ends_with(end)).unwrap_or_else(|| panic!("no {end}: {html}")).to_owned()
    };
    harbour.send(Some(&crew), "/tokens", &format!("name=Nightly+%3Cb%3E&role=reviewer&unit={root}&days=7"));
    let tokens = listed("/tokens");
    assert!(tokens.contains("Nightly &lt;b&gt;") && tokens.contains("reviewer of Harbour") && !tokens.contains("swt_"));
    assert!(sent(&action(&tokens, "/remove")).contains("There is no token."));

    harbour.send(Some(&crew), "/webhooks", "url=https://hooks.example.org/in&key-rotated=yes");
    assert!(sent("/keys/rotate").contains("signs no more"), "the key before");
    let webhooks = listed("/webhooks");
    assert!(webhooks.contains("<td>key-rotated</td>") && !webhooks.contains("whsec_"), "{webhooks}");
    let retry = action(&webhooks, "/retry");
    assert!(sent(&retry).contains("Nothing was given up."));
    let webhooks = sent(&action(&webhooks, "/remove"));
    assert!(webhooks.contains("There is no webhook.") && webhooks.contains("Nothing waits."), "{webhooks}");
    assert_eq!(harbour.send(Some(&crew), &retry, "").status, 404);
}

#[test]
fn forms_do_what_they_say() {
    let harbour = Harbour::open();
    let crew = harbour.crew(Role::Administrator, harbour.root);
    let root = harbour.root;
    let sent = |path: &str, form: &str| {
        let shown = harbour.send(Some(&crew), path, form);
        assert_eq!(shown.status, 303, "{path}: {}", shown.html);
        harbour.get(Some(&crew), &shown.location).html
    };
    let unit = sent(&format!("/units/{root}/units"), "name=Pier+%3Cb%3E");
    assert!(unit.contains("Pier &lt;b&gt;") && !unit.contains("<b>"), "{unit}");
    let policy = sent("/policies", "policy=six-month");
    assert!(policy.contains("six-month"), "{policy}");
    assert!(sent("/policies/assign", &format!("unit={root}&sequence=2")).contains("<td>six-month</td>"));
    let other = harbour.crew(Role::Holder, harbour.quay);
    let people = sent(&format!("/people/{}/change", other.actor.id), "enabled=false");
    assert!(people.contains("Let in again"), "{people}");
    assert_eq!(harbour.get(Some(&other), "/").location, "/sign-in", "their session ended");
    let out = harbour.send(Some(&crew), "/sign-out", "");
    assert_eq!((out.status, out.location.as_str()), (303, "/sign-in"));
    assert_eq!(harbour.get(Some(&crew), "/").location, "/sign-in");
}
