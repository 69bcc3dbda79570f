//! One route: where it is, what handles it, and what the document says of it.

use axum::routing::{MethodFilter, MethodRouter, on};
use seaworthy_model::Code;

use crate::Application;
use crate::describe::{Described, Sketch};

/// A route of the server, under construction by `routes::route`.
pub struct Route {
    /// The path, with parameters in braces.
    pub path: &'static str,
    pub(crate) method: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) errors: &'static [Code],
    pub(crate) describe: fn(&mut Sketch<'_>),
    pub(crate) method_router: MethodRouter<Application>,
}

macro_rules! methods {
    ($($(#[$meta:meta])* $name:ident $method:literal $filter:ident)+) => {
        impl Route {
            $($(#[$meta])*
            pub fn $name<H, T>(path: &'static str, handler: H, summary: &'static str) -> Route
            where
                H: Described<T, Application>,
                T: 'static,
            {
                Route {
                    path,
                    method: $method,
                    summary,
                    tag: "",
                    errors: &[],
                    describe: <H as Described<T, Application>>::describe,
                    method_router: on(MethodFilter::$filter, handler),
                }
            })+
        }
    };
}

methods! {
    /// Reads. HEAD comes with it.
    get "get" GET
    /// Makes or does something.
    post "post" POST
    /// Replaces something.
    put "put" PUT
    /// Changes part of something.
    patch "patch" PATCH
    /// Removes something.
    delete "delete" DELETE
}

impl Route {
    /// Under which heading the document lists it.
    #[must_use]
    pub fn under(self, tag: &'static str) -> Route {
        Route { tag, ..self }
    }

    /// Errors beyond those that its types, the gate and the surroundings answer.
    #[must_use]
    pub fn fails(self, errors: &'static [Code]) -> Route {
        Route { errors, ..self }
    }
}
