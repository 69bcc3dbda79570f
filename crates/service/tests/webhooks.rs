//! The page on webhooks names every event.

use seaworthy_service::events::EventKind;

#[test]
fn the_page_names_every_event() {
    let page = include_str!("../../../docs/webhooks.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: Vec<EventKind> = rows.filter_map(EventKind::from_name).collect();
    assert_eq!(named, EventKind::ALL);
}
