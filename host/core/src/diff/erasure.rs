//! Who is erased, and why.

use std::collections::BTreeMap;

use super::{Page, person};
use crate::{forgetting::PlannedErasure, id::IdentityId};

pub(super) fn lines(
    erasures: &[PlannedErasure],
    labels: &BTreeMap<IdentityId, String>,
    page: &mut Page,
) {
    for PlannedErasure { identity, causes, .. } in erasures {
        let who = person(labels, *identity);
        page.line(0, &format!("erases {who}: all that is known of them, for good"));
        for cause in causes {
            page.line(3, &format!("because {cause}"));
        }
    }
    if !erasures.is_empty() {
        page.gap();
    }
}
