//! `lanyard identity merge` and `split`.

use std::path::Path;

use lanyard_core::{
    fact::{Identity, RecordKey},
    union::{CannotRearrange, Said},
};

use super::{
    named,
    output::Output,
    session::{self, Use},
};
use crate::{
    args::{MergeOrder, SplitOrder},
    errors::{AppError, Exit},
    reconcile::{self, UnionError},
    telemetry,
};

pub(super) async fn merge(
    file: &Path,
    order: MergeOrder,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::exclusive_store(&config, Use::Changes, output).await?;
    let now = telemetry::clock()();
    let keep = named::identity(&store, &order.keep, now).await?;
    let other = named::identity(&store, &order.other, now).await?;
    let said = Said { by: session::actor(), at: now, reason: order.reason };
    reconcile::merge_identities(&store, &keep, &other, said).await.map_err(told)?;
    output.line(&format!(
        "{} is {} from now on; nothing was written anywhere, `lanyard plan` shows what follows",
        other.id, keep.id
    ))?;
    Ok(Exit::Ok)
}

pub(super) async fn split(
    file: &Path,
    order: SplitOrder,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::exclusive_store(&config, Use::Changes, output).await?;
    let now = telemetry::clock()();
    let who = named::identity(&store, &order.identity, now).await?;
    let record = record(&who, &order)?;
    let said = Said { by: session::actor(), at: now, reason: order.reason };
    let other = reconcile::split_identity(&store, &who, &record, said).await.map_err(told)?;
    output.line(&format!(
        "record `{}` of `{}` is of {other} from now on; nothing was written anywhere, `lanyard \
         plan` shows what follows",
        record.key, record.source
    ))?;
    Ok(Exit::Ok)
}

/// The one record of somebody that is meant.
fn record(who: &Identity, order: &SplitOrder) -> Result<RecordKey, AppError> {
    let SplitOrder { record, source, .. } = order;
    let is = |it: &&RecordKey| {
        it.key == *record && source.as_ref().is_none_or(|source| it.source == *source)
    };
    let mut found = who.records.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.clone()),
        (None, _) => {
            let theirs: Vec<String> =
                who.records.iter().map(|it| format!("`{}` of `{}`", it.key, it.source)).collect();
            Err(AppError::new(Exit::Usage, format!("they have no record `{record}`"))
                .hint(format!("theirs: {}", theirs.join(", "))))
        }
        (Some(_), Some(_)) => {
            Err(AppError::new(Exit::Usage, format!("several sources have their record `{record}`"))
                .hint("name one with `--source`"))
        }
    }
}

fn told(error: UnionError) -> AppError {
    let why = match error {
        UnionError::Store(error) => return error.into(),
        UnionError::Cannot(why) => why,
    };
    let hint = match &why {
        CannotRearrange::Same => "there is nothing to do",
        CannotRearrange::BothHave { .. } => {
            "close one of them there and let it be deleted, or give it back with `lanyard account \
             release`; then merge"
        }
        CannotRearrange::Ejected(_) => "take that back first: `lanyard eject WHO --undo`",
        CannotRearrange::Held { .. } => {
            "`lanyard hold release` ends it; hold whoever stays under a name of its own first"
        }
        CannotRearrange::HasRequest { .. } => {
            "`lanyard request remove` takes it back first; ask again for who stays"
        }
        CannotRearrange::InWorkflow { .. } => "`lanyard workflow cancel` ends that first",
        CannotRearrange::NoRecord => "`lanyard identity show` lists their records",
        CannotRearrange::Last => "whoever has one record cannot be two",
        CannotRearrange::First => "split their other records off instead",
        CannotRearrange::Taken => "`lanyard identity list` shows who that is",
    };
    AppError::new(Exit::Usage, why).hint(hint)
}
