//! SCIM PATCH: `add`, `replace` and `remove`, with and without a path.

use serde_json::{Map, Value};

use super::{answer::Problem, filter::Filter, model::Resource};

/// Applies all operations of a request, or refuses it as a whole.
pub(super) fn apply(resource: &mut Resource, request: &Resource) -> Result<(), Problem> {
    let operations = request
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("operations"))
        .and_then(|(_, value)| value.as_array())
        .ok_or_else(|| Problem::bad("invalidSyntax", "a PATCH needs a list of `Operations`"))?;
    for operation in operations {
        let text = |name: &str| operation.get(name).and_then(Value::as_str);
        let verb = match text("op").unwrap_or_default().to_ascii_lowercase().as_str() {
            "add" => Verb::Add,
            "replace" => Verb::Replace,
            "remove" => Verb::Remove,
            other => return Err(Problem::bad("invalidSyntax", format!("no operation `{other}`"))),
        };
        let value = operation.get("value");
        match text("path").filter(|path| !path.is_empty()) {
            Some(path) => at_path(resource, verb, &Path::parse(path)?, value)?,
            None => without_path(resource, verb, value)?,
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// `urn:…:User:department`, `name.givenName`, `emails[type eq "work"].value`.
struct Path {
    /// The extension it lies in.
    extension: Option<String>,
    attribute: Option<String>,
    filter: Option<Filter>,
    sub: Option<String>,
}

impl Path {
    fn parse(text: &str) -> Result<Self, Problem> {
        let (front, filter, back) = match text.split_once('[') {
            Some((front, rest)) => {
                let (inner, back) = rest.rsplit_once(']').ok_or_else(|| no_path(text))?;
                (front, Some(Filter::parse(inner)?), back.strip_prefix('.'))
            }
            None => (text, None, None),
        };
        let (extension, name) = split_extension(front);
        let (attribute, sub) = match name.split_once('.') {
            Some((attribute, sub)) => (attribute, Some(sub)),
            None => (name, back),
        };
        if attribute.is_empty() && extension.is_none() {
            return Err(no_path(text));
        }
        Ok(Self {
            extension,
            attribute: Some(attribute.to_owned()).filter(|name| !name.is_empty()),
            filter,
            sub: sub.map(str::to_owned),
        })
    }
}

/// An extension's name contains a version with a dot, and so `User` ends it.
fn split_extension(path: &str) -> (Option<String>, &str) {
    const EXTENSION: &str = super::schemas::ENTERPRISE;
    match path.get(..EXTENSION.len()) {
        Some(start) if start.eq_ignore_ascii_case(EXTENSION) => {
            let rest = path.get(EXTENSION.len()..).unwrap_or_default();
            (Some(EXTENSION.to_owned()), rest.strip_prefix(':').unwrap_or(rest))
        }
        _ if path.to_ascii_lowercase().starts_with("urn:") => {
            (None, path.rsplit(':').next().unwrap_or(path))
        }
        _ => (None, path),
    }
}

fn without_path(resource: &mut Resource, verb: Verb, value: Option<&Value>) -> Result<(), Problem> {
    let Some(Value::Object(values)) = value else {
        return Err(Problem::bad("noTarget", "an operation without a path needs an object"));
    };
    if verb == Verb::Remove {
        return Err(Problem::bad("noTarget", "`remove` needs a path"));
    }
    for (name, value) in values {
        at_path(resource, verb, &Path::parse(name)?, Some(value))?;
    }
    Ok(())
}

fn at_path(
    resource: &mut Resource,
    verb: Verb,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Problem> {
    if verb != Verb::Remove && value.is_none() {
        return Err(Problem::bad("invalidValue", "the operation has no value"));
    }
    let Some(urn) = &path.extension else {
        let attribute = path.attribute.as_deref().unwrap_or_default();
        return at_attribute(resource, verb, attribute, path, value);
    };
    let inner = resource.entry(urn.clone()).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(inner) = inner else { return Err(no_path(urn)) };
    match (&path.attribute, value) {
        (Some(attribute), value) => at_attribute(inner, verb, attribute, path, value)?,
        (None, Some(Value::Object(values))) if verb != Verb::Remove => {
            inner.extend(values.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        (None, _) if verb == Verb::Remove => inner.clear(),
        (None, _) => return Err(no_path(urn)),
    }
    if inner.is_empty() {
        resource.remove(urn);
    }
    Ok(())
}

fn at_attribute(
    object: &mut Resource,
    verb: Verb,
    attribute: &str,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Problem> {
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(attribute))
        .cloned()
        .unwrap_or_else(|| attribute.to_owned());
    if let Some(filter) = &path.filter {
        return at_filtered(object, verb, &key, filter, path.sub.as_deref(), value);
    }
    if let Some(sub) = &path.sub {
        let inner = object.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else { return Err(no_path(&key)) };
        set(inner, verb, sub, value);
        if inner.is_empty() {
            object.remove(&key);
        }
        return Ok(());
    }
    // `remove` with a list takes those members away, as some clients ask.
    if let (Verb::Remove, Some(value), Some(Value::Array(items))) =
        (verb, value, object.get_mut(&key))
    {
        let gone = as_list(value);
        items.retain(|item| !gone.iter().any(|g| same_item(g, item)));
        return Ok(());
    }
    set(object, verb, &key, value);
    Ok(())
}

fn set(object: &mut Resource, verb: Verb, key: &str, value: Option<&Value>) {
    match (verb, value, object.get_mut(key)) {
        (Verb::Remove, ..) | (_, None, _) => {
            object.remove(key);
        }
        (Verb::Add, Some(value), Some(Value::Array(items))) => {
            for new in as_list(value) {
                if !items.iter().any(|item| same_item(&new, item)) {
                    items.push(new);
                }
            }
        }
        (_, Some(Value::Object(new)), Some(Value::Object(old))) => {
            old.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        (_, Some(value), _) => {
            object.insert(key.to_owned(), value.clone());
        }
    }
}

fn at_filtered(
    object: &mut Resource,
    verb: Verb,
    key: &str,
    filter: &Filter,
    sub: Option<&str>,
    value: Option<&Value>,
) -> Result<(), Problem> {
    let fits = |item: &Value| item.as_object().is_some_and(|object| filter.matches(object));
    let Some(Value::Array(items)) = object.get_mut(key) else {
        // Taking away what is not there is done already.
        return if verb == Verb::Remove { Ok(()) } else { Err(no_target(key)) };
    };
    if verb == Verb::Remove && sub.is_none() {
        items.retain(|item| !fits(item));
        return Ok(());
    }
    let mut found = false;
    for item in items.iter_mut().filter(|item| fits(item)) {
        found = true;
        let Value::Object(item) = item else { continue };
        match (sub, value) {
            (Some(sub), value) => set(item, verb, sub, value),
            (None, Some(Value::Object(new))) => {
                item.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            (None, _) => return Err(no_target(key)),
        }
    }
    if found || verb == Verb::Remove { Ok(()) } else { Err(no_target(key)) }
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

/// Items of a list are the same when their `value` is.
fn same_item(left: &Value, right: &Value) -> bool {
    match (left.get("value"), right.get("value")) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn no_path(path: &str) -> Problem {
    Problem::bad("invalidPath", format!("cannot follow the path `{path}`"))
}

fn no_target(path: &str) -> Problem {
    Problem::bad("noTarget", format!("nothing at `{path}` fits"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(resource: Value, operation: &Value) -> Result<Value, Problem> {
        let Value::Object(mut resource) = resource else { panic!("not an object") };
        let request = json!({"Operations": [operation]});
        apply(&mut resource, request.as_object().unwrap())?;
        Ok(Value::Object(resource))
    }

    #[test]
    fn members_are_added_once_and_removed_by_filter_or_by_list() {
        let group = json!({"members": [{"value": "a"}]});
        let add =
            json!({"op": "Add", "path": "members", "value": [{"value": "a"}, {"value": "b"}]});
        let group = patched(group, &add).unwrap();
        assert_eq!(group, json!({"members": [{"value": "a"}, {"value": "b"}]}));
        let remove = json!({"op": "remove", "path": "members[value eq \"a\"]"});
        let group = patched(group, &remove).unwrap();
        assert_eq!(group, json!({"members": [{"value": "b"}]}));
        let remove = json!({"op": "remove", "path": "members", "value": [{"value": "b"}]});
        assert_eq!(patched(group, &remove).unwrap(), json!({"members": []}));
    }

    #[test]
    fn a_part_of_an_attribute_changes_alone() {
        let user = json!({"name": {"givenName": "Ada", "familyName": "Example"}});
        let operation = json!({"op": "replace", "path": "name.familyName", "value": "Muster"});
        let user = patched(user, &operation).unwrap();
        assert_eq!(user, json!({"name": {"givenName": "Ada", "familyName": "Muster"}}));
    }

    #[test]
    fn extensions_have_dots_in_their_names() {
        let urn = super::super::schemas::ENTERPRISE;
        let operation = json!({"op": "add", "path": format!("{urn}:department"), "value": "Sales"});
        let user = patched(json!({}), &operation).unwrap();
        assert_eq!(user, json!({urn: {"department": "Sales"}}));
        let operation = json!({"op": "remove", "path": format!("{urn}:department")});
        assert_eq!(patched(user, &operation).unwrap(), json!({}));
    }

    #[test]
    fn one_of_several_values_is_found_by_filter() {
        let user =
            json!({"emails": [{"type": "work", "value": "a"}, {"type": "home", "value": "b"}]});
        let operation =
            json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "c"});
        let user = patched(user, &operation).unwrap();
        assert_eq!(
            user,
            json!({"emails": [{"type": "work", "value": "c"}, {"type": "home", "value": "b"}]})
        );
        let operation =
            json!({"op": "replace", "path": "emails[type eq \"fax\"].value", "value": "c"});
        assert!(patched(user, &operation).is_err());
    }

    #[test]
    fn a_replace_without_a_path_sets_what_it_names() {
        let operation =
            json!({"op": "Replace", "value": {"active": false, "name.givenName": "Bo"}});
        let user = patched(json!({"active": true}), &operation).unwrap();
        assert_eq!(user, json!({"active": false, "name": {"givenName": "Bo"}}));
    }
}
