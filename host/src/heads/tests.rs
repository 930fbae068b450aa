use std::{collections::BTreeMap, fs};

use super::*;
use crate::{
    signing::PublicKey,
    store::{AuditEntry, Upkeep as _, chain::AuditBreak, sqlite::SqliteStore},
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

fn key(of: &str) -> SigningKey {
    SigningKey::of_text(of, "a test").unwrap()
}

const OURS: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ANOTHER: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

struct World {
    folder: tempfile::TempDir,
    store: SqliteStore,
}

impl World {
    /// A store with so many rows in its audit.
    async fn new(rows: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("lanyard.db")).unwrap();
        let world = Self { folder, store };
        world.more(1, rows).await;
        world
    }

    async fn more(&self, from: i64, to: i64) {
        for row in from..=to {
            let entry = AuditEntry {
                at: at(row),
                actor: "operator".to_owned(),
                action: "receipt".to_owned(),
                identity: None,
                target: None,
                account: None,
                result: "made".to_owned(),
                verification: None,
                detail: BTreeMap::from([("digest".to_owned(), row.to_string())]),
            };
            self.store.record_receipt(&entry).await.unwrap();
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("heads.jsonl")
    }

    async fn keep(&self, seconds: i64) -> Result<Option<Line>, HeadError> {
        keep(&self.store, &key(OURS), &self.file(), (at(seconds), false)).await
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    async fn verified(&self, text: &str) -> Result<(), AuditBreak> {
        let heads = read(text, None).unwrap().heads;
        self.store.verify_audit_beside(&heads).await.unwrap().map(drop)
    }
}

#[tokio::test]
async fn each_head_is_a_line_and_what_comes_to_the_same_is_not_told_again() {
    let world = World::new(4).await;
    let first = world.keep(10).await.unwrap().unwrap();
    assert_eq!((first.head.rows, first.marks.digests.len()), (4, 4));
    assert_eq!(world.keep(11).await.unwrap(), None);
    world.more(5, 6).await;
    let second = world.keep(12).await.unwrap().unwrap();
    assert_eq!((second.head.rows, second.marks.after), (6, 4));
    let heads = read(&world.text(), Some(&key(OURS).public())).unwrap();
    assert_eq!(heads.heads.iter().map(|it| it.rows).collect::<Vec<_>>(), [4, 6]);
    world.verified(&world.text()).await.unwrap();
}

#[tokio::test]
async fn a_line_that_was_cut_off_spoils_none_of_the_others() {
    let world = World::new(2).await;
    world.keep(10).await.unwrap();
    let whole = world.text();
    fs::write(world.file(), format!("{whole}{}", whole.get(..40).unwrap())).unwrap();
    world.more(3, 4).await;
    let next = world.keep(11).await.unwrap().unwrap();
    assert_eq!(next.marks.after, 2);
    let heads = read(&world.text(), None).unwrap();
    assert_eq!((heads.heads.len(), heads.unreadable), (2, vec![2]));
}

#[tokio::test]
async fn no_line_can_be_changed_or_signed_by_somebody_else() {
    let world = World::new(4).await;
    world.keep(10).await.unwrap();
    let text = world.text();
    let changed = text.replace("\"rows\":4", "\"rows\":2");
    assert_ne!(changed, text);
    assert!(matches!(read(&changed, None), Err(Unbelieved::Seal { line: 1, .. })));
    let other: PublicKey = key(ANOTHER).public();
    assert!(matches!(read(&text, Some(&other)), Err(Unbelieved::OtherKey { line: 1, .. })));
    keep(&world.store, &key(ANOTHER), &world.file(), (at(11), true)).await.unwrap();
    assert!(matches!(read(&world.text(), None), Err(Unbelieved::OtherKey { line: 2, .. })));
    assert!(matches!(read("", None), Err(Unbelieved::Empty)));
}

#[tokio::test]
async fn nothing_is_signed_of_a_record_that_is_not_the_one_it_was() {
    let world = World::new(6).await;
    world.keep(10).await.unwrap();
    let raw = rusqlite::Connection::open(world.folder.path().join("lanyard.db")).unwrap();
    let cut = "DROP TRIGGER audit_kept; DROP TRIGGER audit_part_kept;
        DELETE FROM audit WHERE sequence > 5; DELETE FROM audit_part WHERE sequence > 5";
    raw.execute_batch(cut).unwrap();
    let error = world.keep(11).await.unwrap_err();
    assert!(matches!(error, HeadError::Shorter { found: 5, rows: 6, .. }), "{error}");
    world.more(6, 7).await;
    let error = world.keep(12).await.unwrap_err();
    assert!(matches!(error, HeadError::Other { rows: 6, .. }), "{error}");
    assert_eq!(world.verified(&world.text()).await.unwrap_err().sequence, 6);
}

#[tokio::test]
async fn an_empty_record_has_a_head_too() {
    let world = World::new(0).await;
    let line = world.keep(10).await.unwrap().unwrap();
    assert_eq!((line.head.rows, line.head.digest), (0, None));
    world.more(1, 2).await;
    world.keep(11).await.unwrap().unwrap();
    world.verified(&world.text()).await.unwrap();
    let signed = sign(&world.store, &key(OURS), at(12)).await.unwrap();
    assert_eq!(signed.head.rows, 2);
    assert_eq!(signed.seal.verify(PURPOSE, &signed.head).unwrap(), key(OURS).public());
}
