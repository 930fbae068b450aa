//! Real servers: an HR file becomes accounts in slapd and scim2-server, and
//! the servers' own tools say whether it did.

mod first_look;
mod ldapsearch;
mod passwords;
pub(crate) mod postgres;
mod programs;
mod scim;
mod slapd;
mod staff;
mod tls;
mod world;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use insta::assert_snapshot;

use self::{
    scim::Scim,
    slapd::Slapd,
    staff::{Expected, Row},
    tls::Certificates,
    world::{Tls, World},
};

/// The result code of an LDAP sign-in that is refused.
const INVALID_CREDENTIALS: i32 = 49;

fn our_file() -> PathBuf {
    programs::root().join("tests/data/hris-like.csv")
}

/// Servers with a group for each title of the file, and the product on them.
fn world(file: &Path, certificates: Option<Certificates>) -> Option<World> {
    if !World::is_built() {
        return None;
    }
    let rows = staff::parse(&fs::read_to_string(file).unwrap());
    let mut groups: BTreeSet<String> = rows.iter().map(Row::job_group).collect();
    groups.extend(["staff", "contractors", "seniors"].map(str::to_owned));
    let groups: Vec<String> = groups.into_iter().collect();
    let scim = Scim::start(&["seniors"])?;
    let slapd = Slapd::start(&groups, certificates)?;
    Some(World::new(slapd, scim, file))
}

/// The people of one year, by their place in the file.
struct Cast {
    mover: usize,
    leaver: usize,
    removed: usize,
    /// Left before the first version of the file.
    former: usize,
    on_leave: usize,
}

impl Cast {
    fn of(rows: &[Row]) -> Self {
        let find = |what: &dyn Fn(&Row) -> bool| rows.iter().position(what).unwrap();
        let active = |row: &Row| row.is("Active");
        Self {
            mover: find(&|row| active(row) && row.is_employee() && !row.is_senior()),
            leaver: find(&|row| active(row) && row.is_senior()),
            removed: find(&|row| active(row) && !row.is_employee()),
            former: find(&|row| row.is("Former employee")),
            on_leave: find(&|row| row.is("Long-term leave")),
        }
    }
}

fn agrees(world: &World, expected: &Expected) {
    pretty(&world.directory(), &expected.directory());
    pretty(&world.crm(), &expected.crm());
}

/// Whole lists say little when they differ, so only differences are shown.
#[track_caller]
fn pretty(found: &[staff::Seen], expected: &[staff::Seen]) {
    let only = |these: &[staff::Seen], those: &[staff::Seen]| {
        these.iter().filter(|it| !those.contains(it)).cloned().collect::<Vec<_>>()
    };
    assert!(
        found == expected,
        "found but not expected: {:#?}\nexpected but not found: {:#?}\n{} found, {} expected",
        only(found, expected),
        only(expected, found),
        found.len(),
        expected.len()
    );
}

/// Through the file, an edited file, and a rehire.
fn a_year_with(file: &Path) {
    let Some(world) = world(file, None) else { return };
    let mut rows = staff::parse(&fs::read_to_string(file).unwrap());
    let cast = Cast::of(&rows);
    world.lanyard(&["check"]).ok();
    world.apply();
    let first = Expected::default().next(&rows);
    agrees(&world, &first);

    let directory = world.slapd.directory();
    let dn = |place: usize, rows: &[Row]| world.entry(&rows[place]).one("dn").to_owned();
    let (leaver, removed, mover) =
        (dn(cast.leaver, &rows), dn(cast.removed, &rows), dn(cast.mover, &rows));
    for person in [&leaver, &removed, &mover] {
        directory.set_password(person, "open-sesame");
        assert_eq!(directory.bind(person, "open-sesame"), 0, "{person}");
    }
    let key_of_leaver = world.entry(&rows[cast.leaver]).one("entryUUID").to_owned();

    // A mover, a leaver, somebody who vanishes, two who come back, a joiner.
    let before = rows.clone();
    let job = rows[cast.leaver].get("job").to_owned();
    rows[cast.mover].set("job", &job);
    rows[cast.leaver].set("status", "Former employee");
    rows[cast.former].set("status", "Active");
    rows[cast.on_leave].set("status", "Active");
    let place = before[cast.mover].clone();
    let joiner = Row::new([
        "7777",
        "Ada",
        "Example",
        "FTE",
        place.get("job"),
        "Active",
        place.get("locality"),
        place.get("country"),
    ]);
    rows.push(joiner.clone());
    let gone = rows.remove(cast.removed);
    world.write(&rows);
    let applied = world.apply();
    for event in ["joiner", "mover", "leaver"] {
        assert!(applied.out.contains(&format!("— {event}")), "no {event} in\n{}", applied.out);
    }
    let second = first.next(&rows);
    agrees(&world, &second);
    assert_eq!(directory.bind(&leaver, "open-sesame"), INVALID_CREDENTIALS);
    assert_eq!(directory.bind(&removed, "open-sesame"), INVALID_CREDENTIALS);
    assert_eq!(directory.bind(&mover, "open-sesame"), 0);
    for back in [&rows[cast.former], &rows[cast.on_leave], &joiner] {
        let dn = world.entry(back).one("dn").to_owned();
        directory.set_password(&dn, "good-morning");
        assert_eq!(directory.bind(&dn, "good-morning"), 0, "{dn}");
    }

    // The leaver and the one who vanished are back: the same accounts.
    let leaver_now = before[cast.leaver].get("empnum");
    let returned = rows.iter().position(|row| row.get("empnum") == leaver_now).unwrap();
    rows[returned].set("status", "Active");
    rows.push(gone);
    world.write(&rows);
    let applied = world.apply();
    assert!(applied.out.contains("— rehire"), "no rehire in\n{}", applied.out);
    agrees(&world, &second.next(&rows));
    assert_eq!(directory.bind(&leaver, "open-sesame"), 0);
    assert_eq!(directory.bind(&removed, "open-sesame"), 0);
    assert_eq!(world.entry(&rows[returned]).one("entryUUID"), key_of_leaver);
}

#[test]
fn a_file_of_ours_becomes_accounts_that_open_and_close() {
    a_year_with(&our_file());
}

#[test]
fn a_file_of_others_becomes_accounts_that_open_and_close() {
    let named = env::var_os("LANYARD_HRIS").map(PathBuf::from);
    let file = named.unwrap_or_else(|| programs::root().join("../shared/data/hris-demo.csv"));
    if file.is_file() {
        a_year_with(&file.canonicalize().unwrap());
    } else {
        // No server is missing, only a file that is not part of the project.
        programs::say(&format!("there is no `{}`", file.display()));
    }
}

#[test]
fn a_password_reset_that_opens_a_locked_account_is_noticed_and_undone() {
    let Some(world) = world(&our_file(), None) else { return };
    let rows = staff::parse(&fs::read_to_string(our_file()).unwrap());
    world.apply();
    let away = &rows[Cast::of(&rows).on_leave];
    let dn = world.entry(away).one("dn").to_owned();
    let directory = world.slapd.directory();
    // slapd takes the lock away together with the old password.
    directory.set_password(&dn, "forgotten");
    assert_eq!(directory.bind(&dn, "forgotten"), 0);
    let applied = world.apply();
    assert!(applied.lines("plan ").ends_with(": 1 operation (1 disable)"), "{}", applied.out);
    assert_eq!(directory.bind(&dn, "forgotten"), INVALID_CREDENTIALS);
    agrees(&world, &Expected::default().next(&rows));
}

#[test]
fn the_directory_is_reached_under_tls_from_its_own_authority_only() {
    let Some(certificates) = Certificates::make() else { return };
    let (ours, other) = (certificates.authority_file(), certificates.other_authority_file());
    let file = our_file();
    let Some(world) = world(&file, Some(certificates)) else { return };
    world.configure(&file, Tls::Start(&ours));
    world.lanyard(&["check"]).ok();
    world.apply();
    agrees(&world, &Expected::default().next(&staff::parse(&fs::read_to_string(&file).unwrap())));
    world.configure(&file, Tls::FromTheFirstByte(&ours));
    world.lanyard(&["check"]).ok();
    assert_eq!(world.lanyard(&["plan"]).ok().out, "nothing to do\n");

    world.configure(&file, Tls::Start(&other));
    let start_tls = world.lanyard(&["check"]);
    world.configure(&file, Tls::FromTheFirstByte(&other));
    let tls = world.lanyard(&["check"]);
    assert_eq!((start_tls.status, tls.status), (67, 67));
    assert_snapshot!(start_tls.lines("FAIL"), @"FAIL  directory: misconfigured: TLS with `127.0.0.1` failed: invalid peer certificate: UnknownIssuer; name the authority that signed its certificate as `ca` of the stream");
    assert_eq!(start_tls.lines("FAIL"), tls.lines("FAIL"));
}

#[test]
fn a_directory_without_tls_is_not_signed_in_to_in_the_clear() {
    let Some(certificates) = Certificates::make() else { return };
    let file = our_file();
    let Some(world) = world(&file, None) else { return };
    world.configure(&file, Tls::Start(&certificates.authority_file()));
    let check = world.lanyard(&["check"]);
    assert_eq!(check.status, 67);
    assert_snapshot!(check.lines("FAIL"), @"FAIL  directory: misconfigured: TLS with `127.0.0.1` failed: it offers no StartTLS (result 2: unsupported extended operation)");
}

#[test]
fn a_wrong_password_of_the_sign_in_is_told_and_nothing_is_planned_there() {
    let file = our_file();
    let Some(mut world) = world(&file, None) else { return };
    world.apply();
    world.sign_in_with("wrong");
    let check = world.lanyard(&["check"]);
    assert_eq!(check.status, 67);
    assert_snapshot!(check.lines("FAIL"), @"FAIL  directory: invalid-credentials: the sign-in was refused: result 49: the name or the password is wrong; its secret is wrong or expired: mend it where the file says it is read");
    let plan = world.lanyard(&["plan"]);
    assert_eq!(plan.status, 67, "{}", plan.out);
    assert_snapshot!(plan.error, @"
    warning: `directory` could not be read, so nothing is planned for it: the sign-in was refused: result 49: the name or the password is wrong (invalid-credentials)
      hint: its secret is wrong or expired: mend it where the file says it is read
    ");
    insta::with_settings!({ filters => vec![("plan [0-9a-f]+", "plan […]")] }, {
        assert_snapshot!(plan.out, @"
        not read, directory: it was not read, so nothing is planned there

        plan […]: nothing to do, 1 note
        ");
    });
}

#[test]
fn a_directory_that_shows_a_part_of_itself_has_lost_nobody() {
    let file = our_file();
    let Some(mut world) = world(&file, None) else { return };
    world.apply();
    let whole = (world.directory(), world.crm());
    world.slapd.limit(10);
    world.configure(&file, Tls::Off);
    let check = world.lanyard(&["check"]);
    assert_eq!(check.status, 67);
    assert_snapshot!(check.lines("FAIL"), @r#"
    FAIL  directory: people: only 10 were shown under `ou=people,dc=example,dc=org`; the server stopped at its size limit (result 4); allow the sign-in of the stream more, in slapd: `limits dn.exact="..." size=unlimited size.prtotal=unlimited`
    FAIL  directory: groups: only 10 were shown under `ou=groups,dc=example,dc=org`; the server stopped at its size limit (result 4); allow the sign-in of the stream more, in slapd: `limits dn.exact="..." size=unlimited size.prtotal=unlimited`
    "#);
    let plan = world.lanyard(&["plan"]).ok();
    assert!(plan.lines("plan ").contains(": nothing to do, "), "{}", plan.out);
    let other = |line: &&str| !line.is_empty() && !line.starts_with("not read, ");
    assert_eq!(plan.out.lines().filter(other).collect::<Vec<_>>(), [plan.lines("plan ")]);
    world.lanyard(&["apply", "--yes"]).ok();
    agrees_whole(&world, &whole);
}

fn agrees_whole(world: &World, whole: &(Vec<staff::Seen>, Vec<staff::Seen>)) {
    pretty(&world.directory(), &whole.0);
    pretty(&world.crm(), &whole.1);
}
