//! Files that are no connectors.

use insta::assert_snapshot;
use lanyard::errors::Exit;

use crate::built;
use crate::desk::{Desk, PEOPLE, SOURCE, crm, with_target};

/// Inspects a file with that content and answers exit status and complaint.
async fn inspect(test: &str, content: impl AsRef<[u8]>) -> Option<String> {
    let desk = Desk::new(test)?;
    desk.write("acme.wasm", content);
    let said = desk.run(&["plugin", "inspect", "acme.wasm"]).await;
    assert_eq!(said.stdout, "");
    Some(said.complaint())
}

/// A component written as text.
async fn inspect_text(test: &str, written: &str) -> Option<String> {
    inspect(test, wat::parse_str(written).unwrap()).await
}

#[tokio::test]
async fn a_text_file_is_no_component() {
    let Some(said) = inspect("a_text_file_is_no_component", "id,name\nE1,Ada\n").await else {
        return;
    };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` is not WebAssembly; build the connector for the target `wasm32-wasip2` and give the `.wasm` file
    ");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let Some(desk) = Desk::new("a_file_that_is_not_there_is_named") else { return };
    assert_snapshot!(desk.run(&["plugin", "inspect", "acme.wasm"]).await.complaint(), @r"
    exit 67
    error: cannot read the plugin `acme.wasm`
      because: No such file or directory (os error 2)
    ");
}

#[tokio::test]
async fn a_core_module_is_told_how_to_become_a_component() {
    let test = "a_core_module_is_told_how_to_become_a_component";
    let Some(said) = inspect(test, b"\0asm\x01\0\0\0").await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` is a core WebAssembly module, not a component; build it for the target `wasm32-wasip2`, or wrap it with `wasm-tools component new`
    ");
}

#[tokio::test]
async fn a_component_that_exports_nothing_is_no_connector() {
    let test = "a_component_that_exports_nothing_is_no_connector";
    let Some(said) = inspect(test, b"\0asm\x0d\0\x01\0").await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` does not export `lanyard:connector/meta`, so it is no connector; it exports nothing
    ");
}

#[tokio::test]
async fn an_interface_without_its_functions_is_refused() {
    let test = "an_interface_without_its_functions_is_refused";
    let empty_meta =
        r#"(component (instance $meta) (export "lanyard:connector/meta@0.1.0" (instance $meta)))"#;
    let Some(said) = inspect_text(test, empty_meta).await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` has an interface that is not as version 0.1.0 of lanyard:connector has it; build it again with the matching SDK
      because: instance export `lanyard:connector/meta@0.1.0` does not have export `describe`
    ");
}

#[tokio::test]
async fn an_import_nobody_offers_is_named() {
    let test = "an_import_nobody_offers_is_named";
    let imports = r#"(component
        (import "acme:vault/keys@2.1.0" (instance))
        (instance $meta)
        (export "lanyard:connector/meta@0.1.0" (instance $meta)))"#;
    let Some(said) = inspect_text(test, imports).await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` imports `acme:vault/keys@2.1.0`, which this host does not have; it offers lanyard:connector/* and WASI 0.2
    ");
}

#[tokio::test]
async fn another_version_of_the_contract_is_told_with_both_versions() {
    let test = "another_version_of_the_contract_is_told_with_both_versions";
    let imports = r#"(component
        (import "lanyard:connector/config@0.9.0" (instance
            (export "get" (func (result string))))))"#;
    let Some(said) = inspect_text(test, imports).await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: `acme.wasm` was built against version 0.9.0 of lanyard:connector; this host speaks 0.1.0: build it again with the matching SDK
    ");
}

#[tokio::test]
async fn a_file_cut_off_in_the_middle_is_damaged() {
    let test = "a_file_cut_off_in_the_middle_is_damaged";
    let Some(csv) = built::component(test, "csv") else { return };
    let whole = std::fs::read(csv).unwrap();
    let Some(said) = inspect(test, &whole[..whole.len() / 2]).await else { return };
    // What the parser of wasmtime adds is its own, and changes with it.
    let (ours, _theirs) = said.split_once("\n  because:").unwrap();
    assert_snapshot!(ours, @r"
    exit 67
    error: `acme.wasm` is damaged, or uses what this host does not know; copy it again, or build it again for `wasm32-wasip2`
    ");
}

#[tokio::test]
async fn a_connector_that_only_reads_cannot_be_a_target() {
    let test = "a_connector_that_only_reads_cannot_be_a_target";
    let Some(desk) = Desk::new(test) else { return };
    desk.write("people.csv", PEOPLE);
    let target = SOURCE.replace("[source.hr]", "[target.old-hr]");
    desk.configure(&format!("{SOURCE}{target}"));
    assert_snapshot!(desk.run(&["plan"]).await.complaint(), @r"
    exit 67
    warning: `old-hr` could not be read, so nothing is planned for it: `[plugins]/csv.wasm` does not export `lanyard:connector/provisioning`, so it cannot be a target; it exports `lanyard:connector/directory@0.1.0`, `lanyard:connector/meta@0.1.0` (misconfigured)
    ");
}

#[tokio::test]
async fn a_plugin_that_cannot_be_used_stops_only_what_is_its_own() {
    let test = "a_plugin_that_cannot_be_used_stops_only_what_is_its_own";
    let Some(desk) = Desk::new(test) else { return };
    desk.write("people.csv", PEOPLE);
    desk.write("broken.wasm", "no component");
    let broken =
        SOURCE.replace("[source.hr]", "[source.temps]").replace("\"csv\"", "\"broken.wasm\"");
    desk.configure(&format!("{SOURCE}{broken}"));
    assert_snapshot!(desk.run(&["plan"]).await.complaint(), @r"
    exit 67
    warning: `temps` could not be read, so what it said before still counts: `broken.wasm` is not WebAssembly; build the connector for the target `wasm32-wasip2` and give the `.wasm` file (misconfigured)
    ");
    assert_snapshot!(desk.run(&["identity", "list"]).await.stdout, @r"
    53878fad-7f2c-52f3-995a-DIGEST  active     E1            Ada Example
    c58e5af1-fef0-50bc-a5a6-DIGEST  active     E3            Cleo Ejemplo
    d4bde742-74f6-5696-8094-DIGEST  active     E2            Ben Beispiel
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_stops_only_what_is_its_own() {
    let test = "a_secret_that_is_not_there_stops_only_what_is_its_own";
    let Some(desk) = Desk::new(test) else { return };
    desk.write("people.csv", PEOPLE);
    let crm = crm(&desk, &[]).await;
    let missing = r#"
[target.wiki]
plugin = "scim"
config = { url = "https://wiki.example.org" }
[target.wiki.permissions]
hosts = ["https://wiki.example.org"]
secrets = { token = { env = "NOT_SET_ANYWHERE" } }
authorization = { default = { bearer = "token" } }

[source.temps]
plugin = "nowhere"
"#;
    desk.configure(&format!("{}{missing}", with_target(crm.address(), "")));
    let checked = desk.run(&["check"]).await;
    assert_eq!(checked.status, Some(Exit::Config as i32));
    for told in ["unknown plugin `nowhere`", "`NOT_SET_ANYWHERE` is not set"] {
        assert!(checked.stderr.contains(told), "{}", checked.stderr);
    }
    assert_eq!(desk.run(&["status"]).await.status, Some(Exit::Ok as i32));
    let done = desk.run(&["apply", "--yes"]).await;
    assert_eq!(done.status, Some(Exit::Connector as i32), "{}{}", done.stdout, done.stderr);
    let warned = done.stderr.lines().filter(|line| line.starts_with("warning"));
    assert_snapshot!(warned.collect::<Vec<_>>().join("\n"), @r"
    warning: `temps` could not be read, so what it said before still counts: cannot read the plugin `[plugins]/nowhere.wasm`: No such file or directory (os error 2) (misconfigured)
    warning: `wiki` could not be read, so nothing is planned for it: cannot read the secret `token` from the environment variable `NOT_SET_ANYWHERE`: entity not found (misconfigured)
    ");
    let accounts = desk.run(&["account", "list"]).await.stdout;
    assert!(accounts.contains("ada.example"), "{accounts}");
}
