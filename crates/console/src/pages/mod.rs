//! The pages, one file each.

pub(crate) mod device;
pub(crate) mod enrol;
pub(crate) mod home;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod people;
pub(crate) mod policies;
pub(crate) mod sign_in;
pub(crate) mod tokens;
pub(crate) mod unit;
pub(crate) mod waiting;
pub(crate) mod webhooks;
pub(crate) mod welcome;
