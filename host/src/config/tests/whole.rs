//! Files without mistakes.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Folder, with};
use crate::config::{Loaded, permissions::Permissions, store::StoreConfig};

const TEN_LINES: &str = r#"
[source.hr]
plugin = "csv"
config = { file = "people.csv", key = "employee_id" }

[target.crm]
plugin = "scim"
permissions = { hosts = ["https://crm.example.org"] }

[rule.everyone]
accounts = ["crm"]
"#;

const EVERYTHING: &str = r#"
plugin-directory = "plugins"
retired-sources = ["payroll"]
retired-targets = ["wiki"]

[store]
path = "state/lanyard.db"

[source.hr]
plugin = "csv"
config = { file = "people.csv", key = "employee_id", since = 2026-01-01, columns = [1, 2.5, true] }
permissions = { directories = { data = { path = ".", access = "read" } } }
facts = { given_name = "{{ firstname }}", family_name = "{{ lastname }}", start = "{{ hired }}", title = "{{ job | split('#') | last }}", department = "{{ department }}", country = "{{ country }}", type = "{{ type }}", manager = "{{ manager }}", level = "{{ level }}" }
missing = "keep"
shrink-limit = 30
confirmations = 3
interval = "20h"

[target.directory]
plugin = "ldap"
config = { base = "ou=people,dc=example,dc=org" }
after = ["crm"]
protected = ["admin"]

[target.directory.permissions]
hosts = ["https://api.example.org", "http://127.0.0.1:8080",
         { origin = "https://api.example.org", methods = ["GET"], path = "/scim/v2/" }]
reads = [{ origin = "https://api.example.org", method = "POST", path = "/search" }]
addresses = ["10.0.0.0/8"]
secrets = { token = { env = "CRM_TOKEN" }, password = { file = "secrets/ldap" } }
authorization = { default = { bearer = "token" }, other = { basic = { user = "svc", secret = "password" } } }
reveal = ["token"]
directories = { data = { path = "hr", access = "write" } }
streams = { directory = { host = "127.0.0.1", port = 3890, protocol = "ldap", tls = "off", sign-in = { ldap-simple = { dn = "cn=admin,dc=example,dc=org", secret = "password" } } } }

[target.directory.account]
type = "user"
name = "{{ given_name | ascii | lower }}.{{ family_name | ascii | lower }}{{ suffix }}"
match = ["mail"]
attributes = { sn = "{{ family_name }}", mail = "{{ login }}@example.org", objectClass = ["a", "b"] }

[target.directory.entitlements]
staff = "cn=staff,ou=groups,dc=example,dc=org"

[target.directory.limits]
wall-time = "90s"
memory = "128MiB"
parallel = 2
page-size = 100

[target.crm]
plugin = "plugins/scim.wasm"

[rule.sales]
when = { department = ["Sales", "Presales"], country = "DE", type = { not = ["contractor"] }, manager = { present = true } }
accounts = ["crm", "directory"]
grants = { directory = ["staff", "dept-{{ department | slug }}"] }

[rule.managers]
when = { expr = "level | int >= 3 and country == 'DE'" }
grants = { crm = ["approvers"] }

[rule.everyone]
accounts = ["directory"]

[lifecycle]
timezone = "Europe/Berlin"
prehire = "14d"
status = { active = ["Active"], on-leave = ["Long-term leave"], cancelled = ["Withdrawn"], departed = ["Former employee"] }
last-hour = "17:00"
leaving = "30d"
overlap = "10d"
clock-jump = "never"

[lifecycle.leave.parental]
status = ["Parental leave"]
login = "keep"
grants = "revoke"
keep = ["crm", "directory/staff"]

[lifecycle.leave.sabbatical]

[hold.case-17]
people = ["1001"]
review = 2027-03-31
owner = "legal"

[leaver]
delete-after = "never"
grants = "keep"

[limits]
removals = { percent = 5, floor = 3, window = "12h" }
ejects = { max = 1, window = "2h" }

[[test]]
name = "sales gets the crm"
at = "2026-06-01"
facts = { department = "Sales", start = 2026-01-01 }
expect = { state = "active", accounts = ["crm", "directory"], grants = { directory = ["staff"] } }

[[test]]
name = "an instant"
at = "2026-06-01T08:00:00Z"
"#;

/// Everything checked except what positions and digests are in it.
fn meaning(loaded: &Loaded) -> String {
    let policy = &loaded.config.policy;
    let rules: Vec<String> = policy
        .rules
        .iter()
        .map(|rule| format!("{} {:?} {:?} {:?}", rule.name, rule.when, rule.accounts, rule.grants))
        .collect();
    let tests: Vec<String> = loaded
        .tests
        .iter()
        .map(|test| format!("{} {} {:?} {:?}", test.name, test.at, test.facts, test.expect))
        .collect();
    let connectors = &loaded.config.connectors;
    format!(
        "{connectors:#?}\n{:#?}\n{:#?}\n{:?}\n{:?}\n{rules:#?}\n{:#?}\n{:?}\n{:?}\n{:?}\n{tests:#?}",
        policy.sources,
        policy.targets,
        policy.retired_sources,
        policy.retired_targets,
        policy.lifecycle,
        policy.leaver,
        policy.limits,
        policy.holds
    )
}

/// In a folder of its own, as its twin would be.
fn same_meaning(left: &Folder, right: &Folder) {
    let without = |folder: &Folder| {
        let place = folder.folder.path().display().to_string();
        meaning(&folder.loaded()).replace(&place, "")
    };
    assert_eq!(without(left), without(right));
}

#[test]
fn ten_lines_are_enough_for_one_source_and_one_target() {
    let loaded = Folder::new(TEN_LINES).loaded();
    assert!(TEN_LINES.trim().lines().count() <= 10);
    assert_eq!(loaded.config.connectors.len(), 2);
    assert_eq!(loaded.config.policy.rules.len(), 1);
    assert_eq!(loaded.config.policy.rules[0].line, 10);
    let StoreConfig::File(path) = &loaded.config.store else { panic!("no file") };
    assert!(path.ends_with("lanyard.db"));
}

#[test]
fn a_file_with_every_key_loads() {
    let Loaded { config, tests, .. } = Folder::new(EVERYTHING).loaded();
    let directory = &config.connectors["directory"];
    assert_eq!(directory.limits.wall_time.as_secs(), 90);
    assert_eq!(directory.limits.memory, 128 << 20);
    assert_eq!(directory.permissions.requests.len(), 3);
    assert_eq!(directory.permissions.requests[2].path, "/scim/v2");
    let names: Vec<&str> = config.policy.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["sales", "managers", "everyone"]);
    let hr = &config.connectors["hr"];
    assert_eq!(hr.config["since"], "2026-01-01");
    // The first moment of the day in Berlin.
    assert_eq!(tests[0].at.to_string(), "2026-05-31T22:00:00Z");
    assert_eq!(tests[1].at.to_string(), "2026-06-01T08:00:00Z");
}

#[test]
fn the_expanded_file_means_the_same_and_expands_to_itself() {
    for text in [TEN_LINES, EVERYTHING] {
        let written = Folder::new(text);
        let expanded = written.expanded();
        same_meaning(&written, &expanded);
        assert_eq!(expanded.text(), expanded.expanded().text());
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is the expanded file")]
fn expanding_ten_lines_shows_every_default() {
    assert_snapshot!(Folder::new(TEN_LINES).expanded().text(), @r#"
    plugin-directory = "plugins"
    retired-sources = []
    retired-targets = []
    delegation = []
    test = []

    [store]
    path = "lanyard.db"

    [signing]

    [audit]

    [source.hr]
    plugin = "csv"
    missing = "departed"
    confirmations = 1
    interval = "12h"
    shrink-limit = 20

    [source.hr.config]
    file = "people.csv"
    key = "employee_id"

    [source.hr.permissions]
    hosts = []
    reads = []
    addresses = []
    reveal = []

    [source.hr.permissions.secrets]

    [source.hr.permissions.authorization]

    [source.hr.permissions.directories]

    [source.hr.permissions.streams]

    [source.hr.facts]

    [source.hr.limits]
    wall-time = "30s"
    memory = "64MiB"
    parallel = 4
    page-size = 500

    [authority]

    [correlate]
    key = true
    sure = []
    ask = []
    never = []

    [correlate.compare]

    [target.crm]
    plugin = "scim"
    after = []
    prefer-after = []
    confirmations = 2
    interval = "1d"
    require = []
    protected = []
    unmanaged = "report"
    unmanaged-remove = []
    privileged = []
    service = []
    requestable = []

    [target.crm.config]

    [target.crm.permissions]
    reads = []
    addresses = []
    reveal = []

    [[target.crm.permissions.hosts]]
    origin = "https://crm.example.org"
    path = "/"

    [target.crm.permissions.secrets]

    [target.crm.permissions.authorization]

    [target.crm.permissions.directories]

    [target.crm.permissions.streams]

    [target.crm.provides]

    [target.crm.account]
    name = "{{ given_name | ascii | slug }}.{{ family_name | ascii | slug }}"
    match = []
    initial = []
    theirs = []
    unique-with = []
    reuse-names-after = "365d"

    [target.crm.account.attributes]

    [target.crm.account.references]

    [target.crm.entitlements]

    [target.crm.limits]
    wall-time = "30s"
    memory = "64MiB"
    parallel = 4
    page-size = 500

    [rule.everyone]
    roles = []
    accounts = ["crm"]

    [rule.everyone.when]

    [rule.everyone.grants]

    [role]

    [sod]

    [exclusive]

    [protect]
    least = 2

    [protect.last-of]

    [request.approval]

    [approval]

    [review]

    [component]

    [workflow]

    [notify]
    language = "en"
    digest = false

    [notify.webhook]

    [message]

    [actors]

    [lifecycle]
    timezone = "UTC"
    prehire = "7d"
    leaving = "0s"
    overlap = "0s"
    engagements = []
    bridge = "0s"
    clock-jump = "40d"

    [lifecycle.status]
    active = []
    on-leave = []
    cancelled = []
    departed = []

    [lifecycle.leave]

    [leaver]
    delete-after = "30d"
    grants = "revoke"
    retain = "never"
    rehire = "same"

    [limits.removals]
    percent = 10
    floor = 10
    window = "1d"

    [limits.ejects]
    max = 3
    window = "1h"

    [limits.erasures]
    max = 20
    window = "1d"

    [limits.target]

    [hold]
    "#);
}

#[test]
fn another_permission_is_another_digest() {
    let none = Permissions::default().digest();
    assert_eq!(none, Permissions::default().digest());
    let some = with("permissions = { hosts = [\"https://crm.example.org\"] }").loaded();
    assert_ne!(none, some.config.connectors["crm"].permissions.digest());
}

#[test]
fn another_byte_in_the_file_is_another_digest() {
    assert_ne!(with("").loaded().config.digest, with("# note").loaded().config.digest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn loading_never_panics_on_any_text(text in "\\PC*") {
        if let Err(errors) = Folder::new(&text).load() {
            prop_assert!(!errors.render().is_empty());
        }
    }

    /// Mistakes in the middle of a real file.
    #[test]
    fn loading_never_panics_on_a_damaged_file(
        at in 0..EVERYTHING.len(),
        length in 0..40_usize,
        put in "[\\[\\]{}\"'=.,#\n\t a-zé0-9-]{0,6}",
    ) {
        let mut text = EVERYTHING.to_owned();
        let end = (at + length).min(text.len());
        text.replace_range(at..end, &put);
        match Folder::new(&text).load() {
            Ok(_) => {}
            Err(errors) => prop_assert!(!errors.errors.is_empty()),
        }
    }
}
