//! Reads the live lists with two threads: uncompressed ones in parts that end where a
//! stanza ends, compressed ones one thread each.

use std::sync::atomic::{AtomicUsize, Ordering};

use seaworthy_packages::apt::scan::{Found, InvalidIndex, LONGEST_STANZA, Scanner, Wanted};

use super::UpdatesError;
use super::archives::Catalog;
use crate::lists::{self, CHUNK, Encoding, LONGEST_LIST, List, ListError};
use crate::root::Root;

/// Lists shorter than this are not worth a division.
const WORTH_DIVIDING: u64 = 4 << 20;

const THREADS: usize = 2;

/// What the lists of the catalogs have, `None` for those without a list.
pub(super) fn scan(root: &Root, catalogs: &[Catalog], wanted: &Wanted) -> Result<Vec<Option<Found>>, UpdatesError> {
    let mut jobs = Vec::new();
    for (catalog, path) in catalogs.iter().enumerate().filter_map(|(at, catalog)| Some((at, catalog.state.path()?))) {
        let list = std::sync::Arc::new(lists::open(root, path)?);
        for (start, end) in parts(&list)? {
            jobs.push(Job { catalog, list: list.clone(), start, end });
        }
    }
    // The longest first, so that no thread is left alone with it at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| jobs.get(*at).map(|job| std::cmp::Reverse(job.cost())));
    let mut done = work(&jobs, &order, wanted)?;
    done.sort_by_key(|(at, _)| *at);
    let mut found: Vec<Option<Found>> = catalogs.iter().map(|_| None).collect();
    for (job, part) in done.into_iter().filter_map(|(at, part)| Some((jobs.get(at)?, part))) {
        if let Some(slot) = found.get_mut(job.catalog) {
            let whole = slot.get_or_insert_default();
            whole.stanzas += part.stanzas;
            whole.offers.extend(part.offers);
        }
    }
    Ok(found)
}

struct Job {
    catalog: usize,
    list: std::sync::Arc<List>,
    /// Bytes of an uncompressed list; compressed ones are read whole.
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

    fn run(&self, wanted: &Wanted, buffer: &mut Vec<u8>) -> Result<Found, UpdatesError> {
        let mut scanner = Scanner::new(wanted);
        let broken = |source| self.broken(source);
        if self.list.encoding() == Encoding::Plain {
            buffer.resize(CHUNK, 0);
            let mut at = self.start;
            while at < self.end {
                let length = usize::try_from(self.end - at).unwrap_or(CHUNK).min(CHUNK);
                let Some(chunk) = buffer.get_mut(..length) else { break };
                self.list.read_at(chunk, at)?;
                scanner.feed(chunk).map_err(broken)?;
                at += length as u64;
            }
        } else {
            self.list.for_each_chunk(|chunk| scanner.feed(chunk).map_err(broken))?;
        }
        scanner.finish().map_err(broken)
    }

    fn broken(&self, source: InvalidIndex) -> UpdatesError {
        UpdatesError::Index { path: self.list.path().to_owned(), source }
    }
}

/// The results with the index of their job, in no order.
fn work(jobs: &[Job], order: &[usize], wanted: &Wanted) -> Result<Vec<(usize, Found)>, UpdatesError> {
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
        let joined = helpers.into_iter().map(|helper| match helper.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(own).chain(joined).collect()
    });
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}

/// Where to divide a list: at the end of a stanza near the middle.
fn parts(list: &List) -> Result<Vec<(u64, u64)>, ListError> {
    let length = list.stored();
    if list.encoding() == Encoding::Plain && length > LONGEST_LIST {
        return Err(ListError::TooLong { path: list.path().to_owned() });
    }
    if list.encoding() != Encoding::Plain || length < WORTH_DIVIDING {
        return Ok(vec![(0, length)]);
    }
    let middle = length / THREADS as u64;
    let mut window = vec![0; 64 << 10];
    let mut at = middle;
    while at < length && at - middle < LONGEST_STANZA as u64 {
        let size = usize::try_from(length - at).unwrap_or(usize::MAX).min(window.len());
        let Some(chunk) = window.get_mut(..size) else { break };
        list.read_at(chunk, at)?;
        if let Some(end) = memchr::memmem::find(chunk, b"\n\n") {
            let end = at + end as u64 + 2;
            return Ok(vec![(0, end), (end, length)]);
        }
        // The two bytes may lie across the windows.
        at += size as u64 - u64::from(at + (size as u64) < length);
    }
    Ok(vec![(0, length)])
}
