//! The server as people meet it: signing in over the API, and the console in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runs programs, and one that cannot go on stops"
)]

mod browser;
mod console;
mod openid;
mod server;
mod sign_in;
