//! Runs the fuzz targets, each for a while, with the stable compiler: coverage comes from LLVM's sanitizer pass, which
//! needs no nightly flag. What is found lies in `fuzz/artifacts/`; what was learnt in `fuzz/corpus/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{passes, tidy};

/// What `libfuzzer-sys` needs to see which way the code went.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=on --cfg fuzzing";

/// Runs every target, or the named one, for so many seconds each.
#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let (seconds, only) = match arguments {
        [] => (60, None),
        [seconds, rest @ ..] => {
            (seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?, rest.first())
        }
    };
    let fuzz = root.join("fuzz");
    let host = host()?;
    // Build scripts run without coverage: only what is built for a named target has it.
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--target", &host]).env("RUSTFLAGS", COVERAGE).current_dir(&fuzz);
    passes(&mut build, "the targets")?;
    let (folder, targets) = targets(&fuzz)?;
    let mut failed = Vec::new();
    for name in targets.iter().filter(|name| only.is_none_or(|only| only == *name)) {
        let program = Path::new(&folder).join(&host).join("release").join(name);
        if fuzz_one(&fuzz, &program, name, seconds).is_err() {
            failed.push(name.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("found something: {}; see fuzz/artifacts", failed.join(", "))) }
}

#[expect(clippy::disallowed_methods, reason = "automation runs programs")]
fn fuzz_one(fuzz: &Path, program: &Path, name: &str, seconds: u32) -> Result<(), String> {
    let (corpus, artifacts) = (fuzz.join("corpus").join(name), fuzz.join("artifacts"));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = Command::new(program);
    command.arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192"]);
    command.arg(format!("-artifact_prefix={}/{name}-", artifacts.display())).arg(corpus);
    passes(&mut command, name)
}

/// The folder that is built into, and the targets.
fn targets(fuzz: &Path) -> Result<(String, Vec<String>), String> {
    let metadata = tidy::metadata(fuzz)?;
    let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let targets = metadata.pointer("/packages/0/targets").and_then(Value::as_array).into_iter().flatten();
    Ok((text(&metadata, "/target_directory"), targets.map(|target| text(target, "/name")).collect()))
}

/// What this machine is called: `cargo -vV` says it.
fn host() -> Result<String, String> {
    let version = tidy::cargo_output(Path::new("."), &["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "cargo does not say what this machine is".to_owned())
}
