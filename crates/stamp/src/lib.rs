//! Stamps: issued from a passing appraisal, carried as text or QR code, presented, and checked offline against a trust
//! file.
//!
//! The format is that of `docs/spec/stamp.md`: a CWT (RFC 8392) in COSE_Sign1 (RFC 9052) with the claims of EAR
//! (draft-ietf-rats-ear-04). Trust files are those of `docs/spec/trust.md`. In: keys, codec, issuing, checking,
//! carriers, status lists. Out: clock, randomness, files and network; the caller brings instants and bytes.
//!
//! - [`Passing`] proves that an appraisal passes; [`issue`] takes nothing less.
//! - [`read`] takes text, PNG, SVG or the bytes themselves to the COSE bytes.
//! - [`check`] proves a stamp valid, or says with a code why it is refused; [`check_presentation`] proves as well that
//!   whoever shows it holds its key.

mod carrier;
mod cbor;
mod check;
mod claims;
pub mod cose;
mod issue;
mod key;
mod present;
mod refusal;
mod stamp;
mod status;
mod trust;

pub use carrier::{Carried, Host, Kind, LogIndex, MAX_INPUT, Paper, Qr, TooLong, read};
pub use check::{CLOCK_TOLERANCE, Checked, Facts, Issuer, MAX_STAMP, PRESENTER_NOTE, check};
pub use claims::StatusReference;
pub use issue::{Fresh, NoStamp, Particulars, Passing, Unsigned, issue};
pub use key::{KeyFault, KeyId, PublicKey, SigningKey, sha256};
pub use present::{
    Challenge, MAX_PRESENTATION, NoChallenge, Occasion, PRESENTATION_TYPE, PRESENTATION_WINDOW, Presentation,
    Presented, Shown, check_carried, check_presentation, dangerous_unverified_stamp,
};
pub use refusal::{Answer, REFUSALS, Refusal};
pub use stamp::{CONTENT_TYPE, Stamp, Terms};
pub use status::{MAX_STATUS_LIST, STATUS_LIST_TYPE, StatusList, Statuses};
pub use trust::{Record, Role, Trust, TrustError};
