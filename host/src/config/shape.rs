//! A connector's `config` against the JSON Schema its plugin gives.
//!
//! Of JSON Schema 2020-12: types, required and known keys, choices, bounds,
//! lists, alternatives and references within the schema.  What a schema says
//! beyond that is the connector's own to check.

use serde_json::{Map, Value};

use super::{
    document::{Part, Place},
    report::{ConfigError, nearest},
};

/// Deeper tables and references (a plugin could give some without end) are
/// the connector's own to check.
const MAX_DEPTH: u8 = 16;
/// Choices that are listed; a schema may have thousands.
const MOST_CHOICES: usize = 20;

/// Something that the schema does not allow.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) place: Place,
    pub(super) part: Part,
    pub(super) error: ConfigError,
    /// Nobody knows what the value was meant to be; perhaps a secret.
    pub(super) hide: bool,
}

impl Mistake {
    fn value(place: &Place, error: ConfigError) -> Self {
        Self { place: place.clone(), part: Part::Value, error, hide: false }
    }

    fn key(place: &Place, error: ConfigError) -> Self {
        Self { place: place.clone(), part: Part::Key, error, hide: false }
    }
}

/// Everything in `config`, which stands at `place`, that `schema` does not
/// allow.
pub(super) fn mistakes(schema: &Value, config: &Value, place: &Place) -> Vec<Mistake> {
    Checker { root: schema }.value(schema, config, place, MAX_DEPTH)
}

struct Checker<'s> {
    root: &'s Value,
}

impl Checker<'_> {
    fn value(&self, schema: &Value, value: &Value, place: &Place, depth: u8) -> Vec<Mistake> {
        let (Some(depth), Some(schema)) = (depth.checked_sub(1), schema.as_object()) else {
            return Vec::new();
        };
        if let Some(wrong) = wrong_type(schema, value) {
            let key = place.last_key().unwrap_or_default();
            let error = ConfigError::new(format!("wrong type for `{key}`"));
            return vec![Mistake::value(place, error.label(format!("expected {wrong}")))];
        }
        let mut found = Vec::new();
        if let Some(referred) = schema.get("$ref").and_then(|it| self.referred(it)) {
            found.extend(self.value(referred, value, place, depth));
        }
        for part in list(schema, "allOf") {
            found.extend(self.value(part, value, place, depth));
        }
        for alternatives in ["oneOf", "anyOf"] {
            found.extend(self.one_of(list(schema, alternatives), value, place, depth));
        }
        found.extend(choices(schema).and_then(|choices| no_choice(&choices, value, place)));
        found.extend(out_of_bounds(schema, value, place));
        match value {
            Value::Object(table) => found.extend(self.table(schema, table, place, depth)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = schema.get("items") {
                        found.extend(self.value(schema, item, &place.index(index), depth));
                    }
                }
            }
            _ => {}
        }
        found
    }

    /// `#/$defs/name`, within the schema.
    fn referred(&self, reference: &Value) -> Option<&Value> {
        self.root.pointer(reference.as_str()?.strip_prefix('#')?)
    }

    /// The alternative that fits, or the mistakes of the one that fits best.
    fn one_of(
        &self,
        alternatives: &[Value],
        value: &Value,
        place: &Place,
        depth: u8,
    ) -> Vec<Mistake> {
        let all = alternatives.iter().map(|it| it.as_object().and_then(choices));
        if let Some(choices) = all.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) {
            return no_choice(&choices.concat(), value, place).into_iter().collect();
        }
        let tried = alternatives.iter().map(|it| self.value(it, value, place, depth));
        tried.min_by_key(Vec::len).unwrap_or_default()
    }

    fn table(
        &self,
        schema: &Map<String, Value>,
        table: &Map<String, Value>,
        place: &Place,
        depth: u8,
    ) -> Vec<Mistake> {
        let nothing = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        let others = schema.get("additionalProperties");
        let mut found = Vec::new();
        let mut misspelt = Vec::new();
        for (key, value) in table {
            let place = place.key(key);
            let allowed = match (known.get(key), others) {
                (None, Some(Value::Bool(false))) => {
                    misspelt.extend(nearest(key, known.keys().map(String::as_str)));
                    found.push(unknown_key(key, known, &place));
                    None
                }
                (known, others) => known.or(others),
            };
            if let Some(schema) = allowed {
                found.extend(self.value(schema, value, &place, depth));
            }
        }
        let required = list(schema, "required").iter().filter_map(Value::as_str);
        for key in required.filter(|key| !table.contains_key(*key) && !misspelt.contains(key)) {
            let error = ConfigError::new(format!("`{place}` has no `{key}`"))
                .label(format!("`{key}` is needed here"));
            let about = known.get(key).and_then(|it| it.get("description")).and_then(Value::as_str);
            let error = match about {
                Some(about) => error.hint(format!("`{key}`: {about}")),
                None => error,
            };
            found.push(Mistake::key(place, error));
        }
        found
    }
}

fn unknown_key(key: &str, known: &Map<String, Value>, place: &Place) -> Mistake {
    let error = ConfigError::new(format!("unknown key `{key}`"))
        .label("the connector's `config` has no such key");
    let names = || known.keys().map(String::as_str);
    let error = match nearest(key, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.hint("the connector is configured by no key at all"),
        None => {
            let keys: Vec<&str> = names().take(MOST_CHOICES).collect();
            error.hint(format!("keys here: {}", keys.join(", ")))
        }
    };
    Mistake { hide: true, ..Mistake::key(place, error) }
}

fn list<'s>(schema: &'s Map<String, Value>, key: &str) -> &'s [Value] {
    schema.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What was expected, when the value is of none of the types.
fn wrong_type(schema: &Map<String, Value>, value: &Value) -> Option<String> {
    let types: Vec<&str> = match schema.get("type")? {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let fits = |wanted: &&str| match *wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        // Nothing in TOML is null; a type that does not exist is the schema's mistake.
        other => other != "null",
    };
    if types.is_empty() || types.iter().any(fits) {
        return None;
    }
    let words = types.into_iter().filter_map(|wanted| match wanted {
        "string" => Some("text"),
        "integer" => Some("a whole number"),
        "number" => Some("a number"),
        "boolean" => Some("`true` or `false`"),
        "array" => Some("a list"),
        "object" => Some("a table"),
        _ => None,
    });
    Some(words.collect::<Vec<_>>().join(" or "))
}

/// The only values allowed, if there are such.
fn choices(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only]);
    }
    schema.get("enum").and_then(Value::as_array).map(|all| all.iter().collect())
}

fn no_choice(choices: &[&Value], value: &Value, place: &Place) -> Option<Mistake> {
    if choices.contains(&value) {
        return None;
    }
    let word = |choice: &&Value| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned);
    let words: Vec<String> = choices.iter().take(MOST_CHOICES).map(word).collect();
    let listed: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    let key = place.last_key().unwrap_or_default();
    let error = ConfigError::new(format!("unknown choice for `{key}`"))
        .label(format!("expected {}", listed.join(" or ")));
    let known = words.iter().map(String::as_str);
    Some(Mistake::value(place, error.nearest(value.as_str().unwrap_or_default(), known)))
}

fn out_of_bounds(schema: &Map<String, Value>, value: &Value, place: &Place) -> Option<Mistake> {
    let bound = |key: &str| schema.get(key).filter(|it| it.is_number());
    let beyond = |least: &str, most: &str, measure: f64| {
        let (least, most) = (bound(least), bound(most));
        let number = |it: &Value| it.as_f64();
        let low = least.and_then(number).is_some_and(|least| measure < least);
        let high = most.and_then(number).is_some_and(|most| measure > most);
        (low || high).then(|| match (least, most) {
            (Some(least), Some(most)) if least == most => format!("of exactly {least}"),
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("of at least {least}"),
            (None, Some(most)) => format!("of at most {most}"),
            (None, None) => String::new(),
        })
    };
    let length = |length: usize| f64::from(u32::try_from(length).unwrap_or(u32::MAX));
    let needs = match value {
        Value::Number(number) => {
            let range = beyond("minimum", "maximum", number.as_f64()?)?;
            format!("needs a number {range}")
        }
        Value::String(text) => {
            match beyond("minLength", "maxLength", length(text.chars().count()))? {
                _ if text.is_empty() => "must not be empty".to_owned(),
                range => format!("needs a length {range}"),
            }
        }
        Value::Array(items) => {
            let range = beyond("minItems", "maxItems", length(items.len()))?;
            format!("needs a length {range}")
        }
        _ => return None,
    };
    let key = place.last_key().unwrap_or_default();
    Some(Mistake::value(place, ConfigError::new(format!("bad value for `{key}`")).label(needs)))
}
