//! Lists against the signed hashes, and what is missing altogether.

use seaworthy_testkit::archive::{Stored, clear_signed};

use super::*;

fn stored(stored: Stored) -> Made {
    let mut made = Made::new();
    std::fs::remove_file(made.system.at(&made.security.list("main/binary-amd64/Packages"))).unwrap();
    made.security.stored = stored;
    made.write();
    made
}

fn list(made: &Made) -> String {
    made.security.list("main/binary-amd64/Packages")
}

#[test]
fn a_list_is_what_was_signed_or_it_is_not_believed() {
    let text = offered("openssl", "3.0.2");
    type Row = (&'static str, Box<dyn Fn(&Made)>, Result<(), Reason>);
    for form in [Stored::Plain, Stored::Lz4, Stored::Gzip] {
        let put = |text: String| -> Box<dyn Fn(&Made)> {
            Box::new(move |made| made.system.write(&list(made), form.bytes(text.as_bytes())))
        };
        let rows: Vec<Row> = vec![
            ("as signed", Box::new(|_| {}), Ok(())),
            ("one byte other", put(text.replace("pool/", "pooL/")), Err(Reason::Mismatch)),
            ("one byte more", put(format!("{text}\n")), Err(Reason::Mismatch)),
            ("cut off", put(text[..text.len() - 9].to_owned()), Err(Reason::Mismatch)),
            (
                "another list beside it",
                Box::new(|made| {
                    made.system.write(
                        "/var/lib/apt/lists/x_dists_y_main_binary-amd64_Packages",
                        "Package: openssl\nVersion: 9\n",
                    )
                }),
                Ok(()),
            ),
        ];
        for (what, change, expected) in rows {
            let made = stored(form);
            change(&made);
            let what = format!("{what}, {form:?}");
            assert_eq!(proof(&what, &made.device().evidence()).map(drop), expected, "{what}");
        }
    }
}

/// No list, no set: but the claim says why, and never passes.
#[test]
fn a_list_that_is_not_there_or_empty_is_unknown() {
    for form in [Stored::Plain, Stored::Lz4, Stored::Gzip] {
        let gone = stored(form);
        std::fs::remove_file(gone.system.at(&list(&gone))).unwrap();
        let empty = stored(form);
        empty.system.write(&list(&empty), form.bytes(b""));
        let nothing = stored(form);
        nothing.system.write(&list(&nothing), "");
        let cut = stored(form);
        let bytes = form.bytes(offered("openssl", "3.0.2").as_bytes());
        cut.system.write(&list(&cut), &bytes[..bytes.len() / 2]);
        let empty_reason = [Reason::ListsEmpty, Reason::Garbled];
        let cut_reason = [Reason::Garbled, Reason::Mismatch];
        for (what, made, reasons) in [
            ("gone", gone, &[Reason::ListsMissing][..]),
            ("empty", empty, &empty_reason[..1]),
            ("nothing", nothing, &empty_reason),
            ("cut off", cut, &cut_reason),
        ] {
            let evidence = made.device().evidence();
            let reason = evidence.claims.updates.reason();
            assert!(reason.is_some_and(|reason| reasons.contains(&reason)), "{what} {form:?}: {reason:?}");
            assert_eq!(six_month(&evidence), Verdict::Unknown, "{what} {form:?}");
        }
    }
}

#[test]
fn a_list_that_the_signed_file_does_not_name_is_not_believed() {
    let made = Made::new();
    let release = made.security.release();
    let unnamed: Vec<(&str, String)> = vec![
        (
            "no line",
            release.lines().filter(|line| !line.contains("Packages")).map(|line| format!("{line}\n")).collect(),
        ),
        ("another name", release.replace("main/binary-amd64/Packages", "main/binary-amd64/Packages.gz")),
        ("a longer name", release.replace("main/binary-amd64/Packages", "x/main/binary-amd64/Packages")),
        ("only MD5", release.replace("SHA256:", "MD5Sum:")),
        ("not a hash", release.replace("SHA256:\n ", "SHA256:\n x")),
    ];
    for (what, text) in unnamed {
        let signed = clear_signed(&text, &[(&made.key, Default::default())]);
        made.system.write(&made.security.path("InRelease"), signed);
        assert_eq!(proof(what, &made.device().evidence()), Err(Reason::Mismatch), "{what}");
    }
}

#[test]
fn what_is_missing_altogether_has_its_own_reason() {
    type Row = (&'static str, fn(&Made), Reason);
    let rows: [Row; 7] = [
        ("no sources", |made| made.system.write("/etc/apt/sources.list", "# none\n"), Reason::NoSources),
        (
            "no file of sources",
            |made| std::fs::remove_file(made.system.at("/etc/apt/sources.list")).unwrap(),
            Reason::NoSources,
        ),
        ("emptied lists", |made| emptied(made), Reason::ListsMissing),
        ("a journal", |made| made.system.write("/var/lib/dpkg/updates/0001", "Package: a\n"), Reason::PackagesBusy),
        (
            "no database",
            |made| std::fs::remove_file(made.system.at("/var/lib/dpkg/status")).unwrap(),
            Reason::NotSupported,
        ),
        ("an emptied database", |made| made.system.write("/var/lib/dpkg/status", "\n"), Reason::NotSupported),
        (
            "no Release file",
            |made| std::fs::remove_file(made.system.at(&made.security.path("InRelease"))).unwrap(),
            Reason::ListsMissing,
        ),
    ];
    for (what, change, reason) in rows {
        let made = Made::clean();
        change(&made);
        let host = Sysroot::new().file(KEYRING, made.key.binary());
        for run in [made.device(), made.disk(&host)] {
            let evidence = run.evidence();
            assert_eq!(evidence.claims.updates.reason(), Some(reason), "{what}");
            assert!(matches!(evidence.claims.updates, Claim::Unknown { .. }), "{what}");
            assert_eq!(six_month(&evidence), Verdict::Unknown, "{what}");
        }
    }
}

fn emptied(made: &Made) {
    let lists = made.system.at("/var/lib/apt/lists");
    std::fs::remove_dir_all(&lists).unwrap();
    std::fs::create_dir_all(lists.join("partial")).unwrap();
}
