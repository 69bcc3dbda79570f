//! A row, read by column and by type. What does not fit is a fault that names the column, never a guess.

use super::{Fault, Value};

/// The values of one row, in the order of the statement's columns, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Row {
        Row { values }
    }

    /// The value as it is.
    pub fn value(&self, column: usize) -> Result<&Value, Fault> {
        self.values.get(column).ok_or_else(|| Fault::Other(format!("a row has no column {column}")))
    }

    /// An integer.
    pub fn integer(&self, column: usize) -> Result<i64, Fault> {
        self.optional_integer(column)?.ok_or_else(|| null(column, "integer"))
    }

    /// An integer, or NULL.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(*number)),
            other => Err(unfit(column, "integer", other)),
        }
    }

    /// An integer that fits a narrower type.
    pub fn number<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Fault> {
        let number = self.integer(column)?;
        T::try_from(number).map_err(|_| Fault::Other(format!("column {column}: {number} is out of range")))
    }

    /// Whether an integer is 1; it must be 0 or 1.
    pub fn boolean(&self, column: usize) -> Result<bool, Fault> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Fault::Other(format!("column {column}: {other} is neither 0 nor 1"))),
        }
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<&str, Fault> {
        self.optional_text(column)?.ok_or_else(|| null(column, "text"))
    }

    /// Text, or NULL.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(unfit(column, "text", other)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<&[u8], Fault> {
        self.optional_blob(column)?.ok_or_else(|| null(column, "blob"))
    }

    /// Bytes, or NULL.
    pub fn optional_blob(&self, column: usize) -> Result<Option<&[u8]>, Fault> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other => Err(unfit(column, "blob", other)),
        }
    }

    /// So many bytes: a digest, an identifier.
    pub fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], Fault> {
        fixed(column, self.blob(column)?)
    }

    /// So many bytes, or NULL.
    pub fn optional_bytes<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, Fault> {
        self.optional_blob(column)?.map(|bytes| fixed(column, bytes)).transpose()
    }
}

fn fixed<const N: usize>(column: usize, bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| Fault::Other(format!("column {column}: {} bytes where {N} belong", bytes.len())))
}

fn null(column: usize, wanted: &str) -> Fault {
    Fault::Other(format!("column {column}: NULL where {wanted} belongs"))
}

fn unfit(column: usize, wanted: &str, found: &Value) -> Fault {
    Fault::Other(format!("column {column}: {} where {wanted} belongs", found.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_what_it_is_or_not_at_all() {
        let row = Row::new(vec![7_i64.into(), "seven".into(), [7_u8; 4].into(), Value::Null, 300_i64.into()]);
        assert_eq!(row.integer(0), Ok(7));
        assert_eq!(row.text(1), Ok("seven"));
        assert_eq!(row.bytes::<4>(2), Ok([7; 4]));
        assert_eq!(row.optional_text(3), Ok(None));
        assert_eq!(row.optional_bytes::<4>(3), Ok(None));
        let faults = [
            row.text(0).map(drop),
            row.integer(1).map(drop),
            row.blob(3).map(drop),
            row.bytes::<5>(2).map(drop),
            row.number::<u8>(4).map(drop),
            row.boolean(0).map(drop),
            row.value(5).map(drop),
        ];
        let texts: Vec<String> = faults.into_iter().map(|fault| fault.unwrap_err().to_string()).collect();
        assert_eq!(
            texts,
            [
                "column 0: integer where text belongs",
                "column 1: text where integer belongs",
                "column 3: NULL where blob belongs",
                "column 2: 4 bytes where 5 belong",
                "column 4: 300 is out of range",
                "column 0: 7 is neither 0 nor 1",
                "a row has no column 5",
            ]
        );
    }
}
