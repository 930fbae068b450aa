//! What became of what was asked for.

use super::Asking;
use crate::{access::Side, id::RoleName, request::Request};

impl Asking<'_> {
    /// The latest request for what `is` says, where it gives nothing.
    pub(super) fn requested(&self, is: &dyn Fn(&Side) -> bool) -> Option<String> {
        let now = &self.person.access.requests;
        let wanted = |it: &&Request| self.asks(&it.access, is, &mut Vec::new());
        let open = now.open.iter().filter(|it| wanted(&&it.request)).next_back();
        if let Some(open) = open {
            let waits = open.waits.as_ref()?;
            return Some(format!("request {} for it does not give it: {waits}", open.request.id));
        }
        let before = self.world.observed.kept.requests.get(&self.identity.id);
        let ended = before.into_iter().flatten().chain(&now.ended).filter(wanted);
        let latest = ended.filter_map(|it| Some((it, it.ended.as_ref()?))).max_by_key(|it| it.1.at);
        latest.map(|(request, ended)| {
            let id = &request.id;
            format!("request {id} for it ended {:.0}: {}", ended.at, ended.how)
        })
    }

    /// Whether access is what `is` says, or a role that brings it.
    fn asks<'s>(
        &'s self,
        access: &Side,
        is: &dyn Fn(&Side) -> bool,
        seen: &mut Vec<&'s RoleName>,
    ) -> bool {
        if is(access) {
            return true;
        }
        let Side::Role(name) = access else { return false };
        let roles = &self.world.policy.access.roles;
        let Some((name, role)) = roles.get_key_value(name) else { return false };
        if seen.contains(&name) {
            return false;
        }
        seen.push(name);
        let grants = role.grants.iter().any(|(target, templates)| {
            templates
                .iter()
                .filter_map(|it| self.rendered(it).ok())
                .any(|entitlement| is(&Side::Entitlement { target: target.clone(), entitlement }))
        });
        grants || role.includes.iter().any(|it| self.asks(&Side::Role(it.clone()), is, seen))
    }
}
