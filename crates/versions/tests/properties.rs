//! What any order must keep, on versions that look real and on any bytes.

use proptest::prelude::*;
use seaworthy_versions::dpkg::{Version, compare};

fn versions() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9][0-9a-c.+~-]{0,8}(-[0-9a~+.]{1,4})?"
}

proptest! {
    #[test]
    fn antisymmetric(a in versions(), b in versions()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
    }

    #[test]
    fn transitive(mut all in proptest::collection::vec(versions(), 3)) {
        all.sort_by(|a, b| compare(a, b));
        prop_assert!(compare(&all[0], &all[2]).is_le());
        if compare(&all[0], &all[1]).is_lt() || compare(&all[1], &all[2]).is_lt() {
            prop_assert!(compare(&all[0], &all[2]).is_lt());
        }
    }

    #[test]
    fn spellings_of_zero_are_equal(upstream in "[0-9][0-9a-z.+~]{0,8}") {
        let version = Version::split(upstream.as_bytes());
        for spelling in [format!("0:{upstream}"), format!("{upstream}-0"), format!("00:0{upstream}-00")] {
            prop_assert!(version == Version::split(spelling.as_bytes()), "{}", spelling);
        }
    }

    #[test]
    fn any_bytes_have_an_order(a: Vec<u8>, b: Vec<u8>) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert!(compare(&a, &a).is_eq());
        let _ = Version::parse(&String::from_utf8_lossy(&a));
    }
}
