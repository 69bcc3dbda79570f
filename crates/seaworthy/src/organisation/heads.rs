//! The signed heads of the holder's ledger, as a device remembers them until it has found them in the ledger itself.
//!
//! The newest head alone would prove little: whoever changes an old entry and adds a new one signs a head that is newer
//! than the one remembered. So each head is remembered until the whole ledger was looked at.

use seaworthy_protocol::{Break, Entry, Head, Ledger};
use serde::{Deserialize, Serialize};

/// Most heads that are remembered; beyond that the second oldest gives way.
const MOST: usize = 256;

/// Heads that acknowledgements carried, oldest first. The first was found in the ledger, or came with the enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Heads(Vec<Head>);

impl Heads {
    /// The head that came with the enrolment.
    pub fn of(first: Head) -> Heads {
        Heads(vec![first])
    }

    /// The newest one.
    pub fn newest(&self) -> Head {
        self.0.last().copied().unwrap_or(Head::EMPTY)
    }

    /// Whether there are heads that were not found in a ledger yet.
    pub fn has_unproved(&self) -> bool {
        self.0.len() > 1
    }

    /// Takes the head of an acknowledgement. It never goes back, and never becomes another one.
    pub fn show(&mut self, shown: Head) -> Result<(), String> {
        let held = self.newest();
        if shown == held {
            return Ok(());
        }
        if shown.sequence < held.sequence {
            return Err(Break::Rewound { has: shown.sequence, signed: held.sequence }.to_string());
        }
        if shown.sequence == held.sequence {
            return Err(Break::Changed(held.sequence).to_string());
        }
        self.0.push(shown);
        if self.0.len() > MOST {
            self.0.remove(1);
        }
        Ok(())
    }

    /// The ledger, if it holds together and every remembered head is in it. From then on only the newest is remembered.
    pub fn prove(&mut self, entries: Vec<Entry>) -> Result<Ledger, Break> {
        let ledger = Ledger::verified(entries, self.newest())?;
        for head in &self.0 {
            let index = head.sequence.checked_sub(1).and_then(|index| usize::try_from(index).ok());
            let entry = index.and_then(|index| ledger.entries().get(index));
            let is_there = entry.is_none_or(|entry| entry.hash().is_ok_and(|hash| hash == head.hash));
            if !is_there {
                return Err(Break::Changed(head.sequence));
            }
        }
        self.0 = vec![self.newest()];
        Ok(ledger)
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_protocol::{Digest, EntryKind, Who};

    use super::*;

    fn ledger(reasons: &[&str]) -> Vec<Entry> {
        let mut head = Head::EMPTY;
        let entry = |why: &&str| {
            let who = Who { id: "person:1".into(), name: "Rita".into(), role: "reviewer".into() };
            let (sequence, previous, at) = (head.sequence + 1, head.hash, "2026-11-24".parse().unwrap());
            let (kind, why, fields) = (EntryKind::Read, (*why).into(), Vec::new());
            let entry = Entry { sequence, at, kind, who, why, fields, query: None, previous };
            head = head.after(&entry).unwrap();
            entry
        };
        reasons.iter().map(entry).collect()
    }

    fn head(entries: &[Entry]) -> Head {
        entries.iter().fold(Head::EMPTY, |head, entry| head.after(entry).unwrap())
    }

    #[test]
    fn a_head_goes_on_and_nothing_else() {
        let whole = ledger(&["a", "b", "c"]);
        let mut heads = Heads::of(head(&whole[..1]));
        assert_eq!(heads.show(head(&whole)), Ok(()));
        assert_eq!(heads.show(head(&whole)), Ok(()));
        assert!(heads.show(head(&whole[..2])).unwrap_err().contains("ends at entry 2, but entry 3 was signed"));
        assert!(heads.show(head(&ledger(&["a", "b", "x"]))).unwrap_err().contains("entry 3 is not the one"));
        assert_eq!(heads.newest(), head(&whole));
        assert!(heads.has_unproved());
        assert_eq!(heads.prove(whole).unwrap().entries().len(), 3);
        assert!(!heads.has_unproved());
    }

    #[test]
    fn an_old_entry_changed_below_a_newer_head_is_found_out() {
        let (before, after) = (ledger(&["a", "b"]), ledger(&["a", "x", "c"]));
        let mut heads = Heads::of(head(&before[..1]));
        heads.show(head(&before)).unwrap();
        heads.show(head(&after)).unwrap();
        assert_eq!(heads.prove(after), Err(Break::Changed(2)));
        assert_eq!(Heads::of(Head::EMPTY).prove(before.clone()).unwrap().head(), head(&before));
    }

    #[test]
    fn many_heads_keep_the_first_and_the_newest() {
        let reasons = vec!["a"; 400];
        let whole = ledger(&reasons);
        let mut heads = Heads::of(head(&whole[..1]));
        for end in 2..=whole.len() {
            heads.show(head(&whole[..end])).unwrap();
        }
        assert_eq!((heads.0.len(), heads.0[0].sequence, heads.newest().sequence), (MOST, 1, 400));
        assert_eq!(heads.newest(), head(&whole));
        assert_ne!(heads.newest().hash, Digest::ZERO);
    }
}
