//! Telling what happens, the same every time it happens.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
};

/// Plain lines; what differs from run to run is left out.
pub(super) struct Story<'a> {
    out: &'a mut dyn Write,
    /// What stands for what.
    names: Vec<(String, String)>,
    chapter: usize,
}

impl<'a> Story<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, names: Vec::new(), chapter: 0 }
    }

    /// From now on `address` is shown by its name.
    pub(super) fn call(&mut self, address: SocketAddr, name: &str) {
        self.names.push((address.to_string(), name.to_owned()));
    }

    pub(super) fn call_folder(&mut self, folder: &Path, name: &str) {
        self.names.push((folder.display().to_string(), name.to_owned()));
    }

    pub(super) fn chapter(&mut self, title: &str) -> io::Result<()> {
        self.chapter += 1;
        writeln!(self.out, "\n── {}. {title}\n", self.chapter)
    }

    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A command as a person would type it.
    pub(super) fn command(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.out, "\n  $ {command}")
    }

    /// What a command printed.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        for line in text.trim_end().lines() {
            let line = self.masked(line);
            writeln!(self.out, "{}", format!("    {line}").trim_end())?;
        }
        Ok(())
    }

    /// What was left out of what a command printed.
    pub(super) fn left_out(&mut self, what: &str) -> io::Result<()> {
        writeln!(self.out, "    … {what}")
    }

    /// A claim that was just checked.
    pub(super) fn checked(&mut self, claim: &str) -> io::Result<()> {
        writeln!(self.out, "  ✓ {claim}")
    }

    fn masked(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (from, to) in &self.names {
            line = line.replace(from, to);
        }
        without_digests(&line)
    }
}

/// Digests and keys made by an application become `…`: hexadecimal words of
/// 12 digits, and UUIDs.
fn without_digests(line: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if is_digest(word) { "…" } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_digest(word: &str) -> bool {
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == '-';
    let dashes = word.chars().filter(|c| *c == '-').count();
    word.chars().all(hexadecimal) && matches!((word.len(), dashes), (12, 0) | (36, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_go_and_everything_else_stays() {
        let line =
            "plan 59a346e55f78: (03b48dc5) user/4b22a899-dc10-5373-8897-3c872e76e9eb `über-uns`";
        assert_eq!(without_digests(line), "plan …: (03b48dc5) user/… `über-uns`");
    }
}
