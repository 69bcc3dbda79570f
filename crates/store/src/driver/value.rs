//! What goes into a statement and comes out of a row.

/// A value of a column or a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, of any type.
    Null,
    /// `INTEGER`: 64 bits.
    Integer(i64),
    /// `TEXT`, without U+0000.
    Text(String),
    /// `BLOB`.
    Blob(Vec<u8>),
    /// Blobs, texts or integers, for `UNNEST`: into PostgreSQL alone, never out of it.
    List(Vec<Value>),
}

impl Value {
    /// What the kind of value is called in an error.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Integer(_) => "integer",
            Value::Text(_) => "text",
            Value::Blob(_) => "blob",
            Value::List(_) => "list",
        }
    }

    /// Text that no database here keeps.
    pub(crate) fn is_unfit(&self) -> bool {
        match self {
            Value::Text(text) => text.contains('\0'),
            Value::List(values) => values.iter().any(Value::is_unfit),
            Value::Null | Value::Integer(_) | Value::Blob(_) => false,
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Integer(number.into())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Integer(yes.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Blob(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Blob(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Value {
        Value::Blob(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Value {
        Value::Blob(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
