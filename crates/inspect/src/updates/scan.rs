//! Reads the live lists, each once, with two threads: uncompressed ones in parts that end where a stanza ends,
//! compressed ones and those that are hashed from end to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_packages::apt::scan::{Found, InvalidIndex, LONGEST_STANZA, Scanner, Wanted};

use super::UpdatesError;
use super::archives::Catalog;
use crate::hash::{Digest, Hasher};
use crate::lists::{self, CHUNK, Encoding, LONGEST_LIST, List, ListError};
use crate::relay::{joined, relay};
use crate::root::Root;

/// Bytes of an uncompressed list that one thread reads at once.
const PART: u64 = 4 << 20;

const THREADS: usize = 2;

/// What was read in one list.
pub(super) struct Scanned {
    pub(super) found: Found,
    /// Of a list that was hashed besides.
    pub(super) digest: Option<Digest>,
}

/// What the lists of the catalogs have, `None` for those without a list. The lists of archives that stand as true in
/// `hashed` are hashed in the same reading, as far as their Release files say that they go.
pub(super) fn scan(
    root: &Root,
    catalogs: &[Catalog],
    hashed: &[bool],
    wanted: &Wanted,
) -> Result<Vec<Option<Scanned>>, UpdatesError> {
    let mut jobs = Vec::new();
    for (at, catalog) in catalogs.iter().enumerate() {
        let Some(path) = catalog.state.path() else { continue };
        let is_hashed = hashed.get(catalog.archive).copied().unwrap_or(false);
        let limit = catalog.checksum.as_ref().filter(|_| is_hashed).map(|checksum| checksum.size);
        let list = Arc::new(lists::open(root, path)?);
        for (start, end) in parts(&list, limit.is_some())? {
            jobs.push(Job { catalog: at, list: list.clone(), limit, start, end });
        }
    }
    // The longest first, so that no thread is left alone with it at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| jobs.get(*at).map(|job| std::cmp::Reverse(job.cost())));
    let mut done = work(&jobs, &order, wanted)?;
    done.sort_by_key(|(at, _)| *at);
    let mut scanned: Vec<Option<Scanned>> = catalogs.iter().map(|_| None).collect();
    for (job, part) in done.into_iter().filter_map(|(at, part)| Some((jobs.get(at)?, part))) {
        match scanned.get_mut(job.catalog) {
            Some(Some(whole)) => {
                whole.found.stanzas += part.found.stanzas;
                whole.found.offers.extend(part.found.offers);
            }
            Some(slot) => *slot = Some(part),
            None => {}
        }
    }
    Ok(scanned)
}

struct Job {
    catalog: usize,
    list: Arc<List>,
    /// Hashed as far as this.
    limit: Option<u64>,
    /// Bytes of an uncompressed list; compressed and hashed ones are read whole.
    start: u64,
    end: u64,
}

impl Job {
    fn cost(&self) -> u64 {
        match self.list.encoding() {
            Encoding::Plain => self.end - self.start,
            _ => self.list.stored() * 16,
        }
    }

    fn run(&self, wanted: &Wanted, buffer: &mut Vec<u8>) -> Result<Scanned, UpdatesError> {
        let scanner = Scanner::new(wanted);
        match (self.limit, self.list.encoding()) {
            (Some(limit), _) => self.scan_and_hash(scanner, limit),
            (None, Encoding::Plain) => self.scan_part(scanner, buffer),
            (None, _) => self.scan_unpacked(scanner),
        }
    }

    fn scan_part(&self, mut scanner: Scanner<'_>, buffer: &mut Vec<u8>) -> Result<Scanned, UpdatesError> {
        buffer.resize(CHUNK, 0);
        let mut at = self.start;
        while at < self.end {
            let length = usize::try_from(self.end - at).unwrap_or(CHUNK).min(CHUNK);
            let Some(chunk) = buffer.get_mut(..length) else { break };
            self.list.read_at(chunk, at)?;
            scanner.feed(chunk).map_err(|source| self.broken(source))?;
            at += length as u64;
        }
        self.scanned(scanner, None)
    }

    /// Unpacks on this thread and scans on another.
    fn scan_unpacked(&self, mut scanner: Scanner<'_>) -> Result<Scanned, UpdatesError> {
        let mut fed = Ok(());
        let take = |block: &[u8]| {
            fed = scanner.feed(block);
            fed.is_ok()
        };
        let read = relay(take, |onward| {
            self.list.for_each_chunk(|chunk| if onward.pass(chunk) { Ok(()) } else { Err(Ended(None)) })
        });
        fed.map_err(|source| self.broken(source))?;
        if let Err(Ended(Some(error))) = read {
            return Err(error.into());
        }
        self.scanned(scanner, None)
    }

    /// Reads and scans on this thread and hashes on another: without SHA instructions hashing takes the longest of all
    /// an inspection does.
    fn scan_and_hash(&self, mut scanner: Scanner<'_>, limit: u64) -> Result<Scanned, UpdatesError> {
        let mut hasher = Hasher::new(limit);
        let take = |block: &[u8]| {
            hasher.feed(block);
            true
        };
        relay(take, |onward| {
            self.list.for_each_chunk(|chunk| {
                onward.pass(chunk);
                scanner.feed(chunk).map_err(|source| self.broken(source))
            })
        })?;
        self.scanned(scanner, Some(hasher.finish()))
    }

    fn scanned(&self, scanner: Scanner<'_>, digest: Option<Digest>) -> Result<Scanned, UpdatesError> {
        let found = scanner.finish().map_err(|source| self.broken(source))?;
        Ok(Scanned { found, digest })
    }

    fn broken(&self, source: InvalidIndex) -> UpdatesError {
        UpdatesError::Index { path: self.list.path().to_owned(), source }
    }
}

/// Reading ended before the list: the scanner wanted no more, or this happened.
struct Ended(Option<ListError>);

impl From<ListError> for Ended {
    fn from(error: ListError) -> Ended {
        Ended(Some(error))
    }
}

/// The results with the index of their job, in no order.
fn work(jobs: &[Job], order: &[usize], wanted: &Wanted) -> Result<Vec<(usize, Scanned)>, UpdatesError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        let mut buffer = Vec::new();
        while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            if let Some(job) = jobs.get(at) {
                done.push((at, job.run(wanted, &mut buffer)?));
            }
        }
        Ok(done)
    };
    let mut all = Vec::new();
    let results: Vec<Result<Vec<_>, UpdatesError>> = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..THREADS.min(jobs.len())).map(|_| scope.spawn(worker)).collect();
        let own = worker();
        std::iter::once(own).chain(helpers.into_iter().map(joined)).collect()
    });
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}

/// A list in parts that end where a stanza does, small enough that no thread waits long for another. One that is
/// compressed or hashed is read from end to end.
fn parts(list: &List, is_hashed: bool) -> Result<Vec<(u64, u64)>, ListError> {
    let length = list.stored();
    if list.encoding() == Encoding::Plain && length > LONGEST_LIST {
        return Err(ListError::TooLong { path: list.path().to_owned() });
    }
    if list.encoding() != Encoding::Plain || is_hashed {
        return Ok(vec![(0, length)]);
    }
    let (mut parts, mut start) = (Vec::new(), 0);
    while length - start > PART {
        let end = end_of_stanza(list, start + PART)?;
        parts.push((start, end));
        start = end;
    }
    parts.push((start, length));
    Ok(parts)
}

/// The end of the stanza at an offset; of one that is too long to be any, the end of the list.
fn end_of_stanza(list: &List, offset: u64) -> Result<u64, ListError> {
    let length = list.stored();
    let mut window = [0; 4 << 10];
    let mut at = offset;
    while at < length && at - offset < LONGEST_STANZA as u64 {
        let size = usize::try_from(length - at).unwrap_or(usize::MAX).min(window.len());
        let Some(chunk) = window.get_mut(..size) else { break };
        list.read_at(chunk, at)?;
        if let Some(end) = memchr::memmem::find(chunk, b"\n\n") {
            return Ok(at + end as u64 + 2);
        }
        // The two bytes may lie across the windows.
        at += size as u64 - u64::from(at + (size as u64) < length);
    }
    Ok(length)
}
