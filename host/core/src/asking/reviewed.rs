//! What reviews asked about something, and what was said.

use super::{Asking, Detail};
use crate::{
    id::ConnectorName,
    review::{Item, Review},
    value::ObjectRef,
};

impl Asking<'_> {
    /// The latest answer about an entitlement of theirs, and who is asked
    /// about it now.
    pub(super) fn reviewed(&self, target: &ConnectorName, entitlement: &ObjectRef) -> Vec<Detail> {
        let about = |it: &&Item| {
            it.identity == self.identity.id
                && it.target == *target
                && it.entitlement == *entitlement
        };
        let reviews = self.world.observed.kept.reviews.iter();
        let items = reviews
            .flat_map(|review| review.items.iter().filter(about).map(move |item| (review, item)));
        let items: Vec<(&Review, &Item)> = items.collect();
        let answered =
            items.iter().filter_map(|(review, it)| Some((review, it.decision.as_ref()?)));
        let latest = answered.max_by_key(|(_, decision)| decision.at);
        let latest = latest.map(|(review, decision)| {
            let what = if decision.revoke { "took it" } else { "kept it" };
            let by = decision.by.as_deref().unwrap_or("nobody, whose silence says so");
            let reason = match decision.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            let (name, ordinal, at) = (&review.name, review.ordinal, decision.at);
            format!("review `{name}` ({ordinal}) {what}, by {by} at {at:.0}{reason}")
        });
        let open = items.iter().filter(|(_, it)| it.decision.is_none());
        let open = open.map(|(review, item)| {
            let asks = format!("review `{}` ({}) asks about it", review.name, review.ordinal);
            let Some(asked) = &item.asked else {
                return format!("{asks}, and nobody could be asked");
            };
            let people = &self.world.desired.identities;
            let names = asked.waits_for(self.world.now);
            let names = names.iter().filter_map(|id| Some(people.get(id)?.label.clone()));
            let names = names.collect::<Vec<_>>().join(" or ");
            format!("{asks}: {names}, until {:.0}", asked.expires)
        });
        latest.into_iter().chain(open).map(Detail::new).collect()
    }
}
