//! Any two texts compare, and the order is antisymmetric.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (String, String)| {
    let (left, right) = data;
    let order = seaworthy_versions::dpkg::compare(&left, &right);
    assert_eq!(order, seaworthy_versions::dpkg::compare(&right, &left).reverse());
});
