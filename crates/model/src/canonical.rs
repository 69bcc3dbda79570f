//! Canonical bytes: deterministic CBOR (RFC 8949 §4.2.1), the one form that is hashed, signed and compared.
//!
//! `ciborium` alone accepts duplicate keys, non-minimal integers and trailing bytes, so [`decode`] encodes what it read
//! again and compares: whatever is not the one canonical form is refused.

use ciborium::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Deepest nesting that [`decode`] follows.
const MAX_DEPTH: usize = 32;

/// Why bytes were refused, or a value could not be encoded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// The bytes are not well-formed CBOR of the expected shape.
    #[error("not CBOR of the expected shape: {0}")]
    Malformed(String),
    /// Well-formed, but not the one deterministic form (RFC 8949 §4.2.1), or with keys outside the schema.
    #[error("not deterministic CBOR: the same content has another canonical form")]
    NotCanonical,
    /// The value has no CBOR form.
    #[error("cannot be written as CBOR: {0}")]
    Unencodable(String),
}

/// Deterministic CBOR of a value: definite lengths, shortest integers, map keys in bytewise order of their encoding.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = Value::serialized(value).map_err(|error| CanonicalError::Unencodable(error.to_string()))?;
    to_bytes(&sorted(value)?)
}

/// Reads a value and refuses every byte string but the canonical one, unknown keys included.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let value: T = ciborium::de::from_reader_with_recursion_limit(bytes, MAX_DEPTH)
        .map_err(|error| CanonicalError::Malformed(error.to_string()))?;
    if encode(&value)? == bytes { Ok(value) } else { Err(CanonicalError::NotCanonical) }
}

/// Sorts every map by its encoded keys and refuses duplicates.
pub fn sorted(value: Value) -> Result<Value, CanonicalError> {
    Ok(match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect::<Result<_, _>>()?),
        Value::Tag(tag, inner) => Value::Tag(tag, Box::new(sorted(*inner)?)),
        Value::Map(entries) => Value::Map(sorted_entries(entries)?),
        other => other,
    })
}

fn sorted_entries(entries: Vec<(Value, Value)>) -> Result<Vec<(Value, Value)>, CanonicalError> {
    let mut keyed = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = sorted(key)?;
        keyed.push((to_bytes(&key)?, key, sorted(value)?));
    }
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    if keyed.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
        return Err(CanonicalError::NotCanonical);
    }
    Ok(keyed.into_iter().map(|(_, key, value)| (key, value)).collect())
}

/// The bytes of a value as it stands; `ciborium` writes shortest integers and definite lengths.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| CanonicalError::Unencodable(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn refused(bytes: &[u8]) -> bool {
        decode::<BTreeMap<u64, u64>>(bytes).is_err()
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        assert_eq!(decode::<BTreeMap<u64, u64>>(&[0xa2, 1, 2, 3, 4]).unwrap(), BTreeMap::from([(1, 2), (3, 4)]));
        assert!(refused(&[0xa2, 3, 4, 1, 2]), "keys out of order");
        assert!(refused(&[0xa2, 1, 2, 1, 2]), "duplicate key");
        assert!(refused(&[0xa1, 1, 0x18, 2]), "non-minimal integer");
        assert!(refused(&[0xa1, 1, 2, 0]), "trailing byte");
        assert!(refused(&[0xbf, 1, 2, 0xff]), "indefinite length");
        assert!(refused(&[0x81; 4096]), "deep nesting");
    }
}
