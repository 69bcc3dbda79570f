//! Colour, where a terminal takes it, and text that cannot command the terminal.

use std::fmt;

use seaworthy_model::Verdict;

/// Whether and how to colour.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// With or without colour.
    pub fn new(colour: bool) -> Style {
        Style { colour }
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A verdict in its colour; the word says it without colour too.
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let colour = match verdict {
            Verdict::Pass => "1;32",
            Verdict::Fail => "1;31",
            Verdict::Unknown => "1;33",
            Verdict::NotApplicable => "2",
        };
        self.paint(colour, text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Text that may come from a hostile disk: control characters are shown as `\u{…}`, so that it cannot command the
/// terminal or hide other text.
pub struct Clean<'a>(pub &'a str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean: String = self.0.chars().flat_map(shown).collect();
        f.pad(&clean)
    }
}

fn shown(character: char) -> Box<dyn Iterator<Item = char>> {
    if is_hidden(character) { Box::new(character.escape_unicode()) } else { Box::new(std::iter::once(character)) }
}

/// Controls, and what reorders text, breaks lines or shows nothing (Unicode's Default_Ignorable_Code_Point, in part).
fn is_hidden(character: char) -> bool {
    let ignorable = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    ignorable || (character.is_control() && character != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_command_a_terminal() {
        assert_eq!(Clean("a\u{1b}[2Jb\r\u{202e}c").to_string(), "a\\u{1b}[2Jb\\u{d}\\u{202e}c");
        assert_eq!(Clean("größer").to_string(), "größer");
    }
}
