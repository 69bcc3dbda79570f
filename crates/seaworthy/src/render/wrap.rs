//! Lists of words, broken into lines.

use std::fmt::Write;

/// Widest line.
const WIDTH: usize = 100;

/// Words separated by commas, the first line after `head`, the others indented to stand below it.
pub fn wrapped(head: &str, words: &[&str]) -> String {
    let indent = head.chars().count();
    let mut text = head.to_owned();
    let mut column = indent;
    for (index, word) in words.iter().enumerate() {
        let comma = if index + 1 < words.len() { "," } else { "" };
        let width = word.chars().count() + comma.len();
        if index > 0 && column + 1 + width > WIDTH {
            // Writing into a string cannot fail.
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        text.push_str(comma);
        column += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_go_on_below_their_beginning() {
        assert_eq!(wrapped("read: ", &[]), "read: ");
        assert_eq!(wrapped("read: ", &["/a", "/b"]), "read: /a, /b");
        let (long, short) = ("x".repeat(91), "y");
        assert_eq!(wrapped("read: ", &[&long, short, short]), format!("read: {long},\n      y, y"));
    }
}
