//! What is wrong with a policy file, shown as a compiler would: the line, a caret under the word, what to write.

use std::fmt;

use seaworthy_model::Code;

/// A line longer than this is shown in part.
const SHOWN: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Stable code; `seaworthy explain CODE` tells more.
    pub code: Code,
    /// The file, as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The wrong word.
    pub word: String,
    /// The right word that is nearest to it.
    pub nearest: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What may stand here.
    pub expected: String,
    /// The line as it stands.
    pub(crate) text: String,
    /// How many characters are wrong.
    pub(crate) width: usize,
}

impl PolicyError {
    /// The whole message over several lines.
    pub fn render(&self) -> String {
        let gutter = " ".repeat(self.line.to_string().len());
        let (text, before) = self.window();
        let caret = "^".repeat(self.width.clamp(1, text.chars().count().saturating_sub(before).max(1)));
        let indent: String = text.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let hint = self.nearest.as_ref().map(|word| format!(" did you mean `{}`?", shown(word))).unwrap_or_default();
        let mut lines = vec![
            format!("error[{}]: {}", self.code, shown(&self.message)),
            format!("{gutter}--> {}:{}:{}", shown(&self.file), self.line, self.column),
            format!("{gutter} |"),
            format!("{} | {}", self.line, shown(&text)),
            format!("{gutter} | {indent}{caret}{hint}"),
        ];
        if !self.expected.is_empty() {
            lines.push(format!("{gutter} = expected: {}", shown(&self.expected)));
        }
        lines.join("\n")
    }

    /// The part of the line that is shown, and how many of its characters stand before the word.
    fn window(&self) -> (String, usize) {
        let before = self.column.saturating_sub(1);
        let skipped = if self.text.chars().count() <= SHOWN { 0 } else { before.saturating_sub(SHOWN / 2) };
        (self.text.chars().skip(skipped).take(SHOWN).collect(), before.saturating_sub(skipped))
    }
}

/// Text from a file, without what would act on a terminal or turn its order round.
fn shown(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let acts = |c: char| c.is_control() && c != '\t';
    text.chars().map(|c| if acts(c) || turns(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", shown(&self.file), self.line, self.column, shown(&self.message))
    }
}

impl std::error::Error for PolicyError {}

/// Everything that is wrong with a policy file, in the order of the file; at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors {
    /// The errors that are told.
    pub errors: Vec<PolicyError>,
    /// How many more there are.
    pub untold: usize,
}

impl PolicyErrors {
    /// The code of the first error.
    pub fn code(&self) -> Code {
        self.errors.first().map_or(Code::Bug, |error| error.code)
    }

    /// All messages.
    pub fn render(&self) -> String {
        let mut messages: Vec<String> = self.errors.iter().map(PolicyError::render).collect();
        if self.untold > 0 {
            messages.push(format!("and {} more", self.untold));
        }
        messages.join("\n\n")
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for PolicyErrors {}
