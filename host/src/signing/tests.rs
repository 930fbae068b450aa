use std::{fs, os::unix::fs::PermissionsExt as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::*;

/// The first test vector of RFC 8032 §7.1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().map(|it| it.to_digit(16).unwrap().try_into().unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn key() -> SigningKey {
    SigningKey::of_text(&STANDARD.encode(bytes(SEED)), "a test").unwrap()
}

#[test]
fn a_key_is_the_one_of_the_standard() {
    assert_eq!(key().public().to_string(), STANDARD.encode(bytes(PUBLIC)));
    assert!(!format!("{:?}", key()).contains(SEED));
}

#[test]
fn what_was_signed_is_verified_in_whatever_order_it_is_written() {
    let document = json!({ "who": "Ada \u{e9}", "open": [1, 2], "at": { "b": null, "a": true } });
    let seal = key().seal("receipt", &document).unwrap();
    let again = json!({ "at": { "a": true, "b": null }, "open": [1, 2], "who": "Ada é" });
    assert_eq!(seal.verify("receipt", &again).unwrap(), key().public());
}

#[test]
fn what_was_changed_or_is_of_another_kind_is_refused() {
    let document = json!({ "who": "Ada", "open": [1, 2] });
    let seal = key().seal("receipt", &document).unwrap();
    for other in [json!({ "who": "Bob", "open": [1, 2] }), json!({ "who": "Ada", "open": [2, 1] })]
    {
        assert!(matches!(seal.verify("receipt", &other), Err(SealError::Mismatch)));
    }
    assert!(matches!(seal.verify("head", &document), Err(SealError::Mismatch)));
    let broken = Seal { signature: "AAAA".to_owned(), ..seal.clone() };
    assert!(matches!(broken.verify("receipt", &document), Err(SealError::Mismatch)));
    let broken = Seal { public_key: "AAAA".to_owned(), ..seal };
    assert!(matches!(broken.verify("receipt", &document), Err(SealError::Key(_))));
}

#[test]
fn a_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lanyard.signing-key");
    let made = SigningKey::open_or_make(&path).unwrap().public();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(SigningKey::open_or_make(&path).unwrap().public(), made);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = SigningKey::open(&path).unwrap_err();
    assert!(matches!(refused, KeyError::Shared { mode: 0o640, .. }), "{refused}");
}

#[test]
fn what_is_no_key_is_told_without_being_shown() {
    let refused = SigningKey::of_text("hunter2", "`SIGNING_KEY`").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the key in `SIGNING_KEY` is none: it is 32 bytes in base64, on one line"
    );
}
