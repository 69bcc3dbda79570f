//! Whose keys count for a source: what it names, what apt trusts by default, and on a disk the inspecting machine's
//! keyrings alone.

use seaworthy_testkit::archive::{Key, KeyPlan, SigningPlan, SubkeyPlan, clear_signed};

use super::*;

const PARTS: &str = "/etc/apt/trusted.gpg.d";

/// The system with this option for the security archive, signed by `key`.
fn signed(option: &str, key: &Key) -> Made {
    let made = Made::new();
    let sources = [made.base.source(&format!("[signed-by={KEYRING}]")), made.security.source(option)].concat();
    made.system.write("/etc/apt/sources.list", sources);
    made.security.write(&made.system, key);
    made
}

fn subkeyed() -> Key {
    KeyPlan { subkey: Some(SubkeyPlan::default()), ..KeyPlan::new(5) }.into()
}

#[test]
fn a_device_trusts_what_its_source_names_and_else_what_apt_trusts() {
    let (known, other, subkeyed) = (Key::new(21), Key::new(22), subkeyed());
    let (primary, subkey) = (subkeyed.fingerprint(), subkeyed.subkey_fingerprint());
    let one = || vec![("/etc/apt/keyrings/a.gpg", known.binary())];
    let armoured = || vec![("/etc/apt/keyrings/a.asc", known.armoured().into_bytes())];
    let parts = |name: &'static str, bytes: Vec<u8>| vec![(name, bytes)];
    let trusted = || parts("/etc/apt/trusted.gpg.d/a.gpg", [other.binary(), known.binary()].concat());
    let with_subkey = || parts("/etc/apt/trusted.gpg.d/a.gpg", [known.binary(), subkeyed.binary()].concat());
    let missing = Err(Reason::KeyMissing);
    type Row<'a> = (&'a str, String, Vec<(&'a str, Vec<u8>)>, &'a Key, Result<(), Reason>);
    let rows: Vec<Row<'_>> = vec![
        ("a path", "[signed-by=/etc/apt/keyrings/a.gpg]".into(), one(), &known, Ok(())),
        ("an armoured file", "[signed-by=/etc/apt/keyrings/a.asc]".into(), armoured(), &known, Ok(())),
        ("a path to another key", "[signed-by=/etc/apt/keyrings/a.gpg]".into(), one(), &other, missing),
        ("several paths", "[signed-by=/nowhere.gpg,/etc/apt/keyrings/a.gpg]".into(), one(), &known, Ok(())),
        ("a path to nothing", "[signed-by=/nowhere.gpg]".into(), trusted(), &known, missing),
        ("by default", String::new(), trusted(), &known, Ok(())),
        (
            "by default, armoured",
            String::new(),
            parts("/etc/apt/trusted.gpg.d/a.asc", known.armoured().into()),
            &known,
            Ok(()),
        ),
        ("by default, one file", String::new(), parts("/etc/apt/trusted.gpg", known.binary()), &known, Ok(())),
        (
            "by default, another ending",
            String::new(),
            parts("/etc/apt/trusted.gpg.d/a.txt", known.binary()),
            &known,
            missing,
        ),
        ("a named key elsewhere", String::new(), one(), &known, missing),
        ("trusted as it is", "[trusted=yes]".into(), vec![], &known, missing),
        ("a fingerprint", format!("[signed-by={}]", known.fingerprint()), trusted(), &known, Ok(())),
        (
            "a fingerprint in small letters",
            format!("[signed-by={}]", known.fingerprint().to_lowercase()),
            trusted(),
            &known,
            Ok(()),
        ),
        ("another fingerprint", format!("[signed-by={}]", other.fingerprint()), trusted(), &known, missing),
        ("half a fingerprint", format!("[signed-by={}]", &known.fingerprint()[20..]), trusted(), &known, missing),
        ("the primary key's fingerprint", format!("[signed-by={primary}]"), with_subkey(), &subkeyed, Ok(())),
        ("the subkey's fingerprint", format!("[signed-by={subkey}]"), with_subkey(), &subkeyed, Ok(())),
        ("the subkey's alone", format!("[signed-by={subkey}!]"), with_subkey(), &subkeyed, Ok(())),
        ("the primary key's alone", format!("[signed-by={primary}!]"), with_subkey(), &subkeyed, missing),
        (
            "a path and a fingerprint",
            format!("[signed-by=/etc/apt/keyrings/a.gpg,{}]", other.fingerprint()),
            one(),
            &known,
            missing,
        ),
    ];
    for (what, option, files, key, expected) in rows {
        let made = signed(&option, key);
        for (path, bytes) in files {
            made.system.write(path, bytes);
        }
        assert_eq!(proof(what, &made.device().evidence()).map(drop), expected, "{what}");
    }
}

#[test]
fn a_named_subkey_does_not_let_its_primary_key_sign() {
    let key = subkeyed();
    let made = signed(&format!("[signed-by={}]", key.subkey_fingerprint()), &key);
    made.system.write(&format!("{PARTS}/a.gpg"), key.binary());
    let plan = SigningPlan { by_primary: true, ..SigningPlan::default() };
    made.system.write(&made.security.path("InRelease"), clear_signed(&made.security.release(), &[(&key, plan)]));
    assert_eq!(proof("primary", &made.device().evidence()), Err(Reason::KeyMissing));
}

/// A stanza with the key inside.
fn embedding(made: &Made, key: &Key) {
    let armoured = key.armoured();
    let lines = armoured.lines().map(|line| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") });
    let stanza = format!(
        "Types: deb\nURIs: http://{}\nSuites: {}\nComponents: main\nSigned-By:\n{}",
        made.security.site,
        made.security.folder,
        lines.collect::<String>()
    );
    made.system.write("/etc/apt/sources.list", made.base.source(&format!("[signed-by={KEYRING}]")));
    made.system.write("/etc/apt/sources.list.d/a.sources", stanza);
}

#[test]
fn an_embedded_key_counts_on_a_device_and_never_on_a_disk() {
    let key = Key::new(23);
    let made = signed("", &key);
    embedding(&made, &key);
    assert_eq!(proof("device", &made.device().evidence()), Ok(key.fingerprint()));
    let host = Sysroot::new().file(KEYRING, made.key.binary());
    assert_eq!(proof("disk", &made.disk(&host).evidence()), Err(Reason::KeyMissing));
    // Not even where the machine trusts that very key: the source does not name it there.
    let host = host.file("/etc/apt/trusted.gpg.d/a.gpg", key.binary());
    assert_eq!(proof("disk", &made.disk(&host).evidence()), Err(Reason::KeyMissing));
    embedding(&made, &Key::new(24));
    assert_eq!(proof("another", &made.device().evidence()), Err(Reason::KeyMissing));
}

#[test]
fn a_disk_is_proved_with_the_keys_of_the_machine_alone() {
    let key = Key::new(31);
    let ok = Ok(key.fingerprint());
    let missing = || Err(Reason::KeyMissing);
    type Row = (&'static str, &'static str, &'static [&'static str], Result<String, Reason>);
    let rows: Vec<Row> = vec![
        ("the same path", "[signed-by=/usr/share/keyrings/v.gpg]", &["/usr/share/keyrings/v.gpg"], ok.clone()),
        ("renamed since", "[signed-by=/usr/share/keyrings/v.gpg]", &["/usr/share/keyrings/v.pgp"], ok.clone()),
        ("renamed before", "[signed-by=/usr/share/keyrings/v.pgp]", &["/usr/share/keyrings/v.gpg"], ok.clone()),
        ("without an ending", "[signed-by=/usr/share/keyrings/v]", &["/usr/share/keyrings/v"], ok.clone()),
        ("an ending of its own", "[signed-by=/usr/share/keyrings/v.x]", &["/usr/share/keyrings/v.gpg"], missing()),
        ("the disk's own", "[signed-by=/usr/share/keyrings/v.gpg]", &[], missing()),
        ("named by a way up", "[signed-by=/usr/share/keyrings/../../../home/v.gpg]", &["/home/v.gpg"], missing()),
        (
            "a way up and back",
            "[signed-by=/usr/share/keyrings/../keyrings/v.gpg]",
            &["/usr/share/keyrings/v.gpg"],
            missing(),
        ),
        ("another folder", "[signed-by=/home/v.gpg]", &["/home/v.gpg"], missing()),
        ("a folder below", "[signed-by=/usr/share/keyrings/a/v.gpg]", &["/usr/share/keyrings/a/v.gpg"], missing()),
        ("by default, apt's", "", &["/etc/apt/trusted.gpg.d/v.gpg"], ok.clone()),
        ("by default, the vendor's", "", &["/usr/share/keyrings/debian-archive-keyring.pgp"], ok),
        ("by default, none", "", &["/usr/share/keyrings/v.gpg"], missing()),
    ];
    for (what, option, files, expected) in rows {
        let made = signed(option, &key);
        let host = Sysroot::new().file(KEYRING, made.key.binary());
        for path in files {
            host.write(path, key.binary());
        }
        // Wherever the disk might keep a key of its own.
        for path in [
            "/usr/share/keyrings/v.gpg",
            "/usr/share/keyrings/v.pgp",
            "/etc/apt/trusted.gpg.d/v.gpg",
            "/home/v.gpg",
            "/etc/apt/trusted.gpg",
            "/usr/share/keyrings/debian-archive-keyring.gpg",
        ] {
            made.system.write(path, key.binary());
        }
        assert_eq!(proof(what, &made.disk(&host).evidence()), expected, "{what}");
    }
}

#[test]
fn what_cannot_be_read_in_a_keyring_hides_no_key_after_it() {
    let made = Made::new();
    // A key packet of a version that nobody knows, then the key.
    let unknown = [0xc6, 0x06, 0x63, 0, 0, 0, 0, 1];
    made.system.write(KEYRING, [unknown.to_vec(), made.key.binary()].concat());
    assert_eq!(proof("unknown version", &made.device().evidence()), Ok(made.key.fingerprint()));
}
