//! JSON API over HTTP: routes, wire types, OpenAPI, sign-in.
