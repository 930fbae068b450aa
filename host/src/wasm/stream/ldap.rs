//! The little of LDAP the host speaks itself (RFC 4511): StartTLS, simple
//! bind, and telling requests that read from requests that write.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::{Io, MAX_CHUNK, StreamError};
use crate::{config::permissions::Host, wasm::egress::ConnectError};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const OCTET_STRING: u8 = 0x04;
const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const EXTENDED_REQUEST: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;

/// Requests that change nothing: unbind, search, compare, abandon.  Bind is
/// the host's own; an extended request can be anything.
const READS: [u8; 4] = [0x42, 0x63, 0x6e, 0x50];

const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Asks the server to go on under TLS.
pub(super) async fn start_tls(
    host: &Host,
    io: &mut tokio::net::TcpStream,
) -> Result<(), StreamError> {
    let request = element(EXTENDED_REQUEST, &element(0x80, START_TLS));
    let (code, text) = exchange(io, 1, &request, EXTENDED_RESPONSE).await?;
    if code == 0 {
        Ok(())
    } else {
        let source = std::io::Error::other(format!("it offers no StartTLS (result {code}{text})"));
        Err(ConnectError::Tls { host: host.to_string(), source }.into())
    }
}

/// Signs in with a name and a password.
pub(super) async fn simple_bind(
    io: &mut Box<dyn Io>,
    dn: &str,
    password: &[u8],
) -> Result<(), StreamError> {
    if password.is_empty() {
        // RFC 4513 §5.1.2: an empty password succeeds as nobody.
        return Err(StreamError::SignInRefused("the password is empty".to_owned()));
    }
    let mut body = Zeroizing::new(element(INTEGER, &[3]));
    body.extend(element(OCTET_STRING, dn.as_bytes()));
    body.extend(Zeroizing::new(element(0x80, password)).iter());
    let request = Zeroizing::new(element(BIND_REQUEST, &body));
    let (code, text) = exchange(io, 2, &request, BIND_RESPONSE).await?;
    if code == 0 {
        return Ok(());
    }
    let text = if text.is_empty() { meaning(code) } else { text };
    Err(StreamError::SignInRefused(format!("result {code}{text}")))
}

/// What a server means that says nothing beside its code (RFC 4511 appendix A).
fn meaning(code: u32) -> String {
    let words = match code {
        8 | 13 => "the server wants TLS first",
        32 | 34 => "there is no such name to sign in with",
        48 => "the server lets nobody in this way",
        49 => "the name or the password is wrong",
        51 | 52 => "the server is busy or not ready",
        53 => "the server is not willing to",
        _ => return String::new(),
    };
    format!(": {words}")
}

/// One request and its result: the code, and the server's words after ": ".
async fn exchange<S: Io + ?Sized>(
    io: &mut S,
    id: u8,
    operation: &[u8],
    expected: u8,
) -> Result<(u32, String), StreamError> {
    let mut content = Zeroizing::new(element(INTEGER, &[id]));
    content.extend(operation);
    io.write_all(&Zeroizing::new(element(SEQUENCE, &content))).await?;
    io.flush().await?;
    let message = read_message(io).await?;
    parse_result(&message, expected)
        .ok_or_else(|| StreamError::SignInRefused("the answer is not LDAP".to_owned()))
}

/// The content of one message, bounded.
async fn read_message<S: Io + ?Sized>(io: &mut S) -> Result<Vec<u8>, StreamError> {
    let mut head = Vec::with_capacity(6);
    loop {
        head.push(io.read_u8().await?);
        match split_element(&head) {
            Split::Incomplete(Some(total)) if total > head.len() => {
                if total > MAX_CHUNK {
                    return Err(StreamError::TooLarge);
                }
                let mut message = head.clone();
                message.resize(total, 0);
                let rest = message.get_mut(head.len()..).unwrap_or_default();
                io.read_exact(rest).await?;
                return match split_element(&message) {
                    Split::Element { tag: SEQUENCE, content, .. } => Ok(content.to_vec()),
                    _ => Err(StreamError::SignInRefused("the answer is not LDAP".to_owned())),
                };
            }
            Split::Incomplete(_) if head.len() < 6 => {}
            _ => return Err(StreamError::SignInRefused("the answer is not LDAP".to_owned())),
        }
    }
}

fn parse_result(message: &[u8], expected: u8) -> Option<(u32, String)> {
    let (_id, rest) = take(message, INTEGER)?;
    let (response, _controls) = take(rest, expected)?;
    let (code, rest) = take(response, ENUMERATED)?;
    let (_matched, rest) = take(rest, OCTET_STRING)?;
    let (text, _rest) = take(rest, OCTET_STRING)?;
    let code = code
        .iter()
        .try_fold(0_u32, |code, byte| code.checked_mul(256)?.checked_add(u32::from(*byte)))?;
    let text: String =
        String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(200).collect();
    Some((code, if text.is_empty() { text } else { format!(": {text}") }))
}

fn take(bytes: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    match split_element(bytes) {
        Split::Element { tag, content, rest } if tag == expected => Some((content, rest)),
        _ => None,
    }
}

enum Split<'a> {
    Element {
        tag: u8,
        content: &'a [u8],
        rest: &'a [u8],
    },
    /// The length in bytes of the whole element, once it is known.
    Incomplete(Option<usize>),
    /// An indefinite or absurd length.
    Malformed,
}

/// The first BER element with a definite length of at most four bytes.
fn split_element(bytes: &[u8]) -> Split<'_> {
    let (Some(tag), Some(first)) = (bytes.first(), bytes.get(1)) else {
        return Split::Incomplete(None);
    };
    let (length, head) = match *first {
        short @ 0..=0x7f => (usize::from(short), 2),
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x7f);
            let Some(digits) = bytes.get(2..2 + count) else { return Split::Incomplete(None) };
            (
                digits.iter().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte)),
                2 + count,
            )
        }
        _ => return Split::Malformed,
    };
    let Some(total) = head.checked_add(length) else { return Split::Malformed };
    match (bytes.get(head..total), bytes.get(total..)) {
        (Some(content), Some(rest)) => Split::Element { tag: *tag, content, rest },
        _ => Split::Incomplete(Some(total)),
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let digits = content.len().to_be_bytes();
    if let Ok(short @ 0..=0x7f) = u8::try_from(content.len()) {
        bytes.push(short);
    } else {
        let significant = digits.iter().skip_while(|digit| **digit == 0);
        let count = significant.clone().count();
        bytes.push(0x80 | u8::try_from(count).unwrap_or(8));
        bytes.extend(significant);
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Holds bytes back until a whole request is there, and lets it pass only if
/// it reads.
#[derive(Default)]
pub(super) struct ReadFilter {
    held: Vec<u8>,
}

impl ReadFilter {
    /// The whole requests among what was written so far.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<Vec<u8>, StreamError> {
        self.held.extend_from_slice(bytes);
        if self.held.len() > MAX_CHUNK {
            return Err(StreamError::TooLarge);
        }
        let mut passed = 0;
        loop {
            let left = self.held.get(passed..).unwrap_or_default();
            match split_element(left) {
                Split::Element { tag: SEQUENCE, content, rest } if is_read(content) => {
                    passed = self.held.len() - rest.len();
                }
                Split::Element { .. } => {
                    return Err(StreamError::Denied(
                        "an LDAP request other than search, compare, abandon and unbind is \
                         refused while planning"
                            .to_owned(),
                    ));
                }
                Split::Incomplete(_) => break,
                Split::Malformed => {
                    return Err(StreamError::Denied("what was written is not LDAP".to_owned()));
                }
            }
        }
        let held = self.held.split_off(passed);
        Ok(std::mem::replace(&mut self.held, held))
    }
}

fn is_read(message: &[u8]) -> bool {
    take(message, INTEGER)
        .and_then(|(_id, operation)| operation.first())
        .is_some_and(|tag| READS.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(operation: u8, body: &[u8]) -> Vec<u8> {
        let mut content = element(INTEGER, &[7]);
        content.extend(element(operation, body));
        element(SEQUENCE, &content)
    }

    #[test]
    fn a_result_without_words_is_put_into_words_where_that_helps() {
        assert_eq!(meaning(49), ": the name or the password is wrong");
        assert_eq!(meaning(13), ": the server wants TLS first");
        assert_eq!(meaning(80), "");
    }

    #[test]
    fn a_search_passes_whole_however_it_is_cut() {
        let search = message(0x63, &[1; 300]);
        for cut in 0..search.len() {
            let mut filter = ReadFilter::default();
            let (left, right) = search.split_at(cut);
            let mut passed = filter.pass(left).unwrap();
            passed.extend(filter.pass(right).unwrap());
            assert_eq!(passed, search);
        }
    }

    #[test]
    fn writing_requests_never_pass_not_even_behind_a_search() {
        // add, modify, delete, modify DN, extended, bind.
        for tag in [0x68, 0x66, 0x4a, 0x6c, 0x77, 0x60] {
            let mut bytes = message(0x63, b"search");
            bytes.extend(message(tag, b"change"));
            assert!(ReadFilter::default().pass(&bytes).is_err(), "{tag:#x}");
        }
    }

    #[test]
    fn what_is_not_ldap_does_not_pass() {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n                                                                "[..], &[0x30, 0x80, 0, 0], &[0x30, 0x85, 1, 1, 1, 1, 1]] {
            let mut filter = ReadFilter::default();
            let passed = filter.pass(bytes).unwrap_or_default();
            assert!(passed.is_empty());
        }
    }

    #[tokio::test]
    async fn a_refused_bind_says_the_servers_code_and_words() {
        let (client, mut server) = tokio::io::duplex(4096);
        let serve = async {
            let mut request = vec![0; 200];
            let length = server.read(&mut request).await.unwrap();
            assert!(request[..length].windows(6).any(|window| window == b"secret"));
            let mut body = element(ENUMERATED, &[49]);
            body.extend(element(OCTET_STRING, b""));
            body.extend(element(OCTET_STRING, b"invalid credentials"));
            server.write_all(&message(BIND_RESPONSE, &body)).await.unwrap();
        };
        let mut io: Box<dyn Io> = Box::new(client);
        let (refused, ()) = tokio::join!(simple_bind(&mut io, "cn=admin", b"secret"), serve);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the system refused the sign-in: result 49: invalid credentials"
        );
    }

    #[tokio::test]
    async fn an_empty_password_is_never_sent() {
        let (client, _server) = tokio::io::duplex(64);
        let mut io: Box<dyn Io> = Box::new(client);
        assert!(simple_bind(&mut io, "cn=admin", b"").await.is_err());
    }
}
