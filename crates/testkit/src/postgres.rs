//! A real PostgreSQL from Debian's packages, in a folder of its own: started, killed, followed by a standby, promoted.
//!
//! A small shell waits beside each server for the end of the test, however it ends, then stops the server and removes
//! its folder.

#![expect(clippy::expect_used, reason = "a test without its server cannot go on")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::skip;

/// Who may sign in, and by what.
const USER: &str = "seaworthy";
/// The password of [`USER`]: no error and no log of ours may show it.
pub const PASSWORD: &str = "correct-horse";
/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// `$1` is the server's folder. Ends when the pipe to it is closed.
const UNDERTAKER: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
"#;

/// A running server.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// The user to run as: the server refuses root.
    owner: Option<(u32, u32)>,
    server: Mutex<Option<Child>>,
    undertaker: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// One server for all tests of this process, none of which may stop it. `None`, said aloud, where PostgreSQL is not
    /// installed.
    pub fn shared() -> Option<&'static Postgres> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Postgres::start).as_ref()
    }

    /// A server of the test's own, which it may restart and kill.
    pub fn start() -> Option<Postgres> {
        let postgres = Postgres::made()?;
        postgres.resume();
        Some(postgres)
    }

    /// A server that also speaks TLS as `localhost`, and the PEM file of the certificate that proves it.
    pub fn start_with_tls() -> Option<(Postgres, PathBuf)> {
        let postgres = Postgres::made()?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = postgres.folder.join("server.crt");
        fs::write(&certificate, made.cert.pem()).expect("a certificate");
        let key = postgres.folder.join("server.key");
        fs::write(&key, made.signing_key.serialize_pem()).expect("a key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a private key");
        if let Some((user, group)) = postgres.owner {
            chown(&key, Some(user), Some(group)).expect("the key's owner");
        }
        let lines = "ssl = on\nssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\n";
        fs::write(postgres.data().join("postgresql.auto.conf"), lines).expect("its configuration");
        postgres.resume();
        Some((postgres, certificate))
    }

    /// The files of a server that does not run yet.
    fn made() -> Option<Postgres> {
        let programs = programs()?;
        let postgres = Postgres::place(programs);
        fs::write(postgres.folder.join("password"), PASSWORD).expect("a password file");
        let options = ["--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"];
        let mut initdb = postgres.program("initdb");
        initdb.args(options).args(["--locale=C.UTF-8", "-U", USER]).arg("-D").arg(postgres.data());
        succeed(initdb.arg("--pwfile").arg(postgres.folder.join("password")));
        Some(postgres)
    }

    /// A folder and a port, and who clears up.
    fn place(programs: PathBuf) -> Postgres {
        let folder = tempfile::Builder::new().prefix("sea-pg").tempdir().expect("a folder").keep();
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).expect("the folder's owner");
        }
        let undertaker = undertaker(&folder);
        let (server, databases) = (Mutex::new(None), AtomicU32::new(0));
        Postgres { programs, folder, port: free_port(), owner, server, undertaker, databases }
    }

    /// The address of a fresh, empty database.
    pub fn database(&self) -> String {
        let name = format!("fleet{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run_sql(&format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// The address of a database, with its password.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement as the server's own administrator, and answers what it printed.
    pub fn run_sql(&self, sql: &str) -> String {
        let output = succeed(self.client("psql").args(["-d", "postgres", "-qAtX", "-c", sql]));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends the server as an administrator would, cutting its connections, and starts it again.
    pub fn restart(&self) {
        self.end(Signal::INT);
        self.resume();
    }

    /// Ends the server as a power failure would; it stays down until [`Postgres::resume`].
    pub fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Starts the server and waits until it answers.
    pub fn resume(&self) {
        let began = Instant::now();
        // After a kill, what is left of the old server holds on for a moment.
        while !self.try_resume() {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start: {}", self.log());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// A standby that has every commit before it is answered (`synchronous_standby_names`).
    pub fn standby(&self) -> Postgres {
        let standby = Postgres::place(self.programs.clone());
        let source = format!(
            "host=127.0.0.1 port={} user={USER} password={PASSWORD} application_name=sea{}",
            self.port, standby.port
        );
        let mut copy = standby.program("pg_basebackup");
        succeed(copy.args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &source, "-D"]).arg(standby.data()));
        standby.resume();
        self.run_sql(&format!("ALTER SYSTEM SET synchronous_standby_names = 'sea{}'", standby.port));
        self.run_sql("SELECT pg_reload_conf()");
        let began = Instant::now();
        while self.run_sql("SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
            assert!(began.elapsed() < PATIENCE, "the standby does not follow: {}", standby.log());
            thread::sleep(Duration::from_millis(50));
        }
        standby
    }

    /// Makes a standby the server that takes writes.
    pub fn promote(&self) {
        succeed(self.program("pg_ctl").args(["promote", "-w", "-D"]).arg(self.data()));
    }

    fn try_resume(&self) -> bool {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log");
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(&self.folder);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-c", "fsync=on", "-c", "shared_buffers=64MB"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("postgres starts");
        while child.try_wait().expect("its state").is_none() {
            if self.client("pg_isready").arg("-q").output().is_ok_and(|run| run.status.success()) {
                *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn end(&self, signal: Signal) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut child) = server else { return };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // One that has ended by itself is waited for all the same.
            let _ = kill_process(pid, signal);
        }
        child.wait().expect("postgres ends");
    }

    /// A program of the server's packages, run as the server's user.
    #[expect(clippy::disallowed_methods, reason = "the real server is the oracle")]
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// A program that speaks to the server over its socket.
    fn client(&self, name: &str) -> Command {
        let mut command = self.program(name);
        command.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string(), "-U", USER]);
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What the server has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(Signal::QUIT);
        drop(self.undertaker.stdin.take());
        // It has removed the folder when it ends; one that is gone has nothing left to do.
        let _ = self.undertaker.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "somebody must clear up when the test process is gone")]
fn undertaker(folder: &Path) -> Child {
    let mut shell = Command::new("sh");
    shell.args(["-c", UNDERTAKER, "sh"]).arg(folder);
    // In a group of its own: an interrupt from the keyboard ends the tests, not who clears up.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("sh")
}

/// Where Debian keeps the server's programs, of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    if newest.is_none() {
        skip("PostgreSQL", "the package postgresql is not installed");
    }
    newest.map(|(_, programs)| programs)
}

/// The user `postgres`, if we are root.
fn owner() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().find(|line| line.starts_with("postgres:"))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
