//! `Packages` as a stream: deb-control(5), Debian repository format.
//!
//! An index of Debian has 66,000 stanzas in 50 MB, and a device has a thousand packages.
//! The scanner finds the ends of stanzas, looks each name up among the wanted ones, and
//! reads only those that hit. It borrows nothing across chunks but a partial stanza.

use std::hash::BuildHasher;

use memchr::memmem::Finder;
use rustc_hash::{FxBuildHasher, FxHashSet};
use thiserror::Error;

use super::identity::Identity;
use crate::deb822::Stanza;
use crate::record::{InvalidRecord, Record};

/// No stanza is longer: apt gives up at the same size.
pub const LONGEST_STANZA: usize = 1 << 20;

/// No archive offers more versions of the packages that one device has.
pub const MOST_OFFERS: usize = 500_000;

/// What makes an index unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidIndex {
    /// A stanza of more than 1 MiB, or bytes that are no stanzas at all.
    #[error("a stanza is longer than 1 MiB")]
    LongStanza,
    /// More versions than any archive has.
    #[error("the index has more than {MOST_OFFERS} versions of installed packages")]
    ManyVersions,
    /// A stanza names no package, or in bytes that are not text.
    #[error(transparent)]
    Record(#[from] InvalidRecord),
    /// A carriage return in a name: the index has foreign line ends.
    #[error("the index has carriage returns")]
    CarriageReturn,
}

/// The names to look for, in lower case.
#[derive(Debug, Clone)]
pub struct Wanted {
    names: FxHashSet<Box<[u8]>>,
    /// A bit for the hash of each name: nearly all names of an index are told apart here, in 2 KiB that stay in the
    /// nearest cache.
    filter: Box<[u64; WORDS]>,
}

const WORDS: usize = 256;

impl<'a> FromIterator<&'a str> for Wanted {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut wanted = Self { names: FxHashSet::default(), filter: Box::new([0; WORDS]) };
        for name in names {
            let (word, bit) = place(name.as_bytes());
            wanted.filter.get_mut(word).into_iter().for_each(|word| *word |= bit);
            wanted.names.insert(name.as_bytes().into());
        }
        wanted
    }
}

impl Wanted {
    /// A name found in an index, which apt folds to lower case.
    fn has(&self, name: &[u8]) -> bool {
        // No byte of a name in lower case stands in that column of the table.
        let is_folded = !name.iter().fold(false, |upper, byte| upper | (byte & 0xe0 == 0x40));
        if is_folded { self.has_folded(name) } else { self.has_folded(&name.to_ascii_lowercase()) }
    }

    fn has_folded(&self, name: &[u8]) -> bool {
        let (word, bit) = place(name);
        self.filter.get(word).is_some_and(|word| word & bit != 0) && self.names.contains(name)
    }
}

/// Where the filter has the bit of a name.
fn place(name: &[u8]) -> (usize, u64) {
    let [word, bit, ..] = FxBuildHasher.hash_one(name).to_be_bytes();
    (usize::from(word), 1 << (bit & 63))
}

/// A version of a wanted package that an index offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name in lower case.
    pub package: Box<str>,
    /// As written.
    pub architecture: Box<str>,
    /// As written.
    pub version: Box<str>,
    /// `None` where it is the package's own name.
    pub source: Option<Box<str>>,
    /// `None` where it is the package's own version.
    pub source_version: Option<Box<str>>,
    /// What tells builds apart.
    pub identity: Identity,
    /// Percent of machines that get it; `None` is all.
    pub phased_percentage: Option<u8>,
    /// The system would not do without the package.
    pub is_indispensable: bool,
}

impl Offer {
    fn of(record: &Record<'_>) -> Option<Self> {
        let version = record.version?;
        let other = |value: &str, own: &str| (value != own).then(|| Box::from(value));
        Some(Self {
            package: Box::from(&*record.package),
            architecture: Box::from(record.architecture),
            version: Box::from(version),
            source: other(&record.source, &record.package),
            source_version: other(&record.source_version, version),
            identity: record.identity,
            phased_percentage: record.phased_percentage,
            is_indispensable: record.relations.indispensable,
        })
    }
}

/// Reads an index chunk by chunk.
#[derive(Debug)]
pub struct Scanner<'w> {
    wanted: &'w Wanted,
    blank_line: Finder<'static>,
    /// The start of a stanza whose end has not come.
    partial: Vec<u8>,
    offers: Vec<Offer>,
    stanzas: usize,
}

impl<'w> Scanner<'w> {
    /// A scanner at the start of an index.
    #[must_use]
    pub fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, blank_line: Finder::new(b"\n\n"), partial: Vec::new(), offers: Vec::new(), stanzas: 0 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The index is unusable; the scanner must not be used further.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), InvalidIndex> {
        let mut chunk = chunk;
        if !self.partial.is_empty() {
            match self.complete_partial(chunk)? {
                Some(rest) => chunk = rest,
                None => return Ok(()),
            }
        }
        let rest = self.whole(chunk)?;
        self.keep(rest)
    }

    /// Takes the last stanza, which needs no empty line after it, and gives what was
    /// found, in the order of the index.
    ///
    /// # Errors
    /// As [`Scanner::feed`].
    pub fn finish(mut self) -> Result<Found, InvalidIndex> {
        let last = std::mem::take(&mut self.partial);
        self.all(&last)?;
        Ok(Found { offers: self.offers, stanzas: self.stanzas })
    }

    /// Joins the start of a chunk to the partial stanza. `None` where the stanza still
    /// has no end, else the rest of the chunk.
    fn complete_partial<'c>(&mut self, chunk: &'c [u8]) -> Result<Option<&'c [u8]>, InvalidIndex> {
        let end = if self.partial.last() == Some(&b'\n') && chunk.first() == Some(&b'\n') {
            1
        } else {
            match self.blank_line.find(chunk) {
                Some(at) => at + 2,
                None => {
                    self.keep(chunk)?;
                    return Ok(None);
                }
            }
        };
        let (head, rest) = chunk.split_at_checked(end).unwrap_or((chunk, &[]));
        self.keep(head)?;
        let stanza = std::mem::take(&mut self.partial);
        self.all(&stanza)?;
        self.partial = stanza;
        self.partial.clear();
        Ok(Some(rest))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), InvalidIndex> {
        if self.partial.len() + bytes.len() > LONGEST_STANZA {
            return Err(InvalidIndex::LongStanza);
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes a text that ends where a stanza does.
    fn all(&mut self, text: &[u8]) -> Result<(), InvalidIndex> {
        let last = self.whole(text)?;
        self.stanza(last)
    }

    /// Takes the whole stanzas of a text and gives what follows the last of them.
    fn whole<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], InvalidIndex> {
        let finder = self.blank_line.clone();
        let mut start = 0;
        for at in finder.find_iter(text) {
            if let Some(stanza) = text.get(start..at + 1) {
                self.stanza(stanza)?;
            }
            start = at + 2;
        }
        Ok(text.get(start..).unwrap_or_default())
    }

    fn stanza(&mut self, stanza: &[u8]) -> Result<(), InvalidIndex> {
        let mut stanza = stanza;
        while let [b'\n', rest @ ..] = stanza {
            stanza = rest;
        }
        if stanza.is_empty() {
            return Ok(());
        }
        self.stanzas += 1;
        // Every archive's tool writes the name first; others are read the slow way.
        let name = stanza.strip_prefix(b"Package: ").and_then(|rest| rest.get(..memchr::memchr(b'\n', rest)?));
        match name {
            Some(name) if !self.wanted.has(name) => match name.last() {
                Some(b' ' | b'\t') => self.read(stanza),
                Some(b'\r') => Err(InvalidIndex::CarriageReturn),
                _ => Ok(()),
            },
            _ => self.read(stanza),
        }
    }

    fn read(&mut self, stanza: &[u8]) -> Result<(), InvalidIndex> {
        let record = Record::parse(Stanza::new(stanza))?;
        if self.wanted.has(record.package.as_bytes()) {
            if self.offers.len() >= MOST_OFFERS {
                return Err(InvalidIndex::ManyVersions);
            }
            self.offers.extend(Offer::of(&record));
        }
        Ok(())
    }
}

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Versions of wanted packages, in the order of the index.
    pub offers: Vec<Offer>,
    /// How many stanzas there were, wanted or not.
    pub stanzas: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INDEX: &str = "Package: a\nVersion: 1\nArchitecture: amd64\n\n\nPackage: B\nSource: s (2)\n\
        Version: 3\nArchitecture: all\n\nVersion: 4\nPackage: a\n\nPackage: c\nVersion: 1\n";

    fn scan(chunks: &[&[u8]]) -> Result<Found, InvalidIndex> {
        let wanted: Wanted = ["a", "b"].into_iter().collect();
        let mut scanner = Scanner::new(&wanted);
        for chunk in chunks {
            scanner.feed(chunk)?;
        }
        scanner.finish()
    }

    #[test]
    fn the_same_in_any_chunks() {
        let whole = scan(&[INDEX.as_bytes()]).unwrap();
        let versions: Vec<_> = whole.offers.iter().map(|offer| (&*offer.package, &*offer.version)).collect();
        assert_eq!(versions, [("a", "1"), ("b", "3"), ("a", "4")]);
        assert_eq!(whole.stanzas, 4);
        assert_eq!(whole.offers[1].source.as_deref(), Some("s"));
        for size in 1..INDEX.len() {
            let chunks: Vec<_> = INDEX.as_bytes().chunks(size).collect();
            assert_eq!(scan(&chunks).unwrap(), whole, "chunks of {size}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(scan(&[b"Version: 1\n\n"]), Err(InvalidRecord::NoPackage.into()));
        assert_eq!(scan(&[b"Package: x\r\n\r\nPackage: y\r\n"]), Err(InvalidIndex::CarriageReturn));
        let long = vec![b'x'; LONGEST_STANZA];
        assert_eq!(scan(&[&long, b"x"]), Err(InvalidIndex::LongStanza));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_chunks(text in "(Package: [abc]\n|\n|[a-z:]{0,4}\n){0,12}", size in 1_usize..20) {
            let chunks: Vec<_> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(scan(&chunks), scan(&[text.as_bytes()]));
        }

        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = scan(&[&text]);
        }
    }
}
