//! One configuration from three sources, and what is said where it is wrong.

use std::fs;

use insta::assert_snapshot;

use crate::kit::{Server, command, run, said};

/// What is said of a configuration file.
fn file(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("seaworthyd.toml"), text).unwrap();
    let arguments = ["serve", "--config", "seaworthyd.toml"];
    said(command(&arguments).current_dir(folder.path()), &arguments).to_string()
}

fn environment(name: &str, value: &str) -> String {
    let arguments = ["serve"];
    said(command(&arguments).env(name, value), &arguments).to_string()
}

#[test]
fn a_misspelt_setting() {
    assert_snapshot!(file("data = \"/tmp\"\n\nlisen = \"127.0.0.1:1\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-word]: seaworthyd.toml:3:1: `lisen` is no setting
      hint: did you mean `listen`?
    [exit 2]
    "#);
    assert_snapshot!(file("colour = \"blue\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-word]: seaworthyd.toml:1:1: `colour` is no setting
      hint: Use the word suggested, or see docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(environment("SEAWORTHYD_PUBLIC_ULR", "https://example.org"), @r#"
    $ seaworthyd serve
    error[configuration-word]: SEAWORTHYD_PUBLIC_ULR: `public_ulr` is no setting
      hint: did you mean `public_url`?
    [exit 2]
    "#);
}

#[test]
fn a_wrong_value() {
    assert_snapshot!(file("listen = \"here\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:10: `here` is no value of `listen`: invalid socket address syntax
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(file("log_format = \"xml\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:14: `xml` is no value of `log_format`: it is one of text, json
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(file("connection_limit = 0\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:20: `0` is no value of `connection_limit`: 0 is not in 1..=1000000
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(file("allow_passwords = \"perhaps\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:19: `perhaps` is no value of `allow_passwords`: it is one of true, false
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(file("listen = [1]\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:10: `listen` is one value
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(file("store = \"mysql://root:secret@db\"\n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-value]: seaworthyd.toml:1:9: this is no value of `store`: it is `sqlite` or begins with `postgres://`
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(environment("SEAWORTHYD_PUBLIC_URL", "http://example.org"), @r#"
    $ seaworthyd serve
    error[configuration-value]: SEAWORTHYD_PUBLIC_URL: `http://example.org` is no value of `public_url`: it begins with `https://`; `http://` is for loopback alone
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
}

#[test]
fn no_toml_and_no_file() {
    assert_snapshot!(file("listen = \n"), @r#"
    $ seaworthyd serve --config seaworthyd.toml
    error[configuration-syntax]: seaworthyd.toml:1:10: string values must be quoted, expected literal string
      hint: Mend the line shown.
    [exit 2]
    "#);
    assert_snapshot!(run(&["serve", "--config", "/nonexistent.toml"]), @r#"
    $ seaworthyd serve --config /nonexistent.toml
    error[configuration-unreadable]: /nonexistent.toml: No such file or directory (os error 2)
      hint: Check the path given with --config.
    [exit 2]
    "#);
}

#[test]
fn settings_that_need_each_other() {
    assert_snapshot!(run(&["serve", "--listen", "0.0.0.0:0"]), @r#"
    $ seaworthyd serve --listen 0.0.0.0:0
    error[plain-http]: 0.0.0.0:0 is not this machine alone
      hint: Give --tls-cert and --tls-key, listen on 127.0.0.1, or say --behind-tls-proxy where a proxy speaks TLS.
    [exit 2]
    "#);
    assert_snapshot!(run(&["serve", "--tls-cert", "cert.pem"]), @r#"
    $ seaworthyd serve --tls-cert cert.pem
    error[configuration-value]: `tls_cert` is set and `tls_key` is not
      hint: See docs/reference/configuration.md.
    [exit 2]
    "#);
    assert_snapshot!(run(&["serve", "--listen", "192.0.2.1:1", "--behind-tls-proxy"]), @r#"
    $ seaworthyd serve --listen 192.0.2.1:1 --behind-tls-proxy
    error[listen-refused]: 192.0.2.1:1: Cannot assign requested address (os error 99)
      hint: Choose another address with --listen, or end what uses it.
    [exit 2]
    "#);
}

/// Seen by how large a body is refused.
#[test]
fn the_later_source_wins() {
    check("", None, &[], 524_288);
    check("body_limit = 5000\nlog_level = \"error\"\nallow_passwords = true\n", None, &[], 5000);
    check("body_limit = 5000\n", Some("6000"), &[], 6000);
    check("body_limit = 5000\n", Some("6000"), &["--body-limit=7000"], 7000);
}

#[track_caller]
fn check(file: &str, environment: Option<&str>, flags: &[&str], limit: usize) {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("seaworthyd.toml");
    fs::write(&path, file).unwrap();
    let mut command = command(&["serve", "--listen=127.0.0.1:0"]);
    command.env("SEAWORTHYD_CONFIG", &path).env("SEAWORTHYD_LOG_LEVEL", "error").args(flags);
    environment.map(|value| command.env("SEAWORTHYD_BODY_LIMIT", value));
    let server = Server::spawn(&mut command, data);
    let status = |length: usize| {
        let head = format!("POST /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        server.ask(&(head + &"x".repeat(length))).status()
    };
    assert_eq!((status(limit), status(limit + 1)), (404, 413));
}
