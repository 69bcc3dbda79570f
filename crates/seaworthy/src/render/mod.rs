//! How things are shown to people.

mod human;
mod style;
mod wrap;

pub use human::{Show, report};
pub use style::{Clean, Style};
pub use wrap::wrapped;
