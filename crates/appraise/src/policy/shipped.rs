//! The policies that Seaworthy ships, as the files under `policies/` stand.

use seaworthy_model::Policy;

use super::nearest::nearest;
use super::parse::parse;

/// The policy that holds where none is named.
pub const DEFAULT: &str = "baseline";

/// A shipped policy.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// The shipped policies, the default one first.
pub const SHIPPED: &[Shipped] = &[
    Shipped { name: "baseline", text: include_str!("../../../../policies/baseline.toml") },
    Shipped { name: "six-month", text: include_str!("../../../../policies/six-month.toml") },
    Shipped { name: "cyber-essentials", text: include_str!("../../../../policies/cyber-essentials.toml") },
    Shipped { name: "essential-eight", text: include_str!("../../../../policies/essential-eight.toml") },
];

impl Shipped {
    /// The policy; a test keeps every shipped file readable.
    pub fn policy(&self) -> Option<Policy> {
        parse(self.name, self.text).ok()
    }
}

/// The shipped policy of this name.
pub fn named(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}

/// The shipped policy whose name is nearest to a wrong one.
pub fn nearest_name(name: &str) -> Option<String> {
    nearest(name, SHIPPED.iter().map(|shipped| shipped.name))
}
