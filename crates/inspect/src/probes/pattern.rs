//! Shell patterns of one name, as OpenSSH's `Include` and unattended-upgrades' origins use them: `*`, `?` and `[…]`,
//! fnmatch(3) without flags.

/// Whether a name matches; quadratic at worst.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut retry: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            retry = Some((rest, name));
            pattern = rest;
            continue;
        }
        match (one(pattern, name.chars().next()), name.chars().next()) {
            (Some(rest), Some(letter)) => {
                pattern = rest;
                name = name.get(letter.len_utf8()..).unwrap_or_default();
                continue;
            }
            (_, None) if pattern.is_empty() => return true,
            _ => {}
        }
        let Some((after, from)) = retry else { return false };
        let Some(letter) = from.chars().next() else { return false };
        name = from.get(letter.len_utf8()..).unwrap_or_default();
        pattern = after;
        retry = Some((after, name));
    }
}

/// The pattern after its first element, if that matches the letter.
fn one(pattern: &str, letter: Option<char>) -> Option<&str> {
    let letter = letter?;
    let mut rest = pattern.chars();
    match rest.next()? {
        '?' => Some(rest.as_str()),
        '[' => match class(rest.as_str(), letter) {
            Some((true, rest)) => Some(rest),
            Some((false, _)) => None,
            // No closing bracket: an ordinary letter.
            None => (letter == '[').then_some(rest.as_str()),
        },
        '\\' => (rest.next()? == letter).then_some(rest.as_str()),
        other => (other == letter).then_some(rest.as_str()),
    }
}

/// Whether a letter is in the class, and what follows it.
fn class(text: &str, letter: char) -> Option<(bool, &str)> {
    let inverted = text.starts_with(['!', '^']);
    let body = if inverted { text.get(1..)? } else { text };
    // A bracket that stands first is an ordinary member.
    let close = body.char_indices().skip(1).find(|(_, found)| *found == ']')?.0;
    let members: Vec<char> = body.get(..close)?.chars().collect();
    let mut found = false;
    let mut members = members.as_slice();
    while let [first, rest @ ..] = members {
        if let ['-', last, after @ ..] = rest {
            found |= (*first..=*last).contains(&letter);
            members = after;
        } else {
            found |= *first == letter;
            members = rest;
        }
    }
    Some((found != inverted, body.get(close + 1..)?))
}

/// Whether a text has anything that makes it a pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_one_name() {
        let yes =
            [("*.conf", "50-cloud.conf"), ("a*b*c", "aXXbYYc"), ("?", "ü"), ("[0-9]x", "5x"), ("[!a]", "b"), ("", "")];
        let no = [("*.conf", "x.con"), ("a", "ab"), ("[0-9]", "x"), ("?", ""), ("a*b", "a"), ("[", "x"), ("\\*", "x")];
        assert!(yes.iter().all(|(pattern, name)| matches(pattern, name)));
        assert!(no.iter().all(|(pattern, name)| !matches(pattern, name)));
    }
}
