//! JSON API over HTTP: routes, wire types, OpenAPI, sign-in.
//!
//! `routes.rs` is the one list of routes: one arm per [`Action`], so that neither can be without the other. A route's
//! part of the OpenAPI document comes from the types in its handler's signature (`describe.rs`). `listen.rs` holds
//! connections within bounds, `surround.rs` is what every request goes through.

mod action;
mod application;
mod client;
mod connection;
mod describe;
pub mod desk;
mod etag;
mod extract;
mod fence;
mod gate;
mod health;
mod idempotency;
mod limit;
mod listen;
mod metrics;
mod openapi;
mod patient;
mod problem;
mod remembered;
mod route;
mod routes;
pub mod signin;
mod surround;
mod tls;
pub mod webhooks;

pub use action::Action;
pub use application::{Application, Bounds, FailurePage, Pages, metrics_page, router};
pub use client::{Client, ClientHeader, Peer};
pub use describe::{Described, Input, Output, Sketch};
pub use etag::{ETag, IfNoneMatch, Tagged};
pub use extract::{Answer, Body, Created, Done, Path, Query};
pub use gate::{Admission, Gate, HealthOnly};
pub use health::{Exposure, Readiness};
pub use idempotency::IdempotencyKey;
pub use limit::{Limit, Limits, Rate, RateLimiter};
pub use listen::{Listening, Patience, serve};
pub use metrics::Metrics;
pub use openapi::document;
pub use problem::Problem;
pub use remembered::REMEMBERED_SECONDS;
pub use route::Route;
pub use routes::{invitation_link, rotate_key};
pub use tls::{Certificate, CertificateError};
