//! The application's people and groups, and its own rules about them.

use std::collections::BTreeMap;

use hyper::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{answer::Problem, filter::Filter, patch, schemas};

pub(super) type Resource = Map<String, Value>;

/// Everything the application keeps.  Resources are held as they are
/// answered, without `groups`, which is derived.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Model {
    /// How often each name was made: an id follows from the name alone,
    /// whatever came in between, and none comes twice.
    made: BTreeMap<String, u64>,
    users: BTreeMap<String, Resource>,
    groups: BTreeMap<String, Resource>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The attribute by which people know it, and which is unique.
    fn name_attribute(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }
}

impl Model {
    pub(super) fn all(&self, kind: Kind, filter: Option<&Filter>) -> Vec<Resource> {
        self.of(kind)
            .values()
            .map(|resource| self.shown(kind, resource))
            .filter(|resource| filter.is_none_or(|filter| filter.matches(resource)))
            .collect()
    }

    pub(super) fn get(&self, kind: Kind, id: &str) -> Result<Resource, Problem> {
        let resource = self.of(kind).get(id).ok_or_else(|| Problem::missing(id))?;
        Ok(self.shown(kind, resource))
    }

    pub(super) fn create(
        &mut self,
        kind: Kind,
        sent: &Resource,
        now: Timestamp,
    ) -> Result<Resource, Problem> {
        let mut resource = self.accepted(kind, sent, None)?;
        let id = self.new_id(kind, &resource);
        resource.insert("id".into(), id.clone().into());
        resource.insert("meta".into(), meta(kind, &id, now, now, 1));
        self.of_mut(kind).insert(id, resource.clone());
        Ok(self.shown(kind, &resource))
    }

    fn new_id(&mut self, kind: Kind, resource: &Resource) -> String {
        let called = resource.get(kind.name_attribute()).and_then(Value::as_str).unwrap_or("");
        let name = format!("demo-crm/{}/{}", kind.name(), called.to_lowercase());
        let times = self.made.entry(name.clone()).or_default();
        *times += 1;
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{name}/{times}").as_bytes()).to_string()
    }

    pub(super) fn replace(
        &mut self,
        kind: Kind,
        id: &str,
        sent: &Resource,
        now: Timestamp,
    ) -> Result<Resource, Problem> {
        let old = self.of(kind).get(id).ok_or_else(|| Problem::missing(id))?;
        let mut resource = self.accepted(kind, sent, Some(id))?;
        let old_meta = old.get("meta").cloned().unwrap_or_default();
        let same = |a: &Resource, b: &Resource| {
            let strip = |r: &Resource| {
                let mut r = r.clone();
                r.remove("meta");
                r.remove("id");
                r
            };
            strip(a) == strip(b)
        };
        resource.insert("id".into(), id.into());
        if same(old, &resource) {
            resource.insert("meta".into(), old_meta);
        } else {
            let version = version(old) + 1;
            let created = old_meta
                .get("created")
                .and_then(Value::as_str)
                .and_then(|text| text.parse().ok())
                .unwrap_or(now);
            resource.insert("meta".into(), meta(kind, id, created, now, version));
            self.of_mut(kind).insert(id.to_owned(), resource.clone());
        }
        Ok(self.shown(kind, &resource))
    }

    pub(super) fn patch(
        &mut self,
        kind: Kind,
        id: &str,
        request: &Resource,
        now: Timestamp,
    ) -> Result<Resource, Problem> {
        let mut changed = self.of(kind).get(id).ok_or_else(|| Problem::missing(id))?.clone();
        patch::apply(&mut changed, request)?;
        self.replace(kind, id, &changed, now)
    }

    pub(super) fn delete(&mut self, kind: Kind, id: &str, now: Timestamp) -> Result<(), Problem> {
        self.of_mut(kind).remove(id).ok_or_else(|| Problem::missing(id))?;
        for (group_id, group) in &mut self.groups {
            let next = version(group) + 1;
            let Some(Value::Array(members)) = group.get_mut("members") else { continue };
            let before = members.len();
            members.retain(|member| member_id(member) != Some(id));
            if members.len() < before {
                group.insert("meta".into(), meta(Kind::Group, group_id, now, now, next));
            }
        }
        Ok(())
    }

    /// Whether the person may sign in: known and active.
    pub(super) fn may_sign_in(&self, user_name: &str) -> bool {
        self.users.values().any(|user| {
            named(user, "userName", user_name) && user.get("active") == Some(&Value::Bool(true))
        })
    }

    /// Makes a group unless one has that name.
    pub(super) fn ensure_group(&mut self, name: &str, now: Timestamp) -> Result<(), Problem> {
        if self.groups.values().any(|group| named(group, "displayName", name)) {
            return Ok(());
        }
        let sent = Map::from_iter([("displayName".to_owned(), Value::from(name))]);
        self.create(Kind::Group, &sent, now).map(drop)
    }

    fn of(&self, kind: Kind) -> &BTreeMap<String, Resource> {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut BTreeMap<String, Resource> {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    fn shown(&self, kind: Kind, resource: &Resource) -> Resource {
        let mut shown = resource.clone();
        if kind == Kind::User
            && let Some(id) = resource.get("id").and_then(Value::as_str)
        {
            let groups: Vec<Value> = self
                .groups
                .values()
                .filter(|group| members(group).any(|member| member_id(member) == Some(id)))
                .map(|group| json!({"value": group.get("id"), "display": group.get("displayName")}))
                .collect();
            if !groups.is_empty() {
                shown.insert("groups".into(), groups.into());
            }
        }
        shown
    }

    /// What is kept of what was sent: known attributes, in their own types.
    fn accepted(
        &self,
        kind: Kind,
        sent: &Resource,
        own_id: Option<&str>,
    ) -> Result<Resource, Problem> {
        let mut kept = Map::new();
        for name in schemas::kept(kind) {
            let found = sent.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            if let Some((_, value)) = found
                && !value.is_null()
                && value.as_array().is_none_or(|items| !items.is_empty())
            {
                kept.insert((*name).to_owned(), value.clone());
            }
        }
        kept.insert("schemas".into(), schemas::of_resource(kind, &kept));
        let attribute = kind.name_attribute();
        let name = kept.get(attribute).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if name.is_empty() {
            return Err(Problem::bad("invalidValue", format!("`{attribute}` is required")));
        }
        let taken = self
            .of(kind)
            .iter()
            .any(|(id, other)| Some(id.as_str()) != own_id && named(other, attribute, name));
        if taken {
            return Err(Problem::taken(format!("`{attribute}` `{name}` is taken")));
        }
        match kind {
            Kind::User => accept_active(&mut kept)?,
            Kind::Group => self.accept_members(&kept)?,
        }
        Ok(kept)
    }

    fn accept_members(&self, group: &Resource) -> Result<(), Problem> {
        for member in members(group) {
            let id = member_id(member).unwrap_or_default();
            if !self.users.contains_key(id) {
                return Err(Problem::bad("invalidValue", format!("no user `{id}`")));
            }
        }
        Ok(())
    }
}

/// `active` is true unless it is sent; some clients send it as text.
fn accept_active(user: &mut Resource) -> Result<(), Problem> {
    let active = match user.get("active") {
        None => true,
        Some(Value::Bool(active)) => *active,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => true,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => false,
        Some(other) => {
            return Err(Problem::bad("invalidValue", format!("`active` cannot be `{other}`")));
        }
    };
    user.insert("active".into(), active.into());
    Ok(())
}

fn members(group: &Resource) -> impl Iterator<Item = &Value> {
    group.get("members").and_then(Value::as_array).into_iter().flatten()
}

fn member_id(member: &Value) -> Option<&str> {
    member.get("value").and_then(Value::as_str)
}

fn named(resource: &Resource, attribute: &str, name: &str) -> bool {
    resource
        .get(attribute)
        .and_then(Value::as_str)
        .is_some_and(|found| found.to_lowercase() == name.to_lowercase())
}

fn meta(kind: Kind, id: &str, created: Timestamp, changed: Timestamp, version: u64) -> Value {
    json!({
        "resourceType": kind.name(),
        "created": created.to_string(),
        "lastModified": changed.to_string(),
        "location": format!("{}/{id}", kind.path()),
        "version": format!("W/\"{version}\""),
    })
}

/// The entity tag of a resource, as it is sent.
pub(super) fn entity_tag(resource: &Resource) -> String {
    resource
        .get("meta")
        .and_then(|meta| meta.get("version"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn version(resource: &Resource) -> u64 {
    entity_tag(resource).trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
}

/// Refuses a change whose `If-Match` names another version.
pub(super) fn check_version(resource: &Resource, if_match: Option<&str>) -> Result<(), Problem> {
    let own = entity_tag(resource);
    match if_match {
        None | Some("*") => Ok(()),
        Some(wanted) if wanted.split(',').any(|tag| tag.trim() == own) => Ok(()),
        Some(wanted) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            format!("the resource is at {own}, not at {wanted}"),
        )),
    }
}
