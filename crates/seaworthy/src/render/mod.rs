//! How things are shown to people.

mod human;
mod style;

pub use human::{Show, report};
pub use style::Style;
