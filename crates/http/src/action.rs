//! What can be asked of the server: one action per route, defined by the authority's table.

pub use seaworthy_service::authority::Action;
