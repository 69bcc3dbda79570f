//! Choosing a unit, and saying why one looks: parts of several pages.

use maud::{Markup, html};
use seaworthy_http::Action;
use seaworthy_service::Id;
use seaworthy_service::authority::Concern;
use seaworthy_service::directory::View;
use seaworthy_service::ports::Unit;

use crate::frame::For;

/// The units in the order of the tree, each with how deep it lies.
pub(crate) fn ordered(view: &View) -> Vec<(usize, &Unit)> {
    let name = |unit: &Id| view.tree.unit(*unit).map(|unit| (unit.name.as_str(), unit.id));
    let mut units: Vec<_> = view.tree.units().map(|unit| (view.tree.path(unit.id), unit)).collect();
    units.sort_by_cached_key(|(path, _)| path.iter().rev().map(name).collect::<Vec<_>>());
    units.into_iter().map(|(path, unit)| (path.len().saturating_sub(1), unit)).collect()
}

/// A select of the units in which somebody may do something.
pub(crate) fn units(of: For<'_>, action: Action, name: &str, label: &str) -> Markup {
    let may = |unit: &Unit| of.actor.may(action, Concern::Unit(unit.id), &of.view.tree).is_ok();
    html! {
        label for=(name) { (label) }
        select id=(name) name=(name) required {
            @for (depth, unit) in ordered(of.view).into_iter().filter(|(_, unit)| may(unit)) {
                option value=(unit.id) { ("– ".repeat(depth)) (unit.name) }
            }
        }
    }
}

/// A field for how many days something is good.
pub(crate) fn days(label: &str, usual: u32) -> Markup {
    html! {
        label for="days" { (label) }
        input id="days" name="days" type="number" min="1" max="400" value=(usual) required inputmode="numeric";
    }
}

/// The field in which somebody says why they look or act.
pub(crate) fn reason(given: &str) -> Markup {
    html! {
        label for="reason" { "Why you look" }
        input id="reason" name="reason" value=(given) required maxlength="200" autocomplete="off"
            aria-describedby="reason-told";
        p id="reason-told" class="note" { "One line. Whoever carries the device reads it, with your name and the time." }
    }
}

/// A page's question for a reason, before anything is read.
pub(crate) fn ask_reason(action: &str) -> Markup {
    html! {
        form method="get" action=(action) class="panel" { (reason("")) button type="submit" { "Show" } }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_service::Tree;

    #[test]
    fn no_unit_is_lost_in_order() {
        // `ordered` needs a whole view; what it relies on is that a path begins at the unit and ends at the root.
        let unit = |n: u8, parent: Option<u8>| super::Unit {
            organisation: super::Id::from_bytes([0; 16]),
            id: super::Id::from_bytes([n; 16]),
            parent: parent.map(|n| super::Id::from_bytes([n; 16])),
            name: n.to_string(),
        };
        let tree = Tree::new(super::Id::from_bytes([0; 16]), vec![unit(1, None), unit(2, Some(1))]).unwrap();
        let path = tree.path(super::Id::from_bytes([2; 16]));
        assert_eq!((path.first(), path.last()), (Some(&super::Id::from_bytes([2; 16])), Some(&tree.root())));
    }
}
