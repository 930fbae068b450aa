//! `lanyard store`, and a firm that is kept on a server.

use insta::assert_snapshot;

use crate::{
    desk::{Desk, PEOPLE, SOURCE, crm, with_target},
    servers::postgres::Postgres,
};

/// Without the head of the audit, which is another one every time.
fn headless(said: &str) -> String {
    let line = |line: &str| line.split("; head ").next().unwrap_or_default().to_owned();
    said.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_up_to_date_checked_and_saved() {
    let Some(desk) = Desk::new("a_file_is_brought_up_to_date_checked_and_saved") else { return };
    desk.write("people.csv", PEOPLE).configure(SOURCE);
    assert_snapshot!(desk.run(&["store", "verify"]).await.complaint(), @r"
    exit 69
    error: there is no store at `lanyard.db`
    ");
    assert!(!desk.path("lanyard.db").exists());
    desk.run(&["plan"]).await;
    let migrated = desk.run(&["store", "migrate"]).await;
    assert_eq!(migrated.status, Some(0), "{migrated:?}");
    assert_snapshot!(headless(&desk.run(&["store", "verify"]).await.stdout), @r"
    ok    the file
    ok    the journal: 0 operations, each as its events lead to
    ok    the audit: 0 rows, unbroken
    ");
    assert_snapshot!(desk.run(&["store", "backup", "saved.db"]).await.stdout, @"written to `saved.db`, for its owner alone");
    assert_snapshot!(desk.run(&["store", "backup", "saved.db"]).await.complaint(), @r"
    exit 69
    error: cannot open the store `saved.db`
      because: File exists (os error 17)
    ");
    // What was saved is a store like the other.
    desk.configure(&format!("{SOURCE}\n[store]\npath = \"saved.db\"\n"));
    assert_snapshot!(headless(&desk.run(&["store", "verify"]).await.stdout), @r"
    ok    the file
    ok    the journal: 0 operations, each as its events lead to
    ok    the audit: 0 rows, unbroken
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_moves_to_a_server_and_goes_on_there() {
    let Some(desk) = Desk::new("a_firm_moves_to_a_server_and_goes_on_there") else { return };
    let Some(mut server) = Postgres::start() else { return };
    let crm = crm(&desk, &[]).await;
    let file = with_target(crm.address(), "");
    desk.write("people.csv", PEOPLE).configure(&file);
    let applied = desk.run(&["apply", "--yes"]).await;
    assert_eq!(applied.status, Some(0), "{applied:?}");
    let before = desk.run(&["audit", "list"]).await.stdout;
    let of_server = |host: &str| {
        format!(
            "{file}\n[store.postgres]\nhost = \"{host}\"\nport = {}\ntls = \"off\"\n",
            server.port
        )
    };
    let by_socket = of_server(&server.socket().display().to_string());
    let by_address = of_server("127.0.0.1");
    let plugins = std::fs::read_to_string(desk.path("lanyard.toml")).unwrap();
    let (plugins, _) = plugins.split_once('\n').unwrap();
    desk.write("server.toml", format!("{plugins}\n{by_socket}"));
    let copied = desk.run(&["store", "copy", "--to", "server.toml"]).await.stdout;
    let socket = server.socket().display().to_string();
    assert_snapshot!(headless(&copied).replace(&socket, "[socket]").replace(&server.port.to_string(), "PORT"), @r"
    copied `lanyard.db` to `[socket]:PORT/lanyard`: 40 rows
    both are there now; have one `[store]` in every configuration file
    ");
    // A second time there is something there already.
    assert_snapshot!(desk.run(&["store", "copy", "--to", "server.toml"]).await.complaint(), @r"
    exit 69
    error: the store failed to take the copy
      because: it is not empty: there are rows in its table `identity`
    ");

    std::fs::remove_file(desk.path("lanyard.db")).unwrap();
    desk.configure(&by_address);
    assert_snapshot!(headless(&desk.run(&["store", "verify"]).await.stdout), @r"
    note  the server checks its own files; `pg_amcheck` looks at all of them
    ok    the journal: 3 operations, each as its events lead to
    ok    the audit: 3 rows, unbroken
    ");
    assert_eq!(desk.run(&["audit", "list"]).await.stdout, before);
    assert_eq!(desk.run(&["plan"]).await.stdout.trim(), "nothing to do");
    let cleo_left = PEOPLE.lines().filter(|line| !line.contains("Cleo")).collect::<Vec<_>>();
    desk.write("people.csv", cleo_left.join("\n"));
    let applied = desk.run(&["apply", "--yes"]).await;
    assert!(applied.stdout.contains("disable"), "{applied:?}");
    let saved = desk.run(&["store", "backup", "saved.dump"]).await.complaint();
    assert_snapshot!(saved.replace(&server.port.to_string(), "PORT"), @r"
    exit 2
    error: a database is saved by its own tools
      hint: `pg_dump --format=custom --file=saved.dump --host=127.0.0.1 --port=PORT --username=lanyard lanyard`
      hint: `pg_restore --dbname=…` brings it back into an empty one
    ");
    assert!(!desk.path("lanyard.db").exists());
    server.stop();
    assert_snapshot!(desk.run(&["status"]).await.complaint(), @r"
    exit 69
    error: cannot reach the store at `127.0.0.1:PORT/lanyard`
      because: error connecting to server
      because: Connection refused (os error 111)
      hint: see that the server is up and that `[store] postgres` names it rightly
    ");
}
