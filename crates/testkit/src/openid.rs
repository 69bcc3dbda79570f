//! A real OpenID Connect provider (npm's oidc-provider), on a port of this machine.

#![expect(clippy::expect_used, reason = "a test without its provider cannot go on")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::browser::{Browser, Page};
use crate::skip;

/// The secret of its clients `confidential` and `shared`; `public` has none.
pub const SECRET: &str = "a secret between the two that is long enough";

/// The provider, while it runs. It is ended with the test.
pub struct Provider {
    process: Child,
    /// Kept open: it writes there now and then.
    output: BufReader<ChildStdout>,
    /// By which it is known.
    pub issuer: String,
}

impl Provider {
    /// Starts one, or says aloud that there is none. Until it is told who comes back where, it answers nobody.
    pub fn start() -> Option<Provider> {
        let folder = installed()?;
        #[expect(clippy::disallowed_methods, reason = "the provider is a program of its own")]
        let mut command = Command::new("node");
        command.arg(own("oidc/provider.mjs")).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = match command.stderr(Stdio::null()).spawn() {
            Ok(process) => process,
            Err(error) => {
                skip("a real OpenID Connect provider", &format!("node does not start: {error}"));
                return None;
            }
        };
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut provider = Provider { process, output, issuer: String::new() };
        provider.issuer = provider.said();
        assert!(provider.issuer.starts_with("http://127.0.0.1:"), "the provider did not start");
        Some(provider)
    }

    /// Tells it to which addresses browsers come back, once, and waits until it answers.
    pub fn returns_to(&mut self, addresses: &[String]) {
        let input = self.process.stdin.as_mut().expect("its input");
        writeln!(input, "{}", addresses.join(" ")).expect("it listens");
        assert_eq!(self.said(), "ready");
    }

    fn said(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("what it says");
        line.trim().to_owned()
    }

    /// Ends it.
    pub fn stop(&mut self) {
        // What ended by itself needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Signs somebody in at the provider's own pages. It sends the browser on, up to `home`; any password does there.
pub fn sign_in(browser: &Browser, location: &str, login: &str, home: &str) -> Page {
    let page = browser.follow(location, home);
    assert_eq!(page.status, 200, "{}", page.body);
    let page = browser.submit(&page.address, &[("prompt", "login"), ("login", login), ("password", "x")], home);
    if page.status == 200 { browser.submit(&page.address, &[("prompt", "consent")], home) } else { page }
}

/// The folder into which `oidc/install` put the provider.
fn installed() -> Option<PathBuf> {
    let target = own("../../target/oidc");
    if target.join("installed").exists() {
        return Some(target);
    }
    skip("a real OpenID Connect provider", "run crates/testkit/oidc/install");
    None
}

fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
