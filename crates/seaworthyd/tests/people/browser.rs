//! A real browser, driven as W3C WebDriver says, with an authenticator of its own (WebAuthn Level 3, §12).

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_testkit::skip;
use serde_json::{Value, json};
use ureq::Agent;

/// No page takes so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The key under which elements are named.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a profile of its own. It is ended with the test.
pub struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
    _profile: tempfile::TempDir,
    /// Closed, it would end the driver at its next word.
    _stdout: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts one, or says aloud that there is none.
    pub fn start() -> Option<Browser> {
        let program = "/usr/bin/chromedriver";
        if !Path::new(program).exists() || !Path::new("/usr/bin/chromium").exists() {
            skip("the console in a browser", "chromium and chromium-driver are not installed");
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(program);
        driver.arg("--port=0").env("HOME", profile.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut driver = driver.stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(driver.stdout.take().unwrap());
        let said = stdout.by_ref().lines().map(Result::unwrap);
        let port = said.into_iter().find_map(|line| Some(line.split_once("successfully on port ")?.1.to_owned()));
        let port = port.expect("the driver tells its port");
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let session = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
        let mut browser = Browser { driver, agent, session, _profile: profile, _stdout: stdout };
        let data = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            &data,
        ];
        let options = json!({ "binary": "/usr/bin/chromium", "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = browser.post("/session", &wanted);
        browser.session = format!("{}/session/{}", browser.session, made["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// Gives it an authenticator that keeps passkeys and verifies whoever holds it.
    pub fn add_authenticator(&self) {
        let authenticator = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        self.post("/webauthn/authenticator", &authenticator);
    }

    /// A phone, in the dark.
    pub fn be_a_phone_in_the_dark(&self) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
        self.devtools("Emulation.setEmulatedMedia", &feature);
        let metrics = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    pub fn open(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    pub fn address(&self) -> String {
        self.get("/url").as_str().unwrap().to_owned()
    }

    /// Waits until a heading says this.
    #[track_caller]
    pub fn arrives(&self, heading: &str) {
        let found = self.wait(&format!("//h1[normalize-space()='{heading}']"));
        assert!(found.is_some(), "no {heading:?} at {}: {}", self.address(), self.text("//body"));
    }

    /// What an element says.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let element = self.element(path);
        self.get(&format!("/element/{element}/text")).as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn click(&self, path: &str) {
        let element = self.element(path);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    #[track_caller]
    pub fn type_into(&self, path: &str, text: &str) {
        let element = self.element(path);
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// What a script of the test returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// A picture of the page, beside what the tests build.
    pub fn picture(&self, name: &str) {
        let encoded = self.get("/screenshot");
        let bytes = data_encoding::BASE64.decode(encoded.as_str().unwrap().as_bytes()).unwrap();
        fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), bytes).unwrap();
    }

    #[track_caller]
    fn element(&self, path: &str) -> String {
        self.wait(path).unwrap_or_else(|| {
            panic!("no {path} at {}: {}", self.address(), self.run("return document.body.innerText"))
        })
    }

    /// An element that is shown, as soon as it is.
    fn wait(&self, path: &str) -> Option<String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let found = self.ask("POST", "/elements", Some(&json!({ "using": "xpath", "value": path })));
            for element in found.as_array().into_iter().flatten() {
                let element = element[ELEMENT].as_str().unwrap().to_owned();
                if self.ask("GET", &format!("/element/{element}/displayed"), None) == true {
                    return Some(element);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.ask("POST", path, Some(body));
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None);
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let address = format!("{}{path}", self.session);
        let answer = match (method, body) {
            ("DELETE", _) => self.agent.delete(address).call(),
            (_, Some(body)) => {
                self.agent.post(address).header("Content-Type", "application/json").send(body.to_string())
            }
            (_, None) => self.agent.get(address).call(),
        };
        let text = answer.unwrap().body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser; without it, both would outlive the test.
        if self.session.contains("/session/") {
            let _ = self.agent.delete(&self.session).call();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
