use futures_util::{SinkExt as _, StreamExt as _};
use ldap3_proto::{
    LdapCodec,
    control::LdapControl,
    parse_ldap_filter_str,
    proto::{
        LdapAddRequest, LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapModify,
        LdapModifyDNRequest, LdapModifyRequest, LdapModifyType, LdapMsg, LdapOp,
        LdapPartialAttribute, LdapResult, LdapResultCode as Code, LdapSearchRequest,
        LdapSearchScope,
    },
};
use tokio::net::TcpStream;
use tokio_util::codec::Framed;

use super::{Directory, Options};

const ADMIN: &str = "cn=admin,dc=example,dc=org";
const PEOPLE: &str = "ou=people,dc=example,dc=org";
const ADA: &str = "uid=ada,ou=people,dc=example,dc=org";
const STAFF: &str = "cn=staff,ou=groups,dc=example,dc=org";

struct Client {
    framed: Framed<TcpStream, LdapCodec>,
    directory: Directory,
}

async fn start(options: Options) -> Client {
    let directory = Directory::start(options).await.unwrap();
    let stream = TcpStream::connect(directory.address()).await.unwrap();
    let mut client = Client { framed: Framed::new(stream, LdapCodec::default()), directory };
    assert_eq!(client.bind(ADMIN, "secret").await, Code::Success);
    client
}

fn with_staff() -> Options {
    Options { groups: vec!["staff".into()], ..Options::default() }
}

fn attribute(name: &str, values: &[&str]) -> LdapPartialAttribute {
    let vals = values.iter().map(|value| value.as_bytes().to_vec()).collect();
    LdapPartialAttribute { atype: name.into(), vals }
}

impl Client {
    async fn send(&mut self, op: LdapOp, ctrl: Vec<LdapControl>) {
        self.framed.send(LdapMsg { msgid: 7, op, ctrl }).await.unwrap();
    }

    async fn result(&mut self, op: LdapOp) -> LdapResult {
        self.send(op, Vec::new()).await;
        match self.framed.next().await.unwrap().unwrap().op {
            LdapOp::BindResponse(response) => response.res,
            LdapOp::AddResponse(result)
            | LdapOp::ModifyResponse(result)
            | LdapOp::ModifyDNResponse(result)
            | LdapOp::DelResponse(result) => result,
            other => panic!("not a result: {other:?}"),
        }
    }

    async fn bind(&mut self, dn: &str, password: &str) -> Code {
        let cred = LdapBindCred::Simple(password.into());
        self.result(LdapOp::BindRequest(LdapBindRequest { version: 3, dn: dn.into(), cred }))
            .await
            .code
    }

    async fn add(&mut self, uid: &str) -> Code {
        let attributes = vec![
            attribute("objectClass", &["inetOrgPerson"]),
            attribute("uid", &[uid]),
            attribute("cn", &[&format!("{uid} Example")]),
            attribute("sn", &["Example"]),
            attribute("userPassword", &["open sesame"]),
        ];
        let dn = format!("uid={uid},{PEOPLE}");
        self.result(LdapOp::AddRequest(LdapAddRequest { dn, attributes })).await.code
    }

    async fn modify(&mut self, dn: &str, how: LdapModifyType, name: &str, values: &[&str]) -> Code {
        let change = LdapModify { operation: how, modification: attribute(name, values) };
        let request = LdapModifyRequest { dn: dn.into(), changes: vec![change] };
        self.result(LdapOp::ModifyRequest(request)).await.code
    }

    async fn search(
        &mut self,
        filter: &str,
        attrs: &[&str],
        page: Option<(i64, Vec<u8>)>,
    ) -> (Vec<ldap3_proto::proto::LdapSearchResultEntry>, Code, Vec<u8>) {
        let request = LdapSearchRequest {
            base: "dc=example,dc=org".into(),
            scope: LdapSearchScope::Subtree,
            aliases: LdapDerefAliases::Never,
            sizelimit: 0,
            timelimit: 0,
            typesonly: false,
            filter: parse_ldap_filter_str(filter).unwrap(),
            attrs: attrs.iter().map(|&name| name.to_owned()).collect(),
        };
        let controls = page.map(|(size, cookie)| LdapControl::SimplePagedResults { size, cookie });
        self.send(LdapOp::SearchRequest(request), controls.into_iter().collect()).await;
        let mut entries = Vec::new();
        loop {
            let message = self.framed.next().await.unwrap().unwrap();
            match message.op {
                LdapOp::SearchResultEntry(entry) => entries.push(entry),
                LdapOp::SearchResultDone(done) => {
                    let cookie = message.ctrl.into_iter().find_map(|control| match control {
                        LdapControl::SimplePagedResults { cookie, .. } => Some(cookie),
                        _ => None,
                    });
                    return (entries, done.code, cookie.unwrap_or_default());
                }
                other => panic!("not a search result: {other:?}"),
            }
        }
    }

    async fn names(&mut self, filter: &str) -> Vec<String> {
        self.search(filter, &["1.1"], None).await.0.into_iter().map(|entry| entry.dn).collect()
    }
}

#[tokio::test]
async fn a_person_is_added_once_found_and_deleted() {
    let mut client = start(Options::default()).await;
    assert_eq!(client.add("ada").await, Code::Success);
    assert_eq!(client.add("ADA").await, Code::EntryAlreadyExists);
    assert_eq!(client.names("(&(objectClass=inetOrgPerson)(UID=Ada))").await, [ADA]);
    let delete = || LdapOp::DelRequest(ADA.into());
    assert_eq!(client.result(delete()).await.code, Code::Success);
    let gone = client.result(delete()).await;
    assert_eq!((gone.code, gone.matcheddn.as_str()), (Code::NoSuchObject, PEOPLE));
}

#[tokio::test]
async fn a_group_never_loses_its_last_member() {
    let mut client = start(with_staff()).await;
    client.add("ada").await;
    assert_eq!(client.modify(STAFF, LdapModifyType::Add, "member", &[ADA]).await, Code::Success);
    let again = client.modify(STAFF, LdapModifyType::Add, "member", &[ADA]).await;
    assert_eq!(again, Code::AttributeOrValueExists);
    let remove = LdapModifyType::Delete;
    assert_eq!(client.modify(STAFF, remove.clone(), "member", &[ADMIN]).await, Code::Success);
    let last = client.modify(STAFF, remove, "member", &[ADA]).await;
    assert_eq!(last, Code::ObjectClassViolation);
    assert_eq!(client.names(&format!("(memberOf=\"{STAFF}\")")).await, [ADA]);
}

#[tokio::test]
async fn a_locked_time_blocks_only_where_the_policy_says_so() {
    for (lockout, expected) in [(true, Code::InvalidCredentials), (false, Code::Success)] {
        let mut client = start(Options { lockout, ..Options::default() }).await;
        client.add("ada").await;
        assert_eq!(client.bind(ADA, "open sesame").await, Code::Success);
        client.bind(ADMIN, "secret").await;
        let forever = ["000001010000Z"];
        let locked =
            client.modify(ADA, LdapModifyType::Replace, "pwdAccountLockedTime", &forever).await;
        assert_eq!(locked, Code::Success);
        assert_eq!(client.bind(ADA, "open sesame").await, expected);
    }
}

#[tokio::test]
async fn pages_show_everyone_once_and_the_size_limit_cuts_them() {
    let mut client = start(Options { size_limit: Some(6), ..Options::default() }).await;
    for number in 0..5 {
        client.add(&format!("person{number}")).await;
    }
    let (mut seen, mut cookie) = (Vec::new(), Vec::new());
    loop {
        let (entries, code, next) = client.search("(uid=*)", &[], Some((2, cookie))).await;
        assert_eq!(code, Code::Success);
        seen.extend(entries.into_iter().map(|entry| entry.dn));
        if next.is_empty() {
            break;
        }
        cookie = next;
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let (entries, code, _) = client.search("(objectClass=*)", &[], None).await;
    assert_eq!((entries.len(), code), (6, Code::SizeLimitExceeded));
    let (_, _, cookie) = client.search("(objectClass=*)", &[], Some((5, Vec::new()))).await;
    let (entries, code, _) = client.search("(objectClass=*)", &[], Some((5, cookie))).await;
    assert_eq!((entries.len(), code), (1, Code::SizeLimitExceeded));
}

#[tokio::test]
async fn only_the_administrator_writes() {
    let mut client = start(Options::default()).await;
    client.add("ada").await;
    client.bind(ADA, "open sesame").await;
    let refused = client.modify(ADA, LdapModifyType::Add, "title", &["Queen"]).await;
    assert_eq!(refused, Code::InsufficentAccessRights);
    client.bind("", "").await;
    let refused = client.modify(ADA, LdapModifyType::Add, "title", &["Queen"]).await;
    assert_eq!(refused, Code::StrongerAuthRequired);
    let (entries, ..) = client.search("(uid=ada)", &["*"], None).await;
    assert!(!entries[0].attributes.iter().any(|found| found.atype == "userPassword"));
    assert_eq!(client.bind(ADA, "").await, Code::UnwillingToPerform);
}

#[tokio::test]
async fn a_rename_moves_the_entry_and_keeps_what_it_is() {
    let mut client = start(Options::default()).await;
    client.add("ada").await;
    let (before, ..) = client.search("(uid=ada)", &["entryUUID"], None).await;
    let request = LdapModifyDNRequest {
        dn: ADA.into(),
        newrdn: "uid=augusta".into(),
        deleteoldrdn: true,
        new_superior: None,
    };
    assert_eq!(client.result(LdapOp::ModifyDNRequest(request)).await.code, Code::Success);
    let (after, ..) = client.search("(uid=augusta)", &["entryUUID"], None).await;
    assert_eq!(after[0].attributes, before[0].attributes);
    assert_eq!(client.names("(uid=ada)").await, [""; 0]);
}

#[tokio::test]
async fn rules_of_the_schema_are_kept() {
    let mut client = start(Options::default()).await;
    client.add("ada").await;
    let add = |name, value| (LdapModifyType::Add, name, value);
    for ((how, name, value), expected) in [
        (add("shoeSize", "38"), Code::UndefinedAttributeType),
        (add("member", ADMIN), Code::ObjectClassViolation),
        (add("manager", "nobody"), Code::InvalidAttributeSyntax),
        (add("entryUUID", "x"), Code::ConstraintViolation),
        ((LdapModifyType::Delete, "title", "Queen"), Code::NoSuchAttribute),
        ((LdapModifyType::Replace, "uid", "other"), Code::NamingViolation),
    ] {
        assert_eq!(client.modify(ADA, how, name, &[value]).await, expected, "{name}");
    }
}

#[tokio::test]
async fn filters_combine_and_an_unknown_attribute_lets_nothing_through() {
    let mut client = start(Options::default()).await;
    client.add("ada").await;
    client.add("bo").await;
    assert_eq!(client.names("(&(uid=*)(!(uid=bo)))").await, [ADA]);
    assert_eq!(client.names("(cn=a*exam*)").await, [ADA]);
    assert_eq!(client.names("(&(uid=*)(uid<=b))").await, [ADA]);
    assert_eq!(client.names("(!(shoeSize=38))").await, [""; 0]);
    assert_eq!(client.names("(|(shoeSize=38)(uid=ada))").await, [ADA]);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_entry_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = |drop_write| Options {
        state: Some(folder.path().join("state.json")),
        log: Some(folder.path().join("log")),
        drop_write,
        ..Options::default()
    };
    let mut client = start(options(Some(1))).await;
    let attributes = vec![
        attribute("objectClass", &["inetOrgPerson"]),
        attribute("uid", &["ada"]),
        attribute("cn", &["Ada Example"]),
        attribute("sn", &["Example"]),
    ];
    let request = LdapAddRequest { dn: ADA.into(), attributes };
    client.send(LdapOp::AddRequest(request), Vec::new()).await;
    assert!(client.framed.next().await.is_none());
    drop(client.directory);
    let mut client = start(options(None)).await;
    assert_eq!(client.names("(uid=ada)").await, [ADA]);
    let lines = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(lines, format!("{{\"op\":\"add\",\"dn\":\"{ADA}\",\"code\":0}}\n"));
}
