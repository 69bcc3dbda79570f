//! Bundles of entries: up to 256, each after its length in two bytes.

use std::cmp::Ordering;
use std::ops::Range;

use crate::path::{BundlePath, FULL};

/// Longest entry in bytes.
pub const MAX_ENTRY: usize = 65_535;

/// Why bytes are no bundle, or an entry goes into none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// An entry is cut short.
    #[error("{0} ends within an entry")]
    Cut(BundlePath),
    /// It has another number of entries than its path says.
    #[error("{path} has {} entries", if *.more { "more" } else { "fewer" })]
    Width {
        /// The bundle.
        path: BundlePath,
        /// Whether there are more than its path says.
        more: bool,
    },
    /// An entry is too long.
    #[error("an entry has {0} bytes; at most {MAX_ENTRY} go into a log")]
    TooLong(usize),
}

/// Entries of a log that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
}

impl Bundle {
    /// Reads a bundle that must have the width of its path, and nothing after it.
    pub fn parse(path: &BundlePath, bytes: Vec<u8>) -> Result<Bundle, BundleFault> {
        let (bundle, rest) = Bundle::scan(bytes);
        match bundle.len().cmp(&usize::from(path.width())) {
            Ordering::Equal if rest == 0 => Ok(bundle),
            Ordering::Less if rest > 0 => Err(BundleFault::Cut(*path)),
            Ordering::Less => Err(BundleFault::Width { path: *path, more: false }),
            _ => Err(BundleFault::Width { path: *path, more: true }),
        }
    }

    /// Reads entries as far as they are whole, at most 256; and how many bytes are left over.
    pub(crate) fn scan(bytes: Vec<u8>) -> (Bundle, usize) {
        let mut spans = Vec::with_capacity(usize::from(FULL));
        let mut at = 0;
        while spans.len() < usize::from(FULL)
            && let Some(span) = span(&bytes, at)
        {
            at = span.end;
            spans.push(span);
        }
        let rest = bytes.len() - at;
        (Bundle { bytes, spans }, rest)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether it has none; what was read never is.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// An entry, counted from the bundle's first.
    pub fn get(&self, position: usize) -> Option<&[u8]> {
        self.bytes.get(self.spans.get(position)?.clone())
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().filter_map(|span| self.bytes.get(span.clone()))
    }

    /// The bytes of the first entries, as the partial bundle of them has them.
    pub(crate) fn first(&self, entries: usize) -> Option<&[u8]> {
        let end = entries.checked_sub(1).map_or(Some(0), |last| self.spans.get(last).map(|span| span.end))?;
        self.bytes.get(..end)
    }
}

/// Where the entry lies whose length stands at a place.
fn span(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let length = bytes.get(at..)?.first_chunk::<2>()?;
    let start = at + 2;
    let end = start + usize::from(u16::from_be_bytes(*length));
    (end <= bytes.len()).then_some(start..end)
}

/// Appends an entry to the bytes of a bundle.
pub fn append_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleFault> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleFault::TooLong(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(width: u16) -> BundlePath {
        BundlePath::new(0, width).unwrap()
    }

    #[test]
    fn a_bundle_is_what_its_path_says() {
        let bytes = b"\0\x03one\0\0\0\x01x".to_vec();
        let bundle = Bundle::parse(&path(3), bytes.clone()).unwrap();
        assert_eq!(bundle.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"x"]);
        assert_eq!(bundle.first(2), Some(&b"\0\x03one\0\0"[..]));
        assert_eq!(
            Bundle::parse(&path(2), bytes.clone()).unwrap_err(),
            BundleFault::Width { path: path(2), more: true }
        );
        assert_eq!(
            Bundle::parse(&path(4), bytes.clone()).unwrap_err(),
            BundleFault::Width { path: path(4), more: false }
        );
        let cut = Bundle::parse(&path(3), bytes[..9].to_vec()).unwrap_err();
        assert_eq!(cut.to_string(), "tile/entries/000.p/3 ends within an entry");
        assert_eq!(append_entry(&mut Vec::new(), &vec![0; 65_536]), Err(BundleFault::TooLong(65_536)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..256)) {
            let mut bytes = Vec::new();
            for entry in &entries {
                append_entry(&mut bytes, entry).unwrap();
            }
            let bundle = Bundle::parse(&path(entries.len() as u16), bytes.clone()).unwrap();
            prop_assert!(bundle.iter().eq(entries.iter().map(Vec::as_slice)));
            prop_assert_eq!(bundle.first(entries.len()), Some(&bytes[..]));
        }

        #[test]
        fn any_bytes(bytes: Vec<u8>, width in 1_u16..=256) {
            let _ = Bundle::parse(&path(width), bytes);
        }
    }
}
