//! Messages over real sockets: what is taken, what certainly is not, and what
//! nobody knows.

use std::{collections::BTreeMap, net::SocketAddr};

use demo_apps::mail::{MailServer, Manner};
use insta::assert_snapshot;
use lanyard::{
    config::{
        notify::{Mail, Notify, Webhook},
        permissions::{SecretSource, Tls},
    },
    messenger::{Messenger as _, Outgoing, Post, Sent, Topic},
};
use lanyard_core::{
    id::{ConnectorName, IdentityId, WebhookName},
    workflow::Address,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::desk::{Desk, PEOPLE, SOURCE};

fn by_mail(address: SocketAddr) -> Notify {
    let mail = Mail {
        from: "lanyard@example.org".parse().unwrap(),
        host: address.ip().to_string(),
        port: address.port(),
        tls: Tls::Off,
        sign_in: None,
    };
    Notify { mail: Some(mail), webhooks: BTreeMap::new() }
}

fn message(to: Address, subject: &str) -> Outgoing {
    Outgoing {
        id: "0123456789abcdef".to_owned(),
        to,
        subject: subject.to_owned(),
        body: "Grüße,\r\n.\r\nLanyard".to_owned(),
        about: vec![Topic {
            identity: IdentityId::first_seen(&ConnectorName::new("hr").unwrap(), "1001"),
            workflow: "leaver".parse().unwrap(),
            step: "tell".parse().unwrap(),
        }],
    }
}

fn to_grace() -> Address {
    Address::Mail("grace@example.org".to_owned())
}

async fn mailed(manner: Manner) -> (Sent, usize) {
    let server = MailServer::start(manner).await.unwrap();
    let post = Post::new(&by_mail(server.address())).unwrap();
    let sent = post.send(&message(to_grace(), "Ada has left")).await;
    (sent, server.taken().len())
}

#[tokio::test]
async fn a_mail_arrives_under_an_id_of_its_own_and_a_line_break_makes_no_header() {
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let post = Post::new(&by_mail(server.address())).unwrap();
    let subject = "Ada\r\nBcc: everybody@example.org";
    assert_eq!(post.send(&message(to_grace(), subject)).await, Sent::Done);
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].recipient, "grace@example.org");
    let (headers, _body) = taken[0].text.split_once("\r\n\r\n").unwrap();
    assert!(headers.contains("Message-ID: <0123456789abcdef@example.org>"), "{headers}");
    assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
}

#[tokio::test]
async fn an_address_with_a_line_break_is_none() {
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let post = Post::new(&by_mail(server.address())).unwrap();
    let to = Address::Mail("grace@example.org\r\nRCPT TO:<x@example.org>".to_owned());
    let sent = post.send(&message(to, "Ada has left")).await;
    assert_eq!(sent, Sent::Not("the mail address is none".to_owned()));
    assert_eq!(server.taken(), []);
}

#[tokio::test]
async fn what_a_mail_server_refuses_is_certainly_not_sent_and_names_nobody() {
    let refused = Sent::Not("the mail server refused it (code 550)".to_owned());
    assert_eq!(mailed(Manner::Refuses).await, (refused, 0));
    let (busy, taken) = mailed(Manner::Busy).await;
    assert!(matches!(busy, Sent::Not(_)), "{busy:?}");
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn a_mail_server_that_nobody_answers_at_took_nothing() {
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let address = server.address();
    drop(server);
    // The port is free again once the listener is gone.
    tokio::task::yield_now().await;
    let post = Post::new(&by_mail(address)).unwrap();
    let sent = post.send(&message(to_grace(), "Ada has left")).await;
    assert_eq!(sent, Sent::Not("the mail server cannot be reached".to_owned()));
}

#[tokio::test]
async fn nobody_knows_what_became_of_a_mail_whose_server_breaks_off() {
    let broken = Sent::Unknown("the mail server broke off".to_owned());
    assert_eq!(mailed(Manner::BreaksOff).await, (broken, 1));
}

#[tokio::test]
async fn whether_a_mail_could_be_sent_is_known_without_sending_one() {
    let reached = async |manner| {
        let server = MailServer::start(manner).await.unwrap();
        let post = Post::new(&by_mail(server.address())).unwrap();
        (post.reach(&to_grace()).await.is_ok(), server.taken().len())
    };
    assert_eq!(reached(Manner::Takes).await, (true, 0));
    assert_eq!(reached(Manner::Busy).await, (false, 0));
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let nobody = by_mail(server.address());
    drop(server);
    tokio::task::yield_now().await;
    let why = Post::new(&nobody).unwrap().reach(&to_grace()).await;
    assert_eq!(why, Err("the mail server cannot be reached".to_owned()));
    let nowhere = Notify { mail: None, webhooks: BTreeMap::new() };
    let why = Post::new(&nowhere).unwrap().reach(&to_grace()).await;
    assert_eq!(why, Err("the file names no way to send it".to_owned()));
}

#[tokio::test]
async fn whether_a_webhook_could_be_told_is_known_without_telling_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let post = |scheme: &str| {
        let url = format!("{scheme}://{address}/in").parse().unwrap();
        let hooks = [(WebhookName::new("ops").unwrap(), Webhook { url, bearer: None })];
        Post::new(&Notify { mail: None, webhooks: hooks.into() }).unwrap()
    };
    let ops = Address::Webhook(WebhookName::new("ops").unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        // Nothing here speaks TLS.
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        said
    });
    assert_eq!(post("http").reach(&ops).await, Ok(()));
    let why = post("https").reach(&ops).await;
    assert_eq!(why, Err("TLS with the webhook failed".to_owned()));
    assert_eq!(heard.await.unwrap(), b"", "nothing was said");
    let why = post("http").reach(&ops).await;
    assert_eq!(why, Err("the webhook cannot be reached".to_owned()));
}

/// What a mail says, by its headers and its text.
async fn arrived(body: &str) -> (String, String) {
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let post = Post::new(&by_mail(server.address())).unwrap();
    let message = Outgoing { body: body.to_owned(), ..message(to_grace(), "Ada") };
    assert_eq!(post.send(&message).await, Sent::Done);
    let taken = server.taken();
    let (headers, text) = taken[0].text.split_once("\r\n\r\n").unwrap();
    (headers.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_mail_says_what_was_written_in_whatever_letters() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (headers, text) = arrived("ada.example ABCD-efgh\n.\nLanyard").await;
    assert!(headers.contains("Content-Transfer-Encoding: 7bit"), "{headers}");
    assert!(text.starts_with("ada.example ABCD-efgh\r\n"), "{text}");
    for body in ["Grüße,\r\nAda", &"a".repeat(1200), "one\rtwo\n", &"ü".repeat(57)] {
        let (headers, text) = arrived(body).await;
        assert!(headers.contains("Content-Transfer-Encoding: base64"), "{headers}");
        assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        let said = STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.replace("\r\n", "\n"), body.replace("\r\n", "\n"));
    }
}

/// One request as it came, and the answer that it gets.
async fn posted(answer: &'static str) -> (Sent, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        let mut part = [0; 4096];
        while !request.ends_with('}') {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "the request ends early: {request}");
            request.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("token");
    std::fs::write(&secret, "example-token\n").unwrap();
    let hook = Webhook { url: url.parse().unwrap(), bearer: Some(SecretSource::File(secret)) };
    let ops = WebhookName::new("ops").unwrap();
    let notify = Notify { mail: None, webhooks: [(ops.clone(), hook)].into() };
    let post = Post::new(&notify).unwrap();
    let sent = post.send(&message(Address::Webhook(ops), "Ada has left")).await;
    (sent, served.await.unwrap())
}

#[tokio::test]
async fn a_webhook_gets_json_with_its_token() {
    let (sent, request) = posted("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(sent, Sent::Done);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /in HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Bearer example-token"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["subject"], "Ada has left");
    assert_eq!(body["workflow"], "leaver");
    assert_eq!(body["step"], "tell");
    assert_eq!(body["id"], "0123456789abcdef");
}

#[tokio::test]
async fn the_answer_of_a_webhook_says_whether_it_was_taken() {
    let busy = posted("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n").await.0;
    assert_eq!(busy, Sent::Not("the webhook asks for patience (429)".to_owned()));
    let elsewhere =
        posted("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    let elsewhere = elsewhere.await.0;
    assert_eq!(elsewhere, Sent::Not("the webhook answers with a redirect (302)".to_owned()));
    let failed = posted("HTTP/1.1 500 Internal\r\ncontent-length: 0\r\n\r\n").await.0;
    assert_eq!(failed, Sent::Unknown("the webhook failed (500)".to_owned()));
    let silent = posted("").await.0;
    assert_eq!(silent, Sent::Unknown("the webhook did not answer".to_owned()));
}

/// A desk whose mails go to `server`, and where a message about Ada is due.
async fn due(test: &str, server: &MailServer) -> Option<Desk> {
    let desk = Desk::new(test)?;
    let port = server.address().port();
    desk.configure(&format!(
        r#"{SOURCE}
[notify]
from = "lanyard@example.org"
smtp = {{ host = "127.0.0.1", port = {port}, tls = "off" }}

[message.note]
subject = "About {{{{ given_name }}}}"
body = "Please see to it."

[workflow.told]
on = "demand"
steps = [ {{ id = "tell", do = "notify", to = ["mail:it@example.org"], template = "note", on-failure = "obligation" }} ]
"#
    ));
    desk.write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["plan"]).await.status, Some(0));
    assert_eq!(desk.run(&["workflow", "run", "told", "E1"]).await.status, Some(0));
    Some(desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_sends_what_its_plan_shows_and_the_next_one_nothing() {
    let server = MailServer::start(Manner::Takes).await.unwrap();
    let test = "a_run_sends_what_its_plan_shows_and_the_next_one_nothing";
    let Some(desk) = due(test, &server).await else { return };
    assert_snapshot!(desk.run(&["plan"]).await.stdout, @r"
    Ada Example (53878fad): step `tell`
      > tell it@example.org: About Ada
          because workflow `told`, step `tell` (line 16)

    plan DIGEST: nothing to do, 1 step
    ");
    assert_eq!(server.taken(), []);
    for _ in 0..2 {
        let run = desk.run(&["run", "once"]).await;
        assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    }
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].text.contains("Subject: About Ada\r\n"), "{}", taken[0].text);
    let audit = desk.run(&["audit", "list", "--json"]).await.stdout;
    assert!(audit.contains("\"sent\"") && !audit.contains("it@example.org"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_unknown_outcome_stays_open_until_a_person_closes_it() {
    let server = MailServer::start(Manner::BreaksOff).await.unwrap();
    let test = "a_message_of_unknown_outcome_stays_open_until_a_person_closes_it";
    let Some(desk) = due(test, &server).await else { return };
    for arguments in [&["run", "once"][..], &["run", "once"], &["plan"], &["status"]] {
        let said = desk.run(arguments).await;
        assert_eq!(said.status, Some(66), "{arguments:?} {}{}", said.stdout, said.stderr);
    }
    assert_eq!(server.taken().len(), 1);
    assert_snapshot!(desk.run(&["workflow", "status"]).await.stdout, @"Ada Example: `told` step `tell` broke off: it may have been carried out, and is not repeated; say `lanyard workflow done` when it is");
    let done = ["workflow", "done", "told", "E1", "tell", "--reason", "rang them up"];
    assert_eq!(desk.run(&done).await.status, Some(0));
    for arguments in [&["plan"][..], &["status"]] {
        let said = desk.run(arguments).await;
        assert_eq!(said.status, Some(0), "{arguments:?} {}{}", said.stdout, said.stderr);
    }
}
