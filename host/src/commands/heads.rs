//! What is told elsewhere of the record: at the end of each run, and by
//! `lanyard audit head`.

use std::{path::Path, sync::Arc};

use lanyard_core::id::WebhookName;

use super::{
    leaver,
    output::{Output, counted},
    session::{self, Road},
};
use crate::{
    config::{Config, audit::AuditConfig, permissions::SecretSource, store::StoreConfig},
    errors::{AppError, Exit},
    heads::{self, HeadError, SignedHead},
    messenger::{Post, Sent},
    signing::SigningKey,
    telemetry,
};

/// What heads are signed with, and who is told them.
pub(super) struct Told {
    pub(super) audit: AuditConfig,
    pub(super) signing: Option<SecretSource>,
    pub(super) store: StoreConfig,
    pub(super) post: Arc<Post>,
}

/// Tells what the record comes to after a run.  Nothing that is in the way
/// stops anything: it is told, and a run that came to a good end otherwise has
/// not when the file could not be kept or the record is another one.
pub(super) async fn tell(road: &Road, exit: Exit, output: &mut Output) -> Exit {
    if !road.told.audit.is_told() {
        return exit;
    }
    // What is seldom done makes no command larger.
    match Box::pin(told(road, output)).await {
        Ok(()) => exit,
        Err(error) => {
            output.error(&error.render());
            if exit == Exit::Ok { Exit::Failed } else { exit }
        }
    }
}

async fn told(road: &Road, output: &mut Output) -> Result<(), AppError> {
    let Told { audit, signing, store: place, post } = &road.told;
    let key = leaver::key_of(signing.as_ref(), place)?;
    let store = road.context.store.as_ref();
    let at = (road.context.clock)();
    let mut unkept = None;
    let signed = match &audit.heads {
        None => heads::sign(store, &key, at).await.map_err(failed)?,
        Some(file) => match heads::keep(store, &key, file, (at, false)).await {
            Ok(Some(line)) => line.signed(),
            Ok(None) => return Ok(()),
            // A witness can still tell what was.
            Err(error @ HeadError::File { .. }) => {
                unkept = Some(failed(error));
                heads::sign(store, &key, at).await.map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        },
    };
    if let Some(witness) = &audit.witness {
        offer(post, witness, &signed, output).await?;
    }
    unkept.map_or(Ok(()), Err)
}

/// A witness that cannot be told is told of, and no more.
async fn offer(
    post: &Post,
    witness: &WebhookName,
    signed: &SignedHead,
    output: &mut Output,
) -> Result<(), AppError> {
    let json = serde_json::to_vec(signed)?;
    let digest = signed.head.digest.as_ref().map(ToString::to_string).unwrap_or_default();
    let id = format!("head-{}-{digest}", signed.head.rows);
    if let Sent::Not(why) | Sent::Unknown(why) = post.offer(witness, &id, json).await {
        output.error(&format!(
            "note: the witness `{witness}` may not know of {}: {why}\n",
            counted(signed.head.rows, "row", "rows")
        ));
    }
    Ok(())
}

/// `lanyard audit head`.
pub(super) async fn head(
    file: &Path,
    out: Option<&Path>,
    output: &mut Output,
) -> Result<(), AppError> {
    let config: Config = session::load(file)?.config;
    let store = session::open_store(&config).await?;
    let key: SigningKey = leaver::key_of(config.signing.as_ref(), &config.store)?;
    let at = telemetry::clock()();
    let Some(path) = out else {
        let signed = heads::sign(&store, &key, at).await.map_err(failed)?;
        output.json_line(&signed)?;
        return Ok(());
    };
    if let Some(line) = heads::keep(&store, &key, path, (at, true)).await.map_err(failed)? {
        output.line(&format!(
            "`{}` has the head of {}, signed by {}",
            path.display(),
            counted(line.head.rows, "row", "rows"),
            key.public()
        ))?;
    }
    Ok(())
}

fn failed(error: HeadError) -> AppError {
    match error {
        HeadError::Store(error) => error.into(),
        error @ HeadError::File { .. } => AppError::new(Exit::Usage, error)
            .hint("see that it can be written to, or name another one as `[audit] heads`"),
        error => AppError::new(Exit::Store, error)
            .hint("`lanyard audit verify` says from which row on it is another one")
            .hint("where the store was restored from a copy: begin another file of heads, and keep this one"),
    }
}
