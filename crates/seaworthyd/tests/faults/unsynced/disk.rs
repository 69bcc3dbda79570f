//! A disk that was cut off: what was synced is there, and of the rest what luck left.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::trace::Event;
use crate::kit::Luck;

/// What a disk writes at once.
const SECTOR: usize = 512;

/// What becomes of writes that were not synced.
#[derive(Clone, Copy, Debug)]
pub enum Unsynced {
    /// None of them arrived.
    Lost,
    /// All of them arrived.
    Kept,
    /// Each arrived or not, some of them in part.
    Mixed,
}

/// Whether a sync does what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    Honest,
    Lying,
}

/// Files by name, and their bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of a folder.
pub fn files(folder: &Path) -> Files {
    let entries =
        fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file());
    let read = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    entries.map(read).collect()
}

/// What is found after the cut: the files as they were at first, and the events before the cut.
pub fn after_the_cut(base: &Files, events: &[Event], disk: Disk, unsynced: Unsynced, luck: &mut Luck) -> Files {
    let (mut found, synced) = (base.clone(), if disk == Disk::Honest { synced(events) } else { BTreeMap::new() });
    for (place, event) in events.iter().enumerate() {
        let reached = |name: &str| synced.get(name).is_some_and(|since| place < *since);
        match event {
            // A name is the folder's to keep.
            Event::Made { name } if reached("") || lucky(unsynced, luck) => {
                found.entry(name.clone()).or_default();
            }
            Event::Unlinked { name } if reached("") || lucky(unsynced, luck) => {
                found.remove(name);
            }
            Event::Cut { name, length } if reached(name) || lucky(unsynced, luck) => {
                change(&mut found, name, |bytes| bytes.resize(*length, 0));
            }
            Event::Written { name, at, bytes } if reached(name) => write(&mut found, name, *at, bytes),
            Event::Written { name, at, bytes } => {
                for (sector, bytes) in bytes.chunks(SECTOR).enumerate() {
                    if lucky(unsynced, luck) {
                        write(&mut found, name, at + sector * SECTOR, bytes);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Up to which event each file is synced for sure.
fn synced(events: &[Event]) -> BTreeMap<&str, usize> {
    let mut synced = BTreeMap::new();
    for event in events {
        if let Event::Synced { name, since } = event {
            let reached = synced.entry(name.as_str()).or_default();
            *reached = (*since).max(*reached);
        }
    }
    synced
}

fn lucky(unsynced: Unsynced, luck: &mut Luck) -> bool {
    match unsynced {
        Unsynced::Lost => false,
        Unsynced::Kept => true,
        Unsynced::Mixed => luck.within(0, 2) == 0,
    }
}

/// A file whose name was lost has nothing to change.
fn change(found: &mut Files, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    if let Some(bytes) = found.get_mut(name) {
        change(bytes);
    }
}

fn write(found: &mut Files, name: &str, at: usize, bytes: &[u8]) {
    change(found, name, |file| {
        let end = at + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at..end].copy_from_slice(bytes);
    });
}
