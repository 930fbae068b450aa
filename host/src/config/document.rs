//! The parsed document, kept so that every error finds its line and column.
//!
//! Types stay free of positions: whoever reports an error names the place by
//! its key path, and the place is looked up here.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// One step of a key path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A key path, from the top of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<Step>);

impl Place {
    pub(super) fn of<const N: usize>(keys: [&str; N]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
    }

    pub(super) fn key(&self, key: impl AsRef<str>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.as_ref().to_owned()));
        Self(steps)
    }

    pub(super) fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    pub(super) fn parent(&self) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        Self(steps)
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it belongs to what stands by itself: one connector, or the key
    /// that signs.
    pub(super) fn is_of_one_alone(&self) -> bool {
        ["source", "target", "component", "signing"].iter().any(|table| self.is_in(table))
    }

    /// Whether it is a table at the top of the file, or within it.
    pub(super) fn is_in(&self, table: &str) -> bool {
        matches!(self.0.first(), Some(Step::Key(first)) if first == table)
    }

    /// The last key on the path.
    pub(super) fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Where in the tree an error's byte range belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// A document from which broken entries can be taken out, one by one, so that
/// the rest can be read.
#[derive(Debug, Clone)]
pub(super) struct Document<'i> {
    /// As written: says what exists, even if it is broken.
    whole: DeTable<'i>,
    /// Without the broken entries; array positions are those of the read
    /// values.
    sound: Spanned<DeTable<'i>>,
}

impl<'i> Document<'i> {
    /// What could be read, and the syntax errors.
    pub(super) fn parse(text: &'i str) -> (Self, Vec<toml::de::Error>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        (Self { whole: table.get_ref().clone(), sound: table }, errors)
    }

    pub(super) fn sound(&self) -> Spanned<DeTable<'i>> {
        self.sound.clone()
    }

    pub(super) fn whole(&self) -> &DeTable<'i> {
        &self.whole
    }

    /// Is there something at `place` in the file, sound or not?
    pub(super) fn has(&self, place: &Place) -> bool {
        find(&self.whole, &place.0).is_some()
    }

    pub(super) fn is_table(&self, place: &Place) -> bool {
        find(&self.whole, &place.0).is_some_and(|(_, value)| value.get_ref().is_table())
    }

    /// The keys of the table at `place` in the file.
    pub(super) fn keys(&self, place: &Place) -> Vec<&str> {
        let table = if place.is_root() {
            Some(&self.whole)
        } else {
            find(&self.whole, &place.0).and_then(|(_, value)| value.get_ref().as_table())
        };
        table
            .map_or_else(Vec::new, |table| table.keys().map(|key| key.get_ref().as_ref()).collect())
    }

    /// Bytes of the key (or of the value) at `place`; an array element has no
    /// key of its own and gives its value.
    pub(super) fn range(&self, place: &Place, part: Part) -> Option<Range<usize>> {
        let (key, value) =
            find(self.sound.get_ref(), &place.0).or_else(|| find(&self.whole, &place.0))?;
        Some(match (part, key) {
            (Part::Key, Some(key)) => key,
            _ => value.span(),
        })
    }

    /// Bytes of every single value at or under `place`.
    pub(super) fn values(&self, place: &Place) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if let Some((_, value)) = find(&self.whole, &place.0) {
            super::mask::values(value, &mut found);
        }
        found
    }

    /// What stands at exactly (or else most closely around) these bytes.
    pub(super) fn at(&self, range: &Range<usize>) -> Option<(Place, Part)> {
        let mut search = Search { range, exact: None, around: None };
        search.table(self.sound.get_ref(), &Place::default());
        search.exact.or(search.around)
    }

    /// Takes the entry at `place` out; false when there is none.
    pub(super) fn take_out(&mut self, place: &Place) -> bool {
        take_from_table(self.sound.get_mut(), &place.0)
    }
}

fn take_from_table(table: &mut DeTable<'_>, steps: &[Step]) -> bool {
    match steps {
        [Step::Key(key)] => table.remove(key.as_str()).is_some(),
        [Step::Key(key), rest @ ..] => {
            table.get_mut(key.as_str()).is_some_and(|next| take_from_value(next.get_mut(), rest))
        }
        _ => false,
    }
}

fn take_from_value(value: &mut DeValue<'_>, steps: &[Step]) -> bool {
    match (value, steps) {
        (DeValue::Table(table), steps) => take_from_table(table, steps),
        (DeValue::Array(items), [Step::Index(index)]) if *index < items.len() => {
            *items = items
                .iter()
                .enumerate()
                .filter(|(at, _)| at != index)
                .map(|(_, item)| item.clone())
                .collect();
            true
        }
        (DeValue::Array(items), [Step::Index(index), rest @ ..]) => {
            items.get_mut(*index).is_some_and(|next| take_from_value(next.get_mut(), rest))
        }
        _ => false,
    }
}

type Found<'t, 'i> = (Option<Range<usize>>, &'t Spanned<DeValue<'i>>);

fn find<'t, 'i>(table: &'t DeTable<'i>, steps: &[Step]) -> Option<Found<'t, 'i>> {
    let (first, rest) = steps.split_first()?;
    let Step::Key(first) = first else { return None };
    let (key, value) = table.get_key_value(first.as_str())?;
    let mut found: Found<'t, 'i> = (Some(key.span()), value);
    for step in rest {
        found = match (step, found.1.get_ref()) {
            (Step::Key(name), DeValue::Table(inner)) => {
                let (key, value) = inner.get_key_value(name.as_str())?;
                (Some(key.span()), value)
            }
            (Step::Index(index), DeValue::Array(items)) => (None, items.get(*index)?),
            _ => return None,
        };
    }
    Some(found)
}

struct Search<'r> {
    range: &'r Range<usize>,
    exact: Option<(Place, Part)>,
    around: Option<(Place, Part)>,
}

impl Search<'_> {
    fn table(&mut self, table: &DeTable<'_>, place: &Place) {
        for (key, value) in table {
            let place = place.key(key.get_ref());
            if key.span() == *self.range {
                self.exact = Some((place.clone(), Part::Key));
            }
            self.value(value, &place);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, place: &Place) {
        let span = value.span();
        if self.exact.is_none() && span == *self.range {
            self.exact = Some((place.clone(), Part::Value));
        }
        if span.start <= self.range.start && span.end >= self.range.end {
            // Deeper values come later and are closer.
            self.around = Some((place.clone(), Part::Value));
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, place),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &place.index(index));
                }
            }
            _ => {}
        }
    }
}
