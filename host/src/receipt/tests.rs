use insta::assert_snapshot;
use lanyard_core::id::{ConnectorName, Digest, IdentityId};

use super::*;
use crate::signing::SigningKey;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key() -> SigningKey {
    SigningKey::of_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "a test").unwrap()
}

fn item(what: &str, stands: Stands, how: &str) -> Item {
    let since = (stands != Stands::Later).then(|| at("2026-07-01T00:00:00Z"));
    let closed = (stands == Stands::Done).then(|| at("2026-07-01T02:00:00Z"));
    Item { what: what.to_owned(), stands, since, at: closed, how: how.to_owned() }
}

fn document(crm: Item) -> Document {
    let hr = ConnectorName::new("hr").unwrap();
    let account = |target: &str, items: Vec<Item>| AccountPart {
        target: ConnectorName::new(target).unwrap(),
        key: "u1".to_owned(),
        login: "ada.example".to_owned(),
        items,
    };
    let open = usize::from(crm.stands == Stands::Open);
    let done = item("disable", Stands::Done, "shown by a reading of 2026-07-01T02:00:00Z");
    let later = item("delete", Stands::Later, "due from 2026-07-31T00:00:00Z");
    Document {
        version: 1,
        trying_out: false,
        open,
        made: at("2026-07-02T09:30:00Z"),
        by: "operator".to_owned(),
        program: "lanyard 0.0.0".to_owned(),
        config: Digest::of("file"),
        identity: IdentityId::first_seen(&hr, "1001"),
        who: "Ada <Example> & Co".to_owned(),
        state: "departed".to_owned(),
        since: Some(at("2026-07-01T00:00:00Z")),
        accounts: vec![account("crm", vec![crm]), account("directory", vec![done, later])],
        rows: vec![Row {
            number: 7,
            at: at("2026-07-01T02:00:00Z"),
            what: "disable directory u1: done, verified".to_owned(),
            by: "operator".to_owned(),
            run: Some("2".to_owned()),
            plan: Some(Digest::of("plan").to_string()),
            operation: Some("0".to_owned()),
            plugin: Some(Digest::of("plugin").to_string()),
            permission: None,
            chain: Digest::of("chain"),
        }],
        audit: Some(Head { rows: 9, digest: Digest::of("head") }),
    }
}

fn interim() -> Document {
    document(item("disable", Stands::Open, "it could not be read: connection refused"))
}

fn whole() -> Document {
    document(item("disable", Stands::Done, "shown by a reading of 2026-07-01T02:00:00Z"))
}

fn file(document: Document, format: Format) -> String {
    let seal = key().seal(PURPOSE, &document).unwrap();
    written(&Signed { document, seal }, format).unwrap()
}

const FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Html];

/// A page's text above what carries the document.
fn above(text: &str) -> &str {
    text.split(super::format::BEGIN).next().unwrap()
}

#[test]
fn a_receipt_says_what_was_taken_where_and_when_and_who_says_so() {
    assert_snapshot!(above(&file(whole(), Format::Text)), @r"
    Leaver receipt

    Ada <Example> & Co (3274f099-c6b9-5b87-a523-86d352dbdeb1), departed since 2026-07-01T00:00:00Z

    crm `ada.example`
      [x] disable, due since 2026-07-01T00:00:00Z: 2026-07-01T02:00:00Z, shown by a reading of 2026-07-01T02:00:00Z

    directory `ada.example`
      [x] disable, due since 2026-07-01T00:00:00Z: 2026-07-01T02:00:00Z, shown by a reading of 2026-07-01T02:00:00Z
      [ ] delete: due from 2026-07-31T00:00:00Z

    What was done, as the audit has it
      7  2026-07-01T02:00:00Z  disable directory u1: done, verified, by operator, run 2, plan 64879f7d6b96, operation 0, connector 5e689e2b0167, chain 9414886b1ebf
      the audit had 9 rows, to 9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d

    Made 2026-07-02T09:30:00Z by operator with lanyard 0.0.0, by the file 3b9c358f36f0.
    Signed by the key A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=.
    `lanyard leaver verify FILE --key KEY` tells whether anything of it was changed.
    ");
}

#[test]
fn while_something_is_open_the_document_says_so_at_its_top() {
    assert_snapshot!(above(&file(interim(), Format::Text)), @r"
    INTERIM STATEMENT, no receipt: 1 loss of access is open

    open at crm `ada.example`: [!] disable, due since 2026-07-01T00:00:00Z: it could not be read: connection refused

    Ada <Example> & Co (3274f099-c6b9-5b87-a523-86d352dbdeb1), departed since 2026-07-01T00:00:00Z

    crm `ada.example`
      [!] disable, due since 2026-07-01T00:00:00Z: it could not be read: connection refused

    directory `ada.example`
      [x] disable, due since 2026-07-01T00:00:00Z: 2026-07-01T02:00:00Z, shown by a reading of 2026-07-01T02:00:00Z
      [ ] delete: due from 2026-07-31T00:00:00Z

    What was done, as the audit has it
      7  2026-07-01T02:00:00Z  disable directory u1: done, verified, by operator, run 2, plan 64879f7d6b96, operation 0, connector 5e689e2b0167, chain 9414886b1ebf
      the audit had 9 rows, to 9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d

    Made 2026-07-02T09:30:00Z by operator with lanyard 0.0.0, by the file 3b9c358f36f0.
    Signed by the key A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=.
    `lanyard leaver verify FILE --key KEY` tells whether anything of it was changed.
    ");
    for format in FORMATS {
        let text = file(interim(), format);
        let verified = verify(&text, None).unwrap();
        assert_eq!((verified.document.open, verified.format), (1, format));
    }
    let page = file(interim(), Format::Html);
    let body = page.split("<main>").nth(1).unwrap();
    assert!(body.starts_with("\n<h1>INTERIM STATEMENT, no receipt: 1 loss of access is open"));
}

#[test]
fn every_form_is_verified_by_its_file_alone() {
    for format in FORMATS {
        let text = file(whole(), format);
        let verified = verify(&text, Some(&key().public())).unwrap();
        assert_eq!(verified.document, whole());
        assert_eq!(verified.key, key().public());
    }
}

#[test]
fn no_byte_of_any_form_can_be_changed() {
    for format in FORMATS {
        let text = file(whole(), format);
        let bytes = text.as_bytes();
        for place in 0..bytes.len() {
            let mut other = bytes.to_vec();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).unwrap();
            assert!(verify(&other, None).is_err(), "{format:?} at {place}");
        }
        for cut in [1, bytes.len() / 2, bytes.len() - 1] {
            assert!(
                verify(&*String::from_utf8_lossy(&bytes[..cut]), None).is_err(),
                "{format:?} cut at {cut}"
            );
        }
        assert!(verify(format!("{text}\n"), None).is_err(), "{format:?} with more");
    }
}

#[test]
fn what_differs_is_told_with_its_line() {
    let text =
        file(interim(), Format::Text).replacen("1 loss of access is", "no loss of access is", 1);
    assert_snapshot!(verify(&text, None).unwrap_err(), @r#"
    the signed document says something else than line 1 of the file:
      signed  "INTERIM STATEMENT, no receipt: 1 loss of access is open"
      file    "INTERIM STATEMENT, no receipt: no loss of access is open"
    "#);
}

#[test]
fn another_key_is_told_from_the_one_that_was_asked_for() {
    let other =
        SigningKey::of_text("HxseHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=", "a test").unwrap();
    let text = file(whole(), Format::Json);
    let refused = verify(&text, Some(&other.public())).unwrap_err();
    assert!(matches!(refused, Refused::OtherKey { .. }), "{refused}");
}

#[test]
fn a_page_shows_names_as_text_and_loads_nothing() {
    let page = file(whole(), Format::Html);
    assert!(page.contains("Ada &lt;Example&gt; &amp; Co"));
    assert!(!page.contains("<Example>"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
}

#[test]
fn what_is_no_document_is_told() {
    for text in ["", "hello", "{}", "<!DOCTYPE html>", "{\"document\":1}"] {
        assert!(verify(text, None).is_err(), "{text}");
    }
}

#[test]
fn what_was_made_for_trying_out_says_so_and_cannot_be_made_to_look_real() {
    let document = Document { trying_out: true, ..whole() };
    let seal = key().seal(PURPOSE, &document).unwrap();
    let signed = Signed { document, seal };
    for format in [Format::Text, Format::Html] {
        let text = written(&signed, format).unwrap();
        let title =
            "MADE FOR TRYING OUT, by a clock that somebody set, no receipt: nothing is open";
        assert!(text.contains(title), "{format:?}: {text}");
        assert!(verify(&text, None).unwrap().document.trying_out, "{format:?}");
    }
    let json = written(&signed, Format::Json).unwrap();
    verify(&json, None).unwrap();
    let document = Document { trying_out: false, ..signed.document };
    let real = written(&Signed { document, seal: signed.seal }, Format::Json).unwrap();
    assert!(verify(&real, None).is_err());
}
