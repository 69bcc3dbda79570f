//! Who acts when the operator of the server works beside it, and for which organisation.

use std::sync::Arc;

use seaworthy_model::Code;
use seaworthy_service::authority::{Actor, Held, Role};
use seaworthy_service::directory::{Directory, View};
use seaworthy_service::{Error, Id};

/// The organisation that is meant: the only one, or the one that is named.
pub fn organisation(directory: &Directory, wanted: Option<&str>) -> Result<Arc<View>, Error> {
    let mut views = directory.views().filter(|view| wanted.is_none_or(|name| view.organisation.name == name));
    match (views.next(), views.next()) {
        (Some(view), None) => Ok(Arc::clone(view)),
        (None, _) => Err(Error::refused_for(Code::NotFound, "no organisation of this name is here")),
        (Some(_), Some(_)) => {
            Err(Error::refused_for(Code::InvalidValue, "there are several organisations: name one with --of"))
        }
    }
}

/// Whoever has the data may do what an administrator may. In holders' ledgers it is the operator who looked.
pub fn operator(view: &View) -> Actor {
    let held = Held { role: Role::Administrator, unit: view.tree.root() };
    Actor::new(view.organisation.id, Id::from_bytes([0; 16]), "the operator", true, vec![held])
}
