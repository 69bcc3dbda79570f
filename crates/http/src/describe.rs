//! What a handler's signature says of its route. Each type that a handler takes or answers describes itself, so that
//! the document cannot say something else than the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use axum::extract::State;
use axum::handler::Handler;
use schemars::{JsonSchema, SchemaGenerator};
use seaworthy_model::Code;
use serde_json::{Map, Value, json};

use crate::etag::{IfNoneMatch, Tagged};
use crate::extract::{Answer, Body, Created, Done, MediaType, Path, Query, Raw};
use crate::health;
use crate::idempotency::{self, IdempotencyKey};
use crate::metrics::OPEN_METRICS;
use crate::problem::Problem;

/// The description of one route in the making.
pub struct Sketch<'a> {
    /// Schemas of what is sent to the server.
    pub taken: &'a mut SchemaGenerator,
    /// Schemas of what it answers.
    pub given: &'a mut SchemaGenerator,
    /// OpenAPI parameter objects.
    pub parameters: Vec<Value>,
    /// The OpenAPI request body object.
    pub body: Option<Value>,
    /// OpenAPI response objects by status.
    pub answers: BTreeMap<u16, Value>,
    /// The errors that can be answered.
    pub errors: BTreeSet<Code>,
    /// Somebody must be signed in.
    pub signed: bool,
}

/// Something a handler takes.
pub trait Input {
    /// Adds what it demands of a request.
    fn describe(sketch: &mut Sketch<'_>);
}

/// Something a handler answers.
pub trait Output {
    /// Adds what it makes of an answer.
    fn describe(sketch: &mut Sketch<'_>);
}

/// A handler whose types describe it.
pub trait Described<T, S>: Handler<T, S> {
    /// Adds all that its signature says.
    fn describe(sketch: &mut Sketch<'_>);
}

impl<F, Fut, R, S> Described<((),), S> for F
where
    F: Fn() -> Fut + Handler<((),), S>,
    Fut: Future<Output = R>,
    R: Output,
{
    fn describe(sketch: &mut Sketch<'_>) {
        R::describe(sketch);
    }
}

macro_rules! described {
    ($($input:ident)+) => {
        impl<F, Fut, R, S, M, $($input,)+> Described<(M, $($input,)+), S> for F
        where
            F: Fn($($input),+) -> Fut + Handler<(M, $($input,)+), S>,
            Fut: Future<Output = R>,
            R: Output,
            $($input: Input,)+
        {
            fn describe(sketch: &mut Sketch<'_>) {
                $($input::describe(sketch);)+
                R::describe(sketch);
            }
        }
    };
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E G);
described!(A B C D E G H);
described!(A B C D E G H I);

/// What the server brings itself demands nothing of a request.
impl<T> Input for State<T> {
    fn describe(_: &mut Sketch<'_>) {}
}

impl<T> Input for axum::Extension<T> {
    fn describe(_: &mut Sketch<'_>) {}
}

impl<T: JsonSchema> Input for Body<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        let schema = sketch.taken.subschema_for::<T>();
        sketch.body = Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }));
        let errors = [
            Code::RequestSyntax,
            Code::BodyTooLarge,
            Code::MediaTypeRefused,
            Code::RequestInvalid,
            Code::RequestTimedOut,
        ];
        sketch.errors.extend(errors);
    }
}

impl<M: MediaType> Input for Raw<M> {
    fn describe(sketch: &mut Sketch<'_>) {
        let schema = json!({ "type": "string", "contentMediaType": M::TYPE, "maxLength": M::MAX_BYTES });
        sketch.body = Some(json!({ "required": true, "content": { M::TYPE: { "schema": schema } } }));
        let errors = [Code::RequestSyntax, Code::BodyTooLarge, Code::MediaTypeRefused, Code::RequestTimedOut];
        sketch.errors.extend(errors);
    }
}

impl<T: JsonSchema> Input for Query<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.parameters_of::<T>("query");
        sketch.errors.insert(Code::RequestInvalid);
    }
}

impl<T: JsonSchema> Input for Path<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.parameters_of::<T>("path");
        sketch.errors.insert(Code::RouteUnknown);
    }
}

impl Input for IfNoneMatch {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.header("If-None-Match", "ETags of what the client has already", false, json!({ "type": "string" }));
    }
}

impl Input for IdempotencyKey {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.idempotency_key(true);
    }
}

impl<T: JsonSchema> Output for Answer<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(200, "What was asked for");
    }
}

impl<T: JsonSchema> Output for Created<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(201, "What was made");
    }
}

impl Output for Done {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers.insert(204, json!({ "description": "Done" }));
    }
}

impl<T: JsonSchema> Output for Tagged<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(200, "What was asked for, with its ETag");
        sketch.answers.insert(304, json!({ "description": "The client has it already" }));
    }
}

impl Output for health::Page {
    fn describe(sketch: &mut Sketch<'_>) {
        let content = json!({ OPEN_METRICS: { "schema": { "type": "string" } } });
        sketch
            .answers
            .insert(200, json!({ "description": "Metrics in the OpenMetrics text format", "content": content }));
    }
}

impl Output for Problem {
    fn describe(_: &mut Sketch<'_>) {}
}

impl Output for Infallible {
    fn describe(_: &mut Sketch<'_>) {}
}

impl<T: Output, E: Output> Output for Result<T, E> {
    fn describe(sketch: &mut Sketch<'_>) {
        T::describe(sketch);
        E::describe(sketch);
    }
}

impl Sketch<'_> {
    /// An answer with a JSON document.
    pub fn answers_json<T: JsonSchema>(&mut self, status: u16, description: &str) {
        let schema = self.given.subschema_for::<T>();
        let content = json!({ "application/json": { "schema": schema } });
        self.answers.insert(status, json!({ "description": description, "content": content }));
    }

    /// A header of the request.
    pub fn header(&mut self, name: &str, description: &str, required: bool, schema: Value) {
        let header =
            json!({ "name": name, "in": "header", "description": description, "required": required, "schema": schema });
        self.parameters.push(header);
    }

    /// A name for the request.
    pub fn idempotency_key(&mut self, required: bool) {
        let (min, max) = (idempotency::MIN_LENGTH, idempotency::MAX_LENGTH);
        let schema = json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": r#"^[!#-\[\]-~]+$"# });
        let says = "Names the request, however often it is sent: it is done once, and answered alike for a day";
        self.header("Idempotency-Key", says, required, schema);
        self.errors.insert(Code::RequestSyntax);
    }

    /// Each field of a structure as one parameter.
    fn parameters_of<T: JsonSchema>(&mut self, place: &str) {
        let schema = T::json_schema(self.taken).to_value();
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, field) in fields {
            let required = place == "path" || required.iter().any(|required| required == &name);
            self.parameters.push(parameter(&name, place, required, field));
        }
    }
}

fn parameter(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = Map::new();
    parameter.insert("name".to_owned(), json!(name));
    parameter.insert("in".to_owned(), json!(place));
    parameter.extend(description.map(|description| ("description".to_owned(), description)));
    parameter.insert("required".to_owned(), json!(required));
    parameter.insert("schema".to_owned(), schema);
    parameter.into()
}
