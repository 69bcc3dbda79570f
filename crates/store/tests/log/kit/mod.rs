//! A log, what was put in line for it, and a check of all that it has ever said.

mod faulty;
mod key;
mod world;

pub use faulty::{Fault, Faulty, Mode, Write};
pub use key::Key;
pub use world::{World, holder};
