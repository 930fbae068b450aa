//! Heads of the audit, from the run that signs them to whoever holds them
//! against the record.

use std::fs;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use crate::desk::{Desk, PEOPLE, crm, with_target};

/// Takes so many requests, and gives their bodies.
async fn witness(requests: usize) -> (String, JoinHandle<Vec<serde_json::Value>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut bodies = Vec::new();
        for _ in 0..requests {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            let mut part = [0; 4096];
            while !request.ends_with("}}") {
                let read = stream.read(&mut part).await.unwrap();
                assert!(read > 0, "the request ends early: {request}");
                request.push_str(std::str::from_utf8(&part[..read]).unwrap());
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            let (_, body) = request.split_once("\r\n\r\n").unwrap();
            bodies.push(serde_json::from_str(body).unwrap());
        }
        bodies
    });
    (url, served)
}

fn configured(desk: &Desk, address: std::net::SocketAddr, url: &str) {
    let file = with_target(address, "");
    desk.configure(&format!(
        "{file}\n[audit]\nheads = \"heads.jsonl\"\nwitness = \"auditor\"\n\
         [notify.webhook.auditor]\nurl = \"{url}\"\n"
    ));
}

fn lines(desk: &Desk) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(desk.path("heads.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_tells_a_file_and_a_witness_and_the_record_is_held_against_them() {
    let test = "each_run_tells_a_file_and_a_witness_and_the_record_is_held_against_them";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let (url, served) = witness(2).await;
    configured(&desk, crm.address(), &url);
    desk.write("people.csv", "id,given_name,family_name,department\nE1,Ada,Example,Sales\n");
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);
    assert_eq!(desk.run(&["store", "backup", "before.db"]).await.status, Some(0));
    desk.write("people.csv", PEOPLE);
    let second = desk.run(&["run", "once"]).await;
    assert_eq!(second.status, Some(0), "{}{}", second.stdout, second.stderr);
    // Nothing was done, so there is nothing to tell.
    assert_eq!(desk.run(&["run", "once"]).await.status, Some(0));

    let told = served.await.unwrap();
    let lines = lines(&desk);
    assert_eq!(lines.len(), 2);
    for (line, told) in lines.iter().zip(&told) {
        assert_eq!((&line["head"], &line["seal"]), (&told["head"], &told["seal"]));
    }
    let key = desk.run(&["leaver", "key"]).await.stdout;
    let verified = desk.run(&["audit", "verify", "--key", key.trim()]).await;
    assert_eq!(verified.status, Some(0), "{}", verified.stderr);
    let rows = &lines[1]["head"]["rows"];
    assert!(verified.stdout.starts_with(&format!("{rows} rows, unbroken")), "{verified:?}");
    assert!(verified.stdout.contains("2 heads of `heads.jsonl`, signed by"), "{verified:?}");
    let other = desk.run(&["audit", "verify", "--key", &format!("{}=", "A".repeat(43))]).await;
    assert_eq!(other.status, Some(66), "{}", other.stderr);

    // Somebody puts the store of before the second run in its place.
    for beside in ["lanyard.db-wal", "lanyard.db-shm"] {
        let _absent = fs::remove_file(desk.path(beside));
    }
    fs::copy(desk.path("before.db"), desk.path("lanyard.db")).unwrap();
    let cut = desk.run(&["audit", "verify"]).await;
    let first_gone = lines[0]["head"]["rows"].as_u64().unwrap() + 1;
    assert_eq!(cut.status, Some(69), "{}", cut.stdout);
    assert!(cut.stderr.contains(&format!("audit row {first_gone}: it is missing")), "{cut:?}");
    // A run says so as well, does its work, and signs nothing.
    let again = desk.run(&["run", "once"]).await;
    assert_eq!(again.status, Some(66), "{}{}", again.stdout, again.stderr);
    assert!(again.stderr.contains("rows are gone"), "{}", again.stderr);
    assert_eq!(self::lines(&desk).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_not_there_is_told_of_and_stops_nothing() {
    let test = "a_witness_that_is_not_there_is_told_of_and_stops_nothing";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    configured(&desk, crm.address(), "http://127.0.0.1:1/heads");
    desk.write("people.csv", PEOPLE);
    let applied = desk.run(&["apply", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    assert!(applied.stderr.contains("the witness `auditor` may not know of"), "{applied:?}");
    assert_eq!(lines(&desk).len(), 1);

    // A file that cannot be kept is said with the status, after the work.
    fs::remove_file(desk.path("heads.jsonl")).unwrap();
    fs::create_dir(desk.path("heads.jsonl")).unwrap();
    desk.write("people.csv", format!("{PEOPLE}E4,Dan,Muster,Sales\n"));
    let unkept = desk.run(&["apply", "--yes"]).await;
    assert_eq!(unkept.status, Some(66), "{}{}", unkept.stdout, unkept.stderr);
    assert!(unkept.stderr.contains("cannot be read or written"), "{}", unkept.stderr);
    assert!(unkept.stdout.contains("done"), "{}", unkept.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_exports_the_record_and_asks_who_had_what() {
    let test = "an_auditor_exports_the_record_and_asks_who_had_what";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    assert_eq!(desk.run(&["apply", "--yes"]).await.status, Some(0));
    let all = desk.run(&["audit", "export"]).await;
    let rows: Vec<serde_json::Value> =
        all.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3, "{all:?}");
    assert_eq!(rows[0]["entry"]["detail"]["verified by"], "crm's own reading");
    assert_eq!(rows[0]["entry"]["detail"]["request"].as_str().unwrap().len(), 64);
    assert!(rows[0]["entry"]["account"]["uid"].is_string(), "{}", rows[0]);

    let table = desk.run(&["audit", "export", "--format", "csv", "--target", "crm"]).await.stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("number,at,actor,action,"), "{table}");
    assert_eq!(lines.len(), 4, "{table}");
    for none in [["--since", "2026-06-02"], ["--until", "2026-05-31"]] {
        let none = desk.run(&["audit", "export", none[0], none[1]]).await;
        assert_eq!((none.status, none.stdout.as_str()), (Some(0), ""), "{}", none.stderr);
    }
    let one = desk.run(&["audit", "export", "--identity", "E2"]).await.stdout;
    assert_eq!(one.lines().count(), 1, "{one}");

    let then = desk.run(&["who", "crm", "--at", "2026-06-01T08:00:00Z"]).await;
    assert_eq!(then.status, Some(0), "{}", then.stderr);
    assert!(then.stdout.contains("Ada Example (E1)"), "{}", then.stdout);
    assert!(then.stderr.contains("what others gave"), "{}", then.stderr);
    let before = desk.run(&["who", "crm", "--at", "2026-06-01", "--csv"]).await.stdout;
    assert_eq!(before.lines().count(), 1, "{before}");
    for refused in [["who", "role:x"], ["who", "crm/x"], ["who", "crn"]] {
        let refused = desk.run(&[refused[0], refused[1], "--at", "2026-06-01"]).await;
        assert_eq!(refused.status, Some(2), "{refused:?}");
    }
    assert_eq!(desk.run(&["who", "crm", "--at", "2027-01-01"]).await.status, Some(2));
}
