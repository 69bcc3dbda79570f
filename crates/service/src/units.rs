//! Units: added, renamed, moved, removed.

use seaworthy_model::{Code, Timestamp};

use crate::authority::{Action, Actor, Concern};
use crate::directory::View;
use crate::draw::{self, Draw};
use crate::error::Error;
use crate::founding::name;
use crate::id::Id;
use crate::policies::retally;
use crate::ports::{Records, Unit};
use crate::tree::Tree;

/// Adds a unit below another.
pub fn add(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    parent: Id,
    named: &str,
    draw: &mut Draw<'_>,
) -> Result<Unit, Error> {
    actor.may(Action::UnitAdd, Concern::Unit(parent), &view.tree)?;
    let unit = Unit {
        organisation: view.organisation.id,
        id: draw::id(draw),
        parent: Some(parent),
        name: name("name", named)?,
    };
    if !view.tree.may_hang(unit.id, parent) {
        return Err(Error::refused_for(Code::InvalidValue, "parent: units can be nested 16 deep"));
    }
    records.put_unit(&unit)?;
    Ok(unit)
}

/// What is to change of a unit.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another name.
    pub name: Option<String>,
    /// Another unit above it.
    pub parent: Option<Id>,
}

/// Renames or moves a unit. When it moves, devices are counted anew.
pub fn change(
    records: &mut dyn Records,
    view: &View,
    actor: &Actor,
    unit: Id,
    change: &Change,
    at: Timestamp,
) -> Result<Unit, Error> {
    actor.may(Action::UnitChange, Concern::Unit(unit), &view.tree)?;
    let mut changed = view.tree.unit(unit).ok_or_else(|| Error::refused(Code::NotFound))?.clone();
    if let Some(named) = &change.name {
        changed.name = name("name", named)?;
    }
    if let Some(parent) = change.parent.filter(|parent| Some(*parent) != changed.parent) {
        actor.may(Action::UnitChange, Concern::Unit(parent), &view.tree)?;
        if changed.parent.is_none() || !view.tree.may_hang(unit, parent) {
            return Err(Error::refused_for(Code::InvalidValue, "parent: the unit cannot hang there"));
        }
        changed.parent = Some(parent);
    }
    records.put_unit(&changed)?;
    if change.parent.is_some() {
        let tree = Tree::new(view.organisation.id, records.units(view.organisation.id)?);
        let tree = tree.ok_or_else(|| Error::damaged("the units are no tree"))?;
        retally(records, &View { tree, ..view.clone() }, at)?;
    }
    Ok(changed)
}

/// Removes a unit in which nothing is, and of which nothing depends.
pub fn remove(records: &mut dyn Records, view: &View, actor: &Actor, unit: Id) -> Result<(), Error> {
    actor.may(Action::UnitRemove, Concern::Unit(unit), &view.tree)?;
    let in_use = |what: &str| Err(Error::refused_for(Code::AlreadyThere, format!("the unit has {what}")));
    if unit == view.tree.root() {
        return in_use("all others below it");
    }
    if view.tree.below(unit).len() > 1 {
        return in_use("units below it");
    }
    if view.assignments.iter().any(|assignment| assignment.unit == unit) {
        return in_use("a policy of its own, and the past of that is kept");
    }
    // Whoever enrols with one of these tokens has done so, or finds the unit gone.
    records.enrolment_tokens(view.organisation.id)?;
    if !records.states(view.organisation.id, unit)?.is_empty() {
        return in_use("devices");
    }
    Ok(records.remove_unit(view.organisation.id, unit)?)
}
