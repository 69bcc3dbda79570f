//! Policies: what is shipped can be read, and whatever is wrong in a file is shown where it stands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

use proptest::prelude::*;
use seaworthy_appraise::policy::{self, MAX_BYTES, PolicyError, SHIPPED, Values};
use seaworthy_model::{Code, RuleKind, Severity, canonical};

const HEAD: &str = "name = \"p\"\nversion = 1\ntitle = \"T\"\nsource = \"S\"\ncadence_days = 30\n";

fn errors(text: &str) -> Vec<PolicyError> {
    policy::parse("p.toml", text).unwrap_err().errors
}

/// The only error of HEAD and these rules: line within the rules, column, word, nearest, code.
fn check(rules: &str, expected: (usize, usize, &str, Option<&str>, Code)) {
    let errors = errors(&format!("{HEAD}{rules}"));
    let [error] = errors.as_slice() else { panic!("{rules}: {errors:#?}") };
    let found = (error.line - 5, error.column, error.word.as_str(), error.nearest.as_deref(), error.code);
    assert_eq!(found, expected, "{rules}\n{}", error.render());
}

#[test]
fn the_shipped_policies_are_read() {
    for shipped in SHIPPED {
        let policy = policy::parse(shipped.name, shipped.text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(policy.name, shipped.name);
        assert!(!policy.source.is_empty());
        let bytes = policy.canonical_bytes().unwrap();
        assert_eq!(canonical::decode::<seaworthy_model::Policy>(&bytes).unwrap(), policy);
    }
}

#[test]
fn six_month_asks_only_for_what_a_disk_can_show() {
    use seaworthy_model::ClaimId::{Catalog, Distribution, Updates};
    let policy = policy::named("six-month").unwrap().policy().unwrap();
    assert_eq!(policy.claims(), [Updates, Catalog, Distribution]);
    assert!(policy.rules.iter().any(|rule| rule.kind == RuleKind::Release { lts: true }));
}

#[test]
fn a_policy_is_named_by_its_digest() {
    let policy = policy::named("baseline").unwrap().policy().unwrap();
    let id = policy::identify(&policy, |bytes| format!("{:02x}", bytes.len() as u8).repeat(32)).unwrap();
    assert_eq!(id.digest.len(), 64);
    assert_eq!(id.name, "baseline");
}

#[test]
fn a_wrong_word_is_shown_where_it_stands() {
    use Code::{PolicyValue, PolicyWord};
    check("[[rules]]\nkind = \"firewal\"\nseverity = \"major\"\n", (2, 8, "firewal", Some("firewall"), PolicyWord));
    check("[[rules]]\nkind = \"tor-browser\"\nseverity = \"major\"\n", (2, 8, "tor-browser", None, PolicyWord));
    check("[[rules]]\nkind = \"firewall\"\nseverty = \"major\"\n", (3, 1, "severty", Some("severity"), PolicyWord));
    check("[[rules]]\nkind = \"firewall\"\nseverity = \"magor\"\n", (3, 12, "magor", Some("major"), PolicyWord));
    check("[[rules]]\nkind = \"firewall\"\nseverity = 3\n", (3, 12, "3", None, PolicyValue));
    check("[[rules]]\nkind = \"firewall\"\n", (2, 8, "firewall", None, PolicyValue));
    check("[[rules]]\nseverity = \"major\"\n", (1, 1, "[[rules]]", None, PolicyValue));
    check("[[rules]]\nkind = 7\nseverity = \"major\"\n", (2, 8, "7", None, PolicyValue));
    check("[[rule]]\nkind = \"firewall\"\nseverity = \"major\"\n", (1, 3, "rule", Some("rules"), PolicyWord));
    check("rules = []\n", (1, 9, "[]", None, PolicyValue));
    check("rules = [1]\n", (1, 10, "1", None, PolicyValue));
    check("rules = { kind = \"firewall\" }\n", (1, 9, "{ kind = \"firewall\" }", None, PolicyValue));
    let firewall = "[[rules]]\nkind = \"firewall\"\nseverity = \"major\"\n";
    check(&format!("{firewall}allowed_days = 3\n"), (4, 1, "allowed_days", None, PolicyWord));
    check(&format!("deadline = 1\n{firewall}"), (1, 1, "deadline", None, PolicyWord));
    let kernel = |days: &str| format!("[[rules]]\nkind = \"kernel\"\nseverity = \"minor\"\nallowed_days = {days}\n");
    for wrong in ["-1", "3651", "99999999999999999999", "\"14\"", "1.5", "true", "2026-01-01"] {
        check(&kernel(wrong), (4, 16, wrong.trim_matches('"'), None, PolicyValue));
    }
    for right in ["0", "3650", "1_4", "0xe"] {
        assert!(policy::parse("p.toml", &format!("{HEAD}{}", kernel(right))).is_ok(), "{right}");
    }
}

#[test]
fn columns_count_characters_whatever_the_line_ends() {
    let rules = "[[rules]]\r\nseverity = \"major\" # größer als ☂\r\n\"kind\"   = \"firewal\"\r\n";
    check(rules, (3, 12, "firewal", Some("firewall"), Code::PolicyWord));
    let inline = "rules = [{ severity = 'major', kind = 'firewall' }, { kind = 'ssh-passwörd', severity = 'minor' }]";
    check(inline, (1, 62, "ssh-passwörd", Some("ssh-password"), Code::PolicyWord));
    let marked = format!("\u{feff}nämе = 1\n{HEAD}rules = [{{ kind = 'firewall', severity = 'major' }}]");
    let error = &errors(&marked)[0];
    assert_eq!((error.line, error.column, error.code), (1, 2, Code::PolicySyntax), "{}", error.render());
    let marked = format!("\u{feff}nam = \"p\"\n{HEAD}rules = [{{ kind = 'firewall', severity = 'major' }}]");
    let error = &errors(&marked)[0];
    assert_eq!((error.line, error.column, error.word.as_str()), (1, 1, "nam"), "{}", error.render());
}

#[test]
fn all_errors_of_a_file_are_told_at_once_in_its_order() {
    let text = "name = \"Ours\"\nversion = 0\ntitel = \"T\"\n[[rules]]\nkind = \"updates\"\nwhich = \"securty\"\nseverity = \"minor\"\n";
    let told: Vec<_> = errors(text).iter().map(|error| (error.line, error.word.clone())).collect();
    let expected = [(1, ""), (1, ""), (1, "Ours"), (2, "0"), (3, "titel"), (5, "updates"), (6, "securty")];
    assert_eq!(told, expected.map(|(line, word)| (line, word.to_owned())), "{:#?}", errors(text));
}

#[test]
fn an_error_reads_like_a_compilers() {
    let text =
        format!("{HEAD}[[rules]]\nkind = \"updates\"\nwhich = \"security\"\nalowed_days = 14\nseverity = \"major\"\n");
    assert_eq!(
        errors(&text)[0].render(),
        "error[policy-word]: `alowed_days` is no key of an `updates` rule\n \
         --> p.toml:9:1\n  \
           |\n\
         9 | alowed_days = 14\n  \
           | ^^^^^^^^^^^ did you mean `allowed_days`?\n  \
           = expected: one of kind, severity, which, rated_at_least, allowed_days"
    );
}

#[test]
fn what_acts_on_a_terminal_is_not_shown() {
    let text = format!("{HEAD}\"\\u001b[2J\" = 1\nrules = []\n\t\u{202e}x = 1");
    for error in errors(&text) {
        let shown = error.render() + &error.to_string();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
}

#[test]
fn syntax_errors_and_sizes_have_their_codes() {
    let syntax = errors(&format!("{HEAD}rules = [\n"));
    assert_eq!(syntax[0].code, Code::PolicySyntax);
    assert_eq!(errors(&format!("{HEAD}name = \"q\"\n"))[0].code, Code::PolicySyntax, "a key twice");
    assert_eq!(errors(&"#".repeat(MAX_BYTES + 1))[0].code, Code::PolicyUnreadable);
    assert_eq!(errors("")[0].code, Code::PolicyValue);
}

#[test]
fn crafted_files_neither_overflow_nor_flood() {
    let deep = [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}1{}", "[".repeat(60_000), "]".repeat(60_000)),
        format!("a = {}", "{a=".repeat(80_000)),
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        (0..20_000).map(|n| format!("k{n} = {n}\n")).collect(),
        format!("rules = [{}]", "{},".repeat(60_000)),
        format!("name = \"{}\"", "x".repeat(200_000)),
        format!("{} = 1", "x".repeat(200_000)),
    ];
    for text in deep {
        let errors = policy::parse("p.toml", &text).unwrap_err();
        assert!(errors.errors.len() <= 20 && errors.render().len() < 40_000);
    }
}

/// One shipped policy with one character inserted, removed or replaced.
fn mutated() -> impl Strategy<Value = String> {
    (0..SHIPPED.len(), any::<prop::sample::Index>(), 0..3u8, any::<char>()).prop_map(|(which, at, how, letter)| {
        let mut letters: Vec<char> = SHIPPED[which].text.chars().collect();
        let at = at.index(letters.len());
        match how {
            0 => letters.insert(at, letter),
            1 => drop(letters.remove(at)),
            _ => letters[at] = letter,
        }
        letters.into_iter().collect()
    })
}

fn is_placed(text: &str, error: &PolicyError) -> bool {
    let Some(line) = text.trim_start_matches('\u{feff}').split('\n').nth(error.line - 1) else { return false };
    error.column >= 1 && error.column <= line.chars().count() + 1 && !error.render().is_empty()
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,400}") {
        if let Err(wrong) = policy::parse("p.toml", &text) {
            prop_assert!(wrong.errors.iter().all(|error| is_placed(&text, error)), "{:#?}", wrong);
        }
    }

    #[test]
    fn no_toml_like_text_makes_the_parser_panic(
        lines in prop::collection::vec(prop::sample::select(vec![
            "[[rules]]", "[rules]", "kind = \"updates\"", "kind = 'catalog'", "allowed_days = 14", "max_age_days = \"é\"",
            "severity = \"major\"", "name = 'x'", "a.b.c = 1", "version = 1", "\"\"\"", "'''", "\r", "{", "]", "=", "rules = 1",
        ]), 0..20)
    ) {
        let text = lines.join("\n");
        if let Err(wrong) = policy::parse("p.toml", &text) {
            prop_assert!(wrong.errors.iter().all(|error| is_placed(&text, error)), "{:#?}", wrong);
        }
    }

    #[test]
    fn a_mutated_policy_is_read_or_refused_in_its_place(text in mutated()) {
        match policy::parse("p.toml", &text) {
            Ok(policy) => prop_assert!(!policy.rules.is_empty()),
            Err(wrong) => {
                prop_assert!(!wrong.errors.is_empty());
                prop_assert!(wrong.errors.iter().all(|error| is_placed(&text, error)), "{:#?}", wrong);
            }
        }
    }

    #[test]
    fn a_misspelt_key_of_any_kind_is_found(
        kind in 0..policy::KINDS.len(), key in any::<prop::sample::Index>(), twice in any::<prop::sample::Index>(),
    ) {
        let kind = &policy::KINDS[kind];
        let mut keys: Vec<(String, String)> = vec![("kind".into(), format!("{:?}", kind.name)), ("severity".into(), "\"minor\"".into())];
        keys.extend(kind.keys.iter().map(|key| (key.name.to_owned(), example(&key.values))));
        let at = key.index(keys.len() - 1) + 1;
        let right = keys[at].0.clone();
        let doubled = twice.index(right.len());
        keys[at].0.insert(doubled, right.as_bytes()[doubled] as char);
        let table: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        check(&format!("[[rules]]\n{table}"), (at + 2, 1, &keys[at].0, Some(&right), Code::PolicyWord));
    }
}

fn example(values: &Values) -> String {
    match values {
        Values::Whole { least, .. } => least.to_string(),
        Values::Flag => "false".to_owned(),
        Values::Word(words) => format!("{:?}", words()[0]),
        _ => "\"x\"".to_owned(),
    }
}

#[test]
fn every_kind_and_severity_can_be_written() {
    for kind in policy::KINDS {
        for severity in Severity::ALL {
            let keys: String =
                kind.keys.iter().map(|key| format!("{} = {}\n", key.name, example(&key.values))).collect();
            let text = format!("{HEAD}[[rules]]\nkind = \"{}\"\nseverity = \"{severity}\"\n{keys}", kind.name);
            let policy = policy::parse("p.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!((policy.rules[0].kind.name(), policy.rules[0].severity), (kind.name, *severity));
        }
    }
}
