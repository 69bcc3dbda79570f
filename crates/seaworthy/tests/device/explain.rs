//! `seaworthy explain`, as on a terminal.

use crate::kit::Holder;
use insta::assert_snapshot;
use seaworthy_model::codes;

#[test]
fn every_code_is_listed_and_explained() {
    let holder = Holder::new();
    let listed = holder.run(&["explain"]);
    assert_eq!(listed.out.lines().count(), codes().len());
    for code in [codes().first().unwrap(), codes().last().unwrap()] {
        let said = holder.run(&["explain", code.name()]);
        assert!(said.code == 0 && said.out.starts_with(&format!("{code}: ")), "{said}");
    }
    assert_snapshot!(holder.run(&["explain", "[lists-empty]"]), @"
    $ seaworthy explain [lists-empty]
    lists-empty: the package lists are empty

    apt calls a device with empty lists up to date. It is not known.

    What to do: Run apt-get update.
    [exit 0]
    ");
}

#[test]
fn the_nearest_code_is_suggested_where_one_is_near() {
    let holder = Holder::new();
    assert_snapshot!(holder.run(&["explain", "lists-emtpy"]), @"
    $ seaworthy explain lists-emtpy
    error[usage]: no code is called `lists-emtpy`
      hint: did you mean `lists-empty`?
    [exit 2]
    ");
    assert_snapshot!(holder.run(&["explain", "Zanzibar"]), @"
    $ seaworthy explain Zanzibar
    error[usage]: no code is called `Zanzibar`
      hint: `seaworthy explain` lists all codes
    [exit 2]
    ");
    assert!(holder.run(&["explain", "\u{1b}[2J"]).err.contains("`\\u{1b}[2J`"), "shown, not obeyed");
}
