//! What the SSH server lets in, from its settings as sshd(8) reads them: servconf.c of OpenSSH.
//!
//! Of two values for one keyword the *first* counts, so that `50-cloud-init.conf` beats `99-hardening.conf`. `Match`
//! blocks override it for some connections; any of them may be the one, so the widest value counts.

use seaworthy_model::{Claim, Place, Reason, RootLogin, Ssh};

use super::{Look, Reader, Stop, pattern, word};

/// `SERVCONF_MAX_DEPTH`.
const MAX_DEPTH: u8 = 16;
/// More files than this are a loop in disguise.
const MAX_FILES: usize = 512;

/// Reads the settings of a server that runs or starts by itself.
pub fn probe(look: &Look) -> Claim<Ssh> {
    look.answer(examine)
}

fn examine(reader: &Reader<'_>) -> Result<Ssh, Stop<Ssh>> {
    let programs = reader.list(Place::SshdProgram, "/usr/sbin")?;
    let has = |name: &str| programs.iter().any(|program| program == name);
    if has("dropbear") || has("tinysshd") {
        return Err(Stop::Unknown(Reason::NotSupported));
    }
    if !has("sshd") || !(starts(reader)? || runs(reader)?) {
        return Err(Stop::NotApplicable(Reason::NoSshServer));
    }
    let options = reader.optional(Place::SshdOptions, "/etc/default/ssh")?.unwrap_or_default();
    if options.lines().any(|line| line.trim().starts_with("SSHD_OPTS=") && (line.contains("-o") || line.contains("-f")))
    {
        // Options on the command line come before every file.
        return Err(Stop::Unknown(Reason::NotSupported));
    }
    let mut settings = Settings { reader, values: Vec::new(), files: 0 };
    settings.read("/etc/ssh/sshd_config", Scope::All, 0)?;
    Ok(settings.widest()?)
}

/// Whether systemd, or an rc link, starts the server.
fn starts(reader: &Reader<'_>) -> Result<bool, Reason> {
    if reader.has_systemd()? {
        for service in ["ssh.service", "sshd.service"] {
            if reader.is_enabled(service, "multi-user.target")? {
                return Ok(true);
            }
        }
        for socket in ["ssh.socket", "sshd.socket"] {
            if reader.is_enabled(socket, "sockets.target")? || reader.is_enabled(socket, "ssh.service")? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    for level in 2..=5 {
        let names = reader.optional_list(Place::SystemdUnits, format!("/etc/rc{level}.d"));
        let names = names.map_err(|error| error.reason())?;
        if names.iter().any(|name| name.starts_with('S') && name.ends_with("ssh")) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a server runs now: a process of its name, or port 22 is listened on for it.
fn runs(reader: &Reader<'_>) -> Result<bool, Reason> {
    if !reader.look.root.is_live() {
        return Ok(false);
    }
    let processes = reader.list(Place::ProcessNames, "/proc").map_err(|error| error.reason())?;
    if !processes.iter().any(|name| name == "1") {
        // The processes of others are hidden.
        return Ok(true);
    }
    for process in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let name = reader.text(Place::ProcessNames, format!("/proc/{process}/comm"));
        if name.is_ok_and(|name| name.starts_with("sshd")) {
            return Ok(true);
        }
    }
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let sockets = reader.optional(Place::ListeningSockets, path).map_err(|error| error.reason())?;
        if sockets.unwrap_or_default().lines().skip(1).any(listens_on_ssh) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `sl local_address rem_address st …`: port 0016, state 0A.
fn listens_on_ssh(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(words.as_slice(), [_, local, _, "0A", ..] if local.ends_with(":0016"))
}

/// For which connections a line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Outside any `Match`.
    All,
    /// Inside `Match all`.
    MatchAll,
    /// Inside any other `Match`.
    Some,
}

/// The keywords that decide, in the order of reading.
struct Settings<'a> {
    reader: &'a Reader<'a>,
    values: Vec<(Scope, Keyword, String)>,
    files: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    Password,
    Keyboard,
    Pam,
    Root,
    Methods,
}

impl Keyword {
    fn named(name: &str) -> Option<Keyword> {
        Some(match name.to_ascii_lowercase().as_str() {
            "passwordauthentication" => Keyword::Password,
            "kbdinteractiveauthentication" | "challengeresponseauthentication" | "skeyauthentication" => {
                Keyword::Keyboard
            }
            "usepam" => Keyword::Pam,
            "permitrootlogin" => Keyword::Root,
            "authenticationmethods" => Keyword::Methods,
            _ => return None,
        })
    }
}

impl Settings<'_> {
    fn read(&mut self, path: &str, outer: Scope, depth: u8) -> Result<(), Reason> {
        self.files += 1;
        if depth > MAX_DEPTH || self.files > MAX_FILES {
            return Err(Reason::Garbled);
        }
        let text = self.reader.text(Place::SshdConfig, path).map_err(|error| error.reason())?;
        if text.contains('\0') {
            return Err(Reason::Garbled);
        }
        // A file begins in the scope of its Include, and a Match in it ends with it.
        let mut scope = outer;
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, rest) = keyword_of(line)?;
            match name.to_ascii_lowercase().as_str() {
                "match" => scope = match_scope(rest, outer)?,
                "include" => self.include(rest, scope, depth)?,
                _ => {
                    if let Some(keyword) = Keyword::named(name) {
                        self.values.push((scope, keyword, value_of(keyword, rest)?));
                    }
                }
            }
        }
        Ok(())
    }

    /// Patterns in their order, the files of each in the order of their names.
    fn include(&mut self, rest: &str, scope: Scope, depth: u8) -> Result<(), Reason> {
        for path in arguments(rest)? {
            let path = if path.starts_with('/') { path } else { format!("/etc/ssh/{path}") };
            let (folder, name) = path.rsplit_once('/').ok_or(Reason::Garbled)?;
            if pattern::is_pattern(folder) {
                return Err(Reason::NotSupported);
            }
            let names = self.reader.optional_list(Place::SshdConfig, if folder.is_empty() { "/" } else { folder });
            for found in names.map_err(|error| error.reason())? {
                let hidden = found.starts_with('.') && !name.starts_with('.');
                if !hidden && pattern::matches(name, &found) {
                    self.read(&format!("{folder}/{found}"), scope, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Every value of a keyword that some connection gets; none where the built-in default holds for all.
    ///
    /// `Match` blocks come before what stands outside them, and among them the first that applies wins: nothing after
    /// a `Match all` is ever reached.
    fn possible(&self, keyword: Keyword) -> Vec<&str> {
        let of = |wanted: fn(Scope) -> bool| {
            self.values.iter().filter(move |(scope, found, _)| *found == keyword && wanted(*scope))
        };
        let mut values = Vec::new();
        for (scope, _, value) in of(|scope| scope != Scope::All) {
            values.push(value.as_str());
            if *scope == Scope::MatchAll {
                return values;
            }
        }
        let global = of(|scope| scope == Scope::All).next().map(|(_, _, value)| value.as_str());
        values.push(global.unwrap_or(default_of(keyword)));
        values
    }

    fn widest(&self) -> Result<Ssh, Reason> {
        let any = |keyword, wanted: &str| self.possible(keyword).contains(&wanted);
        let plain = any(Keyword::Password, "yes");
        let keyboard = any(Keyword::Keyboard, "yes") && any(Keyword::Pam, "yes");
        let alone = |method: &str| self.possible(Keyword::Methods).iter().any(|lists| suffices(lists, method));
        let password = plain && alone("password") || keyboard && alone("keyboard-interactive");
        let roots: Option<Vec<RootLogin>> = self.possible(Keyword::Root).into_iter().map(root_login).collect();
        let root_login = roots.ok_or(Reason::Garbled)?.into_iter().max().ok_or(Reason::Garbled)?;
        Ok(Ssh { password, root_login })
    }
}

/// OpenSSH's own; Debian changes these in its file, not in its program.
fn default_of(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::Password | Keyword::Keyboard => "yes",
        Keyword::Pam => "no",
        Keyword::Root => "prohibit-password",
        Keyword::Methods => "any",
    }
}

fn root_login(value: &str) -> Option<RootLogin> {
    let value = if value == "without-password" { "prohibit-password" } else { value };
    RootLogin::from_name(value)
}

/// Whether one of the lists of `AuthenticationMethods` asks for nothing but this method.
fn suffices(lists: &str, method: &str) -> bool {
    let is_it = |found: &str| found.split(':').next() == Some(method);
    lists.split(' ').any(|list| list == "any" || list.split(',').all(is_it))
}

/// A keyword, then blanks or one `=`.
fn keyword_of(line: &str) -> Result<(&str, &str), Reason> {
    let end = line.find(|letter: char| letter.is_whitespace() || letter == '=').ok_or(Reason::Garbled)?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name && !rest.is_empty() { Ok((name, rest)) } else { Err(Reason::Garbled) }
}

/// Arguments with quotes, up to a comment.
fn arguments(mut rest: &str) -> Result<Vec<String>, Reason> {
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(all);
        }
        let quote = rest.chars().next().filter(|&first| first == '"' || first == '\'');
        let (argument, after) = match quote {
            Some(quote) => rest.get(1..).and_then(|inner| inner.split_once(quote)).ok_or(Reason::Garbled)?,
            None => word(rest),
        };
        all.push(argument.to_owned());
        rest = after;
    }
}

/// A value sshd would take; it refuses to start with any other.
fn value_of(keyword: Keyword, rest: &str) -> Result<String, Reason> {
    let values = arguments(rest)?;
    if keyword == Keyword::Methods {
        return Ok(values.join(" "));
    }
    let value = values.first().map(|value| value.to_ascii_lowercase()).ok_or(Reason::Garbled)?;
    let known = if keyword == Keyword::Root { root_login(&value).is_some() } else { value == "yes" || value == "no" };
    if known { Ok(value) } else { Err(Reason::Garbled) }
}

fn match_scope(rest: &str, outer: Scope) -> Result<Scope, Reason> {
    let criteria = arguments(rest)?;
    let all = matches!(criteria.as_slice(), [only] if only.eq_ignore_ascii_case("all"));
    Ok(if all && outer != Scope::Some { Scope::MatchAll } else { Scope::Some })
}
