//! The JSON Schema that the types themselves give, and what it says of a field.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema of what a type writes. It is closed: an object has the fields named and no others.
pub fn of<T: JsonSchema>() -> Value {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(|properties| properties.is_object()) {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                // Links of Rust's documentation lead nowhere from here.
                *text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
            }
        }
        _ => {}
    }
}

/// A field as people read it: its depth below the claim, its name, what it means, and the words it may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// 0 for the claim's own.
    pub depth: usize,
    /// Its name.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// The closed set of words it may hold; empty where it is not one.
    pub words: Vec<String>,
}

/// Every field of an object, and below each the fields of what it holds.
pub fn fields(schema: &Value, object: &Value, left_out: &[&str]) -> Vec<Field> {
    let mut walk = Walk { schema, found: Vec::new(), told: Vec::new() };
    walk.collect(object, left_out, 0);
    walk.found
}

struct Walk<'a> {
    schema: &'a Value,
    found: Vec<Field>,
    /// Types whose fields were told of already.
    told: Vec<&'a Value>,
}

impl<'a> Walk<'a> {
    fn collect(&mut self, object: &'a Value, left_out: &[&str], depth: usize) {
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten().filter(|(name, _)| !left_out.contains(&name.as_str()))
        {
            let held = held(self.schema, property);
            let again = self.told.iter().any(|told| std::ptr::eq(*told, held));
            // Whoever reads of a list of all reasons or places is sent to their own pages instead.
            let words = Some(words(held)).filter(|words| words.len() <= MOST_WORDS && !again).unwrap_or_default();
            let meaning = text(property).or_else(|| text(held)).unwrap_or_default();
            let meaning = if again { format!("{meaning} As above.") } else { meaning };
            self.found.push(Field { depth, name: name.clone(), meaning, words });
            if !again {
                self.collect(held, &[], depth + 1);
            }
            if !std::ptr::eq(held, property) && held.get("oneOf").or(held.get("properties")).is_some() {
                self.told.push(held);
            }
        }
        let variants: Vec<&Value> = object.get("oneOf").and_then(Value::as_array).into_iter().flatten().collect();
        let tags: Vec<String> = variants.iter().filter_map(|variant| tag(variant)).collect();
        if !tags.is_empty() {
            self.found.push(Field { depth, name: TAG.to_owned(), meaning: String::new(), words: tags });
        }
        for variant in variants {
            self.collect(variant, &[TAG], depth);
        }
    }
}

/// The field that tells the variants of a value apart.
const TAG: &str = "status";

fn tag(variant: &Value) -> Option<String> {
    variant.get("properties")?.get(TAG)?.get("const")?.as_str().map(str::to_owned)
}

/// Longest set of words that is spelt out.
const MOST_WORDS: usize = 12;

/// What a field holds, behind references, lists and the possibility that it is absent.
fn held<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let inner = match (property.get("items"), property.get("anyOf").and_then(Value::as_array)) {
        (Some(items), _) => Some(items),
        (None, Some(choices)) => choices.iter().find(|choice| choice.get("type").is_none_or(|kind| kind != "null")),
        (None, None) => follow(schema, property),
    };
    inner.map_or(property, |inner| held(schema, inner))
}

/// The type that a reference names.
pub fn follow<'a>(schema: &'a Value, value: &Value) -> Option<&'a Value> {
    let reference = value.get("$ref").and_then(Value::as_str)?;
    schema.pointer(reference.trim_start_matches('#'))
}

fn text(value: &Value) -> Option<String> {
    value.get("description").and_then(Value::as_str).map(str::to_owned)
}

fn words(held: &Value) -> Vec<String> {
    let constant = |value: &Value| value.get("const").and_then(Value::as_str).map(str::to_owned);
    let variants = held.get("oneOf").and_then(Value::as_array);
    let words: Vec<String> = variants.into_iter().flatten().filter_map(constant).collect();
    if words.is_empty() { constant(held).into_iter().collect() } else { words }
}
