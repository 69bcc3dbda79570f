//! Which signatures count. The installed gpgv judges the same files, as the program that apt leaves this to; where the
//! two differ, the table says so and why.

use std::path::Path;
use std::process::Command;

use pgp::composed::KeyType;
use pgp::crypto::hash::HashAlgorithm;
use seaworthy_model::Reason;
use seaworthy_testkit::archive::{Key, KeyPlan, SigningPlan, SubkeyPlan, clear_signed, detached};
use seaworthy_testkit::skip;

use super::*;

const PLAIN: SigningPlan =
    SigningPlan { hash: HashAlgorithm::Sha256, made: 1_577_923_200, expires_days: None, by_primary: false };

/// One way to sign.
struct Case {
    what: &'static str,
    keyring: Vec<u8>,
    /// The Release file or, without a signature apart, the InRelease file.
    file: String,
    signature: Option<String>,
    expected: Result<(), Reason>,
    /// Whether gpgv finds a good signature.
    gpgv: bool,
}

fn text() -> String {
    Made::new().security.release()
}

fn in_release(what: &'static str, keys: &[&Key], file: String, expected: Result<(), Reason>, gpgv: bool) -> Case {
    let keyring = keys.iter().flat_map(|key| key.binary()).collect();
    Case { what, keyring, file, signature: None, expected, gpgv }
}

fn signed_by(key: &Key, plan: SigningPlan) -> String {
    clear_signed(&text(), &[(key, plan)])
}

fn with_subkey(seed: u64, subkey: SubkeyPlan) -> Key {
    KeyPlan { subkey: Some(subkey), ..KeyPlan::new(seed) }.into()
}

fn of_keys() -> Vec<Case> {
    let (good, unknown) = (Key::new(1), Key::new(2));
    let expired: Key = KeyPlan { expires_days: Some(365), ..KeyPlan::new(3) }.into();
    let revoked: Key = KeyPlan { revoked: true, ..KeyPlan::new(4) }.into();
    let unrevoked = Key::new(4);
    let subkey = with_subkey(5, SubkeyPlan::default());
    let subkey_expired = with_subkey(6, SubkeyPlan { expires_days: Some(365), ..SubkeyPlan::default() });
    let subkey_revoked = with_subkey(7, SubkeyPlan { revoked: true, ..SubkeyPlan::default() });
    let for_secrets = with_subkey(8, SubkeyPlan { not_for_signing: true, ..SubkeyPlan::default() });
    let one_way = with_subkey(9, SubkeyPlan { not_bound_back: true, ..SubkeyPlan::default() });
    let long: Key = KeyPlan { kind: KeyType::Rsa(2048), ..KeyPlan::new(10) }.into();
    let short: Key = KeyPlan { kind: KeyType::Rsa(1024), ..KeyPlan::new(11) }.into();
    let among = clear_signed(&text(), &[(&unknown, PLAIN), (&good, PLAIN)]);
    let of = |key: &Key| signed_by(key, PLAIN);
    let by_primary = signed_by(&subkey, SigningPlan { by_primary: true, ..PLAIN });
    vec![
        in_release("a known key", &[&good], of(&good), Ok(()), true),
        in_release("an RSA key", &[&long], of(&long), Ok(()), true),
        in_release("an unknown key", &[&good], of(&unknown), Err(Reason::KeyMissing), false),
        in_release("a known key among unknown ones", &[&good], among, Ok(()), true),
        in_release("an expired key", &[&expired], of(&expired), Err(Reason::KeyExpired), false),
        in_release("a revoked key", &[&revoked], of(&revoked), Err(Reason::KeyExpired), false),
        // gpgv believes the first copy that it finds.
        in_release("a copy knows the revocation", &[&unrevoked, &revoked], of(&revoked), Err(Reason::KeyExpired), true),
        in_release("a signing subkey", &[&subkey], of(&subkey), Ok(()), true),
        in_release("the primary key beside a subkey", &[&subkey], by_primary, Ok(()), true),
        in_release("an expired subkey", &[&subkey_expired], of(&subkey_expired), Err(Reason::KeyExpired), false),
        in_release("a revoked subkey", &[&subkey_revoked], of(&subkey_revoked), Err(Reason::KeyExpired), false),
        in_release("a subkey for secrets", &[&for_secrets], of(&for_secrets), Err(Reason::KeyMissing), false),
        in_release("a subkey not bound back", &[&one_way], of(&one_way), Err(Reason::KeyMissing), false),
        // gpgv leaves short keys to apt, which refuses them since 2.9.
        in_release("a short RSA key", &[&short], of(&short), Err(Reason::BadSignature), true),
    ]
}

fn of_files() -> Vec<Case> {
    let good = Key::new(1);
    let whole = signed_by(&good, PLAIN);
    let old_fashioned: Key = KeyPlan { kind: KeyType::Rsa(2048), ..KeyPlan::new(10) }.into();
    let sha1 = signed_by(&old_fashioned, SigningPlan { hash: HashAlgorithm::Sha1, ..PLAIN });
    let over = signed_by(&good, SigningPlan { expires_days: Some(30), ..PLAIN });
    let case = |what, file, expected, gpgv| in_release(what, &[&good], file, expected, gpgv);
    let before = format!("Origin: Evil\n\n{whole}");
    let stanzas = clear_signed(&format!("{}\nOrigin: Debian\n", text()), &[(&good, PLAIN)]);
    vec![
        case("no signature", text(), Err(Reason::Unsigned), false),
        in_release("a SHA-1 signature", &[&old_fashioned], sha1, Err(Reason::BadSignature), false),
        case("an expired signature", over, Err(Reason::BadSignature), false),
        case("a changed letter", whole.replace("Suite: old", "Suite: odd"), Err(Reason::BadSignature), false),
        // gpgv passes over what stands around a message; apt refuses the file before it asks gpgv.
        case("text before", before, Err(Reason::BadSignature), true),
        case("text after", format!("{whole}\nOrigin: Evil\n"), Err(Reason::BadSignature), true),
        case("two messages", format!("{whole}{whole}"), Err(Reason::BadSignature), true),
        case("a comment in the head", whole.replace("Hash: SHA256", "Comment: x"), Err(Reason::BadSignature), false),
        case("lines of DOS", whole.replace('\n', "\r\n"), Ok(()), true),
        case("blanks at an end", whole.replace("Label: Debian-Security\n", "Label: Debian-Security  \n"), Ok(()), true),
        // Signed as a whole, but apt reads the first stanza alone.
        case("two stanzas", stanzas.clone(), Ok(()), true),
        // What apt would read is not what was signed from its first line on.
        case("a head that ends in blanks", stanzas.replacen("\n\n", "\n \n", 1), Err(Reason::Garbled), true),
        // gpgv reads an armour that was cut off; a file that was cut off is no proof of anything.
        case("no end", whole.replace("-----END PGP SIGNATURE-----", ""), Err(Reason::BadSignature), true),
        case("an empty signature", emptied(&whole), Err(Reason::Unsigned), false),
    ]
}

fn emptied(whole: &str) -> String {
    let at = whole.find("-----BEGIN PGP SIGNATURE").unwrap();
    format!("{}-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n", &whole[..at])
}

fn of_pairs() -> Vec<Case> {
    let (good, unknown) = (Key::new(1), Key::new(2));
    let text = text();
    let pair = |what, file: &str, keys: &[(&Key, SigningPlan)], expected, gpgv| Case {
        what,
        keyring: good.binary(),
        file: file.to_owned(),
        signature: Some(detached(&text, keys)),
        expected,
        gpgv,
    };
    let changed = text.replace("Suite: old", "Suite: odd");
    vec![
        pair("a pair", &text, &[(&good, PLAIN)], Ok(()), true),
        pair("a pair of two", &text, &[(&unknown, PLAIN), (&good, PLAIN)], Ok(()), true),
        pair("a changed pair", &changed, &[(&good, PLAIN)], Err(Reason::BadSignature), false),
        pair("a pair by a stranger", &text, &[(&unknown, PLAIN)], Err(Reason::KeyMissing), false),
    ]
}

impl Case {
    fn ours(&self) -> Result<(), Reason> {
        let made = Made::new();
        let security = &made.security;
        made.base.write(&made.system, &Key::new(1));
        // The other archive keeps a key of its own, so that this one alone decides.
        let other = "/usr/share/keyrings/other.gpg";
        made.system.write(other, Key::new(1).binary());
        let sources =
            [made.base.source(&format!("[signed-by={other}]")), security.source(&format!("[signed-by={KEYRING}]"))];
        made.system.write("/etc/apt/sources.list", sources.concat());
        made.system.write(KEYRING, &self.keyring);
        match &self.signature {
            None => made.system.write(&security.path("InRelease"), &self.file),
            Some(signature) => {
                std::fs::remove_file(made.system.at(&security.path("InRelease"))).unwrap();
                made.system.write(&security.path("Release"), &self.file);
                made.system.write(&security.path("Release.gpg"), signature);
            }
        }
        let evidence = made.device().evidence();
        let found = proof(self.what, &evidence).map(drop);
        assert_eq!(pending(&evidence)[0].out_by.is_some(), found.is_ok(), "{}: a date that nobody proved", self.what);
        found
    }

    /// Whether gpgv reports a good signature and none that is not.
    fn gpgv(&self) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("keys.gpg"), &self.keyring).unwrap();
        std::fs::write(path("file"), &self.file).unwrap();
        #[expect(clippy::disallowed_methods, reason = "gpgv is the judge of our reading")]
        let mut gpgv = Command::new("gpgv");
        gpgv.env("GNUPGHOME", folder.path()).args(["--status-fd", "1", "--keyring"]).arg(path("keys.gpg"));
        if let Some(signature) = &self.signature {
            std::fs::write(path("signature"), signature).unwrap();
            gpgv.arg(path("signature"));
        }
        let output = gpgv.arg(path("file")).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().any(|line| line.starts_with("[GNUPG:] GOODSIG"))
    }
}

#[test]
fn signatures_count_as_apt_has_them_count() {
    let judge = Path::new("/usr/bin/gpgv").exists();
    if !judge {
        skip("gpgv as the judge of signatures", "it is not installed");
    }
    let mut wrong = Vec::new();
    for case in of_keys().into_iter().chain(of_files()).chain(of_pairs()) {
        let ours = case.ours();
        if ours != case.expected {
            wrong.push(format!("{}: {ours:?}, not {:?}", case.what, case.expected));
        }
        if judge && case.gpgv() != case.gpgv {
            wrong.push(format!("{}: gpgv says {}", case.what, !case.gpgv));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_changed_byte_of_a_signed_file_is_noticed() {
    let made = Made::new();
    let path = made.security.path("InRelease");
    let whole = clear_signed(&made.security.release(), &[(&made.key, PLAIN)]).into_bytes();
    let text = whole.iter().position(|byte| *byte == b'O').unwrap();
    let mut harmless = Vec::new();
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        made.system.write(&path, &changed);
        let evidence = made.device().evidence();
        if six_month(&evidence) != Verdict::Unknown || evidence.claims.updates.reason().is_none() {
            harmless.push(at);
        }
    }
    // The head is outside the signature, and so is the armour's checksum; the signed text is not.
    let end = whole.windows(20).position(|window| window == b"-----BEGIN PGP SIGNA").unwrap();
    assert!(harmless.iter().all(|at| *at < text || *at > end), "{harmless:?}");
}
