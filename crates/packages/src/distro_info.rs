//! Support ends of Debian and Ubuntu releases: the tables of distro-info-data.
//!
//! Prefer the device's own copy where it is newer: it knows releases that came after
//! this program. `data/` holds a copy for devices without one (licence: `data/LICENCE`).

use jiff::civil::Date;
use thiserror::Error;

/// Debian's table as of this program's release.
pub const DEBIAN: &str = include_str!("../data/debian.csv");
/// Ubuntu's table as of this program's release.
pub const UBUNTU: &str = include_str!("../data/ubuntu.csv");

/// One release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `12`, `24.04`; empty for those that are never numbered.
    pub version: String,
    /// `Bookworm`, `Noble Numbat`.
    pub codename: String,
    /// `bookworm`, `noble`.
    pub series: String,
    /// When it came out.
    pub released: Option<Date>,
    /// The last day of the maker's own support.
    pub end: Option<Date>,
    /// The last day of the longest support that costs nothing: Debian LTS.
    pub long_term_end: Option<Date>,
    /// The last day of paid support: Debian ELTS, Ubuntu ESM.
    pub extended_end: Option<Date>,
    /// The last day of Ubuntu's legacy support.
    pub legacy_end: Option<Date>,
}

/// What makes a table unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidTable {
    /// The first line lacks a column that every table has.
    #[error("the table has no column {0}")]
    Column(&'static str),
    /// A date that is none.
    #[error("line {line} has {found:?} for a date")]
    Date {
        /// From 1.
        line: usize,
        /// What stands there.
        found: String,
    },
}

/// Reads a table. Columns it does not know are passed over, so that newer tables can
/// be read.
///
/// # Errors
/// A column is missing, or a date is none.
pub fn parse(text: &str) -> Result<Vec<Release>, InvalidTable> {
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map_or_else(Vec::new, |(_, line)| line.split(',').collect());
    for name in ["version", "codename", "series", "release", "eol"] {
        if !header.contains(&name) {
            return Err(InvalidTable::Column(name));
        }
    }
    let rows = lines.filter(|(_, line)| !line.trim().is_empty());
    rows.map(|(index, line)| row(&header, line, index + 1)).collect()
}

fn row(header: &[&str], line: &str, number: usize) -> Result<Release, InvalidTable> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let cell = |name: &str| {
        let column = header.iter().position(|column| *column == name)?;
        cells.get(column).copied().filter(|cell| !cell.is_empty())
    };
    let date = |name| {
        let Some(found) = cell(name) else { return Ok(None) };
        let invalid = |_| InvalidTable::Date { line: number, found: found.to_owned() };
        found.parse().map(Some).map_err(invalid)
    };
    let text = |name| cell(name).unwrap_or_default().to_owned();
    // «12 LTS» and «24.04 LTS» are versions 12 and 24.04.
    let version = cell("version").unwrap_or_default().trim_end_matches("LTS").trim().to_owned();
    Ok(Release {
        version,
        codename: text("codename"),
        series: text("series"),
        released: date("release")?,
        end: date("eol")?,
        long_term_end: date("eol-lts")?,
        extended_end: date("eol-elts")?.or(date("eol-esm")?),
        legacy_end: date("eol-legacy")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn embedded_tables() {
        let debian = parse(DEBIAN).unwrap();
        let bookworm = debian.iter().find(|release| release.series == "bookworm").unwrap();
        assert_eq!(bookworm.version, "12");
        let date = |end: Option<Date>| end.unwrap().to_string();
        assert_eq!(date(bookworm.long_term_end), "2028-06-30");
        assert!(bookworm.end.is_some() && bookworm.extended_end.is_some());
        let ubuntu = parse(UBUNTU).unwrap();
        let noble = ubuntu.iter().find(|release| release.version == "24.04").unwrap();
        assert_eq!(noble.series, "noble");
        assert!(noble.extended_end.unwrap() > noble.end.unwrap());
    }

    #[test]
    fn refusals() {
        assert_eq!(parse("a,b\n").unwrap_err().to_string(), "the table has no column version");
        let text = "version,codename,series,created,release,eol\n1,a,b,,2020-13-01,\n";
        assert_eq!(parse(text).unwrap_err().to_string(), r#"line 2 has "2020-13-01" for a date"#);
    }

    proptest! {
        #[test]
        fn any_text(text: String) {
            let _ = parse(&text);
            let _ = parse(&format!("version,codename,series,release,eol\n{text}"));
        }
    }
}
