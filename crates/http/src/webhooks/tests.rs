//! Attempts against receivers that misbehave, over real connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_model::Timestamp;
use seaworthy_service::Id;
use seaworthy_service::ports::{Delivery, DeliveryState, Webhook};
use seaworthy_service::webhooks::Outcome;

use super::dispatch::judged;
use super::sender::{Answered, Sender};
use super::{Reach, Signature};

const AT: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// A receiver that hears one request and does something with the connection.
struct Harbour {
    url: String,
    heard: Receiver<String>,
}

impl Harbour {
    fn open(answer: impl FnOnce(TcpStream) + Send + 'static) -> Harbour {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in?key=1", listener.local_addr().unwrap());
        let (tell, heard) = channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            _ = tell.send(request(&mut stream));
            answer(stream);
        });
        Harbour { url, heard }
    }

    fn answering(text: &'static str) -> Harbour {
        Harbour::open(move |mut stream| _ = stream.write_all(text.as_bytes()))
    }

    fn sent(&self, reach: Reach) -> Answered {
        Sender::new(reach, Duration::from_secs(2)).send(&webhook(&self.url), &delivery(0), AT)
    }
}

/// Head and body of a request with a length.
fn request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    while !heard.ends_with('}') {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => heard.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    heard
}

fn webhook(url: &str) -> Webhook {
    Webhook {
        organisation: Id::from_bytes([1; 16]),
        id: Id::from_bytes([2; 16]),
        url: url.to_owned(),
        secret: [3; 32],
        events: Vec::new(),
        created_at: AT,
        disabled_at: None,
    }
}

fn delivery(attempts: u32) -> Delivery {
    Delivery {
        organisation: Id::from_bytes([1; 16]),
        id: Id::from_bytes([4; 16]),
        webhook: Id::from_bytes([2; 16]),
        event: "key-rotated".into(),
        payload: r#"{"type":"key-rotated"}"#.into(),
        state: DeliveryState::Waiting,
        attempts,
        next_at: AT,
        outcome: None,
        created_at: AT,
    }
}

#[test]
fn a_delivery_is_a_signed_post() {
    let harbour = Harbour::answering("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(harbour.sent(Reach::Private), Answered::Status(204));
    let heard = harbour.heard.recv().unwrap();
    let id = "04".repeat(16);
    let signature = Signature::new(&[3; 32], &id, AT, br#"{"type":"key-rotated"}"#);
    assert!(heard.starts_with("POST /in?key=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{\"type\":\"key-rotated\"}"), "{heard}");
    for field in [
        "content-type: application/json".to_owned(),
        format!("webhook-id: {id}"),
        "webhook-timestamp: 1767225600".to_owned(),
        format!("webhook-signature: {signature}"),
    ] {
        assert!(heard.contains(&format!("{field}\r\n")), "{field} in {heard}");
    }
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let place = format!("http://{}/", other.local_addr().unwrap());
    let harbour = Harbour::open(move |mut stream| {
        _ = write!(stream, "HTTP/1.1 307 Temporary Redirect\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    });
    assert_eq!(harbour.sent(Reach::Private), Answered::Status(307));
    assert_eq!(other.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_receiver_that_hangs_costs_its_time_and_no_more() {
    let harbour = Harbour::open(|stream| {
        thread::sleep(Duration::from_secs(4));
        drop(stream);
    });
    let began = Instant::now();
    assert_eq!(harbour.sent(Reach::Private), Answered::Nothing("no answer in time"));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn a_receiver_that_drips_costs_its_time_and_no_more() {
    let harbour = Harbour::open(|mut stream| {
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"a").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let began = Instant::now();
    assert_eq!(harbour.sent(Reach::Private), Answered::Status(200));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn of_a_huge_answer_little_is_read() {
    let (tell, told) = channel();
    let harbour = Harbour::open(move |mut stream| {
        _ = stream.write_all(b"HTTP/1.1 500 Oh\r\nContent-Length: 1073741824\r\n\r\n");
        let mut written = 0_usize;
        while stream.write_all(&[b'a'; 65536]).is_ok() {
            written += 65536;
        }
        _ = tell.send(written);
    });
    assert_eq!(harbour.sent(Reach::Private), Answered::Status(500));
    let written = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(written < 64 << 20, "{written} bytes were taken");
}

#[test]
fn what_is_no_answer_is_none() {
    let nothing = Harbour::open(drop).sent(Reach::Private);
    assert!(matches!(nothing, Answered::Nothing(_)), "{nothing:?}");
    let garbage = Harbour::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n").sent(Reach::Private);
    assert!(matches!(garbage, Answered::Nothing(_)), "{garbage:?}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sender = Sender::new(Reach::Private, Duration::from_secs(2));
    let refused = sender.send(&webhook(&format!("http://{closed}/")), &delivery(0), AT);
    assert!(matches!(refused, Answered::Nothing(_)), "{refused:?}");
}

/// Names, too: what they resolve to is looked at, not what they are called.
#[test]
fn this_machine_is_not_spoken_to_unless_the_operator_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let sender = Sender::new(Reach::Public, Duration::from_secs(2));
    for url in [format!("http://127.0.0.1:{port}/"), format!("https://localhost:{port}/")] {
        let answered = sender.send(&webhook(&url), &delivery(0), AT);
        assert_eq!(answered, Answered::Nothing("its address is in a network that is not allowed"), "{url}");
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn what_was_not_taken_is_tried_again_and_given_up_in_the_end() {
    let check = |answered, attempts, expected, words: &str| {
        assert_eq!(judged(answered, &delivery(attempts), AT, 0), (expected, words.to_owned()), "{answered:?}");
    };
    check(Answered::Status(200), 0, Outcome::Taken, "HTTP 200");
    check(Answered::Status(299), 9, Outcome::Taken, "HTTP 299");
    check(Answered::Status(500), 0, Outcome::Again(AT + 5), "HTTP 500");
    check(Answered::Status(307), 1, Outcome::Again(AT + 30), "HTTP 307");
    check(Answered::Status(404), 8, Outcome::Again(AT + 86_400), "HTTP 404");
    check(Answered::Status(503), 9, Outcome::GivenUp, "HTTP 503");
    check(Answered::Status(410), 0, Outcome::Unwanted, "HTTP 410");
    check(Answered::Nothing("no connection"), 2, Outcome::Again(AT + 120), "no connection");
    check(Answered::Nothing("no connection"), 9, Outcome::GivenUp, "no connection");
}
