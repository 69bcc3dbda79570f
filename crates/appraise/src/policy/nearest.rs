//! The nearest right word to a wrong one.

/// Longer words are not compared: nobody mistypes so much, and comparing is quadratic.
const MAX_WORD: usize = 64;

/// The nearest of some words, if any is near enough to be meant.
pub(crate) fn nearest(word: &str, words: impl IntoIterator<Item = &'static str>) -> Option<String> {
    let word = word.trim().to_lowercase().replace([' ', '-'], "_");
    if word.is_empty() || word.chars().count() > MAX_WORD {
        return None;
    }
    let distance = |right: &str| strsim::damerau_levenshtein(&word, &right.replace('-', "_"));
    let near = words.into_iter().map(|right| (distance(right), right)).min_by_key(|&(distance, _)| distance);
    let is_near = |distance: usize, right: &str| distance <= (right.chars().count() / 3).max(1);
    near.filter(|&(distance, right)| is_near(distance, right)).map(|(_, right)| right.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let words = ["max_age_days", "allowed_days", "severity", "all"];
        let check =
            |word: &str, expected: Option<&str>| assert_eq!(nearest(word, words).as_deref(), expected, "{word}");
        check("alowed_days", Some("allowed_days"));
        check("Allowed-Days", Some("allowed_days"));
        check("severty", Some("severity"));
        check("al", Some("all"));
        check("zzz", None);
        check("", None);
        check(&"a".repeat(1000), None);
    }
}
