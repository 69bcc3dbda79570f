//! `seaworthy scope`: everything an inspection can say and read, or what a policy would read.

use std::io::{self, Write};

use seaworthy_model::{ClaimId, Claims};
use serde_json::{Value, json};

use crate::cli::{Format, ScopeArgs};
use crate::failure::Failure;
use crate::policy;
use crate::render::wrapped;
use crate::schema::{self, Field};

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
    let schema = schema::of::<Claims>();
    writeln!(out, "{HEAD}")?;
    for &id in claims {
        let scope = id.scope();
        writeln!(out, "\n{id}: {}", scope.says)?;
        for Field { depth, name, meaning, words } in fields(&schema, id) {
            let name = format!("{:indent$}{name}", "", indent = 4 + 2 * depth);
            writeln!(out, "{name:<24} {}", sentence(&meaning, &words))?;
        }
        let places: Vec<&str> = scope.places.iter().map(|place| place.name()).collect();
        writeln!(out, "{}", wrapped("  read from: ", &places))?;
    }
    Ok(())
}

const HEAD: &str = "\
An inspection makes these claims and no others, each known, not applicable, or unknown with a reason, and
with the places it was read from. No content, history, location or list of what is installed is among
them, and nothing leaves the device before its holder has agreed to it: see seaworthy enrol --help.";

fn sentence(meaning: &str, words: &[String]) -> String {
    let set = if words.is_empty() { String::new() } else { format!(" One of: {}.", words.join(", ")) };
    format!("{meaning}{set}").trim_start().to_owned()
}

fn json(claims: &[ClaimId], out: &mut dyn Write) -> io::Result<()> {
    let scope = |id: &ClaimId| {
        let scope = id.scope();
        json!({ "claim": id, "says": scope.says, "places": scope.places })
    };
    let document = json!({ "claims": claims.iter().map(scope).collect::<Vec<_>>(), "schema": schema::of::<Claims>() });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The fields of a claim's value, from the schema that the types themselves give. The status, the reason and the
/// places, which every claim has, are told of once, in the head.
fn fields(schema: &Value, id: ClaimId) -> Vec<Field> {
    let field = schema.pointer(&format!("/properties/{}", id.name().replace('-', "_")));
    let claim = field.and_then(|claim| schema::follow(schema, claim));
    let variants = claim.and_then(|claim| claim.get("oneOf")).and_then(Value::as_array);
    let is_known =
        |variant: &&Value| variant.pointer("/properties/status/const").is_some_and(|status| status == "known");
    let known = variants.and_then(|variants| variants.iter().find(is_known));
    known.map(|known| schema::fields(schema, known, &["status", "read"])).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use seaworthy_testkit::derived;

    use super::*;

    const PAGE: &str = "# Scope of an inspection

<!-- Written from crates/model/src/scope.rs and the types of the claims by `cargo xtask docs`. Do not edit. -->

An inspection makes these claims and no others. Each is known, not applicable, or unknown with a reason, and names the
places it was read from. There is no field for content, history, location, messages, contacts or the list of what is
installed: what is not on this page cannot be collected. `seaworthy scope` prints the same, `seaworthy scope --policy
NAME` only what a policy would read.
";

    fn reference() -> String {
        let schema = schema::of::<Claims>();
        let mut page = PAGE.to_owned();
        for &id in ClaimId::ALL {
            let scope = id.scope();
            write!(page, "\n## {id}\n\nSays: {}.\n\n", scope.says).unwrap();
            for Field { depth, name, meaning, words } in fields(&schema, id) {
                let indent = 2 * depth;
                writeln!(page, "{:indent$}- `{name}`: {}", "", sentence(&meaning, &words)).unwrap();
            }
            let places: Vec<String> = scope.places.iter().map(|place| format!("`{place}`")).collect();
            writeln!(page, "\nRead from: {}.", places.join(", ")).unwrap();
        }
        page
    }

    #[test]
    fn the_scope_reference_is_up_to_date() {
        derived::is_up_to_date("docs/reference/scope.md", &reference());
    }

    #[test]
    fn every_field_of_every_claim_is_shown_with_its_meaning() {
        let schema = schema::of::<Claims>();
        for &id in ClaimId::ALL {
            let fields = fields(&schema, id);
            assert!(!fields.is_empty(), "{id}");
            assert!(fields.iter().all(|field| field.depth > 1 || !field.meaning.is_empty()), "{id}: {fields:?}");
        }
        let names = |id| fields(&schema, id).into_iter().map(|field| field.name).collect::<Vec<_>>();
        assert!(names(ClaimId::Updates).contains(&"candidate".to_owned()));
        assert!(names(ClaimId::Catalog).contains(&"valid_until".to_owned()));
        assert!(names(ClaimId::DiskEncryption).contains(&"mount".to_owned()));
    }
}
