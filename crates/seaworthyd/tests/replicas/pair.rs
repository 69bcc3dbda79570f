//! Two servers on one database, each with a data folder of its own and a copy of the keys.

use std::fs;
use std::sync::Arc;

use seaworthy_service::directory::Directory;
use seaworthy_service::ports::read;
use seaworthy_service::{Error, Id};
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::skip;
use serde_json::Value;

use crate::kit::{Answer, Fleet, Server, Wire, count};
use crate::process::Place;

/// How people reach either server.
pub const ORIGIN: &str = "http://localhost:8440";

/// Two servers, and the fleet whose organisation they serve.
pub struct Pair {
    pub fleet: Fleet,
    pub servers: [Server; 2],
    place: Place,
    other: Place,
}

impl Pair {
    /// Starts both, or says aloud why not.
    pub fn start(devices: u64) -> Option<Pair> {
        let Some(postgres) = Postgres::shared() else {
            skip("two servers on one PostgreSQL", "it is not installed");
            return None;
        };
        let place = Place::postgres(postgres);
        let other = Place { store: place.store.clone(), ..Place::sqlite() };
        let fleet = Fleet::enrolled(&place, devices);
        let public_url = format!("SEAWORTHYD_PUBLIC_URL={ORIGIN}");
        let tiles = format!("SEAWORTHYD_LOG_TILES={}", place.folder.path().join("log").display());
        let start = |place: &Place| Server::start_around(place, &["env", &public_url, &tiles]);
        // The first makes the log's keys.
        let first = start(&place);
        copy_keys(&place, &other);
        let servers = [first, start(&other)];
        Some(Pair { fleet, servers, place, other })
    }

    /// Asks one of them as an administrator.
    pub fn ask(&self, server: usize, method: &str, path: &str, body: &Value) -> Answer {
        let who = format!("authorization: Bearer {}\r\n", self.fleet.token);
        ask(&self.servers[server].address, method, path, &who, body)
    }

    /// The same, which is done.
    #[track_caller]
    pub fn does(&self, server: usize, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(server, method, path, body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// The unit of this name.
    pub fn unit(&self, name: &str) -> Id {
        self.fleet.view.tree.units().find(|unit| unit.name == name).unwrap().id
    }

    /// Gives the second what keys the first has.
    pub fn shares_keys(&self) {
        copy_keys(&self.place, &self.other);
    }

    /// Ends both, and holds the store to what the devices remember and to tallies that are counted anew.
    pub fn holds_together(mut self) {
        self.servers.into_iter().for_each(Server::stop);
        let store = self.place.open();
        let organisation = self.fleet.view.organisation.id;
        let found = read(&store, |records| Ok::<_, Error>(Arc::clone(Directory::load(records)?.view(organisation)?)));
        self.fleet.view = found.unwrap();
        assert_eq!(count(&store, &self.fleet), self.fleet.acknowledged());
    }
}

/// Asks a server as whoever the header fields say.
pub fn ask(address: &str, method: &str, path: &str, who: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{who}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    Wire::open(address).unwrap().send(request.as_bytes()).unwrap()
}

fn copy_keys(from: &Place, to: &Place) {
    let [from, to] = [from, to].map(|place| place.folder.path().join("keys"));
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(&from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
