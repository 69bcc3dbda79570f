//! What the program prints of itself.

use crate::kit::run;

#[test]
fn the_openapi_document_describes_every_route() {
    let said = run(&["openapi"]);
    assert_eq!(said.code, 0);
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let ready = &document["paths"]["/readyz"]["get"];
    assert_eq!(ready["operationId"], "health-ready");
    assert_eq!(
        ready["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Health"
    );
    let refused = &ready["responses"]["503"]["content"]["application/problem+json"]["schema"];
    assert_eq!(refused["$ref"], "#/components/schemas/Problem");
    assert!(document["components"]["schemas"]["Problem"]["properties"]["hint"].is_object());
}

#[test]
fn man_pages_and_completions_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    assert_eq!(run(&["man", pages.to_str().unwrap()]).code, 0);
    assert!(pages.join("seaworthyd-serve.1").is_file());
    let said = run(&["completions", "bash"]);
    assert!(said.out.contains("--behind-tls-proxy"));
}
