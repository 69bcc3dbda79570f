//! The authority's table, whole: every action × every role × where it is held, and the reference page that is made of it.

use std::fmt::Write;

use seaworthy_model::Code;
use seaworthy_service::authority::{Action, Actor, Concern, Held, Need, Role};
use seaworthy_service::ports::Unit;
use seaworthy_service::{Id, Tree};
use seaworthy_testkit::derived::is_up_to_date;

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

/// Root 1 with 2 and 3 below it, and 4 below 2.
fn tree(organisation: u8) -> Tree {
    let unit = |n: u8, parent: Option<u8>| Unit {
        organisation: id(organisation),
        id: id(n),
        parent: parent.map(id),
        name: n.to_string(),
    };
    let units = vec![unit(1, None), unit(2, Some(1)), unit(3, Some(1)), unit(4, Some(2))];
    Tree::new(id(organisation), units).unwrap_or_else(|| unreachable!("these are a tree"))
}

fn actor(role: Role, unit: u8, is_token: bool) -> Actor {
    Actor::new(id(100), id(9), "Ada", is_token, vec![Held { role, unit: id(unit) }])
}

fn may(actor: &Actor, action: Action, concern: Concern, organisation: u8) -> Result<(), Code> {
    actor.may(action, concern, &tree(organisation)).map(|_| ()).map_err(|error| error.code())
}

/// What the table says of a role that is held where the action takes it.
fn is_let_in(need: Need, role: Role) -> bool {
    match need {
        Need::Open | Need::Own => true,
        Need::Unit(roles) | Need::Root(roles) => roles.contains(&role),
    }
}

/// Calls back for every action × role, by a person and by a token.
fn every(mut check: impl FnMut(Action, Role, bool)) {
    for &action in Action::ALL {
        for &role in Role::ALL {
            check(action, role, false);
            check(action, role, true);
        }
    }
}

#[test]
fn a_role_holds_in_its_unit_and_below_and_nowhere_else() {
    every(|action, role, is_token| {
        let says = |held: u8, concern: u8| may(&actor(role, held, is_token), action, Concern::Unit(id(concern)), 100);
        let (inside, beside) = match action.need() {
            Need::Open | Need::Own => (Ok(()), Ok(())),
            Need::Unit(_) if is_let_in(action.need(), role) => (Ok(()), Err(Code::NotAllowed)),
            // What concerns the whole organisation takes the role at its root, whatever unit is named.
            Need::Root(_) | Need::Unit(_) => (Err(Code::NotAllowed), Err(Code::NotAllowed)),
        };
        assert_eq!(says(2, 2), inside, "{action} by {role} in the unit itself");
        assert_eq!(says(2, 4), inside, "{action} by {role} below");
        assert_eq!(says(2, 3), beside, "{action} by {role} in another unit");
        assert_eq!(says(2, 1), beside, "{action} by {role} above");
    });
}

#[test]
fn at_the_root_a_role_holds_everywhere() {
    every(|action, role, is_token| {
        let expected = if is_let_in(action.need(), role) { Ok(()) } else { Err(Code::NotAllowed) };
        for concern in [Concern::Root, Concern::Unit(id(4)), Concern::Device(id(3), None)] {
            assert_eq!(may(&actor(role, 1, is_token), action, concern, 100), expected, "{action} by {role}");
        }
    });
}

#[test]
fn another_organisation_does_not_exist_for_anybody() {
    every(|action, role, is_token| {
        let concern = Concern::Unit(id(1));
        assert_eq!(may(&actor(role, 1, is_token), action, concern, 101), Err(Code::NotFound), "{action} by {role}");
    });
}

#[test]
fn a_unit_that_is_not_there_is_not_found() {
    for &action in Action::ALL.iter().filter(|action| matches!(action.need(), Need::Unit(_))) {
        let concern = Concern::Unit(id(77));
        assert_eq!(may(&actor(Role::Administrator, 1, false), action, concern, 100), Err(Code::NotFound), "{action}");
    }
}

#[test]
fn a_holder_reads_what_is_their_own_and_does_nothing_to_it() {
    for &action in Action::ALL.iter().filter(|action| matches!(action.need(), Need::Unit(_))) {
        let reads = matches!(action, Action::DeviceShow | Action::DeviceHistory | Action::DeviceLedger);
        let own = Concern::Device(id(2), Some(id(9)));
        let others = Concern::Device(id(2), Some(id(8)));
        let holder = actor(Role::Holder, 1, false);
        assert_eq!(may(&holder, action, own, 100).is_ok(), reads, "{action}");
        assert_eq!(may(&holder, action, others, 100), Err(Code::NotAllowed), "{action}");
        assert_eq!(
            may(&actor(Role::Holder, 1, true), action, own, 100),
            Err(Code::NotAllowed),
            "a token holds nothing"
        );
    }
}

#[test]
fn nobody_gives_more_than_they_have() {
    let gives =
        |own: Role, held: u8, role: Role, unit: u8| actor(own, held, false).may_give(role, id(unit), &tree(100));
    for &role in Role::ALL {
        assert!(gives(Role::Administrator, 2, role, 4), "{role}");
        assert!(!gives(Role::Administrator, 2, role, 1), "{role} above");
        assert!(!gives(Role::Administrator, 2, role, 3), "{role} beside");
        assert!(!gives(Role::Inspector, 1, role, 2), "{role} by an inspector");
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let mut page = String::from(
        "# Who may do what\n\nDerived from `crates/service/src/authority.rs`. A role holds in its unit and in all units \
         below it. A holder reads the devices that are their own, whatever their roles.\n\n\
         | action | what it is | where | ",
    );
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    writeln!(page, "{} |\n| --- | --- | --- |{}", names.join(" | "), " --- |".repeat(names.len())).unwrap();
    for &action in Action::ALL {
        let place = match action.need() {
            Need::Open => "anybody",
            Need::Own => "whoever is signed in",
            Need::Unit(_) => "the unit concerned",
            Need::Root(_) => "the whole organisation",
        };
        let yes = |role: &Role| if is_let_in(action.need(), *role) { "yes" } else { "" };
        let cells: Vec<&str> = Role::ALL.iter().map(yes).collect();
        writeln!(page, "| `{action}` | {} | {place} | {} |", action.says(), cells.join(" | ")).unwrap();
    }
    is_up_to_date("docs/reference/authority.md", &page);
}
