//! The first day at a real directory: nothing but a look, with a sign-in that
//! may only read.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value as Json;

use super::{Cast, our_file, programs, staff, world, world::World};

/// No rule, no mapping, and a sign-in that may not write.
const LOOKS: &str = r#"
plugin-directory = "@plugins@"

[store]
path = "first.db"

[source.hr]
plugin = "csv"
config = { file = "people.csv", key = "empnum" }
permissions = { directories = { data = { path = "hr", access = "read" } } }

[target.directory]
plugin = "ldap"
config = { base = "ou=people,dc=example,dc=org", groups-base = "ou=groups,dc=example,dc=org" }
privileged = ["seniors"]

[target.directory.permissions]
secrets = { password = { env = "LDAP_PASSWORD" } }

[target.directory.permissions.streams.directory]
host = "127.0.0.1"
port = @port@
protocol = "ldap"
tls = "off"
sign-in = { ldap-simple = { dn = "cn=looks,dc=example,dc=org", secret = "password" } }

[lifecycle.status]
active = ["Active"]
on-leave = ["Long-term leave"]
departed = ["Former employee"]
"#;

/// By what accounts are surely somebody's; some people share a name.
const SURE: &str = r#"
[target.directory.account]
name = "{{ firstname }}.{{ surname }}"
match = { sure = [["sn", "givenName"]] }
attributes = { sn = "{{ surname }}", givenName = "{{ firstname }}" }
"#;

/// Everybody who works here gets an account.
const GIVES: &str = r#"
[rule.everyone]
when = { status = "Active" }
accounts = ["directory"]
"#;

fn flagged<'a>(target: &'a Json, flag: &str) -> Vec<&'a str> {
    let accounts = target["accounts"].as_array().unwrap().iter();
    let is = |it: &&Json| it["flags"].as_array().unwrap().iter().any(|it| it == flag);
    accounts.filter(is).map(|it| it["name"].as_str().unwrap()).collect()
}

/// A file that only looks at the directory of `world`.
fn looks(world: &World) -> String {
    let plugins = std::env::var("LANYARD_PLUGINS")
        .unwrap_or_else(|_| programs::root().join("target/plugins").display().to_string());
    let text = LOOKS.replace("@plugins@", &plugins);
    text.replace("@port@", &world.slapd.port().to_string())
}

#[test]
fn a_first_look_at_a_directory_reads_everything_and_writes_nothing() {
    let Some(world) = world(&our_file(), None) else { return };
    let mut rows = staff::parse(&fs::read_to_string(our_file()).unwrap());
    world.write(&rows);
    world.apply();
    let cast = Cast::of(&rows);
    let mover = world.entry(&rows[cast.mover]);
    let directory = world.slapd.directory();
    directory.set_password(mover.one("dn"), "open-sesame");
    assert_eq!(directory.bind(mover.one("dn"), "open-sesame"), 0);
    // HR says that somebody has left, and nobody does anything.
    let leaver = world.entry(&rows[cast.leaver]).one("uid").to_owned();
    rows[cast.leaver].set("status", "Former employee");
    world.write(&rows);
    let text = looks(&world);
    fs::write(world.beside("looks.toml"), &text).unwrap();

    world.lanyard_with("looks.toml", &["check", "--offline"]).ok();
    let before = (world.directory(), world.crm());
    let page = world.beside("page.html");
    let arguments = ["xray", "--json", "--html", page.to_str().unwrap()];
    let said = world.lanyard_with("looks.toml", &arguments);
    assert_eq!(said.status, 66, "{}\n{}", said.out, said.error);
    let found: Json = serde_json::from_str(&said.out).unwrap();
    let target = &found["targets"][0];
    let accounts = target["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), before.0.len());
    // Each of them carries the id of its owner, and the file calls none sure.
    assert!(accounts.iter().all(|it| it["class"] == "ask"), "{target:#}");
    assert!(accounts.iter().all(|it| it["owners"][0]["matched"] == "anchor"), "{target:#}");
    assert_eq!(flagged(target, "left-but-active"), [leaver.as_str()]);
    let used = |name: &str| {
        let account = accounts.iter().find(|it| it["name"] == name).unwrap();
        account["last_used"].as_str().map(str::to_owned)
    };
    assert!(used(mover.one("uid")).is_some());
    assert_eq!(used(&leaver), None);
    assert_eq!(target["whole"], true);

    // Nothing changed there, and nothing was kept here but the page.
    assert_eq!((world.directory(), world.crm()), before);
    assert!(!world.beside("first.db").exists());
    let mode = fs::metadata(&page).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(fs::read_to_string(&page).unwrap().contains(&leaver));

    // Long is what one says it is.
    let said = world.lanyard_with("looks.toml", &["xray", "--json", "--dormant", "0s"]);
    let found: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(flagged(&found["targets"][0], "dormant"), [mover.one("uid")]);
}

/// How many accounts of the directory are ours, and how many surely somebody's.
fn mine_and_sure(world: &World, file: &str) -> (usize, usize) {
    let said = world.lanyard_with(file, &["xray", "--json"]);
    let found: Json = serde_json::from_str(&said.out).unwrap();
    let of = |class: &str| {
        let accounts = found["targets"][0]["accounts"].as_array().unwrap().iter();
        accounts.filter(|it| it["class"] == class).count()
    };
    (of("mine"), of("sure"))
}

#[test]
fn what_is_sure_is_adopted_in_one_go_where_a_rule_gives_it() {
    let Some(world) = world(&our_file(), None) else { return };
    let mut rows = staff::parse(&fs::read_to_string(our_file()).unwrap());
    world.write(&rows);
    world.apply();
    let cast = Cast::of(&rows);
    rows[cast.leaver].set("status", "Former employee");
    world.write(&rows);
    let text = looks(&world);
    let before = (world.directory(), world.crm());
    fs::write(world.beside("sure.toml"), format!("{text}{SURE}")).unwrap();
    let sure = |file: &str| mine_and_sure(&world, file);
    let (none, some) = sure("sure.toml");
    assert!(none == 0 && some > 10, "{none} {some}");
    let adopt = ["account", "adopt", "directory", "--sure"];
    // Without a rule, nobody but the leaver has anything adopted: it would be
    // closed by the next plan.
    world.lanyard_with("sure.toml", &["plan"]);
    let kept = world.lanyard_with("sure.toml", &[&adopt[..], &["--yes"]].concat()).ok();
    assert!(kept.out.lines().filter(|it| it.starts_with("not adopted: ")).count() + 1 >= some);
    let (mine, _) = sure("sure.toml");
    assert!(mine <= 1, "{}", kept.out);

    fs::write(world.beside("gives.toml"), format!("{text}{SURE}{GIVES}")).unwrap();
    world.lanyard_with("gives.toml", &["plan"]);
    assert_eq!(world.lanyard_with("gives.toml", &adopt).status, 2);
    assert_eq!(sure("gives.toml").0, mine);
    let adopted = world.lanyard_with("gives.toml", &[&adopt[..], &["--yes"]].concat()).ok();
    let (now, left) = sure("gives.toml");
    assert!(now > 10, "{}", adopted.out);
    assert_eq!(now + left, some);
    assert_eq!(adopted.out.matches("not adopted: ").count(), left);
    let audit = world.lanyard_with("gives.toml", &["audit", "list", "--last", "1000"]).ok();
    assert_eq!(audit.out.lines().filter(|line| line.contains(" adopt ")).count(), now);
    // And the next plan closes nobody's but the leaver's.
    let plan = world.lanyard_with("gives.toml", &["plan"]);
    assert!(plan.out.matches("disable directory").count() <= 1, "{}", plan.out);
    assert_eq!((world.directory(), world.crm()), before);
}
