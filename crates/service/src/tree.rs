//! The tree of an organisation's units.

use std::collections::BTreeMap;

use crate::id::Id;
use crate::ports::Unit;

/// Deepest level of a unit below the root.
pub const MAX_DEPTH: usize = 16;

/// The units of one organisation, ready to be asked who is above whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    organisation: Id,
    root: Id,
    units: BTreeMap<Id, Unit>,
}

impl Tree {
    /// The tree of these units; none where there is not exactly one root, or a unit hangs from nothing.
    pub fn new(organisation: Id, units: Vec<Unit>) -> Option<Tree> {
        let mut roots = units.iter().filter(|unit| unit.parent.is_none());
        let (Some(root), None) = (roots.next().map(|unit| unit.id), roots.next()) else { return None };
        let units: BTreeMap<Id, Unit> = units.into_iter().map(|unit| (unit.id, unit)).collect();
        let tree = Tree { organisation, root, units };
        tree.units.keys().all(|&unit| tree.path(unit).last() == Some(&root)).then_some(tree)
    }

    /// Whose units these are.
    pub fn organisation(&self) -> Id {
        self.organisation
    }

    /// The unit above all others.
    pub fn root(&self) -> Id {
        self.root
    }

    /// Whether there is such a unit.
    pub fn has(&self, unit: Id) -> bool {
        self.units.contains_key(&unit)
    }

    /// A unit.
    pub fn unit(&self, unit: Id) -> Option<&Unit> {
        self.units.get(&unit)
    }

    /// Every unit.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// The unit and those above it, up to the root. Ends early where a unit is missing or a circle would be walked.
    pub fn path(&self, unit: Id) -> Vec<Id> {
        let mut path = Vec::new();
        let mut next = self.units.get(&unit);
        while let Some(unit) = next.filter(|_| path.len() <= MAX_DEPTH) {
            path.push(unit.id);
            next = unit.parent.and_then(|parent| self.units.get(&parent));
        }
        path
    }

    /// The unit and all below it.
    pub fn below(&self, unit: Id) -> Vec<Id> {
        self.units.keys().copied().filter(|&other| self.path(other).contains(&unit)).collect()
    }

    /// Whether a unit may hang from another: no circle, and not too deep.
    pub fn may_hang(&self, unit: Id, parent: Id) -> bool {
        let above = self.path(parent);
        let height = self.below(unit).iter().map(|&other| self.path(other).len()).max().unwrap_or(0);
        let depth = self.path(unit).len();
        !above.is_empty() && !above.contains(&unit) && above.len() + height.saturating_sub(depth) < MAX_DEPTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Id {
        Id::from_bytes([n; 16])
    }

    fn unit(n: u8, parent: Option<u8>) -> Unit {
        Unit { organisation: id(0), id: id(n), parent: parent.map(id), name: n.to_string() }
    }

    #[test]
    fn paths_lead_to_the_root_and_back() {
        let tree = Tree::new(id(0), vec![unit(1, None), unit(2, Some(1)), unit(3, Some(2)), unit(4, Some(1))]).unwrap();
        assert_eq!(tree.path(id(3)), [id(3), id(2), id(1)]);
        assert_eq!(tree.below(id(2)), [id(2), id(3)]);
        assert!(tree.may_hang(id(4), id(3)));
        assert!(!tree.may_hang(id(2), id(3)), "a circle");
        assert!(!tree.may_hang(id(2), id(9)), "from nothing");
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert!(Tree::new(id(0), vec![]).is_none());
        assert!(Tree::new(id(0), vec![unit(1, None), unit(2, None)]).is_none());
        assert!(Tree::new(id(0), vec![unit(1, None), unit(2, Some(9))]).is_none());
        assert!(Tree::new(id(0), vec![unit(1, None), unit(2, Some(3)), unit(3, Some(2))]).is_none());
    }
}
