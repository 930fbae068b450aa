//! A directory in memory, as strict as slapd where the connector depends on it.

use std::collections::BTreeMap;

use ldap3_proto::{control::LdapControl, proto::*};

use super::{BASE, GROUPS, POLICY, Setting, World, encode, messages};

type Attributes = BTreeMap<String, (String, Vec<Vec<u8>>)>;

struct Server {
    entries: BTreeMap<String, (String, Attributes)>,
    setting: Setting,
    added: u32,
    /// Acts on the next change, then closes without an answer.
    mute: bool,
}

/// Adding an entry with this description makes the server act on the change
/// after it and close without an answer.
pub(crate) const MUTE: &str = "cn=mute,dc=example,dc=org";

pub(crate) fn world(setting: Setting) -> World {
    let mut server = Server { entries: BTreeMap::new(), setting, added: 0, mute: false };
    let lockout = if setting.lockout { "TRUE" } else { "FALSE" };
    for (dn, attributes) in [
        ("", vec![("supportedExtension", "1.3.6.1.4.1.4203.1.11.1")]),
        ("dc=example,dc=org", vec![]),
        (BASE, vec![]),
        (GROUPS, vec![]),
        (POLICY, vec![("pwdLockout", lockout)]),
    ] {
        let mut attributes: Vec<_> = attributes
            .into_iter()
            .map(|(name, value)| partial(name, vec![value.as_bytes().to_vec()]))
            .collect();
        attributes.push(partial("objectClass", vec![b"top".to_vec()]));
        assert_eq!(server.add(dn, attributes), LdapResultCode::Success);
    }
    World::new(move |bytes| {
        messages(bytes).into_iter().flat_map(|message| server.answer(message)).collect()
    })
}

fn partial(name: &str, vals: Vec<Vec<u8>>) -> LdapPartialAttribute {
    LdapPartialAttribute { atype: name.to_owned(), vals }
}

fn key(dn: &str) -> String {
    dn.to_lowercase().replace(", ", ",")
}

fn same(left: &[u8], right: &[u8]) -> bool {
    left.eq_ignore_ascii_case(right)
}

fn result(code: LdapResultCode, message: &str) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: message.to_owned(), referral: vec![] }
}

impl Server {
    fn answer(&mut self, LdapMsg { msgid, op, ctrl }: LdapMsg) -> Vec<u8> {
        let done = |code| result(code, "");
        let muted = self.mute;
        let answer = match op {
            LdapOp::SearchRequest(search) => return self.search(msgid, &search, &ctrl),
            LdapOp::BindRequest(bind) => LdapOp::BindResponse(LdapBindResponse {
                res: done(self.bind(&bind)),
                saslcreds: None,
            }),
            LdapOp::AddRequest(add) if add.dn == MUTE => {
                self.mute = true;
                return encode(&[LdapMsg::new(
                    msgid,
                    LdapOp::AddResponse(done(LdapResultCode::Success)),
                )]);
            }
            LdapOp::AddRequest(add) => LdapOp::AddResponse(done(self.add(&add.dn, add.attributes))),
            LdapOp::ModifyRequest(modify) => LdapOp::ModifyResponse(done(self.modify(modify))),
            LdapOp::DelRequest(dn) => {
                LdapOp::DelResponse(done(match self.entries.remove(&key(&dn)) {
                    Some(_) => LdapResultCode::Success,
                    None => LdapResultCode::NoSuchObject,
                }))
            }
            LdapOp::ModifyDNRequest(rename) => LdapOp::ModifyDNResponse(done(self.rename(&rename))),
            LdapOp::ExtendedRequest(request) => {
                let asked = LdapPasswordModifyRequest::try_from(&request).unwrap();
                let res = done(self.set_password(asked));
                let (name, value) = (None, None);
                LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value })
            }
            LdapOp::UnbindRequest => return Vec::new(),
            other => panic!("the connector sends no {other:?}"),
        };
        if muted {
            self.mute = false;
            return Vec::new();
        }
        encode(&[LdapMsg::new(msgid, answer)])
    }

    fn bind(&self, bind: &LdapBindRequest) -> LdapResultCode {
        let LdapBindCred::Simple(password) = &bind.cred else { panic!("not simple") };
        let Some((_, attributes)) = self.entries.get(&key(&bind.dn)) else {
            return LdapResultCode::InvalidCredentials;
        };
        let locked = self.setting.lockout && attributes.contains_key("pwdaccountlockedtime");
        let right = attributes
            .get("userpassword")
            .is_some_and(|(_, values)| values.iter().any(|value| value == password.as_bytes()));
        if right && !locked { LdapResultCode::Success } else { LdapResultCode::InvalidCredentials }
    }

    fn add(&mut self, dn: &str, given: Vec<LdapPartialAttribute>) -> LdapResultCode {
        if self.entries.contains_key(&key(dn)) {
            return LdapResultCode::EntryAlreadyExists;
        }
        if self.setting.late_lock && given.iter().any(|it| it.atype == "pwdAccountLockedTime") {
            return LdapResultCode::ConstraintViolation;
        }
        let mut attributes = Attributes::new();
        for LdapPartialAttribute { atype, vals } in given {
            attributes.insert(atype.to_lowercase(), (atype, vals));
        }
        self.added += 1;
        // Not in the order of adding, so that order by key is seen to be made.
        let uuid =
            format!("{:08x}-0000-4000-8000-000000000000", self.added.wrapping_mul(0x9e37_79b1));
        attributes.insert("entryuuid".into(), ("entryUUID".into(), vec![uuid.into_bytes()]));
        let csn = format!("csn-{}", self.added).into_bytes();
        attributes.insert("entrycsn".into(), ("entryCSN".into(), vec![csn]));
        let code = violation(&attributes);
        if code == LdapResultCode::Success {
            self.entries.insert(key(dn), (dn.to_owned(), attributes));
        }
        code
    }

    fn modify(&mut self, modify: LdapModifyRequest) -> LdapResultCode {
        let Some((_, attributes)) = self.entries.get_mut(&key(&modify.dn)) else {
            return LdapResultCode::NoSuchObject;
        };
        let mut changed = attributes.clone();
        for LdapModify { operation, modification: LdapPartialAttribute { atype, vals } } in
            modify.changes
        {
            let (_, held) =
                changed.entry(atype.to_lowercase()).or_insert_with(|| (atype.clone(), vec![]));
            match operation {
                LdapModifyType::Replace => *held = vals,
                LdapModifyType::Add => {
                    if vals.iter().any(|value| held.iter().any(|old| same(old, value))) {
                        return LdapResultCode::AttributeOrValueExists;
                    }
                    held.extend(vals);
                }
                LdapModifyType::Delete => {
                    if !vals.iter().all(|value| held.iter().any(|old| same(old, value))) {
                        return LdapResultCode::NoSuchAttribute;
                    }
                    held.retain(|old| !vals.iter().any(|value| same(old, value)));
                }
                LdapModifyType::Increment => panic!("the connector increments nothing"),
            }
            changed.retain(|_, (_, values)| !values.is_empty());
        }
        self.added += 1;
        let csn = format!("csn-{}", self.added).into_bytes();
        changed.insert("entrycsn".into(), ("entryCSN".into(), vec![csn]));
        let code = violation(&changed);
        if code == LdapResultCode::Success {
            *attributes = changed;
        }
        code
    }

    /// As the overlay does: the policy says whether another one has to follow.
    fn set_password(&mut self, asked: LdapPasswordModifyRequest) -> LdapResultCode {
        let must_change = self.entries.get(&key(POLICY)).is_some_and(|(_, attributes)| {
            attributes.get("pwdmustchange").is_some_and(|(_, values)| values == &[b"TRUE".to_vec()])
        });
        let dn = asked.user_identity.unwrap();
        let Some((_, attributes)) = self.entries.get_mut(&key(&dn)) else {
            return LdapResultCode::NoSuchObject;
        };
        let password = asked.new_password.unwrap().into_bytes();
        attributes.insert("userpassword".into(), ("userPassword".into(), vec![password]));
        if must_change {
            attributes.insert("pwdreset".into(), ("pwdReset".into(), vec![b"TRUE".to_vec()]));
        }
        LdapResultCode::Success
    }

    fn rename(&mut self, rename: &LdapModifyDNRequest) -> LdapResultCode {
        let (_, parent) = rename.dn.split_once(',').unwrap();
        let dn = format!("{},{parent}", rename.newrdn);
        if self.entries.contains_key(&key(&dn)) {
            return LdapResultCode::EntryAlreadyExists;
        }
        let Some((_, mut attributes)) = self.entries.remove(&key(&rename.dn)) else {
            return LdapResultCode::NoSuchObject;
        };
        let (name, value) = rename.newrdn.split_once('=').unwrap();
        attributes.insert(name.to_lowercase(), (name.into(), vec![value.as_bytes().to_vec()]));
        self.entries.insert(key(&dn), (dn, attributes));
        LdapResultCode::Success
    }

    fn search(&self, id: i32, search: &LdapSearchRequest, ctrl: &[LdapControl]) -> Vec<u8> {
        let base = key(&search.base);
        if !base.is_empty() && !self.entries.contains_key(&base) {
            let missing = LdapOp::SearchResultDone(result(LdapResultCode::NoSuchObject, ""));
            return encode(&[LdapMsg::new(id, missing)]);
        }
        let below = format!(",{base}");
        let in_scope = |dn: &str| {
            dn == base || search.scope == LdapSearchScope::Subtree && dn.ends_with(&below)
        };
        let found = self
            .entries
            .iter()
            .filter(|(dn, (_, attributes))| in_scope(dn) && matches(&search.filter, attributes));
        let mut found: Vec<LdapMsg> = found
            .map(|(_, (dn, attributes))| {
                let attributes = attributes.values().filter(|(name, _)| {
                    search.attrs.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
                });
                let attributes =
                    attributes.map(|(name, vals)| partial(name, vals.clone())).collect();
                let entry = LdapSearchResultEntry { dn: dn.clone(), attributes };
                LdapMsg::new(id, LdapOp::SearchResultEntry(entry))
            })
            .collect();
        let mut code = LdapResultCode::Success;
        if let Some(limit) = self.setting.size_limit.filter(|limit| found.len() > *limit) {
            found.truncate(limit);
            code = LdapResultCode::SizeLimitExceeded;
        }
        let mut done = LdapMsg::new(id, LdapOp::SearchResultDone(result(code, "")));
        if let [LdapControl::SimplePagedResults { size, cookie }] = ctrl {
            let start: usize = String::from_utf8_lossy(cookie).parse().unwrap_or(0);
            let end = start.saturating_add(usize::try_from(*size).unwrap());
            let cookie = if end < found.len() {
                done.op = LdapOp::SearchResultDone(result(LdapResultCode::Success, ""));
                end.to_string().into_bytes()
            } else {
                Vec::new()
            };
            found = found.into_iter().skip(start).take(end - start).collect();
            done.ctrl.push(LdapControl::SimplePagedResults { size: 0, cookie });
        }
        found.push(done);
        encode(&found)
    }
}

/// Object classes require attributes.
fn violation(attributes: &Attributes) -> LdapResultCode {
    let class = |name: &str| {
        attributes
            .get("objectclass")
            .is_some_and(|(_, values)| values.iter().any(|value| same(value, name.as_bytes())))
    };
    let lacks = |names: &[&str]| names.iter().any(|name| !attributes.contains_key(*name));
    if class("inetOrgPerson") && lacks(&["cn", "sn"]) || class("groupOfNames") && lacks(&["member"])
    {
        return LdapResultCode::ObjectClassViolation;
    }
    LdapResultCode::Success
}

fn matches(filter: &LdapFilter, attributes: &Attributes) -> bool {
    match filter {
        LdapFilter::And(parts) => parts.iter().all(|part| matches(part, attributes)),
        LdapFilter::Or(parts) => parts.iter().any(|part| matches(part, attributes)),
        LdapFilter::Not(part) => !matches(part, attributes),
        LdapFilter::Present(name) => attributes.contains_key(&name.to_lowercase()),
        LdapFilter::Equality(name, value) => attributes
            .get(&name.to_lowercase())
            .is_some_and(|(_, values)| values.iter().any(|held| same(held, value.as_bytes()))),
        other => panic!("the connector sends no {other:?}"),
    }
}
