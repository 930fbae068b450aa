//! Facts that decide the state and that a source stopped to give to anybody.

use super::{
    read::Read,
    record::{made_of, plain_name},
};
use crate::{fact::Fact, id::FactName, policy::Policy};

/// What is wrong with a source that gave a record the fact `name`, and gives
/// it none now; nothing when only this record was changed.
///
/// Without its `end` or `status` somebody who left would count as active, so
/// a column that is missing, or empty from top to bottom, is never taken for
/// what the source means.  A cell that was emptied while others have a value
/// is.  A file that no longer makes the fact of anything is a decision, too.
pub(super) fn vanished(
    policy: &Policy,
    read: &Read<'_>,
    name: &FactName,
    old: &[Fact],
) -> Option<String> {
    let decides = match name.as_str() {
        "start" | "end" => true,
        "status" => !policy.lifecycle.status.is_empty(),
        _ => false,
    };
    let (source, settings) = read.source;
    let behind = made_of(settings, name).filter(|_| decides)?;
    let before: Vec<&str> = old.iter().flat_map(|it| &it.from).map(String::as_str).collect();
    let there =
        |attribute: &str| read.attributes.keys().any(|it| plain_name(it) == plain_name(attribute));
    let lost: Vec<&str> = before.iter().copied().filter(|it| behind(it) && !there(it)).collect();
    let valued = read.attributes.iter().any(|(attribute, valued)| *valued && behind(attribute));
    if lost.is_empty() && valued {
        return None;
    }
    let (what, of) = if lost.is_empty() { ("a value in ", before) } else { ("", lost) };
    let of: Vec<String> = of.into_iter().map(|attribute| format!("`{attribute}`")).collect();
    Some(format!(
        "source `{source}`: no record has {what}{} any more, which the fact `{name}` was made of; \
         bring it back, or leave `{name}` out of the source's `facts`",
        of.join(" or ")
    ))
}
