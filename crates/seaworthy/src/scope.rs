//! `seaworthy scope`: everything an inspection can say and read, or what a policy would read.

use std::io::{self, Write};

use schemars::{Schema, schema_for};
use seaworthy_model::{ClaimId, Claims};
use serde_json::{Value, json};

use crate::cli::{Format, ScopeArgs};
use crate::failure::Failure;
use crate::policy;

/// Prints the scope.
pub fn run(args: &ScopeArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let claims = match &args.policy {
        Some(name) => policy::load(name)?.claims(),
        None => ClaimId::ALL.to_vec(),
    };
    match args.format {
        Format::Json => json(&claims, out),
        Format::Human => human(&claims, out),
    }
    .map_err(Failure::output)
}

fn human(claims: &[ClaimId], out: &mut dyn Write) -> io::Result<()> {
    let schema = schema_for!(Claims);
    writeln!(out, "An inspection makes these claims and no others. No content, history, location or list of what is")?;
    writeln!(out, "installed; nothing leaves the device.")?;
    for &id in claims {
        let scope = id.scope();
        writeln!(out, "\n{id}: {}", scope.says)?;
        for (name, meaning) in fields(&schema, id) {
            writeln!(out, "    {name:<18} {meaning}")?;
        }
        let places: Vec<&str> = scope.places.iter().map(|place| place.name()).collect();
        writeln!(out, "  read from: {}", places.join(", "))?;
    }
    Ok(())
}

fn json(claims: &[ClaimId], out: &mut dyn Write) -> io::Result<()> {
    let scope = |id: &ClaimId| {
        let scope = id.scope();
        json!({ "claim": id, "says": scope.says, "places": scope.places })
    };
    let document = json!({ "claims": claims.iter().map(scope).collect::<Vec<_>>(), "schema": schema_for!(Claims) });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The fields of a claim's value with their meaning, from the schema that the types themselves give.
fn fields(schema: &Schema, id: ClaimId) -> Vec<(String, String)> {
    let schema = schema.as_value();
    let field = id.name().replace('-', "_");
    let Some(claim) = schema.pointer(&format!("/properties/{field}")) else { return Vec::new() };
    let known = variant(schema, follow(schema, claim), "known");
    let Some(properties) = known.and_then(|known| known.get("properties")).and_then(Value::as_object) else {
        return Vec::new();
    };
    let own = properties.iter().filter(|(name, _)| !["status", "read"].contains(&name.as_str()));
    own.map(|(name, property)| (name.clone(), description(property))).collect()
}

/// The variant of a claim whose status is this one, with its value's fields.
fn variant<'a>(schema: &'a Value, claim: &'a Value, status: &str) -> Option<&'a Value> {
    let variants = claim.get("oneOf").and_then(Value::as_array)?;
    let found = variants.iter().find(|variant| variant.pointer("/properties/status/const").is_some_and(|s| s == status))?;
    // The value's own type stands behind a reference.
    Some(found.get("$ref").map_or(found, |_| follow(schema, found)))
}

fn follow<'a>(schema: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
    schema.pointer(reference.trim_start_matches('#')).unwrap_or(value)
}

fn description(property: &Value) -> String {
    property.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}
