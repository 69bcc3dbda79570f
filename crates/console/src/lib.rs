//! Pages for people, rendered by the server.
//!
//! The console can do nothing that the API cannot: each page names the actions of the authority's table that it stands
//! for (`table.rs`), passes the same gate with them, and calls the same use-cases through the desk. No page needs a
//! script, but for passkeys, which browsers give to scripts alone.
//!
//! Out of scope: a framework, inline styles and scripts (the content security policy refuses them), text from a device
//! as anything but text (`maud` escapes it).

mod assets;
mod chooser;
mod failure;
mod form;
mod frame;
mod guard;
mod html;
mod pages;
mod qr;
mod table;
mod words;

pub use table::{Page, all, pages};
