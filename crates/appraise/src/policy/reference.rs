//! docs/reference/policy.md, written from the definition; a test keeps the file equal to it.

use super::definition::{KINDS, Key, Kind, Need, POLICY_KEYS, RULE_KEYS};
use super::parse::MAX_BYTES;
use super::shipped::{DEFAULT, SHIPPED};

const HEAD: &str = "# Policies

<!-- Written from crates/appraise/src/policy/definition.rs by
     `UPDATE_DOCS=1 cargo test -p seaworthy-appraise --test reference`. Do not edit. -->

A policy is a TOML file: what is asked of a device, for how long a lapse is allowed, and how grave it is. It is a closed
set: a key, kind or value that is not on this page is an error with its line, its column and the nearest right word,
never ignored. There is no expression language and nothing in a policy is run.

    seaworthy policy list               the policies shipped
    seaworthy policy show NAME          one of them, as a start for your own
    seaworthy policy check FILE         whether a file is right
    seaworthy inspect --policy FILE     inspect by it

Over the rules that are not advisory: fail before unknown before pass. Where every rule is not applicable, and where
nothing counts, the verdict is unknown. A verdict is given for every instant, past and future: unknown before the
inspection, and unknown again once the evidence is older than `cadence_days`.
";

/// The whole page.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Keys of a policy\n\n");
    page.push_str(&keys(POLICY_KEYS));
    page.push_str(&format!("\nA file has at most {MAX_BYTES} bytes.\n\n## Keys of every rule\n\n"));
    page.push_str(&keys(RULE_KEYS));
    page.push_str("\n## Kinds of rules\n");
    KINDS.iter().for_each(|kind| page.push_str(&section(kind)));
    page.push_str(
        "\n## Policies shipped\n\n| name | what for | inspected at least every | where its numbers come from |\n",
    );
    page.push_str("| --- | --- | --- | --- |\n");
    SHIPPED.iter().filter_map(|shipped| shipped.policy()).for_each(|policy| {
        let mark = if policy.name == DEFAULT { " (default)" } else { "" };
        page.push_str(&format!(
            "| `{}`{mark} | {} | {} days | {} |\n",
            policy.name, policy.title, policy.cadence_days, policy.source
        ));
    });
    page
}

fn keys(keys: &[Key]) -> String {
    let mut table = "| key | value | needed | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for key in keys {
        let need = if key.need == Need::Required { "yes" } else { "no" };
        table.push_str(&format!("| `{}` | {} | {need} | {} |\n", key.name, key.values.expected(), key.meaning));
    }
    table
}

fn section(kind: &Kind) -> String {
    let claims = kind.sample().map(|rule| rule.claims()).unwrap_or_default();
    let claims: Vec<String> = claims.iter().map(|claim| format!("`{claim}`")).collect();
    let own = if kind.keys.is_empty() { String::new() } else { format!("\n{}", keys(kind.keys)) };
    format!("\n### `{}`\n\n{} {} Looks at {}.\n{own}", kind.name, kind.meaning, kind.verdict, claims.join(" and "))
}
