//! A password that is handed to one call, and what becomes of it there.

use std::sync::Arc;

use lanyard::{
    connector::{Connector as _, Outcome, Password, Status, Write, WriteContext},
    wasm::WasmConnector,
};
use lanyard_core::{
    fault::{Fault, FaultKind},
    schema::CredentialAbility,
    value::ObjectRef,
};

use super::{
    bench::{Bench, NoJournal, Setting, USER, list, told},
    recorder::Recorder,
};

const PASSWORD: &str = "Made-UpPa-ssWo-rd47";

fn ada() -> ObjectRef {
    ObjectRef { object_type: USER.to_owned(), uid: "1".to_owned() }
}

async fn write(connector: &WasmConnector, write: Write) -> Result<Outcome, Fault> {
    let context = WriteContext {
        idempotency_key: "key".to_owned(),
        attempt: 1,
        trace_id: "trace".to_owned(),
        reason: None,
        expect_revision: None,
        journal: Arc::new(NoJournal),
    };
    connector.write(context, &write).await
}

async fn set(connector: &WasmConnector) -> Result<Outcome, Fault> {
    let password = Password::new(PASSWORD.to_owned());
    write(connector, Write::SetPassword { account: ada(), password, must_change: true }).await
}

#[tokio::test]
async fn what_a_connector_can_do_with_credentials_is_what_it_says() {
    let test = "what_a_connector_can_do_with_credentials_is_what_it_says";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let connector = bench.load(Setting::of("behaves").permitted(server.address())).await;
    assert!(connector.abilities().credentials);
    let schema = connector.discover().await.unwrap();
    let can = &schema.objects[0].capabilities.credential_abilities;
    assert!(can.contains(&CredentialAbility::SetPassword), "{can:?}");
    let ended = write(&connector, Write::EndSessions(ada())).await.unwrap();
    assert_eq!(ended.status, Status::Applied);
    let revoked = write(&connector, Write::RevokeCredentials(ada())).await.unwrap();
    assert_eq!(revoked.status, Status::Unchanged);
    assert_eq!(server.seen().len(), 1, "it may write");
}

#[tokio::test]
async fn a_new_password_is_known_to_its_own_call_and_to_no_other() {
    let test = "a_new_password_is_known_to_its_own_call_and_to_no_other";
    let Some(bench) = Bench::new(test) else { return };
    let outcome = set(&bench.load(Setting::of("behaves")).await).await.unwrap();
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(outcome.account, None, "an account may carry it");

    let connector = bench.load(Setting::of("asks-for-a-password")).await;
    let ended = write(&connector, Write::EndSessions(ada())).await;
    for fault in [list(&connector).await.unwrap_err(), ended.unwrap_err()] {
        assert!(matches!(fault.kind, FaultKind::Denied(_)), "{}", told(&fault));
    }
}

#[tokio::test]
async fn a_placeholder_of_a_new_password_is_swapped_in_a_header_alone() {
    let test = "a_placeholder_of_a_new_password_is_swapped_in_a_header_alone";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let connector = bench.load(Setting::of("uses-a-secret").permitted(server.address())).await;
    set(&connector).await.unwrap();
    let seen = server.seen().concat();
    assert!(seen.contains(&format!("x-token: Key {PASSWORD}")), "{seen}");
    assert_eq!(seen.matches(PASSWORD).count(), 1, "{seen}");
}

#[tokio::test]
async fn what_a_connector_says_of_a_new_password_is_without_it() {
    let test = "what_a_connector_says_of_a_new_password_is_without_it";
    let Some(bench) = Bench::new(test) else { return };
    let server = Recorder::start();
    let settings = [
        Setting::of("tells-a-password"),
        Setting::of("tells-a-password").permitted(server.address()),
        Setting::of("dies-of-a-password"),
    ];
    for setting in settings {
        let fault = set(&bench.load(setting).await).await.unwrap_err();
        let all = format!("{fault:?}").to_lowercase();
        for secret in [PASSWORD.to_owned(), PASSWORD.replace('-', "")] {
            assert!(!all.contains(&secret.to_lowercase()), "{all}");
        }
        assert!(all.contains("not shown"), "{all}");
    }
}
