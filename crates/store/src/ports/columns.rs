//! How the service's values stand in columns: ids and digests as bytes, instants as seconds, lists as deterministic CBOR.

use seaworthy_model::{Timestamp, canonical};
use seaworthy_protocol::{Digest, Leaf};
use seaworthy_service::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::driver::{Fault, Row, Value};

impl From<Id> for Value {
    fn from(id: Id) -> Value {
        id.as_bytes().into()
    }
}

impl From<&Digest> for Value {
    fn from(digest: &Digest) -> Value {
        digest.as_bytes().into()
    }
}

impl From<Digest> for Value {
    fn from(digest: Digest) -> Value {
        (&digest).into()
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        at.seconds().into()
    }
}

impl From<Leaf> for Value {
    fn from(leaf: Leaf) -> Value {
        leaf.to_bytes().into()
    }
}

/// A count that may use all 64 bits, kept bit by bit.
pub(super) fn count(number: u64) -> Value {
    number.cast_signed().into()
}

/// A value as deterministic CBOR.
pub(super) fn cbor<T: Serialize>(value: &T) -> Result<Value, seaworthy_service::ports::Fault> {
    let bytes = canonical::encode(value);
    bytes.map(Value::from).map_err(|error| seaworthy_service::ports::Fault::Other(error.to_string()))
}

/// What the service reads from a column.
impl Row {
    pub(super) fn id(&self, column: usize) -> Result<Id, Fault> {
        self.bytes(column).map(Id::from_bytes)
    }

    pub(super) fn optional_id(&self, column: usize) -> Result<Option<Id>, Fault> {
        Ok(self.optional_bytes(column)?.map(Id::from_bytes))
    }

    pub(super) fn digest(&self, column: usize) -> Result<Digest, Fault> {
        self.bytes(column).map(Digest::from_bytes)
    }

    pub(super) fn optional_digest(&self, column: usize) -> Result<Option<Digest>, Fault> {
        Ok(self.optional_bytes(column)?.map(Digest::from_bytes))
    }

    pub(super) fn leaf(&self, column: usize) -> Result<Option<Leaf>, Fault> {
        let Some(bytes) = self.optional_blob(column)? else { return Ok(None) };
        let leaf = Leaf::from_bytes(bytes).ok_or_else(|| Fault::Corrupt(format!("column {column}: not a leaf")))?;
        Ok(Some(leaf))
    }

    pub(super) fn at(&self, column: usize) -> Result<Timestamp, Fault> {
        self.integer(column).map(Timestamp::from_seconds)
    }

    pub(super) fn optional_at(&self, column: usize) -> Result<Option<Timestamp>, Fault> {
        Ok(self.optional_integer(column)?.map(Timestamp::from_seconds))
    }

    pub(super) fn count(&self, column: usize) -> Result<u64, Fault> {
        self.integer(column).map(i64::cast_unsigned)
    }

    pub(super) fn string(&self, column: usize) -> Result<String, Fault> {
        self.text(column).map(str::to_owned)
    }

    pub(super) fn optional_string(&self, column: usize) -> Result<Option<String>, Fault> {
        Ok(self.optional_text(column)?.map(str::to_owned))
    }

    /// A name of a closed list.
    pub(super) fn named<T>(&self, column: usize, from_name: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
        let text = self.text(column)?;
        from_name(text).ok_or_else(|| Fault::Corrupt(format!("column {column}: a name that is not known")))
    }

    /// What [`cbor`] wrote.
    pub(super) fn cbor<T: Serialize + DeserializeOwned>(&self, column: usize) -> Result<T, Fault> {
        canonical::decode(self.blob(column)?).map_err(|error| Fault::Corrupt(format!("column {column}: {error}")))
    }
}
