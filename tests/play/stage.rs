//! Where a scenario plays: a firm's file, its simulated systems, a store and
//! a clock that stands where the scenario puts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use lanyard::{
    config::Config,
    connector::Connectors,
    reconcile::{self, Context, ReconcileError, Settling, Survey},
    store::{Store, sqlite::SqliteStore},
};
use lanyard_core::{explain::explain, guard::FindingKind, identity::key};
use tokio::runtime::Runtime;

use crate::{
    agreed,
    answers::{chain, columns, plain, shown},
    asked, cases,
    components::Carrier,
    demand, erasures, file, history, keys, lives, owed, pace,
    people::{self, MailRoom},
    requests, reviewed,
    script::Statement,
    system::System,
    xray,
};

/// A firm with everything around it.
pub(crate) struct Firm {
    pub(crate) context: Context,
    pub(crate) sources: BTreeMap<String, Arc<System>>,
    pub(crate) targets: BTreeMap<String, Arc<System>>,
    pub(crate) components: BTreeMap<String, Arc<Carrier>>,
}

pub(crate) struct Stage {
    folder: tempfile::TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<Mutex<Timestamp>>,
    mail: Arc<MailRoom>,
    pub(crate) firm: Option<Firm>,
    /// Files are expanded before they are loaded.
    expanded: bool,
}

/// What a statement answers, or why it cannot be played.
type Played = Result<Option<String>, String>;

impl Stage {
    /// With `expanded`, every file is taken as `lanyard expand` prints it.
    pub(crate) fn new(expanded: bool) -> Result<Self, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let folder = tempfile::tempdir().map_err(|error| said(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| said(&error))?;
        let store = SqliteStore::open_exclusive(&folder.path().join("lanyard.db"))
            .map_err(|error| said(&error))?;
        Ok(Self {
            folder,
            runtime,
            store: Arc::new(store),
            clock: Arc::new(Mutex::new(Timestamp::UNIX_EPOCH)),
            mail: Arc::default(),
            firm: None,
            expanded,
        })
    }

    pub(crate) fn play(&mut self, statement: &Statement) -> Played {
        let words: Vec<&str> = statement.text.split_whitespace().collect();
        let said = self.spoken(&words).or_else(|| self.owed(&words));
        let said = said.or_else(|| self.recorded(&words));
        said.unwrap_or_else(|| self.happens(statement, &words))
    }

    /// What people say, or are told.
    fn spoken(&self, words: &[&str]) -> Option<Played> {
        Some(match words {
            ["mail"] => {
                self.firm().map(|firm| Some(keys::hidden(&self.mail.taken(), &firm.targets)))
            }
            ["mail", words @ ..] => self.mail.becomes(words).map(|()| None),
            ["approvals"] => self.said(people::approvals).map(Some),
            ["cases"] => self.said(cases::list).map(Some),
            ["erase", who] => {
                self.said(|context, now| erasures::erase(context, who, now)).map(Some)
            }
            ["erased"] => self.said(erasures::list).map(Some),
            ["login", "names", "of", "the", "erased"] => self.said(erasures::names).map(Some),
            ["the", "store", "speaks", "of", words @ ..] => {
                erasures::speaks_of(self.folder.path(), &words.join(" ")).map(Some)
            }
            [verb @ ("decide" | "reopen"), said @ ..] => {
                let decides = *verb == "decide";
                self.said(|context, now| cases::say(context, decides, said, now)).map(Some)
            }
            ["run", "workflow", name, "for", who] => {
                let begun = (*name, *who);
                self.said(|context, now| demand::run(context, begun, now)).map(|()| None)
            }
            ["cancel", "workflow", name, "for", who] => {
                let left = (*name, *who);
                self.said(|context, now| demand::cancel(context, left, now)).map(|()| None)
            }
            ["merge", one, "and", other] => {
                self.said(|context, now| cases::merge(context, (one, other), now)).map(Some)
            }
            ["split", record, "of", source, "from", who] => {
                let record = (*record, *source);
                self.said(|context, now| cases::split(context, who, record, now)).map(Some)
            }
            [_, "approves" | "denies", "the", "plan"]
            | ["ask", "about", "the", "plan", "again"]
            | ["undo", "the", "last", "run", ..] => self
                .said(async |context, now| {
                    agreed::say(context, words, now).await.unwrap_or_else(|| Ok(String::new()))
                })
                .map(Some),
            ["review", name, "is", "cancelled"] => {
                self.said(|context, now| reviewed::cancelled(context, name, now)).map(Some)
            }
            ["review", name] => {
                self.said(|context, now| reviewed::shown(context, name, now)).map(Some)
            }
            [user, verb @ ("keeps" | "revokes"), what, "of", whom] => {
                let said = (*user, *verb == "revokes", *what, *whom);
                self.said(|context, now| reviewed::decides(context, said, now)).map(Some)
            }
            [user, "approves", who] => self.answered(user, true, who).map(Some),
            [user, "denies", who] => self.answered(user, false, who).map(Some),
            ["xray"] => self.said(xray::shown).map(Some),
            ["requests"] => self.said(requests::requests).map(Some),
            [user, "asks", "for", access, "for", whom, "until", until] => {
                let wish = (*user, *access, *whom, *until);
                self.said(|context, now| requests::asks(context, wish, now)).map(Some)
            }
            ["take", "back", access, "from", whom] => {
                let what = (*access, *whom);
                self.said(|context, now| requests::taken_back(context, what, now)).map(Some)
            }
            ["say", what, workflow, who, step] => {
                let said = [*what, *workflow, *who, *step];
                self.said(|context, now| people::says(context, said, now)).map(Some)
            }
            _ => return None,
        })
    }

    fn happens(&mut self, statement: &Statement, words: &[&str]) -> Played {
        let block = statement.block.as_str();
        match words {
            ["firm"] => self.found(block).map(|()| None),
            ["example", name] => self.found(&file::example(name)?).map(|()| None),
            ["on", moment @ ..] => {
                let now = self.put_clock(&moment.join(" "))?;
                self.runtime.block_on(lives::looked(self.store.as_ref(), now)).map(|()| None)
            }
            ["the", "clock", "jumps", "to", moment @ ..] => {
                self.put_clock(&moment.join(" ")).map(|_now| None)
            }
            ["plan"] => self.plan().map(Some),
            ["apply"] => self.apply(&BTreeSet::new()).map(Some),
            ["apply", "releasing", kind] => self.apply(&[finding(kind)?].into()).map(Some),
            ["accounts"] => self.accounts().map(Some),
            ["people"] => self.people().map(Some),
            ["explain", who] => self.explain(who).map(Some),
            ["why", ..] | ["simulate", "until", _] => {
                let survey = self.look(Settling::Looking)?;
                self.said(|context, now| asked::answer(context, survey, words, now)).map(Some)
            }
            ["leaver", who] | ["receipt", "of", who] => {
                let survey = self.look(Settling::Looking)?;
                let asked = (*who, words.len() > 2);
                self.said(|context, now| owed::left(context, survey, asked, now)).map(Some)
            }
            ["ended", "at", name] => Ok(Some(self.target(name)?.inner().keys.taken())),
            ["done", "by", name] => match self.firm()?.components.get(*name) {
                Some(component) => Ok(Some(component.taken())),
                None => Err(format!("there is no component `{name}`")),
            },
            ["show", who, "at", at] => self.shown(who, Some(at), None).map(Some),
            ["show", who, "as", "known", known] => self.shown(who, None, Some(known)).map(Some),
            ["show", who, "at", at, "as", "known", known] => {
                self.shown(who, Some(at), Some(known)).map(Some)
            }
            ["groups", "at", target, groups @ ..] => {
                let groups = groups.iter().map(|group| group.trim_end_matches(',').to_owned());
                self.target(target)?.inner().groups.extend(groups);
                Ok(None)
            }
            ["writes", "to", name] => Ok(Some(self.target(name)?.inner().temper.taken())),
            ["halt", reason @ ..] => self.halt(reason).map(|()| None),
            ["resume"] => self.resume().map(|()| None),
            [name, rest @ ..] => {
                let now = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
                match self.runtime.block_on(lives::order(self.store.as_ref(), words, now)) {
                    Some(ordered) => ordered.map(|()| None),
                    None => self.system(name, rest, block).map(|()| None),
                }
            }
            [] => Err("an empty statement".to_owned()),
        }
    }

    fn shown(&self, who: &str, at: Option<&str>, known: Option<&str>) -> Result<String, String> {
        self.said(|context, now| history::show(context, (who, at, known), now))
    }

    fn answered(&self, user: &str, yes: bool, who: &str) -> Result<String, String> {
        self.said(|context, now| people::answers(context, (user, yes, who), now))
    }

    pub(crate) fn said<'s, A, T: Future<Output = Result<A, String>>>(
        &'s self,
        say: impl FnOnce(&'s Context, Timestamp) -> T,
    ) -> Result<A, String> {
        let now = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        self.runtime.block_on(say(&self.firm()?.context, now))
    }

    pub(crate) fn firm(&self) -> Result<&Firm, String> {
        self.firm.as_ref().ok_or_else(|| "there is no `firm:` yet".to_owned())
    }

    fn target(&self, name: &str) -> Result<&Arc<System>, String> {
        let firm = self.firm()?;
        firm.targets.get(name).ok_or_else(|| format!("there is no target `{name}`"))
    }

    /// Reads a firm's file; systems and store stay when there was one before.
    fn found(&mut self, file: &str) -> Result<(), String> {
        let config = file::configured(self.folder.path(), file, self.expanded)?;
        let (mut sources, mut targets, mut components) = match self.firm.take() {
            Some(firm) => (firm.sources, firm.targets, firm.components),
            None => Default::default(),
        };
        let clock = Arc::clone(&self.clock);
        let Config { mut policy, digest, connectors: written, .. } = config;
        let definitions = self.runtime.block_on(self.store.definitions());
        policy.keep_versions(&definitions.map_err(|error| error.to_string())?);
        let mut connectors = Connectors::default();
        for name in policy.sources.keys().chain(policy.tables.keys()) {
            let system = sources.entry(name.to_string());
            let system = system.or_insert_with(|| Arc::new(System::source()));
            let attached = pace::attached(Arc::clone(system), written.get(name), &self.clock);
            connectors.sources.insert(name.clone(), attached);
        }
        for (name, target) in &policy.targets {
            let system = targets.entry(name.to_string());
            let system = system.or_insert_with(|| Arc::new(System::target()));
            system.inner().attributes.extend(target.attributes.keys().cloned());
            let attached = pace::attached(Arc::clone(system), written.get(name), &self.clock);
            connectors.targets.insert(name.clone(), attached);
        }
        for name in policy.steps.components.keys() {
            let component = Arc::clone(components.entry(name.to_string()).or_default());
            connectors.components.insert(name.clone(), component);
        }
        let context = Context {
            policy: Arc::new(policy),
            config: digest,
            store: Arc::clone(&self.store),
            connectors,
            messenger: Arc::<MailRoom>::clone(&self.mail),
            actor: "operator".to_owned(),
            stop: self.stop(),
            clock: pace::clock(&clock),
        };
        self.firm = Some(Firm { context, sources, targets, components });
        Ok(())
    }

    /// `2026-06-01` (midnight) or `2026-06-01 17:30`, in the firm's time zone.
    fn put_clock(&self, moment: &str) -> Result<Timestamp, String> {
        let zone = self.firm.as_ref().map(|firm| firm.context.policy.lifecycle.timezone.clone());
        let at = moment
            .replace(' ', "T")
            .parse::<DateTime>()
            .and_then(|at| at.to_zoned(zone.unwrap_or(TimeZone::UTC)))
            .map_err(|error| format!("`{moment}` is no moment: {error}"))?
            .timestamp();
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = at;
        Ok(at)
    }

    /// Settles and looks, as every command does.
    pub(crate) fn look(&self, settling: Settling) -> Result<Result<Survey, String>, String> {
        let context = &self.firm()?.context;
        self.runtime.block_on(async {
            match reconcile::settle(context, settling).await {
                Ok(_) => {}
                Err(error @ ReconcileError::Halted(_)) => return Ok(Err(chain(&error))),
                Err(error) => return Err(error.to_string()),
            }
            Ok(reconcile::survey(context).await.map_err(|error| chain(&error)))
        })
    }

    fn plan(&self) -> Result<String, String> {
        Ok(match self.look(Settling::Looking)? {
            Ok(survey) => {
                let context = &self.firm()?.context;
                let words = reconcile::words(context, &survey.stored.plan);
                shown(&survey, &self.runtime.block_on(words))
            }
            Err(error) => format!("error: {error}\n"),
        })
    }

    fn accounts(&self) -> Result<String, String> {
        let firm = self.firm()?;
        let mut rows = Vec::new();
        for (target, system) in &firm.targets {
            let inner = system.inner();
            for account in inner.accounts.values() {
                let uid = &account.reference.uid;
                let groups: Vec<&str> = inner
                    .held
                    .iter()
                    .filter(|(holder, _)| holder == uid)
                    .map(|(_, group)| group.as_str())
                    .collect();
                rows.push([
                    target.clone(),
                    account.name.clone(),
                    account.state.word().to_owned(),
                    groups.join(", "),
                ]);
            }
        }
        rows.sort();
        Ok(if rows.is_empty() { "none\n".to_owned() } else { columns(&rows) })
    }

    fn people(&self) -> Result<String, String> {
        let survey = match self.look(Settling::Looking)? {
            Ok(survey) => survey,
            Err(error) => return Ok(format!("error: {error}\n")),
        };
        let rows: Vec<[String; 4]> = survey
            .assembled
            .identities
            .iter()
            .filter_map(|identity| {
                let desired = survey.desired.identities.get(&identity.id)?;
                let state = desired.state.state.word().to_owned();
                let because = match desired.holds.first() {
                    Some(hold) => format!("HELD: {hold}"),
                    None => desired.state.because.clone(),
                };
                Some([key(identity).to_owned(), desired.label.clone(), state, because])
            })
            .collect();
        let mut rows = rows;
        rows.sort();
        Ok(if rows.is_empty() { "nobody\n".to_owned() } else { plain(&columns(&rows)) })
    }

    fn explain(&self, who: &str) -> Result<String, String> {
        let survey = match self.look(Settling::Looking)? {
            Ok(survey) => survey,
            Err(error) => return Ok(format!("error: {error}\n")),
        };
        let identity = survey
            .assembled
            .identities
            .iter()
            .find(|identity| identity.records.iter().any(|record| record.key == who))
            .ok_or_else(|| format!("nobody has the key `{who}`"))?;
        let desired = survey.desired.identities.get(&identity.id);
        let desired = desired.ok_or_else(|| format!("nothing is desired of `{who}`"))?;
        let owed = self.runtime.block_on(owed::of(self.store.as_ref(), identity.id))?;
        let now = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(plain(&explain(identity, desired, &survey.observed, (&owed, now))))
    }
}

fn finding(word: &str) -> Result<FindingKind, String> {
    FindingKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word && kind.releasable())
        .ok_or_else(|| format!("`{word}` is no finding that can be released"))
}
