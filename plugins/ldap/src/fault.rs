//! What a result code of the server means to the host's scheduler: the one
//! place where codes become errors.

use lanyard_sdk::{
    streams::StreamError,
    types::{AppliedClass, Error, ErrorKind, OtherKind, RetryClass, RetryHint, ValueProblem},
};
use ldap3_proto::proto::{LdapResult, LdapResultCode as Code};

use crate::wire::WireError;

/// Longest piece of the server's own words that is passed on.
const WORDS: usize = 200;

const NO_HINT: RetryHint = RetryHint { retry_after_ms: None, bucket: None };

/// A conversation that broke while nothing was being changed.
pub(crate) fn while_reading(failure: &WireError) -> Error {
    if let Some(denied) = denied(failure) {
        return denied;
    }
    let message = sentence(failure);
    match failure {
        WireError::Malformed(_) => {
            Error::other("malformed-answer", RetryClass::Later, AppliedClass::No, message)
        }
        _ => Error::unavailable(message),
    }
}

/// A conversation that broke around a change.
pub(crate) fn while_writing(failure: &WireError) -> Error {
    match failure {
        WireError::NotSent | WireError::Unencodable(_) => while_reading(failure),
        WireError::Lost(_) | WireError::Malformed(_) => {
            denied(failure).unwrap_or_else(|| Error::outcome_unknown(sentence(failure)))
        }
    }
}

/// The host let the request not pass: it was never sent.
fn denied(failure: &WireError) -> Option<Error> {
    let WireError::Lost(error) = failure else { return None };
    let inner = error.get_ref()?.downcast_ref::<StreamError>()?;
    matches!(inner, StreamError::Denied(_)).then(|| inner.clone().into_error(false))
}

/// The wire's sentence and what is behind it.
fn sentence(failure: &WireError) -> String {
    match std::error::Error::source(failure) {
        Some(source) => format!("{failure}: {source}"),
        None => failure.to_string(),
    }
}

/// The error for a result that is no success.  `attributes` are those the
/// request was about: one that the server names is named to the host.
pub(crate) fn from_result(result: &LdapResult, attributes: &[&str]) -> Error {
    let (kind, meaning) = meaning(result, attributes);
    let words = words(&result.message);
    let message = if words.is_empty() { meaning.to_owned() } else { format!("{meaning}: {words}") };
    Error::new(kind, message).with_code(number(&result.code).to_string())
}

/// The number of a result code, as the RFCs print it.
pub(crate) fn number(code: &Code) -> i64 {
    code.clone() as i64
}

/// Results of a search that stopped before the end: what came is true, what
/// did not come is unknown.
pub(crate) fn is_cut_short(code: &Code) -> Option<&'static str> {
    match code {
        Code::SizeLimitExceeded => Some(
            "the server stopped at its size limit (result 4); allow the sign-in of the stream more, in slapd: `limits dn.exact=\"...\" size=unlimited size.prtotal=unlimited`",
        ),
        Code::TimeLimitExceeded => Some(
            "the server stopped at its time limit (result 3); allow the sign-in of the stream more, or index the attributes of the filter",
        ),
        Code::AdminLimitExceeded => {
            Some("the server stopped at an administrative limit (result 11)")
        }
        Code::Referral => Some(
            "the tree is in another server (result 10), and referrals are not followed; point the stream at the server that holds it",
        ),
        _ => None,
    }
}

fn meaning(result: &LdapResult, attributes: &[&str]) -> (ErrorKind, &'static str) {
    let misconfigured = |why: &'static str| (ErrorKind::Misconfigured(why.to_owned()), why);
    let unsupported = |why: &'static str| (ErrorKind::Unsupported(why.to_owned()), why);
    let invalid = |why: &'static str| (invalid_value(result, attributes, why), why);
    match result.code {
        Code::SizeLimitExceeded | Code::AdminLimitExceeded | Code::TimeLimitExceeded => {
            let why = "the server's limits for this sign-in are too low";
            (ErrorKind::QuotaExceeded(Some(why.to_owned())), why)
        }
        Code::StrongerAuthRequired | Code::ConfidentialityRequired => {
            misconfigured("the server asks for TLS; set `tls` of the stream")
        }
        Code::Referral => misconfigured(
            "the entry is in another server; referrals are not followed, point the stream at the server that holds it",
        ),
        Code::AuthMethodNotSupported => misconfigured("the server does not accept this sign-in"),
        Code::AliasProblem | Code::AliasDereferencingProblem | Code::LoopDetect => {
            misconfigured("an alias of the directory leads nowhere")
        }
        Code::UnavailableCriticalExtension => unsupported("the server lacks an extension"),
        Code::ProtocolError => unsupported("the server does not understand the request"),
        Code::AffectsMultipleDSAs => unsupported("the entry would have to move to another server"),
        Code::NoSuchAttribute | Code::AttributeOrValueExists => {
            let why = "the entry was changed at the same time";
            (ErrorKind::Conflict(None), why)
        }
        Code::UndefinedAttributeType => invalid("the server's schema has no such attribute"),
        Code::InappropriateMatching => invalid("the attribute cannot be compared so"),
        Code::ConstraintViolation => invalid("a rule of the server forbids the value"),
        Code::InvalidAttributeSyntax => invalid("the value has not the attribute's syntax"),
        Code::InvalidDNSyntax => invalid("the server does not accept the name of the entry"),
        Code::NamingViolation | Code::NotALlowedOnRDN => {
            invalid("the name of the entry would not fit its attributes")
        }
        Code::ObjectClassViolation | Code::ObjectClassModsProhibited => invalid(
            "the object classes forbid it: a required attribute would be missing, or one is not allowed",
        ),
        Code::NoSuchObject => (ErrorKind::NotFound, "there is no such entry"),
        Code::EntryAlreadyExists => (ErrorKind::AlreadyExists(None), "the name is taken"),
        Code::NotAllowedOnNonLeaf => {
            let why = "other entries stand below this one";
            (ErrorKind::ProtectedObject(why.to_owned()), why)
        }
        Code::InappropriateAuthentication | Code::InvalidCredentials => {
            (ErrorKind::InvalidCredentials, "the server does not accept the sign-in of the stream")
        }
        Code::InsufficentAccessRights => (
            ErrorKind::PermissionDenied(None),
            "the sign-in of the stream lacks the right (access rules of the server)",
        ),
        Code::Busy => (ErrorKind::Unavailable(NO_HINT), "the server is busy"),
        Code::Unavailable => (ErrorKind::Unavailable(NO_HINT), "the server is shutting down"),
        Code::UnwillingToPerform => {
            other(result, RetryClass::AfterChange, AppliedClass::No, "the server refuses")
        }
        _ => other(result, RetryClass::Later, AppliedClass::Maybe, "the server failed"),
    }
}

fn other(
    result: &LdapResult,
    retry: RetryClass,
    applied: AppliedClass,
    why: &'static str,
) -> (ErrorKind, &'static str) {
    let code = number(&result.code).to_string();
    (ErrorKind::Other(OtherKind { code, retry, applied }), why)
}

/// The server names the attribute at the beginning (`mail: value #0 ...`) or
/// in quotation marks (`requires attribute 'sn'`); without a name in its
/// words, the only attribute of the request is meant.
fn invalid_value(result: &LdapResult, attributes: &[&str], why: &str) -> ErrorKind {
    let words = &result.message;
    let head = words.split(':').next().unwrap_or_default();
    let quoted = words.split('\'').skip(1).step_by(2).last().unwrap_or_default();
    let named = [head, quoted].into_iter().find_map(|name| {
        attributes.iter().find(|attribute| attribute.eq_ignore_ascii_case(name)).copied()
    });
    let only = match attributes {
        [only] => Some(*only),
        _ => None,
    };
    let missing = words.contains("requires attribute").then_some(quoted);
    let attribute = named.or(missing).or(only).unwrap_or_default().to_owned();
    ErrorKind::InvalidValue(vec![ValueProblem { attribute, problem: why.to_owned() }])
}

/// The server's own words on one line, not endless.
fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(code: Code, message: &str) -> LdapResult {
        LdapResult { code, matcheddn: String::new(), message: message.to_owned(), referral: vec![] }
    }

    #[track_caller]
    fn blamed(code: Code, message: &str, attributes: &[&str]) -> String {
        let error = from_result(&result(code, message), attributes);
        let ErrorKind::InvalidValue(problems) = error.kind else { panic!("{error:?}") };
        problems.into_iter().next().unwrap().attribute
    }

    #[test]
    fn the_attribute_the_server_names_is_blamed() {
        let sent = ["sn", "mail"];
        let syntax = Code::InvalidAttributeSyntax;
        assert_eq!(blamed(syntax, "mail: value #0 invalid per syntax", &sent), "mail");
        let class = Code::ObjectClassViolation;
        let words = "object class 'inetOrgPerson' requires attribute 'sn'";
        assert_eq!(blamed(class.clone(), words, &["cn"]), "sn");
        assert_eq!(blamed(class.clone(), "attribute 'mail' not allowed", &sent), "mail");
        assert_eq!(blamed(class.clone(), "no", &["title"]), "title");
        assert_eq!(blamed(class, "no", &sent), "");
    }

    #[test]
    fn the_scheduler_learns_what_is_certain() {
        let kind = |code| from_result(&result(code, ""), &[]).kind;
        assert_eq!(kind(Code::NoSuchObject), ErrorKind::NotFound);
        assert_eq!(kind(Code::EntryAlreadyExists), ErrorKind::AlreadyExists(None));
        assert_eq!(kind(Code::InsufficentAccessRights), ErrorKind::PermissionDenied(None));
        assert_eq!(kind(Code::Busy), ErrorKind::Unavailable(NO_HINT));
        let ErrorKind::Other(refused) = kind(Code::UnwillingToPerform) else { panic!() };
        assert_eq!(refused.applied, AppliedClass::No);
        let ErrorKind::Other(failed) = kind(Code::Other) else { panic!() };
        assert_eq!((failed.code.as_str(), failed.applied), ("80", AppliedClass::Maybe));
    }

    #[test]
    fn a_break_is_uncertain_only_after_a_change_was_sent() {
        let lost = || WireError::Lost(std::io::ErrorKind::UnexpectedEof.into());
        assert_eq!(while_writing(&lost()).kind, ErrorKind::OutcomeUnknown(NO_HINT));
        assert_eq!(while_reading(&lost()).kind, ErrorKind::Unavailable(NO_HINT));
        assert_eq!(while_writing(&WireError::NotSent).kind, ErrorKind::Unavailable(NO_HINT));
    }

    #[test]
    fn the_servers_words_stay_on_one_line() {
        let error = from_result(&result(Code::Other, &format!("a\nb{}", "x".repeat(900))), &[]);
        assert!(error.message.starts_with("the server failed: a b"), "{}", error.message);
        assert!(error.message.len() < 300);
        assert_eq!(error.native_code.as_deref(), Some("80"));
    }
}
