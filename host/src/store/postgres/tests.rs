//! The conformance suite on a real server, and what is special about one.

mod copied;
mod encrypted;
mod forged;
mod server;
mod special;

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::Runtime;

use self::server::Server;
use super::PostgresStore;
use crate::store::{Store, conformance};

#[test]
fn what_every_store_must_do_is_done() {
    let Some(server) = Server::start() else { return };
    let runtime = Runtime::new().unwrap();
    let mut failed = Vec::new();
    let mut each = |name: &'static str, demand: &dyn Fn(&Runtime, &dyn Store)| {
        let store =
            runtime.block_on(async { PostgresStore::open(server.fresh().await).await.unwrap() });
        if catch_unwind(AssertUnwindSafe(|| demand(&runtime, &store))).is_err() {
            failed.push(name);
        }
    };
    conformance::each_demand!(each);
    assert_eq!(failed, [""; 0]);
}
