//! What a traced server did to the files of its data folder and said to its clients, read from strace's log
//! (`-f -y -xx`: every thread, descriptors by path, all text in hexadecimal).

use std::collections::HashMap;
use std::path::Path;

/// One call that matters to what is on the disk, or to what somebody was told.
#[derive(Debug)]
pub enum Event {
    /// A name that came into being.
    Made { name: String },
    /// Bytes at a place of a file.
    Written { name: String, at: usize, bytes: Vec<u8> },
    /// A file cut to a length, or lengthened with zeros.
    Cut { name: String, length: usize },
    /// A name that went.
    Unlinked { name: String },
    /// A file is on the disk as it was when the call began, at this event. The empty name is the folder's own.
    Synced { name: String, since: usize },
    /// Bytes for a client.
    Sent { bytes: Vec<u8> },
}

/// A call: its words before and after `=`, and where in the order of events it began.
struct Call<'a> {
    name: &'a str,
    words: &'a str,
    result: &'a str,
    since: usize,
}

/// Reads a log. What was begun counts from its beginning, save that only a sync that returned has synced.
pub fn read(log: &str, folder: &Path) -> Vec<Event> {
    let (mut events, mut begun) = (Vec::new(), HashMap::new());
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some((head, _)) = rest.split_once(" <unfinished ...>") {
            begun.insert(thread, (head, events.len()));
            events.extend(call(head, "", events.len()).and_then(|call| event(&call, folder)).filter(Event::is_begun));
        } else if rest.starts_with("<... ") {
            let Some((head, since)) = begun.remove(thread) else { continue };
            let result = rest.rsplit_once(" = ").map_or("", |(_, result)| result);
            events.extend(call(head, result, since).and_then(|call| event(&call, folder)).filter(|e| !e.is_begun()));
        } else if let Some((head, result)) = rest.rsplit_once(" = ") {
            let whole = call(head.trim_end().trim_end_matches(')'), result, events.len());
            events.extend(whole.and_then(|call| event(&call, folder)));
        }
    }
    events
}

impl Event {
    /// Whether it counts from the beginning of its call.
    fn is_begun(&self) -> bool {
        !matches!(self, Event::Synced { .. } | Event::Made { .. })
    }
}

fn call<'a>(head: &'a str, result: &'a str, since: usize) -> Option<Call<'a>> {
    let (name, words) = head.split_once('(')?;
    Some(Call { name, words, result, since })
}

fn event(call: &Call<'_>, folder: &Path) -> Option<Event> {
    let Call { name, words, result, since } = *call;
    if result.starts_with('-') {
        return None;
    }
    if matches!(name, "sendto" | "sendmsg" | "writev") {
        return Some(Event::Sent { bytes: texts(words) });
    }
    let file = file(call, folder)?;
    match name {
        "openat" if words.contains("O_CREAT") => Some(Event::Made { name: file }),
        "mkdir" | "rename" => Some(Event::Made { name: file }),
        "pwrite64" => {
            Some(Event::Written { name: file, at: last_number(words), bytes: texts(words.split_once('>')?.1) })
        }
        "ftruncate" => Some(Event::Cut { name: file, length: last_number(words) }),
        "unlink" => Some(Event::Unlinked { name: file }),
        "fsync" | "fdatasync" if result.starts_with('0') => Some(Event::Synced { name: file, since }),
        _ => None,
    }
}

/// The name of a call's file within the folder: the descriptor's for most, the path that is given for the others.
fn file(call: &Call<'_>, folder: &Path) -> Option<String> {
    let path = match call.name {
        "openat" => bracketed(call.result)?,
        "unlink" | "mkdir" => texts(call.words),
        "rename" => texts(call.words.split_once(", ")?.1),
        _ => bracketed(call.words)?,
    };
    let path = String::from_utf8(path).ok()?;
    let name = Path::new(&path).strip_prefix(folder).ok()?;
    Some(name.to_str()?.to_owned())
}

/// The path of the first descriptor.
fn bracketed(words: &str) -> Option<Vec<u8>> {
    let (_, rest) = words.split_once('<')?;
    Some(unescaped(rest.split_once('>')?.0))
}

/// All quoted texts, put together.
fn texts(words: &str) -> Vec<u8> {
    words.split('"').skip(1).step_by(2).flat_map(unescaped).collect()
}

/// `\x41` is A, and so on; in a log of `-xx` nothing else stands.
fn unescaped(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks_exact(4).map(|sign| digit(sign[2]) << 4 | digit(sign[3])).collect()
}

fn last_number(words: &str) -> usize {
    words.rsplit(", ").next().unwrap().trim().parse().unwrap()
}

#[test]
fn calls_are_read_whole_and_in_halves() {
    let hex = |text: &str| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let (file, folder) = (hex("/d/a"), hex("/d"));
    let log = format!(
        "1 openat(AT_FDCWD<{folder}>, \"{file}\", O_RDWR|O_CREAT, 0600) = 3<{file}>\n\
         1 pwrite64(3<{file}>, \"{}\", 2, 7) = 2\n\
         2 fsync(3<{file}> <unfinished ...>\n\
         1 pwrite64(3<{file}>, \"{}\", 1, 0) = 1\n\
         2 <... fsync resumed>)              = 0\n\
         3 sendto(5<{}>, \"{}\", 2, MSG_NOSIGNAL, NULL, 0) = 2\n\
         1 pwrite64(9<{}>, \"{}\", 1, 0) = 1\n",
        hex("ab"),
        hex("c"),
        hex("socket:[1]"),
        hex("ok"),
        hex("/elsewhere"),
        hex("x")
    );
    let read = format!("{:?}", read(&log, Path::new("/d")));
    let expected = "[Made { name: \"a\" }, Written { name: \"a\", at: 7, bytes: [97, 98] }, \
                    Written { name: \"a\", at: 0, bytes: [99] }, Synced { name: \"a\", since: 2 }, \
                    Sent { bytes: [111, 107] }]";
    assert_eq!(read, expected);
}
