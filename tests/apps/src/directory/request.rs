//! What each request does, and how it is answered.

use ldap3_proto::{
    control::LdapControl,
    proto::{
        LdapBindCred, LdapBindResponse, LdapExtendedRequest, LdapExtendedResponse, LdapFilter,
        LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode as Code,
        LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope, OID_WHOAMI,
    },
};
use serde_json::json;

use super::{
    dn,
    entry::{Refusal, refuse},
    schema,
    search::{self, Page, Reach},
    server::{Shared, World, answer, now},
};

/// Who is at the other end of a connection; empty is anybody.
#[derive(Debug, Default)]
pub(super) struct Session {
    who: String,
}

/// The answers to a message, or `None` when the connection ends.
pub(super) async fn respond(
    shared: &Shared,
    session: &mut Session,
    message: LdapMsg,
) -> Option<Vec<LdapMsg>> {
    match &message.op {
        LdapOp::AbandonRequest(_) => Some(Vec::new()),
        LdapOp::BindRequest(bind) => {
            let result = match &bind.cred {
                LdapBindCred::Simple(password) => {
                    sign_in(&*shared.world.lock().await, session, &bind.dn, password)
                }
                _ => refuse(Code::AuthMethodNotSupported, "only simple binds"),
            };
            let response = LdapBindResponse { res: outcome(result), saslcreds: None };
            Some(vec![answer(&message, LdapOp::BindResponse(response))])
        }
        LdapOp::SearchRequest(request) => Some(searched(shared, session, &message, request).await),
        LdapOp::CompareRequest(request) => {
            let world = shared.world.lock().await;
            let value = String::from_utf8_lossy(&request.val);
            let result = world.tree.get(&request.dn).and_then(|entry| {
                let Some(attribute) = schema::attribute(&request.atype) else {
                    return refuse(Code::UndefinedAttributeType, "");
                };
                refuse(
                    if entry.has(attribute, &value) {
                        Code::CompareTrue
                    } else {
                        Code::CompareFalse
                    },
                    "",
                )
            });
            Some(vec![answer(&message, LdapOp::CompareResult(outcome(result)))])
        }
        LdapOp::ExtendedRequest(request) => {
            let response = extended(session, request);
            Some(vec![answer(&message, LdapOp::ExtendedResponse(response))])
        }
        LdapOp::AddRequest(_)
        | LdapOp::ModifyRequest(_)
        | LdapOp::ModifyDNRequest(_)
        | LdapOp::DelRequest(_) => written(shared, session, &message).await.map(|done| vec![done]),
        // An unbind, or something only a server says: the connection ends.
        _ => None,
    }
}

fn sign_in(world: &World, session: &mut Session, dn: &str, password: &str) -> Result<(), Refusal> {
    session.who.clear();
    if dn.is_empty() && password.is_empty() {
        return Ok(());
    }
    if password.is_empty() {
        let message = "unauthenticated bind (DN with no password) disallowed";
        return refuse(Code::UnwillingToPerform, message);
    }
    world.tree.bind(dn, password)?;
    dn.clone_into(&mut session.who);
    Ok(())
}

fn outcome(result: Result<(), Refusal>) -> LdapResult {
    let (code, message, matcheddn) = match result {
        Ok(()) => (Code::Success, String::new(), String::new()),
        Err(Refusal { code, message, matched }) => (code, message, matched),
    };
    LdapResult { code, matcheddn, message, referral: Vec::new() }
}

fn is_admin(shared: &Shared, session: &Session) -> bool {
    !session.who.is_empty() && dn::normal(&session.who) == dn::normal(&shared.admin())
}

async fn searched(
    shared: &Shared,
    session: &Session,
    message: &LdapMsg,
    request: &LdapSearchRequest,
) -> Vec<LdapMsg> {
    if request.base.is_empty() && request.scope == LdapSearchScope::Base {
        return root(shared, message, request);
    }
    let page = message.ctrl.iter().find_map(|control| match control {
        LdapControl::SimplePagedResults { size, cookie } => {
            Some(Page { size: usize::try_from(*size).unwrap_or(0), cookie })
        }
        _ => None,
    });
    let reach =
        Reach { limit: shared.options.size_limit, sees_passwords: is_admin(shared, session) };
    let found = search::search(&shared.world.lock().await.tree, request, page.as_ref(), reach);
    let (found, mut result) = match found {
        Ok(found) => (found, outcome(Ok(()))),
        Err(refusal) => (search::Found::default(), outcome(Err(refusal))),
    };
    if found.cut {
        result.code = Code::SizeLimitExceeded;
    }
    let mut answers: Vec<_> = found
        .entries
        .into_iter()
        .map(|entry| answer(message, LdapOp::SearchResultEntry(entry)))
        .collect();
    let mut done = answer(message, LdapOp::SearchResultDone(result));
    if page.is_some() {
        done.ctrl = vec![LdapControl::SimplePagedResults { size: 0, cookie: found.cookie }];
    }
    answers.push(done);
    answers
}

/// What the directory says about itself.
fn root(shared: &Shared, message: &LdapMsg, request: &LdapSearchRequest) -> Vec<LdapMsg> {
    const PAGED: &str = "1.2.840.113556.1.4.319";
    let attribute = |name: &str, value: &str| LdapPartialAttribute {
        atype: name.to_owned(),
        vals: vec![value.as_bytes().to_vec()],
    };
    let entry = LdapSearchResultEntry {
        dn: String::new(),
        attributes: vec![
            attribute("objectClass", "top"),
            attribute("namingContexts", &shared.options.base),
            attribute("supportedControl", PAGED),
            attribute("supportedExtension", OID_WHOAMI),
            attribute("supportedLDAPVersion", "3"),
            attribute("vendorName", "demo-directory"),
        ],
    };
    let done = answer(message, LdapOp::SearchResultDone(outcome(Ok(()))));
    match &request.filter {
        LdapFilter::Present(name) if name.eq_ignore_ascii_case("objectClass") => {
            vec![answer(message, LdapOp::SearchResultEntry(entry)), done]
        }
        _ => vec![done],
    }
}

fn extended(session: &Session, request: &LdapExtendedRequest) -> LdapExtendedResponse {
    if request.name == OID_WHOAMI {
        let who =
            if session.who.is_empty() { String::new() } else { format!("dn:{}", session.who) };
        return LdapExtendedResponse {
            res: outcome(Ok(())),
            name: None,
            value: Some(who.into_bytes()),
        };
    }
    let refusal = refuse(Code::ProtocolError, "unsupported extended operation");
    LdapExtendedResponse { res: outcome(refusal), name: None, value: None }
}

/// Applies a write; `None` when its answer is to be lost.
async fn written(shared: &Shared, session: &Session, message: &LdapMsg) -> Option<LdapMsg> {
    let lost = {
        let mut world = shared.world.lock().await;
        world.writes += 1;
        shared.loses(world.writes)
    };
    let (verb, name) = match &message.op {
        LdapOp::AddRequest(request) => ("add", &request.dn),
        LdapOp::ModifyRequest(request) => ("modify", &request.dn),
        LdapOp::ModifyDNRequest(request) => ("rename", &request.dn),
        LdapOp::DelRequest(name) => ("delete", name),
        _ => return None,
    };
    let result = if session.who.is_empty() {
        refuse(Code::StrongerAuthRequired, "modifications require authentication")
    } else if is_admin(shared, session) {
        apply(&mut *shared.world.lock().await, message)
    } else {
        refuse(Code::InsufficentAccessRights, "")
    };
    let mut result = outcome(result);
    let line = json!({"op": verb, "dn": name, "code": result.code.clone() as i64});
    if let Err(error) = shared.world.lock().await.log.append(&line) {
        result = outcome(refuse(Code::Other, error.to_string()));
    }
    tokio::time::sleep(shared.options.delay).await;
    let op = match &message.op {
        LdapOp::AddRequest(_) => LdapOp::AddResponse(result),
        LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(result),
        LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(result),
        _ => LdapOp::DelResponse(result),
    };
    (!lost).then(|| answer(message, op))
}

/// The next state becomes the state once it is in the file.
fn apply(world: &mut World, message: &LdapMsg) -> Result<(), Refusal> {
    let mut next = world.tree.clone();
    match &message.op {
        LdapOp::AddRequest(request) => next.add(&request.dn, &request.attributes, now())?,
        LdapOp::ModifyRequest(request) => next.modify(&request.dn, &request.changes, now())?,
        LdapOp::ModifyDNRequest(request) => next.rename(request, now())?,
        LdapOp::DelRequest(name) => next.delete(name)?,
        _ => return refuse(Code::ProtocolError, "not a write"),
    }
    if let Err(error) = world.file.save(&next) {
        return refuse(Code::Other, error.to_string());
    }
    world.tree = next;
    Ok(())
}
