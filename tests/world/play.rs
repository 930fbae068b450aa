//! A world from its first day until nothing goes wrong any more and nothing
//! is left to do.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use jiff::{SignedDuration, Timestamp};
use lanyard::store::Upkeep as _;
use lanyard_core::id::IdentityId;

use crate::{
    air::{Air, Broken, Ending, Stops},
    disk::{self, Disk, now},
    feed::Feed,
    held::Holds,
    node::{self, Ended, Errand, Node, Systems, chain},
    oracle::{self, Known},
    post::Post,
    rng::Rng,
    schedule::{Mishap, Schedule},
    target::Target,
    throttle,
    truth::{self, Row, midnight},
    wrong::Wrong,
};

/// What came of a world.
pub(crate) struct Played {
    pub(crate) broken: Vec<Broken>,
    /// What went wrong in it, by kind, as it happened.
    pub(crate) counted: BTreeMap<String, u32>,
    pub(crate) log: Vec<String>,
    pub(crate) runs: u32,
}

pub(crate) struct World<'s> {
    pub(crate) schedule: &'s Schedule,
    pub(crate) systems: Systems,
    path: PathBuf,
    /// Kept open from one process to the next, where none crashed: who opens
    /// it again finds the same.
    disk: Option<Arc<Disk>>,
    wrong: Option<Wrong>,
    pub(crate) known: Known,
    rng: Rng,
    pub(crate) run: u32,
    /// Nothing goes wrong any more.
    is_calm: bool,
    pub(crate) skews: [i64; 2],
    _folder: tempfile::TempDir,
}

/// The id that somebody gets.
pub(crate) fn identity(key: &str) -> IdentityId {
    IdentityId::first_seen(&"hr".parse().unwrap(), key)
}

pub(crate) fn play(schedule: &Schedule, wrong: Option<Wrong>, logs: bool) -> Played {
    let mut world = World::new(schedule, wrong, logs);
    for day in 0..schedule.days {
        world.day(day);
        if world.is_over() {
            break;
        }
    }
    if !world.is_over() {
        world.calms_down();
    }
    let air = &world.systems.air;
    Played { broken: air.broken(), counted: air.counted(), log: air.log(), runs: world.run }
}

impl<'s> World<'s> {
    fn new(schedule: &'s Schedule, wrong: Option<Wrong>, logs: bool) -> Self {
        let folder = disk::folder();
        let path = folder.path().join("lanyard.db");
        disk::empty(&path);
        let air = Arc::new(Air::new(schedule, midnight(0), logs));
        let names: Vec<&str> = schedule.targets.iter().map(|kind| kind.name).collect();
        let targets = schedule.targets.iter();
        let targets = targets.map(|kind| Target::new(kind, schedule.seed, &air, wrong)).collect();
        let policy = node::policy(&names);
        let feed = Feed::new(&air);
        let post = Post::new(&air);
        Self {
            schedule,
            systems: Systems { air, feed, targets, post, policy },
            path,
            disk: None,
            wrong,
            known: Known::default(),
            rng: Rng::new(schedule.seed ^ 0xda15),
            run: 0,
            is_calm: false,
            skews: [0; 2],
            _folder: folder,
        }
    }

    fn is_over(&self) -> bool {
        !self.systems.air.broken().is_empty()
    }

    fn rows(&self, day: u32) -> Vec<Row> {
        self.schedule.people.iter().filter_map(|person| truth::row(person, day)).collect()
    }

    fn day(&mut self, day: u32) {
        let air = Arc::clone(&self.systems.air);
        air.becomes(midnight(i32::try_from(day).unwrap()));
        air.say(|| format!("--- day {day}"));
        let mishaps = &self.schedule.mishaps;
        let how = mishaps.iter().find_map(|it| match it {
            Mishap::Feed { day: on, how } if *on == day => Some(*how),
            _ => None,
        });
        self.systems.feed.has(self.rows(day), how);
        let dead = mishaps.iter().filter_map(|it| match it {
            Mishap::Dead { system, from, days } if (*from..from + days).contains(&day) => {
                Some(*system)
            }
            _ => None,
        });
        air.dies(dead.clone().inspect(|_| air.count("target dead for a day")).collect());
        for mishap in mishaps {
            self.happens(day, mishap);
        }
        let asleep = mishaps.iter().any(|it| match it {
            Mishap::Asleep { day: from, days } => (*from..from + days).contains(&day),
            _ => false,
        });
        if asleep {
            air.count("nobody ran it for a day");
            return;
        }
        let mut hour = self.rng.between(1, 8);
        while hour < 24 && !self.is_over() {
            let errand = if self.rng.percent(15) { Errand::Look } else { Errand::Apply };
            let at = midnight(i32::try_from(day).unwrap())
                .checked_add(SignedDuration::from_hours(i64::from(hour)))
                .unwrap();
            air.becomes(at);
            let node = usize::from(self.rng.percent(50));
            self.one_run(node, errand);
            // Somebody starts it again at once, or nobody looks until later.
            while self.disk.is_none() && self.rng.percent(60) && !self.is_over() {
                air.passes(i64::from(self.rng.between(1, 3_000)) * 1_000);
                let node = usize::from(self.rng.percent(50));
                self.one_run(node, Errand::Apply);
            }
            hour += self.rng.between(5, 14);
        }
    }

    fn endings(&self) -> Vec<Ending> {
        if self.is_calm {
            return Vec::new();
        }
        let here = self.schedule.mishaps.iter().filter_map(|mishap| match mishap {
            Mishap::Crash { run, write, before } if *run == self.run => {
                let how = if *before { Stops::Before } else { Stops::After };
                Some(Ending { write: *write, how })
            }
            Mishap::Pause { run, write, .. } if *run == self.run => {
                Some(Ending { write: *write, how: Stops::Pauses })
            }
            _ => None,
        });
        here.collect()
    }

    /// A process that ends where it is told to.
    pub(crate) fn begins(&mut self, endings: Vec<Ending>) -> Node {
        let air = &self.systems.air;
        air.begins(self.run, endings);
        let disk = self.disk.take();
        let disk = disk.unwrap_or_else(|| disk::open(&self.path, air, self.wrong).unwrap());
        self.disk = Some(Arc::clone(&disk));
        Node::over(&self.systems, disk)
    }

    /// A process of a node, from its beginning to its end, and what must hold
    /// after it.
    fn one_run(&mut self, node: usize, errand: Errand) -> bool {
        let air = Arc::clone(&self.systems.air);
        air.skew.store(self.skews[node], Ordering::SeqCst);
        let endings = self.endings();
        let process = self.begins(endings);
        air.say(|| format!("node {node} begins: {errand:?}"));
        let began = air.now();
        let ended = process.runs(errand, |paused| self.meanwhile(paused));
        self.known.shown(self.systems.feed.shown(), began);
        let idle = self.ended(&process, &ended, began);
        for broken in self.systems.targets.iter().filter_map(|it| throttle::judged(it)) {
            air.broke(broken.property, broken.text);
        }
        oracle::removals(self, began);
        if self.skews[node].abs() > A_JUMP {
            // Whoever looks after the machine sets it right.
            self.skews[node] = 0;
        }
        drop(process);
        if matches!(ended, Ended::Crashed) || self.rng.percent(10) {
            // Whoever comes next opens the file anew.
            self.disk = None;
        }
        self.run += 1;
        for target in &self.systems.targets {
            target.forgets_calls();
        }
        idle
    }

    /// Another process wants to work while one stands still.
    fn meanwhile(&self, paused: &Node) {
        let air = &self.systems.air;
        let minutes = self.schedule.mishaps.iter().find_map(|mishap| match mishap {
            Mishap::Pause { run, minutes, .. } if *run == self.run => Some(*minutes),
            _ => None,
        });
        air.passes(i64::from(minutes.unwrap_or(1)) * 60_000_000);
        if self.wrong == Some(Wrong::Unfenced) {
            air.ends_no_more();
            let other = Node::over(&self.systems, Arc::clone(&paused.disk));
            air.say(|| "another process begins beside it".to_owned());
            drop(other.runs(Errand::Apply, |_| {}));
            air.say(|| "the other process has ended".to_owned());
        } else if disk::open(&self.path, air, None).is_ok() {
            air.broke("P17 concurrency", "two processes have the store at once");
        }
        air.say(|| "the process goes on".to_owned());
    }

    /// Whether there was nothing left to do.
    fn ended(&mut self, process: &Node, ended: &Ended, began: Timestamp) -> bool {
        let air = Arc::clone(&self.systems.air);
        match ended {
            Ended::Crashed => {
                self.forget_readings();
                false
            }
            Ended::Refused(why) => {
                air.say(|| format!("ended: {why}"));
                if !why.contains("cannot read the source") && self.wrong != Some(Wrong::Unfenced) {
                    air.broke("a run ends by itself", why.clone());
                }
                self.forget_readings();
                false
            }
            Ended::Looked(survey) => {
                self.known.taken_in();
                oracle::closure(self, process, began);
                oracle::paging(self, process);
                survey.stored.plan.operations.is_empty()
            }
            Ended::Applied(survey, summary, undone) => {
                air.say(|| format!("ended: {summary:?}"));
                self.known.taken_in();
                oracle::closure(self, process, began);
                oracle::paging(self, process);
                oracle::linked(self, process, survey);
                oracle::apart(self, survey, undone);
                survey.stored.plan.operations.is_empty() && summary.is_clean()
            }
        }
    }

    fn forget_readings(&self) {
        for target in &self.systems.targets {
            drop(target.proven());
        }
    }

    /// Nothing goes wrong any more, a person releases what waits for one, and
    /// after some days nothing is left to do.
    fn calms_down(&mut self) {
        let air = Arc::clone(&self.systems.air);
        air.calm();
        self.is_calm = true;
        self.known.released(air.now());
        air.say(|| "--- nothing goes wrong any more".to_owned());
        self.skews = [0; 2];
        self.systems.feed.has(self.rows(self.schedule.days), None);
        let mut idle = 0;
        for target in &self.systems.targets {
            target.by_hand(Holds::give_back_names);
        }
        for _ in 0..MOST {
            self.says_what_became();
            // Whatever waits for the grace to be over waits no longer.
            air.passes(if idle > 0 { 80 } else { 25 } * 3_600 * 1_000_000);
            idle = if self.one_run(0, Errand::ApplyReleasing) { idle + 1 } else { 0 };
            if self.is_over() || idle == 2 {
                break;
            }
        }
        if self.is_over() {
            return;
        }
        if idle < 2 {
            air.broke("P1 convergence", format!("something is left to do after {MOST} runs"));
            return;
        }
        oracle::converged(self);
        let before: Vec<u32> = self.systems.targets.iter().map(|it| it.writes()).collect();
        self.one_run(1, Errand::Apply);
        let after: Vec<u32> = self.systems.targets.iter().map(|it| it.writes()).collect();
        if before != after {
            air.broke("P2 idempotent apply", "something is written where nothing is left to do");
        }
        self.verify();
    }

    /// The journal, the audit and the file are whole.
    fn verify(&mut self) {
        let air = Arc::clone(&self.systems.air);
        let node = self.begins(Vec::new());
        if let Err(error) = now(node.disk.verify_journal()) {
            air.broke("P23 replay", chain(&error));
        }
        match now(node.disk.verify_audit()) {
            Ok(Ok(_)) => {}
            Ok(Err(broken)) => air.broke("the audit holds", format!("{broken:?}")),
            Err(error) => air.broke("the audit holds", chain(&error)),
        }
        if let Err(error) = now(node.disk.verify_file()) {
            air.broke("the file holds", chain(&error));
        }
    }

    pub(crate) fn time(&self) -> Timestamp {
        self.systems.air.now()
    }
}

/// A clock that is wrong by more seconds than this is set right after a run:
/// one that stays so wrong is believed when nothing is due at the first look.
const A_JUMP: i64 = 3_600;

/// Runs after which nothing may be left: the largest firm loses all it has
/// within its limits, and a grace passes.
const MOST: u32 = 40;
