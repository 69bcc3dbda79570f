//! The machine keeps the architecture: arrows between crates point down, lints stand once, every file says what it is
//! for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The layers of ARCHITECTURE.md. A crate may use crates of lower layers only.
const LAYERS: [(&str, u8); 16] = [
    ("seaworthy-model", 0),
    ("seaworthy-tlog", 0),
    ("seaworthy-versions", 0),
    ("seaworthy-packages", 1),
    ("seaworthy-appraise", 2),
    ("seaworthy-stamp", 2),
    ("seaworthy-inspect", 3),
    ("seaworthy-protocol", 3),
    ("seaworthy-service", 4),
    ("seaworthy", 5),
    ("seaworthy-store", 5),
    ("seaworthy-http", 5),
    ("seaworthy-console", 6),
    ("seaworthyd", 7),
    ("seaworthy-testkit", 8),
    ("xtask", 8),
];

/// Crates that must not come into the device binary (DESIGN §5: no server, SQL or web code).
const NOT_ON_DEVICES: [&str; 11] = [
    "tokio",
    "hyper",
    "axum",
    "reqwest",
    "rusqlite",
    "postgres",
    "sqlx",
    "openssl-sys",
    "ear",
    "sequoia-openpgp",
    "tough",
];

/// Crates that may touch files, processes, clock or environment; no other may.
const ADAPTERS: [&str; 7] = ["inspect", "seaworthy", "store", "http", "seaworthyd", "testkit", "xtask"];

/// Words that mean I/O, a clock or randomness.
const OUTSIDE: [&str; 7] =
    ["std::fs", "std::net", "std::process", "SystemTime", "Instant::now", "std::env::var", "getrandom"];

/// What writes records that the log commits to. [`ENLISTS`] puts them in line for the log; nobody else may call it.
const COMMITTED: [&str; 9] = [
    "add_readings",
    "add_stamps",
    "add_entries",
    "add_set_read",
    "add_policy",
    "add_assignment",
    "add_catalog",
    "put_key",
    "add_revocations",
];
const ENLISTS: &str = "crates/service/src/log/enlist.rs";

/// Longest file whose content is not one list.
const MAX_LINES: usize = 800;

/// Checks everything and names all that is wrong.
pub fn run(root: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    let metadata = metadata(root)?;
    layers(&metadata, &mut faults);
    device_tree(root, &mut faults)?;
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files).map_err(|error| error.to_string())?;
    for path in &files {
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        file(path, &name, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
pub fn cargo_output(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = std::process::Command::new(env!("CARGO")).args(arguments).current_dir(root).output();
    let output = output.map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

pub fn metadata(root: &Path) -> Result<Value, String> {
    let text = cargo_output(root, &["metadata", "--format-version", "1", "--no-deps"])?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn layers(metadata: &Value, faults: &mut Vec<String>) {
    let layers: BTreeMap<&str, u8> = LAYERS.into_iter().collect();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some(layer) = layers.get(name) else {
            faults.push(format!("{name}: not in the layer table of crates/xtask/src/tidy.rs"));
            continue;
        };
        for dependency in list(package, "dependencies").iter().filter(|dependency| dependency["kind"].is_null()) {
            let used = text(dependency, "name");
            if layers.get(used).is_some_and(|below| below >= layer) {
                faults.push(format!("{name} (layer {layer}) uses {used}, which is not below it"));
            }
        }
    }
}

/// What the device binary links.
fn device_tree(root: &Path, faults: &mut Vec<String>) -> Result<(), String> {
    let tree = cargo_output(root, &["tree", "--package", "seaworthy", "--edges", "normal", "--prefix", "none"])?;
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        if NOT_ON_DEVICES.contains(&name) {
            faults.push(format!("seaworthy links {name}: the device binary carries no server, SQL or web code"));
        }
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

fn file(path: &Path, name: &str, faults: &mut Vec<String>) {
    if name.ends_with("clippy.toml") {
        faults.push(format!("{name}: a nested clippy.toml replaces the one at the root; remove it"));
    }
    if !name.ends_with(".rs") {
        return;
    }
    let content = fs::read_to_string(path).unwrap_or_default();
    if !content.trim_start().starts_with("//!") {
        faults.push(format!("{name}: says nothing of what it is for; begin it with `//!`"));
    }
    let lines = content.lines().count();
    if lines > MAX_LINES && !content.contains("#![doc = \"one list\"]") && !name.ends_with("code.rs") {
        faults.push(format!("{name}: {lines} lines; divide it by responsibility"));
    }
    pure(name, &content, faults);
    enlisted(name, &content, faults);
}

/// No record that the log commits to is written past the log.
fn enlisted(name: &str, content: &str, faults: &mut Vec<String>) {
    if !name.contains("/src/") || name == ENLISTS {
        return;
    }
    let code = content.split("#[cfg(test)]").next().unwrap_or_default();
    for call in COMMITTED.iter().filter(|call| code.contains(&format!(".{call}("))) {
        faults.push(format!("{name}: `{call}` writes past the log; write a `Lot` ({ENLISTS})"));
    }
}

/// Below the adapters nothing does I/O or reads a clock, the environment or randomness.
fn pure(name: &str, content: &str, faults: &mut Vec<String>) {
    let mut parts = name.split('/').skip(1);
    let (krate, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if ADAPTERS.contains(&krate) || folder != "src" {
        return;
    }
    let code = content.split("#[cfg(test)]").next().unwrap_or_default();
    for word in OUTSIDE {
        if code.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//")) {
            faults.push(format!("{name}: `{word}` below the adapters; take it as an argument"));
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
