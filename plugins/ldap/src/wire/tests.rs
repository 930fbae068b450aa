use ldap3_proto::proto::{LdapExtendedResponse, LdapSearchResultReference};

use super::*;

/// A server that says this, whatever it is asked.
struct Says(std::io::Cursor<Vec<u8>>);

impl Read for Says {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // One byte at a time: answers come in whatever pieces.
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

impl Write for Says {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn wire(bytes: impl Into<Vec<u8>>) -> Wire<Says> {
    Wire::new(Says(std::io::Cursor::new(bytes.into())))
}

fn delete(bytes: impl Into<Vec<u8>>) -> Result<LdapResult, WireError> {
    wire(bytes).write(LdapOp::DelRequest("uid=ada,dc=x".to_owned()))
}

fn everything() -> Search<'static> {
    Search {
        base: "dc=x",
        scope: LdapSearchScope::Subtree,
        filter: LdapFilter::Present("objectClass".to_owned()),
        attributes: Vec::new(),
    }
}

fn encoded(messages: Vec<LdapMsg>) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    for message in messages {
        LdapCodec::default().encode(message, &mut bytes).unwrap();
    }
    bytes.to_vec()
}

fn success() -> LdapResult {
    LdapResult {
        code: LdapResultCode::Success,
        matcheddn: String::new(),
        message: String::new(),
        referral: Vec::new(),
    }
}

#[track_caller]
fn broken(bytes: impl Into<Vec<u8>>) -> String {
    delete(bytes).unwrap_err().to_string()
}

#[test]
fn an_answer_to_another_request_is_passed_over() {
    let answer = |id| LdapMsg::new(id, LdapOp::DelResponse(success()));
    assert_eq!(delete(encoded(vec![answer(7), answer(1)])).unwrap(), success());
    let other = encoded(vec![LdapMsg::new(1, LdapOp::SearchResultDone(success()))]);
    assert!(matches!(delete(other), Err(WireError::Malformed(_))));
}

#[test]
fn the_notice_of_disconnection_ends_the_conversation() {
    let notice = LdapOp::ExtendedResponse(LdapExtendedResponse {
        res: LdapResult { code: LdapResultCode::Unavailable, ..success() },
        name: Some("1.3.6.1.4.1.1466.20036".to_owned()),
        value: None,
    });
    let mut wire = wire(encoded(vec![LdapMsg::new(0, notice)]));
    let request = || LdapOp::DelRequest("dc=x".to_owned());
    assert!(matches!(wire.write(request()), Err(WireError::Lost(_))));
    assert!(matches!(wire.write(request()), Err(WireError::NotSent)));
}

#[test]
fn lies_about_lengths_are_found_out() {
    let malformed = "the directory's answer cannot be understood: ";
    let larger = format!("{malformed}a message is larger than 8 MiB");
    assert_eq!(broken([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), larger);
    assert_eq!(broken([0x30, 0x84, 0x00, 0x80, 0x00, 0x00]), larger);
    let long = format!("{malformed}a length of a message is longer than four bytes");
    assert_eq!(broken([0x30, 0x85, 1, 1, 1, 1, 1]), long);
    let endless = format!("{malformed}a message has no definite length");
    assert_eq!(broken([0x30, 0x80, 0, 0]), endless);
    let other = format!("{malformed}a message does not begin like one");
    assert_eq!(broken(*b"HTTP/1.1 400 Bad Request"), other);
    let lost = "the connection to the directory broke while waiting for its answer";
    assert_eq!(broken([0x30, 0x20, 0x02]), lost);
    assert_eq!(broken([]), lost);
}

#[test]
fn an_answer_nested_without_end_is_refused() {
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        let length = u32::try_from(nested.len()).unwrap().to_be_bytes();
        nested.extend([0x30, 0x84].into_iter().chain(length).rev());
    }
    nested.reverse();
    assert!(broken(nested).ends_with("a message is broken"));
}

#[test]
fn references_are_counted_and_pages_end_with_an_error() {
    let reference = LdapSearchResultReference { uris: vec!["ldap://other/".to_owned()] };
    let cut = LdapResult { code: LdapResultCode::SizeLimitExceeded, ..success() };
    let more = LdapControl::SimplePagedResults { size: 0, cookie: b"more".to_vec() };
    let bytes = encoded(vec![
        LdapMsg::new(1, LdapOp::SearchResultReference(reference)),
        LdapMsg::new_with_ctrls(1, LdapOp::SearchResultDone(success()), vec![more]),
        LdapMsg::new(2, LdapOp::SearchResultDone(cut.clone())),
    ]);
    let found = wire(bytes).search(&everything()).unwrap();
    assert_eq!((found.references, found.result), (1, cut));
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_the_client_panic(body in proptest::collection::vec(0_u8.., 0..200)) {
        let mut whole = vec![0x30, 0x81, u8::try_from(body.len()).unwrap()];
        whole.extend(&body);
        for bytes in [body, whole] {
            drop(delete(bytes.clone()));
            drop(wire(bytes).search(&everything()));
        }
    }

    #[test]
    fn no_bent_answer_makes_the_client_panic(place in 0_usize..200, byte in 0_u8..) {
        let mut bytes = encoded(vec![
            LdapMsg::new(1, LdapOp::SearchResultDone(LdapResult {
                message: "something about the answer".to_owned(),
                ..success()
            })),
            LdapMsg::new(1, LdapOp::DelResponse(success())),
        ]);
        let place = place % bytes.len();
        bytes[place] = byte;
        drop(delete(bytes.clone()));
        drop(wire(bytes).search(&everything()));
    }
}
