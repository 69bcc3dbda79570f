//! A server under load: the real program in a process of its own, on loopback.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use seaworthy_store::{Database, Settings, SqlStore, migrations};
use seaworthy_testkit::postgres::Postgres;
use tempfile::TempDir;

/// Where a server keeps its records.
pub struct Place {
    /// Its data folder.
    pub folder: TempDir,
    /// `sqlite`, or the address of a database.
    pub store: String,
    /// The name for people.
    pub name: &'static str,
}

impl Place {
    /// A folder with the embedded store, on a disk, not in memory.
    pub fn sqlite() -> Place {
        Place { folder: folder(), store: "sqlite".into(), name: "SQLite" }
    }

    /// A database of its own in a running PostgreSQL.
    pub fn postgres(postgres: &Postgres) -> Place {
        Place { folder: folder(), store: postgres.database(), name: "PostgreSQL" }
    }

    /// The store, opened by the benchmark itself while no server runs.
    pub fn database(&self) -> Database {
        let opened = match self.store.as_str() {
            "sqlite" => Database::sqlite(self.folder.path(), Settings::default()),
            address => Database::postgres(address, Settings::default()),
        };
        let database = opened.unwrap();
        migrations::migrate(&database, migrations::MIGRATIONS).unwrap();
        database
    }

    /// The same behind the ports.
    pub fn open(&self) -> SqlStore {
        SqlStore::new(self.database())
    }

    /// Bytes in the data folder.
    pub fn size(&self) -> u64 {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().metadata().unwrap())
            .filter(|meta| meta.is_file())
            .map(|meta| meta.len())
            .sum()
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("seaworthy-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A running server. It is ended when this is dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Starts the program on a place.
    pub fn start(place: &Place) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthyd"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0", "--log-level", "error"]);
        command.arg("--data").arg(place.folder.path()).arg("--store").arg(&place.store);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("the server listens").to_owned();
        Server { child, address }
    }

    /// Most memory that it has used so far, in MiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{}/status", self.child.id()))).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Server {
    /// Seconds of processor time that it has used so far.
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        ticks / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
