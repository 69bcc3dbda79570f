//! apt: its configuration, sources, pins and indexes, and which version it offers.
//!
//! | module | what | manual |
//! | --- | --- | --- |
//! | [`config`] | `apt.conf` | apt.conf(5) |
//! | [`parts`] | which files of a `.d` folder count | apt.conf(5), apt_preferences(5), sources.list(5) |
//! | [`sources`] | `sources.list` and `*.sources` | sources.list(5) |
//! | [`listname`] | which files under `lists/` belong to a source | – |
//! | [`release`] | `Release`, `InRelease` | Debian repository format |
//! | [`preferences`], [`policy`] | pins and priorities | apt_preferences(5) |
//! | [`phasing`] | which machines get a phased update | – |
//! | [`identity`] | when two packages of one version are one build | – |
//! | [`scan`] | `Packages` as a stream | deb-control(5) |
//! | [`extended_states`], [`autoremove`] | what nobody asked for | apt-mark(8) |
//! | [`updates`] | the answer | – |
//!
//! The behaviour is that of apt 2.6.1 (Debian 12) and 3.0.3 (Debian 13), and the
//! oracle tests of `seaworthy-inspect` hold it against both.

pub mod autoremove;
pub mod config;
pub mod extended_states;
pub mod identity;
pub mod listname;
pub mod parts;
pub mod phasing;
pub mod policy;
pub mod preferences;
pub mod release;
pub mod scan;
pub mod sources;
pub mod updates;
pub mod uri;
mod words;
