//! One LDAP conversation over a byte stream that is connected and signed in.

use std::io::{Read, Write};

use bytes::BytesMut;
use ldap3_proto::{
    LdapCodec,
    control::LdapControl,
    proto::{
        LdapDerefAliases, LdapFilter, LdapMsg, LdapOp, LdapResult, LdapResultCode,
        LdapSearchRequest, LdapSearchScope,
    },
};
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::entry::Entry;

/// Largest message accepted: a group of about a hundred thousand members.
const MESSAGE_LIMIT: usize = 8 << 20;
/// LDAP answers nest six deep at most; filters are only sent, never read.
const DEPTH_LIMIT: usize = 16;
/// Entries asked for at a time.
const PAGE: i64 = 500;

/// The conversation broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The stream failed before any byte of the request was written.
    #[error("the connection to the directory was already closed")]
    NotSent,
    /// The stream ended or failed after that: the server may have acted.
    #[error("the connection to the directory broke while waiting for its answer")]
    Lost(#[source] std::io::Error),
    /// The server sent what is no LDAP; it may have acted.
    #[error("the directory's answer cannot be understood: {0}")]
    Malformed(&'static str),
    /// The request itself cannot be written down; nothing was sent.
    #[error("the request cannot be encoded")]
    Unencodable(#[source] std::io::Error),
}

/// What to look for.
#[derive(Clone, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: LdapSearchScope,
    pub(crate) filter: LdapFilter,
    pub(crate) attributes: Vec<String>,
}

/// What a search brought.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Continuation references the server gave instead of entries.
    pub(crate) references: u64,
    pub(crate) result: LdapResult,
}

/// A client of one connection: one request at a time.
#[derive(Debug)]
pub(crate) struct Wire<S: Read + Write> {
    stream: S,
    last_id: i32,
    broken: bool,
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, last_id: 0, broken: false }
    }

    /// Sends a writing request and waits for its result.
    pub(crate) fn write(&mut self, request: LdapOp) -> Result<LdapResult, WireError> {
        let id = self.send(request, Vec::new())?;
        loop {
            match self.receive(id)?.op {
                LdapOp::AddResponse(result)
                | LdapOp::ModifyResponse(result)
                | LdapOp::ModifyDNResponse(result)
                | LdapOp::DelResponse(result) => return Ok(result),
                LdapOp::ExtendedResponse(answer) => return Ok(answer.res),
                LdapOp::IntermediateResponse(_) => {}
                _ => return Err(self.malformed("another answer than the request asked for")),
            }
        }
    }

    /// Everything that matches, page by page on this connection.
    pub(crate) fn search(&mut self, search: &Search<'_>) -> Result<Found, WireError> {
        let (mut found, mut cookie) = self.search_page(search, PAGE, Vec::new())?;
        while found.result.code == LdapResultCode::Success && !cookie.is_empty() {
            let (page, next) = self.search_page(search, PAGE, cookie)?;
            found.entries.extend(page.entries);
            found.references = found.references.saturating_add(page.references);
            found.result = page.result;
            cookie = next;
        }
        Ok(found)
    }

    /// One page and the cookie that continues it on this connection; an empty
    /// cookie is the end.
    pub(crate) fn search_page(
        &mut self,
        search: &Search<'_>,
        size: i64,
        cookie: Vec<u8>,
    ) -> Result<(Found, Vec<u8>), WireError> {
        let request = LdapOp::SearchRequest(LdapSearchRequest {
            base: search.base.to_owned(),
            scope: search.scope.clone(),
            aliases: LdapDerefAliases::Never,
            sizelimit: 0,
            timelimit: 0,
            typesonly: false,
            filter: search.filter.clone(),
            attrs: search.attributes.clone(),
        });
        let paging = vec![LdapControl::SimplePagedResults { size, cookie }];
        let paging = if search.scope == LdapSearchScope::Base { Vec::new() } else { paging };
        let id = self.send(request, paging)?;
        let (mut entries, mut references) = (Vec::new(), 0_u64);
        loop {
            let message = self.receive(id)?;
            match message.op {
                LdapOp::SearchResultEntry(entry) => entries.push(Entry::from(entry)),
                LdapOp::SearchResultReference(_) => references = references.saturating_add(1),
                LdapOp::IntermediateResponse(_) => {}
                LdapOp::SearchResultDone(result) => {
                    let cookie = message.ctrl.into_iter().find_map(|control| match control {
                        LdapControl::SimplePagedResults { cookie, .. } => Some(cookie),
                        _ => None,
                    });
                    let found = Found { entries, references, result };
                    return Ok((found, cookie.unwrap_or_default()));
                }
                _ => return Err(self.malformed("another answer than the request asked for")),
            }
        }
    }

    fn send(&mut self, op: LdapOp, ctrl: Vec<LdapControl>) -> Result<i32, WireError> {
        if self.broken {
            return Err(WireError::NotSent);
        }
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let mut bytes = BytesMut::new();
        LdapCodec::default()
            .encode(LdapMsg { msgid: self.last_id, op, ctrl }, &mut bytes)
            .map_err(WireError::Unencodable)?;
        let sent = self.stream.write_all(&bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| self.lost(error))?;
        Ok(self.last_id)
    }

    /// The next message that answers request `id`.
    fn receive(&mut self, id: i32) -> Result<LdapMsg, WireError> {
        loop {
            let mut frame = self.frame()?;
            let mut codec = LdapCodec::new(Some(MESSAGE_LIMIT), Some(DEPTH_LIMIT));
            let message = match codec.decode(&mut frame) {
                Ok(Some(message)) if frame.is_empty() => message,
                _ => return Err(self.malformed("a message is broken")),
            };
            if message.msgid == id {
                return Ok(message);
            }
            if message.msgid == 0 {
                let reason = std::io::Error::other("the directory announced that it disconnects");
                return Err(self.lost(reason));
            }
        }
    }

    /// The bytes of one whole message, read no further than it goes.
    fn frame(&mut self) -> Result<BytesMut, WireError> {
        let mut header = [0_u8; 2];
        self.fill(&mut header)?;
        let [tag, short] = header;
        if tag != 0x30 {
            return Err(self.malformed("a message does not begin like one"));
        }
        let mut frame = BytesMut::from(header.as_slice());
        let length = if short < 0x80 {
            usize::from(short)
        } else {
            let mut digits = [0_u8; 4];
            let Some(digits) = digits.get_mut(..usize::from(short & 0x7f)) else {
                return Err(self.malformed("a length of a message is longer than four bytes"));
            };
            if digits.is_empty() {
                return Err(self.malformed("a message has no definite length"));
            }
            self.fill(digits)?;
            frame.extend_from_slice(digits);
            digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit))
        };
        // A length of four bytes may take all 32 bits, so compare before adding.
        if length > MESSAGE_LIMIT - frame.len() {
            return Err(self.malformed("a message is larger than 8 MiB"));
        }
        let start = frame.len();
        // Grows with what really arrives, so that a lie about the length costs nothing.
        let mut stream = (&mut self.stream).take(length as u64);
        let mut body = Vec::new();
        let read = stream.read_to_end(&mut body);
        read.map_err(|error| self.lost(error))?;
        frame.extend_from_slice(&body);
        if frame.len() - start < length {
            return Err(self.lost(std::io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(frame)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), WireError> {
        self.stream.read_exact(buffer).map_err(|error| self.lost(error))
    }

    fn lost(&mut self, error: std::io::Error) -> WireError {
        self.broken = true;
        WireError::Lost(error)
    }

    fn malformed(&mut self, what: &'static str) -> WireError {
        self.broken = true;
        WireError::Malformed(what)
    }
}

impl<S: Read + Write> Drop for Wire<S> {
    /// Says good-bye, so that the server does not log a broken connection.
    fn drop(&mut self) {
        if !self.broken {
            drop(self.send(LdapOp::UnbindRequest, Vec::new()));
        }
    }
}

#[cfg(test)]
mod tests;
