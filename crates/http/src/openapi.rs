//! The OpenAPI 3.1 document, made of the routes, the types of their handlers and the catalogue of codes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use seaworthy_model::Code;
use serde_json::{Map, Value, json};

use crate::describe::Sketch;
use crate::problem::{self, PROBLEM_JSON, ProblemDocument};
use crate::{Action, Route, routes};

/// What any request can be answered with.
const ALWAYS: [Code; 4] = [Code::RequestTimedOut, Code::BodyTooLarge, Code::TooManyRequests, Code::Bug];

/// The document for this version of the server.
pub fn document(version: &str) -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = PATH.into());
    let mut taken = settings().for_deserialize().into_generator();
    let mut given = settings().for_serialize().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for &action in Action::ALL {
        let route = routes::route(action);
        let operation = operation(action, &route, &mut taken, &mut given);
        // A parameter that takes the rest of the path is an ordinary one there.
        let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_owned(), operation);
        }
    }
    given.subschema_for::<ProblemDocument>();
    json!({
        "openapi": "3.1.0",
        "info": info(version),
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas(&mut taken, &mut given), "securitySchemes": security_schemes() },
    })
}

/// Where schemas stand in the document.
const PATH: &str = "/components/schemas";

fn info(version: &str) -> Value {
    json!({
        "title": "Seaworthy",
        "version": version,
        "description": "The server of an organisation whose devices are inspected. Errors are problem documents (RFC 9457) with stable codes.",
        "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
    })
}

fn security_schemes() -> Value {
    json!({
        "token": { "type": "http", "scheme": "bearer", "description": "An API token." },
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-seaworthy", "description": "A signed-in person." },
    })
}

fn operation(action: Action, route: &Route, taken: &mut SchemaGenerator, given: &mut SchemaGenerator) -> Value {
    let mut sketch = Sketch {
        taken,
        given,
        parameters: Vec::new(),
        body: None,
        answers: BTreeMap::new(),
        errors: ALWAYS.into_iter().chain(route.errors.iter().copied()).collect(),
        signed: false,
    };
    (route.describe)(&mut sketch);
    if sketch.signed && route.method == "post" {
        sketch.idempotency_key(false);
        sketch.errors.extend([Code::IdempotencyMismatch, Code::IdempotencyUnanswered]);
    }
    let mut operation = Map::new();
    let mut insert = |key: &str, value: Value| operation.insert(key.to_owned(), value);
    insert("operationId", json!(action.name()));
    insert("summary", json!(route.summary));
    insert("tags", json!([route.tag]));
    insert("parameters", json!(sketch.parameters));
    if let Some(body) = sketch.body {
        insert("requestBody", body);
    }
    if sketch.signed {
        insert("security", json!([{ "token": [] }, { "session": [] }]));
    }
    insert("responses", responses(sketch.answers, &sketch.errors));
    operation.into()
}

/// Answers by status. Several errors may share one: each is told by its code.
fn responses(answers: BTreeMap<u16, Value>, errors: &BTreeSet<Code>) -> Value {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for &code in errors {
        by_status.entry(problem::status(code).as_u16()).or_default().push(code);
    }
    let errors = by_status.into_iter().map(|(status, codes)| (status, failure(&codes)));
    let all = answers.into_iter().chain(errors).map(|(status, response)| (status.to_string(), response));
    Value::Object(all.collect())
}

fn failure(codes: &[Code]) -> Value {
    let told = codes.iter().map(|code| format!("`{code}`: {}", code.entry().title)).collect::<Vec<_>>().join("; ");
    let schema = json!({ "$ref": format!("#{PATH}/Problem") });
    json!({ "description": told, "content": { PROBLEM_JSON: { "schema": schema } } })
}

/// What is answered, and what is taken beside it.
fn schemas(taken: &mut SchemaGenerator, given: &mut SchemaGenerator) -> Map<String, Value> {
    let mut schemas = taken.take_definitions(true);
    schemas.extend(given.take_definitions(true));
    schemas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_operation() {
        let document = document("0");
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        let ids: BTreeSet<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids, Action::ALL.iter().map(|action| action.name()).collect());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document("0");
        references(&document, &mut |reference| {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        });
    }

    fn references(value: &Value, check: &mut impl FnMut(&str)) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    check(reference);
                }
                fields.values().for_each(|field| references(field, check));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, check)),
            _ => {}
        }
    }

    /// A type that is read otherwise than it is written would stand under one name with two meanings.
    #[test]
    fn no_schema_has_two_meanings() {
        let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = PATH.into());
        let mut taken = settings().for_deserialize().into_generator();
        let mut given = settings().for_serialize().into_generator();
        for &action in Action::ALL {
            operation(action, &routes::route(action), &mut taken, &mut given);
        }
        for (name, schema) in taken.definitions() {
            let other = given.definitions().get(name);
            assert!(other.is_none_or(|other| other == schema), "{name} is read and written differently: two types");
        }
    }
}
