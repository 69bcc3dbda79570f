//! The CBOR of stamps: a writer that can only produce the deterministic form (RFC 8949 §4.2.1), and a reader that
//! accepts nothing else. Own code, because general decoders forgive what a signature format must not: duplicate keys,
//! longer integers than needed, indefinite lengths, bytes that trail.

use seaworthy_model::Timestamp;

/// Deepest nesting of any message read here; stamps use six levels.
const MAX_DEPTH: usize = 12;

/// What is wrong with the form of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not well-formed CBOR, or cut short.
    Malformed,
    /// Bytes follow the message.
    TrailingBytes,
    /// A length is left open (RFC 8949 §3.2).
    IndefiniteLength,
    /// An integer or length is written longer than needed.
    LongInteger,
    /// A map has a key twice.
    DuplicateKey,
    /// A map's keys are not in bytewise order of their encoding.
    KeyOrder,
    /// Nested deeper than any message of ours.
    TooDeep,
    /// Well-formed, but not what stands at this place.
    Shape,
}

/// The first byte of an item and its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// An integer from zero up.
    Unsigned(u64),
    /// The integer −1 − n.
    Negative(u64),
    /// A byte string of this many bytes.
    Bytes(usize),
    /// A text of this many bytes.
    Text(usize),
    /// An array of this many items.
    Array(usize),
    /// A map of this many pairs.
    Map(usize),
    /// A tag of this number.
    Tag(u64),
    /// false, true, null, undefined or another simple value.
    Simple(u8),
    /// A floating-point number, whose bits are skipped.
    Float,
}

/// Reads one item after the other, strictly.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The head of the next item.
    pub(crate) fn head(&mut self) -> Result<Head, Fault> {
        let first = self.byte()?;
        let (major, short) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(short);
        }
        let value = self.argument(short)?;
        let length = || usize::try_from(value).map_err(|_| Fault::Malformed);
        Ok(match major {
            0 => Head::Unsigned(value),
            1 => Head::Negative(value),
            2 => Head::Bytes(length()?),
            3 => Head::Text(length()?),
            4 => Head::Array(length()?),
            5 => Head::Map(length()?),
            _ => Head::Tag(value),
        })
    }

    fn argument(&mut self, short: u8) -> Result<u64, Fault> {
        let (width, least) = match short {
            0..=23 => return Ok(u64::from(short)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 => return Err(Fault::IndefiniteLength),
            _ => return Err(Fault::Malformed),
        };
        let value = self.take(width)?.iter().fold(0, |value, &byte| (value << 8) | u64::from(byte));
        if value < least { Err(Fault::LongInteger) } else { Ok(value) }
    }

    fn simple(&mut self, short: u8) -> Result<Head, Fault> {
        let width = match short {
            0..=23 => return Ok(Head::Simple(short)),
            24 => {
                let value = self.byte()?;
                return if value < 32 { Err(Fault::Malformed) } else { Ok(Head::Simple(value)) };
            }
            25 => 2,
            26 => 4,
            27 => 8,
            31 => return Err(Fault::IndefiniteLength),
            _ => return Err(Fault::Malformed),
        };
        self.take(width)?;
        Ok(Head::Float)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1)?.first().copied().ok_or(Fault::Malformed)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(length).ok_or(Fault::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Fault::Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn taken_since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Refuses what follows the message.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Fault::TrailingBytes) }
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Fault> {
        match self.head()? {
            Head::Unsigned(value) => Ok(value),
            _ => Err(Fault::Shape),
        }
    }

    /// An integer of either sign.
    pub(crate) fn integer(&mut self) -> Result<i64, Fault> {
        let (value, negative) = match self.head()? {
            Head::Unsigned(value) => (value, false),
            Head::Negative(value) => (value, true),
            _ => return Err(Fault::Shape),
        };
        let value = i64::try_from(value).map_err(|_| Fault::Shape)?;
        Ok(if negative { -1 - value } else { value })
    }

    /// Seconds since 1970, as far as instants reach.
    pub(crate) fn instant(&mut self) -> Result<Timestamp, Fault> {
        let seconds = self.integer()?;
        Some(Timestamp::from_seconds(seconds)).filter(|instant| instant.seconds() == seconds).ok_or(Fault::Shape)
    }

    pub(crate) fn byte_string(&mut self) -> Result<&'a [u8], Fault> {
        match self.head()? {
            Head::Bytes(length) => self.take(length),
            _ => Err(Fault::Shape),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        match self.head()? {
            Head::Text(length) => str::from_utf8(self.take(length)?).map_err(|_| Fault::Malformed),
            _ => Err(Fault::Shape),
        }
    }

    pub(crate) fn array(&mut self) -> Result<usize, Fault> {
        match self.head()? {
            Head::Array(length) => Ok(length),
            _ => Err(Fault::Shape),
        }
    }

    pub(crate) fn map(&mut self) -> Result<usize, Fault> {
        match self.head()? {
            Head::Map(length) => Ok(length),
            _ => Err(Fault::Shape),
        }
    }

    /// The number of the tag that stands here, if one does.
    pub(crate) fn tag(&mut self) -> Result<Option<u64>, Fault> {
        match self.head()? {
            Head::Tag(tag) => Ok(Some(tag)),
            _ => Ok(None),
        }
    }

    /// Passes over one item, and checks the form of everything in it.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        self.skip_within(MAX_DEPTH)
    }

    fn skip_within(&mut self, depth: usize) -> Result<(), Fault> {
        let inner = depth.checked_sub(1).ok_or(Fault::TooDeep)?;
        match self.head()? {
            Head::Bytes(length) => self.take(length).map(drop),
            Head::Text(length) => str::from_utf8(self.take(length)?).map(drop).map_err(|_| Fault::Malformed),
            Head::Array(length) => (0..length).try_for_each(|_| self.skip_within(inner)),
            Head::Map(length) => self.skip_pairs(length, inner),
            Head::Tag(_) => self.skip_within(inner),
            Head::Unsigned(_) | Head::Negative(_) | Head::Simple(_) | Head::Float => Ok(()),
        }
    }

    fn skip_pairs(&mut self, length: usize, depth: usize) -> Result<(), Fault> {
        let first = self.clone();
        let mut last: &[u8] = &[];
        for index in 0..length {
            let start = self.at;
            self.skip_within(depth)?;
            let key = self.taken_since(start);
            if key <= last {
                return Err(if first.has_key(index, key) { Fault::DuplicateKey } else { Fault::KeyOrder });
            }
            last = key;
            self.skip_within(depth)?;
        }
        Ok(())
    }

    /// Whether one of the next `pairs` pairs, which were passed over once already, has this key.
    fn has_key(mut self, pairs: usize, key: &[u8]) -> bool {
        (0..pairs).any(|_| {
            let start = self.at;
            let skipped = self.skip();
            let found = self.taken_since(start) == key;
            skipped.and_then(|()| self.skip()).is_err() || found
        })
    }
}

/// Checks that the bytes are one item in deterministic form, and nothing else.
pub(crate) fn check_form(bytes: &[u8]) -> Result<(), Fault> {
    let mut reader = Reader::new(bytes);
    reader.skip()?;
    reader.end()
}

/// Writes items in their shortest form. The order of keys is the caller's duty; a test holds it to that.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Writer {
        Writer { bytes: Vec::with_capacity(capacity) }
    }

    fn head(&mut self, major: u8, value: u64) -> &mut Writer {
        let major = major << 5;
        let all = value.to_be_bytes();
        let (short, skipped) = match value {
            // The argument fits the first byte.
            0..=23 => (all.last().copied().unwrap_or_default(), all.len()),
            24..=0xff => (24, 7),
            0x100..=0xffff => (25, 6),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 0),
        };
        self.bytes.push(major | short);
        self.bytes.extend(all.iter().skip(skipped));
        self
    }

    pub(crate) fn unsigned(&mut self, value: u64) -> &mut Writer {
        self.head(0, value)
    }

    pub(crate) fn integer(&mut self, value: i64) -> &mut Writer {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            Err(_) => self.head(1, value.wrapping_add(1).unsigned_abs()),
        }
    }

    pub(crate) fn byte_string(&mut self, bytes: &[u8]) -> &mut Writer {
        self.head(2, bytes.len() as u64);
        self.raw(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Writer {
        self.head(3, text.len() as u64);
        self.raw(text.as_bytes())
    }

    pub(crate) fn array(&mut self, length: u64) -> &mut Writer {
        self.head(4, length)
    }

    pub(crate) fn map(&mut self, length: u64) -> &mut Writer {
        self.head(5, length)
    }

    pub(crate) fn tag(&mut self, tag: u64) -> &mut Writer {
        self.head(6, tag)
    }

    /// Bytes that are encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Writer {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_fault_of_form_has_its_name() {
        let cases: [(&[u8], Fault); 13] = [
            (&[], Fault::Malformed),
            (&[0x1c], Fault::Malformed),
            (&[0x42, 1], Fault::Malformed),
            (&[0x61, 0xff], Fault::Malformed),
            (&[0x01, 0x01], Fault::TrailingBytes),
            (&[0x9f, 0xff], Fault::IndefiniteLength),
            (&[0x18, 0x17], Fault::LongInteger),
            (&[0x58, 0x01, 0xaa], Fault::LongInteger),
            (&[0xa2, 1, 0, 1, 0], Fault::DuplicateKey),
            (&[0xa3, 1, 0, 2, 0, 1, 0], Fault::DuplicateKey),
            (&[0xa2, 2, 0, 1, 0], Fault::KeyOrder),
            (&[0x81; 64], Fault::TooDeep),
            (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Fault::Malformed),
        ];
        for (bytes, fault) in cases {
            assert_eq!(check_form(bytes), Err(fault), "{bytes:02x?}");
        }
    }

    #[test]
    fn the_writer_writes_what_ciborium_writes() {
        for value in
            [0, 1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, i64::MAX, -1, -19, -256, i64::MIN]
        {
            let mut writer = Writer::default();
            writer.integer(value);
            let mut theirs = Vec::new();
            ciborium::into_writer(&value, &mut theirs).unwrap();
            let ours = writer.into_bytes();
            assert_eq!(ours, theirs);
            assert_eq!(Reader::new(&ours).integer(), Ok(value));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = check_form(&bytes);
        }

        /// What passes the check is what a general decoder reads, and writes again byte for byte.
        #[test]
        fn what_passes_is_deterministic(bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
            let mut reader = Reader::new(&bytes);
            let floats = bytes.iter().any(|byte| byte >> 5 >= 6);
            if reader.skip().is_ok() && reader.end().is_ok() && !floats {
                let value: ciborium::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
                let mut again = Vec::new();
                ciborium::into_writer(&value, &mut again).unwrap();
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
