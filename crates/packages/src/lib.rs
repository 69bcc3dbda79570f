//! Bytes to packages: dpkg's database, apt's configuration and indexes, advisories.
//!
//! Everything takes bytes and gives values: no path is opened, no clock, environment
//! or randomness is read. No bytes make a function panic, and every parser bounds
//! what it keeps. Reading files is the business of `seaworthy-inspect`.
//!
//! | module | format |
//! | --- | --- |
//! | [`deb822`] | stanzas of fields: deb822(5), Debian Policy §5.1 |
//! | [`record`] | a binary package's stanza: deb-control(5), Debian Policy §5.3 |
//! | [`dpkg`] | dpkg's database of installed packages |
//! | [`apt`] | apt's configuration, sources, pins, indexes and the candidate rule |
//! | [`osv`] | OSV advisories |
//! | [`distro_info`] | support ends of Debian and Ubuntu releases |
//!
//! Refused: solving dependencies. Which version apt would offer needs none.

pub mod apt;
pub mod deb822;
pub mod distro_info;
pub mod dpkg;
pub mod osv;
mod pattern;
pub mod record;

pub use pattern::UnsupportedPattern;
