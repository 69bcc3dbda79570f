//! Pages: how long one is, and where the next begins.

/// Items of a page when nothing else is asked for.
const PAGE: u32 = 100;
/// Most items of a page, as the description says; whoever asks for more gets so many, and the next page's beginning.
const MOST: u32 = 1000;

/// How many items a page has at most.
pub(super) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(PAGE).clamp(1, MOST)
}

/// What is to be given for the next page; none where this one was not filled, and so is the last.
pub(super) fn next<T, C>(items: &[T], limit: u32, cursor: impl Fn(&T) -> C) -> Option<C> {
    let is_full = items.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    items.last().filter(|_| is_full).map(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_cut_leads_on() {
        assert_eq!((limit(None), limit(Some(0)), limit(Some(7)), limit(Some(5000))), (100, 1, 7, 1000));
        let check = |items: usize, asked: Option<u32>, expected: Option<usize>| {
            let items: Vec<usize> = (0..items).collect();
            assert_eq!(next(&items, limit(asked), |item| *item), expected, "{asked:?}");
        };
        check(0, None, None);
        check(99, None, None);
        check(100, None, Some(99));
        // Asked for more than a page may have, and got a full one: there may be others.
        check(1000, Some(5000), Some(999));
    }
}
