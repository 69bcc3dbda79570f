//! Runs every benchmark. Each prints ratios against a peer or a limit measured in the same run.

use std::path::Path;

const BENCHES: [(&str, &str); 5] = [
    ("seaworthy-stamp", "check"),
    ("seaworthy", "processes"),
    ("seaworthyd", "server"),
    ("seaworthy-tlog", "log"),
    ("seaworthy-store", "log"),
];

/// Runs them one after the other; or the one that is named, with the words that follow.
pub fn run(root: &Path, words: &[String]) -> Result<(), String> {
    let named = |bench: &str| words.first().is_none_or(|word| word == bench);
    let chosen: Vec<_> = BENCHES.iter().filter(|(_, bench)| named(bench)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no benchmark {words:?}"));
    }
    chosen.iter().try_for_each(|(package, bench)| {
        let mut arguments = vec!["bench", "--package", package, "--bench", bench, "--"];
        arguments.extend(words.iter().skip(1).map(String::as_str));
        crate::cargo(root, &arguments)
    })
}
