//! The API against its own description: Schemathesis (PyPI) makes requests from the document that the server gives out,
//! and finds no fault of ours, no answer that is not described, and none in another shape. As an administrator, as a
//! reviewer, and as nobody. Needs Python and, once, the network; says aloud when it cannot run.

use std::path::Path;
use std::process::Command;

use seaworthy_testkit::python;

use crate::organisation::{Holder, Organisation};

const PACKAGE: &str = "schemathesis==4.32.5";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance";

/// Operations that are left out, each with its reason.
const EXCLUDED: [(&str, &str); 5] = [
    ("sign-out", "it would end the session of the run itself"),
    ("api-token-remove", "it finds the token of the run itself in the list, and removes it"),
    ("report-send", "sealed COSE cannot be made from a schema; tests/faults/hostile.rs sends it"),
    ("enrolment-enter", "likewise"),
    ("device-ask", "likewise"),
];

#[test]
fn the_server_answers_as_its_description_says() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let Some(python) = python(&folder, PACKAGE, "schemathesis") else { return };
    let program = python.with_file_name("schemathesis");
    let unlimited = ["--requests-per-second=0", "--token-requests-per-second=0", "--allow-passwords=true"];
    let organisation = Organisation::start_with("sqlite", &unlimited);
    let reviewer = organisation.admin(&["token", "--role=reviewer"]);
    let work = tempfile::tempdir().unwrap();
    known(&organisation, &work.path().join("known.toml"));
    for (who, token) in
        [("an administrator", Some(&organisation.token)), ("a reviewer", Some(&reviewer)), ("nobody", None)]
    {
        let mut command = Command::new(&program);
        command.current_dir(work.path()).args(["--config-file", "known.toml", "run", "--no-color", "--seed=7"]);
        command.arg(format!("http://{}/api/v1/openapi.json", organisation.server.address));
        command.args(["--phases=coverage,fuzzing", "--max-examples=8", "--workers=2", "--checks", CHECKS]);
        EXCLUDED.iter().for_each(|(operation, _)| _ = command.args(["--exclude-operation-id", operation]));
        if let Some(token) = token {
            command.arg("--header").arg(format!("Authorization: Bearer {token}"));
        }
        let run = command.output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "as {who}: {said}{}", String::from_utf8_lossy(&run.stderr));
        assert!(said.contains(" generated, "), "as {who}: {said}");
    }
}

/// Ids that are there, so that not everything is answered with "not found".
fn known(organisation: &Organisation, file: &Path) {
    let root = organisation.root();
    let mut text =
        format!("[parameters]\n\"path.unit\" = \"{root}\"\n\"query.unit\" = \"{root}\"\n\"path.sequence\" = 1\n");
    if let Some(holder) = Holder::new() {
        holder.does(&["enrol", &organisation.admin(&["enrolment"]), "--yes"]);
        holder.run(&["report"]);
        let listed = organisation.get(&format!("/api/v1/devices?unit={root}&reason=known")).json();
        let device = listed["devices"][0]["device"].as_str().unwrap();
        text.push_str(&format!("\"path.device\" = \"{device}\"\n"));
    }
    std::fs::write(file, text).unwrap();
}
