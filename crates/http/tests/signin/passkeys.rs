//! Passkeys: what lets somebody in, and everything that must not.

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use seaworthy_http::signin::{
    CEREMONY_SECONDS, Passkeys, Refusal, Registrant, Sealer, Site, Verified, Why, credential_id,
};
use seaworthy_model::Timestamp;
use seaworthy_service::Id;
use seaworthy_service::people::Proven;
use seaworthy_service::ports::Credential;
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, PRESENT};
use crate::{AT, draw};

const ORIGIN: &str = "https://seaworthy.example.org";
const HOST: &str = "seaworthy.example.org";
const INVITATION: &[u8] = b"the secret of a link";

fn passkeys() -> Passkeys {
    Passkeys::new(&Site::new(ORIGIN).unwrap(), "Seaworthy", Sealer::new([1; 32])).unwrap()
}

fn registrant<'a>(held: &'a [Credential]) -> Registrant<'a> {
    Registrant { user: [7; 16], name: "Ada", held, bound_to: INVITATION }
}

fn stored(proven: Proven) -> Credential {
    let Proven { kind, handle, secret, label } = proven;
    let (organisation, person) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
    Credential { organisation, person, kind, handle, secret, label, created_at: AT }
}

fn registered(passkeys: &Passkeys) -> (Authenticator, Credential) {
    let mut device = Authenticator::new(ORIGIN, HOST);
    let begun = passkeys.begin_registration(&registrant(&[]), AT, &mut draw).unwrap();
    let answer = device.create(&begun.options);
    let proven = passkeys.finish_registration(&begun.token, INVITATION, answer, "Telephone", AT).unwrap();
    (device, stored(proven))
}

/// What somebody does to a sign-in on its way.
struct Bend<'a> {
    device: &'a dyn Fn(&mut Authenticator),
    options: &'a dyn Fn(&mut Value),
    answer: &'a dyn Fn(&mut Value),
    token: &'a dyn Fn(&mut String),
    credential: &'a dyn Fn(Credential) -> Option<Credential>,
    seconds: i64,
}

const STRAIGHT: Bend<'static> =
    Bend { device: &|_| (), options: &|_| (), answer: &|_| (), token: &|_| (), credential: &Some, seconds: 0 };

fn signed_in(bend: &Bend<'_>) -> Result<Verified, Refusal> {
    let passkeys = passkeys();
    let (mut device, credential) = registered(&passkeys);
    let mut begun = passkeys.begin_authentication(AT, &mut draw).unwrap();
    (bend.device)(&mut device);
    (bend.options)(&mut begun.options);
    (bend.token)(&mut begun.token);
    let mut answer = device.get(&begun.options);
    (bend.answer)(&mut answer);
    passkeys.finish_authentication(&begun.token, answer, (bend.credential)(credential), AT + bend.seconds)
}

fn check(bend: &Bend<'_>, expected: Why) {
    let refused = signed_in(bend).map(|verified| verified.is_changed);
    assert_eq!(refused, Err(Refusal::Unproven(expected)));
}

#[test]
fn the_browser_is_asked_for_a_passkey_that_needs_no_name() {
    let options = passkeys().begin_registration(&registrant(&[]), AT, &mut draw).unwrap().options;
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["requireResidentKey"], true);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["user"]["id"], BASE64URL_NOPAD.encode(&[7; 16]));
    assert_eq!(options["attestation"], "none");
    let options = passkeys().begin_authentication(AT, &mut draw).unwrap().options;
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["rpId"], HOST);
}

#[test]
fn a_registered_passkey_signs_in_and_its_counter_is_kept() {
    let passkeys = passkeys();
    let (mut device, mut credential) = registered(&passkeys);
    for counter in [2, 3, 17] {
        device.counter = counter;
        let begun = passkeys.begin_authentication(AT, &mut draw).unwrap();
        let answer = device.get(&begun.options);
        assert_eq!(credential_id(&answer).unwrap(), credential.handle);
        let verified = passkeys.finish_authentication(&begun.token, answer, Some(credential.clone()), AT).unwrap();
        assert!(verified.is_changed && verified.credential.secret != credential.secret);
        assert!(verified.mark.unwrap().until > AT + CEREMONY_SECONDS);
        credential = verified.credential;
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(signed_in(&Bend { device: &|device| device.counter = 2, ..STRAIGHT }).is_ok());
    let device = |bent: fn(&mut Authenticator), why| {
        check(
            &Bend {
                device: &move |device| {
                    device.counter = 2;
                    bent(device);
                },
                ..STRAIGHT
            },
            why,
        );
    };
    device(|device| device.origin = "https://evil.example".to_owned(), Why::Answer);
    device(|device| device.origin = "http://seaworthy.example.org".to_owned(), Why::Answer);
    device(|device| device.origin = "https://seaworthy.example.org:8443".to_owned(), Why::Answer);
    device(|device| device.rp_id = "evil.example".to_owned(), Why::Answer);
    device(|device| device.flags = PRESENT, Why::Answer);
    device(|device| device.flags = 0, Why::Answer);
    device(|device| device.counter = 1, Why::Counter);
    device(|device| device.counter = 0, Why::Counter);
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let counted: &dyn Fn(&mut Authenticator) = &|device| device.counter = 2;
    let base = Bend { device: counted, ..STRAIGHT };
    let other = BASE64URL_NOPAD.encode(&[3; 32]);
    check(&Bend { options: &|options| options["challenge"] = other.clone().into(), ..base }, Why::Answer);
    let answer = |bent: &dyn Fn(&mut Value), why| check(&Bend { answer: bent, ..base }, why);
    answer(&|answer| answer["response"]["signature"] = "AAAA".into(), Why::Answer);
    answer(&|answer| answer["response"]["userHandle"] = BASE64URL_NOPAD.encode(&[8; 16]).into(), Why::Answer);
    answer(&|answer| answer["response"]["userHandle"] = Value::Null, Why::Answer);
    answer(&|answer| answer["response"]["clientDataJSON"] = BASE64URL_NOPAD.encode(b"{}").into(), Why::Answer);
    answer(&|answer| answer["response"]["authenticatorData"] = "AAAA".into(), Why::Answer);
    answer(&|answer| answer["rawId"] = BASE64URL_NOPAD.encode(&[9; 32]).into(), Why::Unknown);
    answer(&|answer| answer["response"] = Value::Null, Why::Form);
    answer(&|answer| *answer = json!([[[]]]), Why::Form);
    check(&Bend { credential: &|_| None, ..base }, Why::Unknown);
    check(&Bend { token: &|token| token.replace_range(40..41, "~"), ..base }, Why::Token);
    check(&Bend { token: &|token| token.truncate(20), ..base }, Why::Token);
    check(&Bend { seconds: CEREMONY_SECONDS, ..base }, Why::Expired);
}

#[test]
fn another_devices_signature_does_not_do() {
    let passkeys = passkeys();
    let (_, credential) = registered(&passkeys);
    let (mut stranger, _) = registered(&passkeys);
    stranger.counter = 9;
    let begun = passkeys.begin_authentication(AT, &mut draw).unwrap();
    let mut answer = stranger.get(&begun.options);
    answer["rawId"] = BASE64URL_NOPAD.encode(&credential.handle).into();
    let refused = passkeys.finish_authentication(&begun.token, answer, Some(credential), AT);
    assert_eq!(refused.map(|_| ()), Err(Refusal::Unproven(Why::Answer)));
}

/// What comes twice has the same mark: whoever makes the session tells the second from the first.
#[test]
fn an_answer_has_its_mark() {
    let passkeys = passkeys();
    let (mut device, credential) = registered(&passkeys);
    let begun = passkeys.begin_authentication(AT, &mut draw).unwrap();
    device.counter = 0;
    let zero = Credential { secret: without_counter(&credential), ..credential };
    let answer = device.get(&begun.options);
    let again = |at: Timestamp| {
        passkeys.finish_authentication(&begun.token, answer.clone(), Some(zero.clone()), at).map(|done| done.mark)
    };
    // A passkey that counts nothing: nothing but the mark tells.
    assert!(again(AT).unwrap().is_some());
    assert_eq!(again(AT), again(AT + 1));
    assert_eq!(again(AT + CEREMONY_SECONDS), Err(Refusal::Unproven(Why::Expired)));
}

/// The same passkey, on an authenticator that does not count.
fn without_counter(credential: &Credential) -> Vec<u8> {
    let mut kept: Value = serde_json::from_slice(&credential.secret).unwrap();
    kept["passkey"]["cred"]["counter"] = 0.into();
    serde_json::to_vec(&kept).unwrap()
}

#[test]
fn a_registration_holds_for_its_invitation() {
    let passkeys = passkeys();
    let mut device = Authenticator::new(ORIGIN, HOST);
    let begun = passkeys.begin_registration(&registrant(&[]), AT, &mut draw).unwrap();
    let answer = device.create(&begun.options);
    let finish = |bound_to: &[u8], answer: &Value, at: Timestamp| {
        passkeys
            .finish_registration(&begun.token, bound_to, answer.clone(), "Telephone", at)
            .map(|proven| proven.handle)
    };
    let refused = |why| Err(Refusal::Unproven(why));
    let mut stays = answer.clone();
    stays["clientExtensionResults"]["credProps"]["rk"] = false.into();
    assert!(matches!(finish(INVITATION, &stays, AT), Err(Refusal::Unfit(_))));
    assert_eq!(finish(b"another link", &answer, AT), refused(Why::Token));
    assert_eq!(finish(INVITATION, &answer, AT + CEREMONY_SECONDS), refused(Why::Expired));
    assert_eq!(finish(INVITATION, &json!({}), AT), refused(Why::Form));
    assert_eq!(finish(INVITATION, &answer, AT), Ok(device.id().to_vec()));
    let sign_in = passkeys.begin_authentication(AT, &mut draw).unwrap();
    let token = passkeys.finish_registration(&sign_in.token, INVITATION, answer, "Telephone", AT);
    assert!(token.is_err_and(|refusal| refusal == Refusal::Unproven(Why::Token)), "made for something else");
}

#[test]
fn no_authenticator_is_registered_twice() {
    let passkeys = passkeys();
    let (mut device, credential) = registered(&passkeys);
    let held = [credential];
    let begun = passkeys.begin_registration(&registrant(&held), AT, &mut draw).unwrap();
    assert_eq!(begun.options["excludeCredentials"][0]["id"], BASE64URL_NOPAD.encode(device.id()));
    let answer = device.create(&begun.options);
    let again = passkeys.finish_registration(&begun.token, INVITATION, answer, "Telephone", AT);
    assert!(again.is_err_and(|refusal| refusal == Refusal::Unproven(Why::Answer)));
}

#[test]
fn a_bare_address_has_no_passkeys() {
    let check = |address: &str, expected: bool| {
        let passkeys = Passkeys::new(&Site::new(address).unwrap(), "Seaworthy", Sealer::new([1; 32]));
        assert_eq!(passkeys.is_ok(), expected, "{address}");
    };
    check("http://localhost:8080", true);
    check("https://seaworthy.example.org:8443", true);
    check("http://127.0.0.1:8080", false);
    check("https://[::1]", false);
}

/// Registers and signs in with these bytes where the authenticator's would be; nothing may come of it but a refusal.
fn hostile(bytes: &[u8]) {
    let passkeys = passkeys();
    let (mut device, credential) = registered(&passkeys);
    let begun = passkeys.begin_registration(&registrant(&[]), AT, &mut draw).unwrap();
    let mut answer = device.create(&begun.options);
    answer["response"]["attestationObject"] = BASE64URL_NOPAD.encode(bytes).into();
    assert!(passkeys.finish_registration(&begun.token, INVITATION, answer, "Telephone", AT).is_err());
    for part in ["authenticatorData", "signature", "clientDataJSON"] {
        let begun = passkeys.begin_authentication(AT, &mut draw).unwrap();
        let mut answer = device.get(&begun.options);
        answer["response"][part] = BASE64URL_NOPAD.encode(bytes).into();
        assert!(passkeys.finish_authentication(&begun.token, answer, Some(credential.clone()), AT).is_err());
    }
}

#[test]
fn deep_and_long_answers_do_no_harm() {
    hostile(&[0x81; 200_000]);
    hostile(&[0xa1; 200_000]);
    hostile(&[0xc1; 200_000]);
    hostile(&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    hostile(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    hostile("[".repeat(200_000).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_refused_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        hostile(&bytes);
    }

    #[test]
    fn one_changed_byte_of_a_registration_does_no_harm(place in 0_usize..200, change in 1_u8..) {
        let passkeys = passkeys();
        let mut device = Authenticator::new(ORIGIN, HOST);
        let begun = passkeys.begin_registration(&registrant(&[]), AT, &mut draw).unwrap();
        let mut answer = device.create(&begun.options);
        let object = answer["response"]["attestationObject"].as_str().unwrap().to_owned();
        let mut object = BASE64URL_NOPAD.decode(object.as_bytes()).unwrap();
        let place = place % object.len();
        object[place] ^= change;
        answer["response"]["attestationObject"] = BASE64URL_NOPAD.encode(&object).into();
        // Nothing signs a registration without attestation: another id, counter or key is another passkey of whoever
        // registers. It must be refused, or be one that is kept within its bounds.
        if let Ok(proven) = passkeys.finish_registration(&begun.token, INVITATION, answer, "Telephone", AT) {
            prop_assert!(proven.handle.len() <= 1023 && proven.secret.len() <= 8192);
        }
    }
}
