//! What whoever owns the file can do to the record.

use super::fresh;
use crate::store::conformance::heads::whoever_owns_the_database_cannot_change_the_audit_unseen as tried;

#[tokio::test]
async fn whoever_owns_the_file_cannot_change_the_audit_unseen() {
    let open = &[
        "DROP TRIGGER audit_unchanged",
        "DROP TRIGGER audit_kept",
        "DROP TRIGGER audit_part_unchanged",
        "DROP TRIGGER audit_part_kept",
    ];
    tried(async || fresh(), open).await;
}
