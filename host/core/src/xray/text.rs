//! What was found, as text for a terminal.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::{
    AccountXray, Class, Flag, Owner, Person, Recognised, TargetXray, UNSEEN, Unseen, Xray,
};
use crate::{diff::one_line, id::ConnectorName};

/// The widest a column of names gets.
const WIDEST: usize = 40;

/// A heading and, per target, how many.
type Column = (&'static str, Box<dyn Fn(&TargetXray) -> usize>);

impl Xray {
    /// A summary first, then every account that is not simply ours, with
    /// commands to paste.  Ends with a line break.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _infallible = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "as of {:.0}; nothing was written anywhere\n", self.at)?;
        let columns: [Column; 6] = [
            ("accounts", Box::new(|it| it.accounts.len())),
            ("mine", Box::new(|it| it.of(Class::Mine).count())),
            ("sure", Box::new(|it| it.of(Class::Sure).count())),
            ("ask", Box::new(|it| it.of(Class::Ask).count())),
            ("orphan", Box::new(|it| it.of(Class::Orphan).count())),
            ("service", Box::new(|it| it.of(Class::Service).count())),
        ];
        self.table(text, &columns)?;
        text.push('\n');
        let flags = Flag::ALL.map(|flag| -> Column {
            (flag.word(), Box::new(move |it: &TargetXray| it.flagged(flag).count()))
        });
        self.table(text, &flags)?;
        self.readings(text)?;
        for target in &self.targets {
            target.write(text)?;
        }
        self.write_without(text)?;
        self.next(text)
    }

    fn table(&self, text: &mut String, columns: &[Column]) -> fmt::Result {
        let names = self.targets.iter().map(|it| it.target.as_str().chars().count());
        let width = names.max().unwrap_or_default();
        write!(text, "{:width$}", "")?;
        for (heading, _) in columns {
            write!(text, "  {heading:>6}")?;
        }
        text.push('\n');
        for target in &self.targets {
            write!(text, "{:width$}", target.target.as_str())?;
            for (heading, count) in columns {
                let count = format!("{}{}", count(target), if target.whole { "" } else { "+" });
                write!(text, "  {count:>0$}", heading.len().max(6))?;
            }
            text.push('\n');
        }
        Ok(())
    }

    /// What was not read, or not wholly, and what that means.
    fn readings(&self, text: &mut String) -> fmt::Result {
        text.push('\n');
        for target in self.targets.iter().filter(|it| !it.whole) {
            writeln!(
                text,
                "+ means at least: {} was not read wholly ({})",
                target.target,
                one_line(&listed(&target.left_out))
            )?;
        }
        for source in &self.sources {
            let people = counted(source.records, "record", "records");
            let part = if source.whole {
                String::new()
            } else {
                let left_out = listed(&source.left_out);
                format!(
                    ", not read wholly ({}): an orphan may be of somebody it left out",
                    one_line(&left_out)
                )
            };
            writeln!(text, "source {}: {people}{part}", source.source)?;
        }
        if self.unclear() > 0 {
            writeln!(
                text,
                "{} not disabled, of somebody of whom nobody can tell whether they have left",
                counted(self.unclear(), "account is", "accounts are")
            )?;
        }
        for unread in &self.not_read {
            let what = if unread.is_source {
                "an orphan may be of somebody there"
            } else {
                "nothing is said of it"
            };
            writeln!(text, "{} could not be read, {what}: {}", unread.name, one_line(&unread.why))?;
        }
        Ok(())
    }

    fn write_without(&self, text: &mut String) -> fmt::Result {
        if !self.unseen.is_empty() {
            writeln!(text, "\n{UNSEEN} ({})", self.unseen.len())?;
        }
        for unseen in &self.unseen {
            writeln!(text, "  {}", unseen.told())?;
        }
        if self.without_account.is_empty() {
            return Ok(());
        }
        writeln!(
            text,
            "\nwork here, without an account at any target that was read ({})",
            self.without_account.len()
        )?;
        for person in &self.without_account {
            writeln!(text, "  {}", person.called())?;
        }
        Ok(())
    }

    /// What to do next.
    fn next(&self, text: &mut String) -> fmt::Result {
        let mut steps = Vec::new();
        for target in &self.targets {
            if target.recognised == Recognised::Likeness
                && let Some(attribute) = target.telling()
            {
                steps.push(format!(
                    "say by what accounts at {0} are surely somebody's, for example:\n    \
                     [target.{0}.account]\n    match = {{ sure = [[{1}]] }}",
                    target.target,
                    quoted(attribute)
                ));
            }
            let (adopted, ungiven): (Vec<_>, Vec<_>) =
                target.of(Class::Sure).partition(|it| it.adopted_next);
            if !ungiven.is_empty() {
                steps.push(format!(
                    "write rules that give accounts at {}: {} there that is sure is given by none, \
                     and what is adopted and not given is closed",
                    target.target,
                    counted(ungiven.len(), "account", "accounts"),
                ));
            }
            if !adopted.is_empty() {
                let adopt = format!("lanyard account adopt {} --sure", target.target);
                steps.push(format!("adopt what is sure:\n    lanyard plan\n    {adopt}"));
            }
        }
        if steps.is_empty() {
            return Ok(());
        }
        text.push_str("\nnext\n");
        steps.iter().try_for_each(|step| writeln!(text, "  {step}"))
    }
}

impl Unseen {
    /// "Ada Example (1001, active): crm"
    pub fn told(&self) -> String {
        let targets: Vec<&str> = self.targets.iter().map(ConnectorName::as_str).collect();
        format!("{}: {}", self.person.called(), targets.join(", "))
    }
}

impl TargetXray {
    fn write(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "\n{}", self.target)?;
        let widths = self.accounts.iter().map(|it| one_line(&it.name).chars().count());
        let width = widths.max().unwrap_or_default().min(WIDEST);
        for flag in Flag::ALL {
            let found: Vec<&AccountXray> = self.flagged(flag).collect();
            if !found.is_empty() {
                writeln!(text, "  {} ({}): {}", flag.word(), found.len(), flag.meaning())?;
            }
            for account in found {
                account.line(text, width, account.class.word())?;
            }
        }
        for class in [Class::Sure, Class::Ask, Class::Orphan, Class::Service] {
            let found: Vec<&AccountXray> = self.of(class).collect();
            if !found.is_empty() {
                writeln!(text, "  {} ({}): {}", class.word(), found.len(), class.meaning())?;
            }
            for account in found {
                account.line(text, width, "")?;
                if class == Class::Ask {
                    self.commands(text, account)?;
                }
            }
        }
        Ok(())
    }

    fn commands(&self, text: &mut String, account: &AccountXray) -> fmt::Result {
        account.owners.iter().try_for_each(|owner| {
            let command = self.adopt(account, owner);
            writeln!(text, "      {command}")
        })
    }

    /// The command that makes an account somebody's.
    pub fn adopt(&self, account: &AccountXray, owner: &Owner) -> String {
        let id = owner.person.identity;
        format!("lanyard account adopt {} {} --identity {id}", self.target, shell(&account.uid))
    }

    /// The attribute by which most accounts are like one person alone, of
    /// those that are nobody else's as well.
    fn telling(&self) -> Option<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for account in self.of(Class::Ask) {
            let [owner] = account.owners.as_slice() else { continue };
            let attribute = owner.matched.as_deref().and_then(|it| it.strip_prefix("attribute "));
            if let Some(name) = attribute.filter(|name| self.telling.contains(*name)) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let most =
            counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
        most.map(|(attribute, _)| attribute)
    }
}

impl AccountXray {
    fn line(&self, text: &mut String, width: usize, class: &str) -> fmt::Result {
        let name = one_line(&self.name);
        let mut line = format!("    {name:width$}  {:<8}", self.state.word());
        if !class.is_empty() {
            write!(line, "  {class:<7}")?;
        }
        for part in self.parts() {
            write!(line, "  {}", one_line(&part))?;
        }
        writeln!(text, "{}", line.trim_end())
    }

    /// What there is to say of it, besides its name, state and class.
    pub fn parts(&self) -> Vec<String> {
        let used = self.last_used.map(|at| format!("last used {at:.0}"));
        let holds =
            (!self.privileged.is_empty()).then(|| format!("holds {}", listed(&self.privileged)));
        let owners = self.owners.iter().map(Owner::told);
        owners.chain(used).chain(holds).collect()
    }
}

impl Owner {
    /// "Ada Example (1001, departed) by attribute mail"
    pub fn told(&self) -> String {
        let by = self.matched.as_ref().map(|it| format!(" by {it}")).unwrap_or_default();
        let doubt = self.doubt.as_ref().map(|it| format!(", but {it}")).unwrap_or_default();
        format!("{}{by}{doubt}", self.person.called())
    }
}

impl Person {
    /// "Ada Example (1001, active)"
    pub fn called(&self) -> String {
        format!("{} ({}, {})", one_line(&self.label), one_line(&self.key), self.state)
    }
}

impl Class {
    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Mine => "somebody's, and managed",
            Self::Sure => "surely somebody's, and not managed yet",
            Self::Ask => "may be somebody's; a person has to say",
            Self::Orphan => "like nobody who is known",
            Self::Service => "no person's, says the file",
        }
    }
}

impl Flag {
    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LeftButActive => "whose it is or may be has left, and it is not disabled",
            Self::OwnerlessAdmin => "holds something privileged, and is surely nobody's",
            Self::Dormant => "not disabled, and not used for long",
            Self::SecondAccount => "whose it is or may be has another one there",
            Self::DisabledWithGrants => "disabled, and holds entitlements all the same",
        }
    }
}

fn listed(texts: &[String]) -> String {
    if texts.is_empty() { "it does not say why".to_owned() } else { texts.join("; ") }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// As TOML has it.
fn quoted(text: &str) -> String {
    let escaped = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// As one word of a shell, whatever is in it.
fn shell(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "@%+=:,./_-".contains(it);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    if matches!(one_line(text), Cow::Owned(_)) {
        return in_octal(text);
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A word of a shell in which nothing is but what can be seen: a line break
/// would begin another command, or a line that nobody said.
fn in_octal(text: &str) -> String {
    let mut word = "$'".to_owned();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'@' | b'.' | b'_' | b'-' => {
                word.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _infallible = write!(word, "\\{other:03o}");
            }
        }
    }
    word.push('\'');
    word
}
