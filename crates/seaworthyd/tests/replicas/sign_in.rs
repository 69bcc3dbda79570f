//! Signing in: each half of a ceremony at another server, and an answer that is sent to both.

use std::thread;

use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::kit::Answer;
use crate::pair::{ORIGIN, Pair, ask};

/// Somebody with a browser and a passkey that does not count its uses.
struct Ada {
    pair: Pair,
    passkey: Authenticator,
}

impl Ada {
    fn post(&self, server: usize, path: &str, body: &Value) -> Answer {
        ask(&self.pair.servers[server].address, "POST", path, &format!("origin: {ORIGIN}\r\n"), body)
    }

    #[track_caller]
    fn begun(&self, server: usize, path: &str, body: &Value) -> (Value, Value) {
        let answer = self.post(server, path, body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let begun = answer.json();
        (begun["options"].clone(), begun["token"].clone())
    }

    /// Comes by a link that one server made; begins at the second, and ends at the first.
    fn comes() -> Option<Ada> {
        let mut passkey = Authenticator::new(ORIGIN, "localhost");
        passkey.counter = 0;
        let mut ada = Ada { pair: Pair::start(0)?, passkey };
        let root = ada.pair.fleet.view.tree.root();
        let ends_at = crate::kit::now().plus_days(1);
        let wanted = json!({ "role": "administrator", "unit": root, "ends_at": ends_at });
        let link = ada.pair.does(0, "POST", "/api/v1/invitations", &wanted)["link"].clone();
        let guest = json!({ "secret": link, "name": "Ada" });
        let (options, token) = ada.begun(1, "/api/v1/invitations/passkey/begin", &guest);
        let answer = ada.passkey.create(&options);
        let finish = json!({ "secret": link, "name": "Ada", "label": "Key", "token": token, "answer": answer });
        let entered = ada.post(0, "/api/v1/invitations/passkey/finish", &finish);
        assert_eq!(entered.status, 204, "{entered:?}");
        Some(ada)
    }

    /// Begins to sign in at one server: what ends it.
    fn begins(&self, server: usize) -> Value {
        let (options, token) = self.begun(server, "/api/v1/sign-in/passkey/begin", &Value::Null);
        json!({ "token": token, "answer": self.passkey.get(&options) })
    }

    fn ends(&self, server: usize, answer: &Value) -> Answer {
        self.post(server, "/api/v1/sign-in/passkey/finish", answer)
    }

    /// Who a session is, asked at one server.
    fn me(&self, server: usize, entered: &Answer) -> u16 {
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap();
        let who = format!("cookie: {cookie}\r\n");
        ask(&self.pair.servers[server].address, "GET", "/api/v1/me", &who, &Value::Null).status
    }
}

#[test]
fn what_was_begun_at_one_is_ended_at_the_other() {
    let Some(ada) = Ada::comes() else { return };
    for (begins, ends) in [(0, 1), (1, 0), (0, 0)] {
        let entered = ada.ends(ends, &ada.begins(begins));
        assert_eq!(entered.status, 204, "{entered:?}");
        assert_eq!([0, 1].map(|server| ada.me(server, &entered)), [200, 200]);
    }
}

#[test]
fn an_answer_is_good_once_for_both() {
    let Some(ada) = Ada::comes() else { return };
    for _ in 0..8 {
        let answer = ada.begins(0);
        let ends = |server: usize| ada.ends(server, &answer).status;
        let mut told = thread::scope(|scope| {
            let other = scope.spawn(|| ends(1));
            [ends(0), other.join().unwrap()]
        });
        told.sort_unstable();
        assert_eq!(told, [204, 403]);
        assert_eq!(ada.ends(1, &answer).problem(), (403, "sign-in-refused".to_owned()));
    }
}

/// Each server takes the new key from the moment of the rotation on; who was in the midst of a sign-in begins again.
#[test]
fn a_rotated_key_seals_at_both() {
    let Some(ada) = Ada::comes() else { return };
    let before = ada.begins(0);
    ada.pair.does(0, "POST", "/api/v1/keys", &Value::Null);
    ada.pair.shares_keys();
    assert_eq!(ada.ends(1, &before).problem(), (403, "sign-in-refused".to_owned()));
    for (begins, ends) in [(0, 1), (1, 0)] {
        assert_eq!(ada.ends(ends, &ada.begins(begins)).status, 204);
    }
}
