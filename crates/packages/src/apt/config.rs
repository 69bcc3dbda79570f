//! `apt.conf`: apt.conf(5), «SYNTAX».
//!
//! Options form a tree; names are compared without case. `Name { … };` opens a scope,
//! `"value";` inside it appends to a list, `Name::;` does the same, `#clear Name;`
//! drops a subtree. `//`, `#` and `/* */` are comments.
//!
//! Refused: `#include`. It can name any file, and nothing tells which; a
//! configuration with it is unknown, not guessed.

use thiserror::Error;

use super::words::{boolean, integer, is_blank, quoted_strings, quoted_word, split_list};

/// What makes a configuration file unusable, with its line from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {kind}")]
pub struct InvalidConfig {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub kind: ConfigErrorKind,
}

/// Kinds of [`InvalidConfig`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigErrorKind {
    /// `{` with no name before it.
    #[error("a block starts with no name")]
    NamelessBlock,
    /// A name whose quotes do not close.
    #[error("a name is malformed")]
    MalformedName,
    /// Something after the value.
    #[error("there is something after the value")]
    AfterValue,
    /// A directive inside a block, or one without argument.
    #[error("a directive stands where none can be")]
    MisplacedDirective,
    /// A directive this program does not follow.
    #[error("the directive #{0} is not supported")]
    UnsupportedDirective(String),
    /// The file ends inside a value.
    #[error("the file ends inside a value")]
    UnfinishedValue,
    /// More than 50,000 options.
    #[error("the file has too many options")]
    TooLarge,
}

const MOST_NODES: usize = 50_000;
const DEEPEST: usize = 64;

#[derive(Debug, Clone, Default)]
struct Node {
    name: String,
    value: String,
    parent: usize,
    children: Vec<usize>,
}

/// The merged configuration. Later settings replace earlier ones.
#[derive(Debug, Clone)]
pub struct Config {
    /// The first node is the root; it is its own parent.
    nodes: Vec<Node>,
}

impl Default for Config {
    /// apt's built-in settings, as far as the other modules ask for them.
    fn default() -> Self {
        let mut config = Self::empty();
        for (name, value) in DEFAULTS {
            config.set(name, value);
        }
        config
    }
}

const DEFAULTS: [(&str, &str); 16] = [
    ("Dir", "/"),
    ("Dir::State", "var/lib/apt"),
    ("Dir::State::lists", "lists/"),
    ("Dir::State::extended_states", "extended_states"),
    ("Dir::Etc", "etc/apt"),
    ("Dir::Etc::sourcelist", "sources.list"),
    ("Dir::Etc::sourceparts", "sources.list.d"),
    ("Dir::Etc::main", "apt.conf"),
    ("Dir::Etc::parts", "apt.conf.d"),
    ("Dir::Etc::preferences", "preferences"),
    ("Dir::Etc::preferencesparts", "preferences.d"),
    ("Dir::Etc::trusted", "trusted.gpg"),
    ("Dir::Etc::trustedparts", "trusted.gpg.d"),
    ("APT::Install-Recommends", "1"),
    ("Acquire::IndexTargets::deb::Packages::MetaKey", "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"),
    ("Acquire::IndexTargets::deb::Packages::flatMetaKey", "Packages"),
];

impl Config {
    /// A configuration with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Reads a file over what is there. What stands before an error stays read.
    ///
    /// # Errors
    /// The first line that apt would refuse, or that this program does not follow.
    pub fn read(&mut self, text: &[u8]) -> Result<(), InvalidConfig> {
        let text = String::from_utf8_lossy(text);
        let mut reader = Reader { config: self, scopes: Vec::new(), scope: String::new(), pending: String::new() };
        let mut in_comment = false;
        let mut number = 0;
        for line in text.lines() {
            number += 1;
            let line = line.replace('\t', "        ");
            let Some(fragment) = uncommented(line.trim_matches(is_blank), &mut in_comment) else {
                continue;
            };
            reader.fragment(&fragment).map_err(|kind| InvalidConfig { line: number, kind })?;
        }
        if reader.pending.is_empty() {
            return Ok(());
        }
        Err(InvalidConfig { line: number, kind: ConfigErrorKind::UnfinishedValue })
    }

    /// Sets an option; a name that ends in `::` appends to a list. Beyond 50,000
    /// options nothing more is kept, which [`Config::read`] reports.
    pub fn set(&mut self, name: &str, value: &str) {
        let mut at = 0;
        for part in name.split("::").take(DEEPEST) {
            at = match self.child(at, part) {
                Some(child) => child,
                None => match self.add(at, part) {
                    Some(child) => child,
                    None => return,
                },
            };
        }
        if let Some(node) = self.nodes.get_mut(at) {
            value.clone_into(&mut node.value);
        }
    }

    /// The value of an option; `None` where it is missing or empty.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        let node = self.nodes.get(self.lookup(name)?)?;
        Some(node.value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether an option is on; the default where it is missing or not a yes or no.
    #[must_use]
    pub fn enabled(&self, name: &str, default: bool) -> bool {
        self.find(name).and_then(boolean).unwrap_or(default)
    }

    /// The number an option starts with.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.find(name).and_then(integer).map(|(number, _)| number)
    }

    /// The values of a list; a plain value is split at commas.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let Some(node) = self.lookup(name).and_then(|at| self.nodes.get(at)) else {
            return Vec::new();
        };
        if !node.value.is_empty() {
            return split_list(&node.value, ',');
        }
        let child = |at: &usize| self.nodes.get(*at).map(|child| child.value.clone());
        node.children.iter().filter_map(child).collect()
    }

    /// The names under an option.
    #[must_use]
    pub fn names(&self, name: &str) -> Vec<String> {
        let Some(node) = self.lookup(name).and_then(|at| self.nodes.get(at)) else {
            return Vec::new();
        };
        let child = |at: &usize| self.nodes.get(*at).map(|child| child.name.clone());
        node.children.iter().filter_map(child).filter(|name| !name.is_empty()).collect()
    }

    /// A file or folder option as a path: relative values stand under the value of the
    /// option above (apt.conf(5), «DIRECTORIES»). `None` where the option is missing
    /// or points to `/dev/null`.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<String> {
        let mut at = self.lookup(name)?;
        let mut path = self.nodes.get(at).map(|node| node.value.clone())?;
        if path.is_empty() {
            return None;
        }
        while at != 0 && !path.starts_with('/') {
            at = self.nodes.get(at)?.parent;
            let above = &self.nodes.get(at)?.value;
            if !above.is_empty() {
                let slash = if above.ends_with('/') { "" } else { "/" };
                path = format!("{above}{slash}{path}");
            }
        }
        if path.starts_with("/dev/null") {
            return None;
        }
        let prefix = self.find("RootDir").unwrap_or_default();
        Some(normal(&format!("{prefix}/{path}")))
    }

    fn lookup(&self, name: &str) -> Option<usize> {
        name.split("::").try_fold(0, |at, part| self.child(at, part))
    }

    /// Empty names are list items: they match nothing.
    fn child(&self, at: usize, name: &str) -> Option<usize> {
        if name.is_empty() {
            return None;
        }
        let same = |at: &&usize| self.nodes.get(**at).is_some_and(|node| node.name.eq_ignore_ascii_case(name));
        self.nodes.get(at)?.children.iter().find(same).copied()
    }

    fn add(&mut self, parent: usize, name: &str) -> Option<usize> {
        if self.is_full() {
            return None;
        }
        let index = self.nodes.len();
        self.nodes.push(Node { name: name.to_owned(), parent, ..Node::default() });
        self.nodes.get_mut(parent)?.children.push(index);
        Some(index)
    }

    fn is_full(&self) -> bool {
        self.nodes.len() >= MOST_NODES
    }

    fn clear(&mut self, name: &str) {
        if let Some(node) = self.lookup(name).and_then(|at| self.nodes.get_mut(at)) {
            node.value.clear();
            node.children.clear();
        }
    }
}

/// Collapses `//` and `/./`.
fn normal(path: &str) -> String {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

/// The line without comments; `None` where nothing of it counts. Comment marks inside
/// double quotes are text, and so is a `#` that begins a directive.
fn uncommented(line: &str, in_comment: &mut bool) -> Option<String> {
    let mut line = line;
    if *in_comment {
        let end = line.find("*/")?;
        line = line.get(end + 2..)?;
        *in_comment = false;
    }
    line = until(line, "//", |_| false);
    line = until(line, "#", |rest| {
        ["clear", "include", "x-apt-configure-index"].iter().any(|word| rest.starts_with(word))
    });
    let mut fragment = String::new();
    while let Some(start) = unquoted(line, "/*", |_| false) {
        fragment.push_str(line.get(..start)?);
        let inside = line.get(start + 2..)?;
        match inside.find("*/") {
            Some(end) => line = inside.get(end + 2..)?,
            None => {
                *in_comment = true;
                line = "";
            }
        }
    }
    fragment.push_str(line);
    (!fragment.is_empty()).then_some(fragment)
}

fn until<'a>(line: &'a str, mark: &str, is_text: impl Fn(&str) -> bool) -> &'a str {
    let end = unquoted(line, mark, is_text).unwrap_or(line.len());
    line.get(..end).unwrap_or(line)
}

/// Where a mark stands outside double quotes and `is_text` of what follows is false.
fn unquoted(line: &str, mark: &str, is_text: impl Fn(&str) -> bool) -> Option<usize> {
    line.match_indices(mark).map(|(at, _)| at).find(|&at| {
        let quotes = line.as_bytes().iter().take(at).filter(|&&byte| byte == b'"').count();
        let rest = line.get(at + mark.len()..).unwrap_or_default();
        quotes % 2 == 0 && !is_text(rest)
    })
}

struct Reader<'a> {
    config: &'a mut Config,
    scopes: Vec<String>,
    scope: String,
    /// Text of a statement that has not ended yet.
    pending: String,
}

impl Reader<'_> {
    fn fragment(&mut self, fragment: &str) -> Result<(), ConfigErrorKind> {
        let mut quoted = false;
        let mut start = 0;
        for (at, character) in fragment.char_indices() {
            quoted ^= character == '"';
            if !quoted && matches!(character, '{' | ';' | '}') {
                self.push(fragment.get(start..at).unwrap_or_default());
                start = at + 1;
                self.statement(character)?;
            }
        }
        self.push(fragment.get(start..).unwrap_or_default());
        Ok(())
    }

    fn push(&mut self, text: &str) {
        let text = text.trim_matches(is_blank);
        if !self.pending.is_empty() && !text.is_empty() {
            self.pending.push(' ');
        }
        self.pending.push_str(text);
    }

    fn statement(&mut self, end: char) -> Result<(), ConfigErrorKind> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return match end {
                '{' => Err(ConfigErrorKind::NamelessBlock),
                '}' => {
                    self.leave();
                    Ok(())
                }
                _ => Ok(()),
            };
        }
        let (name, value) = name_and_value(&pending, end)?;
        if let Some(directive) = name.strip_prefix('#') {
            self.directive(directive, value.as_deref())?;
        } else {
            self.assign(name, value, end)?;
        }
        if end == '}' {
            self.leave();
        }
        Ok(())
    }

    fn assign(&mut self, name: String, value: Option<String>, end: char) -> Result<(), ConfigErrorKind> {
        if name.is_empty() && value.as_deref() == Some("#clear") {
            return Err(ConfigErrorKind::MisplacedDirective);
        }
        let inner = match self.scope.as_str() {
            "" => name,
            scope if scope.len() > 4096 => return Err(ConfigErrorKind::TooLarge),
            scope => format!("{scope}::{name}"),
        };
        if let Some(value) = value {
            self.config.set(&inner, &value);
        }
        if end == '{' {
            self.scopes.push(std::mem::replace(&mut self.scope, inner));
        }
        if self.config.is_full() {
            return Err(ConfigErrorKind::TooLarge);
        }
        Ok(())
    }

    fn directive(&mut self, name: &str, value: Option<&str>) -> Result<(), ConfigErrorKind> {
        match (name, value) {
            _ if !self.scope.is_empty() => Err(ConfigErrorKind::MisplacedDirective),
            ("clear", Some(target)) => {
                self.config.clear(target);
                Ok(())
            }
            // An index of known options for apt's own warnings: nothing depends on it.
            ("x-apt-configure-index", _) => Ok(()),
            _ => Err(ConfigErrorKind::UnsupportedDirective(name.to_owned())),
        }
    }

    fn leave(&mut self) {
        self.scope = self.scopes.pop().unwrap_or_default();
    }
}

/// A statement's name and value. A lone word before `;` is a value without a name.
fn name_and_value(text: &str, end: char) -> Result<(String, Option<String>), ConfigErrorKind> {
    let mut rest = text;
    let name = quoted_word(&mut rest).ok_or(ConfigErrorKind::MalformedName)?;
    if let Some(value) = quoted_strings(rest) {
        return Ok((name, Some(value)));
    }
    match quoted_word(&mut rest) {
        Some(_) if !rest.is_empty() => Err(ConfigErrorKind::AfterValue),
        Some(value) => Ok((name, Some(value))),
        None if !rest.is_empty() => Err(ConfigErrorKind::AfterValue),
        None if end == '{' => Ok((name, None)),
        None => Ok((String::new(), Some(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Config {
        let mut config = Config::default();
        config.read(text.as_bytes()).unwrap();
        config
    }

    #[test]
    fn blocks_lists_and_comments() {
        let config = read(
            "// one\nAPT { Get { Assume-Yes \"true\"; }; /* two\n */ NeverAutoRemove { \"^a\"; \"b\"; }; };\n\
             apt::Periodic::Enable 1; # three\n\
             Acquire::Languages { \"none\"; };\nDPkg::Post-Invoke:: \"rm -f /*.deb || true\";\n",
        );
        assert!(config.enabled("APT::Get::assume-yes", false));
        assert_eq!(config.list("APT::NeverAutoRemove"), ["^a", "b"]);
        assert_eq!(config.number("APT::Periodic::Enable"), Some(1));
        assert_eq!(config.list("DPkg::Post-Invoke"), ["rm -f /*.deb || true"]);
    }

    #[test]
    fn values_over_lines_and_joined_strings() {
        let config = read("A\n \"x\"\n \"y\"\n;\nB { C \"1\"; D { E \"2\"; } }\n");
        assert_eq!(config.find("A"), Some("x y"));
        assert_eq!(config.find("b::d::e"), Some("2"));
    }

    #[test]
    fn clear_drops_the_subtree() {
        let config = read("A { \"1\"; \"2\"; };\n#clear A;\nA:: \"3\";\n");
        assert_eq!(config.list("A"), ["3"]);
    }

    #[test]
    fn paths_stand_under_their_parents() {
        let config = read("Dir::State \"/srv/apt/\"; Dir::Etc::parts \"/dev/null\";");
        assert_eq!(config.path("Dir::State::lists").unwrap(), "/srv/apt/lists");
        assert_eq!(config.path("Dir::Etc::sourceparts").unwrap(), "/etc/apt/sources.list.d");
        assert_eq!(config.path("Dir::Etc::parts"), None);
    }

    #[test]
    fn refusals_carry_the_line() {
        let refused = |text: &str| Config::default().read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused("A 1;\n{ };"), "line 2: a block starts with no name");
        assert_eq!(refused("#include \"/x\";"), "line 1: the directive #include is not supported");
        assert_eq!(refused("A 1\n"), "line 1: the file ends inside a value");
        assert_eq!(refused("A b c;"), "line 1: there is something after the value");
    }

    proptest! {
        #[test]
        fn any_bytes(text: Vec<u8>) {
            let _ = Config::default().read(&text);
        }
        #[test]
        fn any_soup(text in "[a{};:#\" \n/*]{0,60}") {
            let _ = Config::default().read(text.as_bytes());
        }
    }
}
