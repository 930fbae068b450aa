//! Changes of one user, as PATCH operations or on the whole document.

use lanyard_sdk::prelude::*;
use serde_json::{Value as Json, json};

use crate::{
    filter,
    user::{CORE, ENTERPRISE, Field, item},
};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The body of a PATCH.
pub(crate) fn body(operations: &[Json]) -> Json {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// PATCH operations of one change.  The whole list is replaced only where
/// the host says what the whole list is.
pub(crate) fn operations(name: &str, change: &Change) -> Result<Vec<Json>, Error> {
    let field = Field::named(name);
    let path = field.path();
    match change {
        Change::Replace(values) => Ok(vec![match field.json(values)? {
            Some(value) => json!({ "op": "replace", "path": path, "value": value }),
            None => json!({ "op": "remove", "path": path }),
        }]),
        Change::Modify(change) if field.multi => {
            let mut operations = Vec::new();
            for value in &change.remove {
                let text = text_of(&field, value)?;
                let path = format!("{path}[{}]", filter::equals("value", &text));
                operations.push(json!({ "op": "remove", "path": path }));
            }
            if !change.add.is_empty() {
                let items = change
                    .add
                    .iter()
                    .map(|value| text_of(&field, value).map(|text| item(&text, false)))
                    .collect::<Result<Vec<_>, _>>()?;
                operations.push(json!({ "op": "add", "path": path, "value": items }));
            }
            Ok(operations)
        }
        // A single value: what is added stands, and what is only removed goes.
        Change::Modify(change) => operations(name, &Change::Replace(change.add.clone())),
    }
}

fn text_of(field: &Field<'_>, value: &Value) -> Result<String, Error> {
    value
        .as_text()
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Error::invalid_value(field.name, "bytes are no text"))
}

/// The same change on a whole document, for PUT.
pub(crate) fn edit(user: &mut Json, name: &str, change: &Change) -> Result<(), Error> {
    let field = Field::named(name);
    let after = match change {
        Change::Modify(_) if field.multi => {
            let present: Vec<_> = field.texts(user).into_iter().map(Value::Text).collect();
            change.apply(&present)
        }
        Change::Modify(change) => change.add.clone(),
        Change::Replace(values) => values.clone(),
    };
    // Entries that stay keep their type and their primary mark.
    let kept = field.read(user).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut value = field.json(&after)?;
    if let Some(Json::Array(items)) = &mut value {
        for item in items {
            if let Some(old) = kept.iter().find(|old| old.get("value") == item.get("value")) {
                *item = old.clone();
            }
        }
    }
    field.write(user, value);
    name_schemas(user);
    Ok(())
}

/// `schemas` names the extension exactly when the document has it.
pub(crate) fn name_schemas(user: &mut Json) {
    let extended = user.get(ENTERPRISE).is_some();
    let mut schemas = match user.get_mut("schemas").map(Json::take) {
        Some(Json::Array(schemas)) if !schemas.is_empty() => schemas,
        _ => vec![json!(CORE)],
    };
    if extended && !schemas.contains(&json!(ENTERPRISE)) {
        schemas.push(json!(ENTERPRISE));
    }
    Field::named("schemas").write(user, Some(Json::Array(schemas)));
}
