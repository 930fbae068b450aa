//! What whoever owns the database can do to the record.

use super::{PostgresStore, Server};
use crate::store::conformance::heads::whoever_owns_the_database_cannot_change_the_audit_unseen as tried;

#[tokio::test]
async fn whoever_owns_the_database_cannot_change_the_audit_unseen() {
    let Some(server) = Server::start() else { return };
    let open = &[
        "DROP TRIGGER audit_unchanged ON audit",
        "DROP TRIGGER audit_kept ON audit",
        "DROP TRIGGER audit_part_unchanged ON audit_part",
        "DROP TRIGGER audit_part_kept ON audit_part",
    ];
    let fresh = async || ((), PostgresStore::open(server.fresh().await).await.unwrap());
    tried(fresh, open).await;
}
