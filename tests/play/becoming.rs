//! What becomes of the systems of a firm, by hand or by mishap.

use std::collections::BTreeMap;

use crate::{script::table, stage::Stage, system, xray};

impl Stage {
    /// `hr says:`, `crm has:`, `crm is down`, …
    pub(crate) fn system(&self, name: &str, words: &[&str], block: &str) -> Result<(), String> {
        let firm = self.firm()?;
        if let Some(component) = firm.components.get(name) {
            return component.becomes(words);
        }
        let system = firm
            .sources
            .get(name)
            .or_else(|| firm.targets.get(name))
            .ok_or_else(|| format!("`{name}` is no system of the firm, and no verb"))?;
        let mut inner = system.inner();
        match words {
            ["says"] => {
                (inner.accounts, inner.again) = Default::default();
                for record in table(block)?.into_iter().map(system::record) {
                    let key = record.reference.uid.clone();
                    let again = inner.accounts.insert(key, record);
                    inner.again.extend(again);
                }
                let names = inner
                    .accounts
                    .values()
                    .flat_map(|it| it.attributes.iter().map(|attribute| attribute.name.clone()))
                    .collect();
                inner.attributes = names;
            }
            ["has"] => {
                for row in table(block)? {
                    has(&mut inner, row)?;
                }
            }
            ["forgets", name] => inner.by_name(name)?.last_used = None,
            ["last", "saw", name, "on", day] => xray::saw(&mut inner, name, day)?,
            ["is", "down"] => inner.down = true,
            ["is", "up"] => inner.down = false,
            ["lies"] => inner.lies = true,
            ["is", "honest"] => inner.lies = false,
            ["is", "cut", "short"] => inner.cut_short = true,
            ["is", "whole"] => inner.cut_short = false,
            ["can", ..]
            | ["breaks", "off"]
            | ["refuses"]
            | ["takes", "its", "time"]
            | ["answers", "again"] => {
                inner.keys.becomes(words)?;
            }
            ["makes", attribute, text, "of", name] => {
                let made = system::attribute_of(attribute, text);
                inner.by_name(name)?.attributes.push(made);
                inner.attributes.insert((*attribute).to_owned());
            }
            ["is", "another", "system"] => inner.accounts.clear(),
            ["promises", effect] => {
                inner.promised.insert(system::effect(effect)?);
            }
            ["confuses", one, other] => inner.confuse(one, other)?,
            ["deletes", name] => inner.delete_by_hand(name)?,
            ["loses", group] => inner.lose(group),
            ["restores", name] => inner.restore_by_hand(name)?,
            ["puts", name, "into", group] => inner.put_by_hand(name, group)?,
            ["sets", name, state] => inner.by_name(name)?.state = system::account_state(state)?,
            other if inner.temper.becomes(other)? => {}
            other => return Err(format!("`{name}` cannot `{}`", other.join(" "))),
        }
        Ok(())
    }
}

/// An account somebody made by hand: `name`, `state`, `groups`, attributes.
fn has(inner: &mut system::Inner, row: Vec<(String, String)>) -> Result<(), String> {
    let mut cells: BTreeMap<String, String> = row.into_iter().collect();
    let name = cells.remove("name").ok_or("an account needs a column `name`")?;
    let state =
        system::account_state(&cells.remove("state").unwrap_or_else(|| "active".to_owned()))?;
    let groups = cells.remove("groups").unwrap_or_default();
    let account = inner.add(&name, state);
    account.state = state;
    let uid = account.reference.uid.clone();
    account.attributes = cells
        .into_iter()
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| system::attribute_of(&name, &cell))
        .collect();
    let names = account.attributes.iter().map(|attribute| attribute.name.clone());
    let names: Vec<String> = names.collect();
    inner.attributes.extend(names);
    for group in groups.split(',').map(str::trim).filter(|group| !group.is_empty()) {
        inner.groups.insert(group.to_owned());
        inner.held.insert((uid.clone(), group.to_owned()));
    }
    Ok(())
}
