//! `lanyard expand`: the file with every default is a file that means the
//! same, whatever stands in it and in whichever order.

use std::fs;

use proptest::{collection::vec, prelude::*, sample::Index};

use super::Folder;
use crate::config::{Loaded, expand};

/// What a file may have, in groups of which each has one form or none; each
/// group stands by itself.
const GROUPS: [&[&str]; 24] = [
    &[
        "[store]\npath = \"x.db\"\n",
        "[store]\npostgres = { host = \"db.example.org\" }\n",
        "[store]\npostgres = { host = \"/run/postgresql\", port = 5433, database = \"firm\", user = \"hr\", password = { env = \"CRM_TOKEN\" }, connections = 9 }\n",
        "[store.postgres]\nhost = \"::1\"\ntls = \"require\"\npassword = { file = \"secrets/ldap\" }\n",
        "[signing]\nkey = { env = \"CRM_TOKEN\" }\n[audit]\nheads = \"heads.jsonl\"\n",
    ],
    &[
        "[source.hr]\nplugin = \"csv\"\n",
        "[source.hr]\nplugin = \"csv\"\nconfig = { file = \"p.csv\", a = [1, 2.5, true, 2026-01-01], b = { c = \"d\" } }\nmissing = \"keep\"\nshrink-limit = 7\n",
        "[source.hr]\nplugin = \"csv\"\nconfirmations = 3\ninterval = \"90m\"\nlimits = { wall-time = \"2m\", memory = \"1GiB\", parallel = 9, page-size = 3 }\nrate = \"60/m\"\n",
    ],
    &[
        "[source.agency]\nplugin = \"csv\"\nfacts = { zeta = \"{{ b }}\", alpha = \"{{ key }}\", b = \"fixed\" }\npermissions = { directories = { data = { path = \"hr\", access = \"read\" } } }\n",
    ],
    &[
        "[source.aaa]\nplugin = \"csv\"\ntable = { key = \"orgnum\", facts = { unit = \"name\" }, parent = \"above\", within = \"within\" }\n",
        "[source.aaa]\nplugin = \"csv\"\ntable = { key = \"orgnum\" }\nshrink-limit = 100\n",
    ],
    &[
        "[correlate]\nkey = false\nsure = [[\"badge\"], [\"mail\", \"birth\"]]\nnever = [\"phone\"]\ncompare = { badge = \"digits\", mail = \"email\" }\n",
        "[correlate]\nsure = [[\"badge\"]]\n",
    ],
    &[
        "[target.zoo]\nplugin = \"plugins/scim.wasm\"\nrate = \"100/10s\"\nno-writes = { hours = [\"Mon-Fri 08:00-18:00\", \"Sat,Sun 22:00-06:00\"], timezone = \"Asia/Tokyo\" }\nprovides = { address = \"emails\" }\n[authority]\naddress = [\"target.zoo\"]\n",
    ],
    &[
        "[target.crm]\nplugin = \"scim\"\n",
        "[target.crm]\nplugin = \"scim\"\nprotected = [\"svc-*\"]\nrequire = [\"blocks-login\", \"reversible\"]\nunmanaged = \"remove\"\nunmanaged-remove = [\"x-*\"]\nconfirmations = 4\ninterval = \"3d\"\nprivileged = [\"root\"]\nentitlements = { staff = \"g1\", all = \"g2\" }\n",
        "[target.crm]\nplugin = \"scim\"\nunmanaged = \"keep\"\nrate = \"10/s\"\nno-writes = { hours = [\"02:00-04:00\"], losing-access = \"wait\" }\n[target.crm.permissions]\nhosts = [\"https://a.example.org\", \"http://127.0.0.1:8080\", { origin = \"https://b.example.org\", methods = [\"GET\"], path = \"/x\" }]\nreads = [{ origin = \"https://a.example.org\", method = \"POST\", path = \"/s\" }]\naddresses = [\"10.0.0.0/8\", \"fd00::/8\"]\nsecrets = { token = { env = \"CRM_TOKEN\" }, password = { file = \"secrets/ldap\" } }\nauthorization = { default = { bearer = \"token\" }, other = { basic = { user = \"svc\", secret = \"password\" } } }\nreveal = [\"token\"]\ndirectories = { data = { path = \"hr\", access = \"write\" } }\n",
    ],
    &[
        "[target.directory]\nplugin = \"ldap\"\nafter = [\"crm\"]\nchecked-by = { target = \"crm\", by = \"key\" }\n[target.directory.account]\ntype = \"user\"\nname = \"{{ given_name }}{{ suffix }}\"\nmatch = [\"mail\"]\nattributes = { zz = [\"a\", \"b\"], aa = \"{{ login }}\", bb = \"{{ reference.boss.id }}\" }\ninitial = [\"aa\"]\ntheirs = [\"fax\"]\nreferences = { boss = \"{{ manager }}\" }\nunique-with = [\"crm\"]\nreuse-names-after = \"never\"\n",
        "[target.directory]\nplugin = \"ldap\"\nprefer-after = [\"crm\"]\n[target.directory.permissions.streams.directory]\nhost = \"ldap.example.org\"\nport = 389\nprotocol = \"ldap\"\ntls = \"start-tls\"\nsign-in = { ldap-simple = { dn = \"cn=x\", secret = \"password\" } }\n[target.directory.permissions.secrets]\npassword = { file = \"secrets/ldap\" }\n",
    ],
    &[
        "[rule.zebra]\nwhen = { department = [\"Sales\", \"Ops\"], country = \"DE\", type = { not = [\"contractor\"] }, manager = { present = true }, boss = { present = false } }\naccounts = [\"crm\"]\n",
        "[rule.zebra]\nwhen = { level = 3, department = { not = \"Ops\" } }\ngrants = { crm = [\"l-{{ level }}\", \"b\"] }\n",
    ],
    &[
        "[rule.ant]\nwhen = { expr = \"level | int > 2\", department = \"Sales\" }\ngrants = { crm = [\"x\"] }\n",
    ],
    &[
        "[rule.midge]\nvalid = { from = \"2026-01-01\", until = 2026-06-30 }\naccounts = [\"crm\"]\n",
    ],
    &[
        "[rule.with-roles]\nroles = [\"z\", \"a\"]\n[role.z]\nowner = 1002\nrisk = \"high\"\ndescription = \"d\"\nincludes = [\"a\"]\n[role.a]\naccounts = [\"crm\"]\ngrants = { crm = [\"y\", \"x\"] }\nvalid = { until = \"2026-12-31\" }\n[sod.two]\nconflict = [\"z\", \"crm/q\"]\nmode = \"detect\"\nexcept = [{ identity = 1001, approver = \"1002\", until = \"2026-12-31\" }]\n",
    ],
    &["[exclusive.zz]\nof = [\"crm/b\", \"crm/a\"]\n[exclusive.aa]\nof = [\"crm/c\", \"crm/d\"]\n"],
    &["[protect]\nleast = 3\nlast-of = { crm = [\"root\"] }\n"],
    &[
        "[limits]\nremovals = { percent = 3, floor = 1, max = 9, window = \"36h\" }\nejects = { max = 9, window = \"2h\" }\nerasures = { max = 7, window = \"3d\" }\ndisables = { percent = 3 }\nprivileged = { max = 1 }\ncreates = { percent = 4, floor = 2, max = 8 }\npasswords = { max = 6 }\n",
        "[limits.target.crm]\nremovals = { max = 5 }\ncreates = { percent = 2, floor = 1 }\npasswords = { percent = 1, floor = 1 }\n",
    ],
    &[
        "[lifecycle]\ntimezone = \"Europe/Berlin\"\nprehire = \"3d\"\nlast-hour = \"17:30\"\nleaving = \"14d\"\noverlap = \"36h\"\nclock-jump = \"never\"\nstatus = { active = [\"A\"], on-leave = [\"L\"], cancelled = [\"C\"], departed = [\"D\"] }\n[lifecycle.leave.zz]\nstatus = [\"Z\"]\nlogin = \"keep\"\ngrants = \"revoke\"\nkeep = [\"crm\", \"crm/x\"]\n[lifecycle.leave.aa]\n",
    ],
    &[
        "[leaver]\ndelete-after = \"never\"\ngrants = \"keep\"\n",
        "[leaver]\ndelete-after = \"12h\"\nretain = \"3y\"\n",
        "[leaver]\nretain = \"90d\"\nrehire = \"new\"\n",
    ],
    &["[hold.case]\npeople = [\"1\", \"2\"]\nreview = 2027-03-31\nowner = \"legal\"\n"],
    &[
        "[workflow.zz]\non = { changed = [\"title\", \"department\"] }\nwhen = { type = \"x\", expr = \"level == 3\" }\nsteps = [{ id = \"b\", wait = { until = \"{{ exit }}\" } }, { id = \"a\", wait = { facts = { returned = [\"yes\"] } }, after = [\"b\"], timeout = \"3d\", on-failure = \"ask\" }, { id = \"c\", do = \"start\", workflow = \"aa\", when = { level = 3 } }]\n[workflow.aa]\non = \"demand\"\nsteps = [{ id = \"g\", do = \"grant\", grants = { crm = [\"x-{{ level }}\"] } }, { id = \"r\", do = \"revoke\", grants = { crm = [\"y\"] } }, { id = \"all\", do = \"revoke-all\", targets = [\"crm\"] }]\n",
    ],
    &[
        "[workflow.mm]\non = \"14d before end\"\nsteps = [{ id = \"t\", do = \"notify\", to = [\"manager\", \"self\", \"mail:a@example.org\", \"webhook:in\", \"1001\", \"manager.manager\"], template = \"m\" }, { id = \"q\", do = \"approve\", stages = [[\"manager\"], [\"1001\", \"1002\"]], expire = \"2d\", escalate = { after = \"1d\", to = \"1003\" }, reason = \"{{ given_name }}\", template = \"m\" }, { id = \"p\", do = \"approve\", by = [\"manager\"] }, { id = \"s\", do = \"set-fact\", fact = \"seen\", value = \"yes\", on-failure = \"continue\" }, { id = \"k\", do = \"ticket\", to = [\"webhook:in\"], template = \"m\", on-failure = \"obligation\" }]\n[message.m]\nsubject = { en = \"e\", de = \"d\" }\nbody = \"{{ manager.given_name }}\"\n[notify]\nfrom = \"lanyard@example.org\"\nsmtp = { host = \"h\", port = 26, tls = \"start-tls\", user = \"u\", password = { env = \"CRM_TOKEN\" } }\nopt-out = \"quiet\"\ndigest = true\n[notify.webhook.in]\nurl = \"https://w.example.org/in\"\nbearer = { env = \"CRM_TOKEN\" }\n",
    ],
    &[
        "[workflow.off]\non = \"departed\"\nsteps = [{ id = \"d\", do = \"disable-accounts\" }, { id = \"w\", wait = \"90d\", after = [\"d\"] }, { id = \"x\", do = \"delete-accounts\", targets = [\"crm\"], after = [\"w\"] }]\n",
        "[workflow.on]\non = \"active\"\nsteps = [{ id = \"c\", do = \"create-accounts\" }, { id = \"e\", do = \"enable-accounts\", after = [\"c\"] }]\n",
    ],
    &["[actors]\nzoe = 1001\nada = \"1002\"\n"],
    &[
        "[[delegation]]\nfrom = \"1\"\nto = \"2\"\nuntil = \"2026-12-31\"\n[[delegation]]\nfrom = \"0\"\nto = \"3\"\nuntil = \"2026-12-31T00:00:00Z\"\n",
    ],
    &[
        "[[test]]\nname = \"z\"\nat = 2026-06-01\nfacts = { department = \"Sales\", level = 3, many = [\"a\", \"b\"] }\nexpect = { state = \"active\" }\n[[test]]\nname = \"a\"\nat = \"2026-06-01T08:00:00Z\"\n",
    ],
];

/// Everything checked except lines, digests, the folder, and the compiled
/// templates, whose text stands where they are used.
fn meaning(folder: &Folder) -> String {
    let Loaded { config, tests, .. } = folder.loaded();
    let policy = format!("{:#?}", config.policy);
    let (policy, _) = policy.split_once("\n    expressions:").unwrap();
    let text = format!(
        "{policy}\n{:#?}\n{:#?}\n{tests:#?}\n{:?}",
        config.connectors, config.notify, config.store
    );
    let place = folder.folder.path().display().to_string();
    let mut kept = String::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == "line: Some(" {
            lines.nth(1);
        } else if !line.starts_with("line: ") {
            kept.push_str(&line.replace(&place, ""));
            kept.push('\n');
        }
    }
    kept
}

/// A file and what it expands to mean the same, and expanding again changes
/// nothing.
fn same(text: &str) -> Result<(), TestCaseError> {
    let written = Folder::new(text);
    let loads = written.load().map(|_| ()).map_err(|errors| errors.render());
    prop_assert_eq!(loads, Ok(()), "{}", text);
    let expanded = written.expanded();
    prop_assert_eq!(meaning(&written), meaning(&expanded), "{}\n{}", text, expanded.text());
    prop_assert_eq!(expanded.text(), expanded.expanded().text());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_file_means_the_same_when_it_is_expanded(
        chosen in vec(prop::option::weighted(0.7, any::<Index>()), GROUPS.len()),
        turns in vec(any::<Index>(), GROUPS.len()),
    ) {
        let mut parts: Vec<&str> = GROUPS
            .iter()
            .zip(&chosen)
            .enumerate()
            // Everything speaks of the crm, and people come from hr.
            .filter_map(|(group, (forms, chosen))| match chosen {
                None if matches!(group, 1 | 6) => forms.first(),
                chosen => chosen.as_ref().map(|it| &forms[it.index(forms.len())]),
            })
            .copied()
            .collect();
        for (place, turn) in turns.iter().enumerate().take(parts.len()) {
            let other = turn.index(parts.len());
            parts.swap(place, other);
        }
        same(&format!("retired-sources = [\"payroll\"]\n{}", parts.concat()))?;
    }
}

#[test]
fn each_example_means_the_same_when_it_is_expanded() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    for entry in fs::read_dir(examples).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        // Secrets of the environment of these tests.
        let text = [
            "LDAP_PASSWORD",
            "WIKI_TOKEN",
            "MAIL_TOKEN",
            "ERP_TOKEN",
            "SMTP_PASSWORD",
            "FACILITY_TOKEN",
        ]
        .iter()
        .fold(text, |text, name| text.replace(name, "CRM_TOKEN"));
        same(&text).unwrap();
    }
}

#[test]
fn what_an_expanded_file_leaves_out_is_what_has_no_default() {
    let folder = Folder::new("[source.hr]\nplugin = \"csv\"\n");
    let text = expand(&folder.path()).unwrap();
    for section in ["[authority]", "[correlate]", "[lifecycle]", "[limits.removals]", "[protect]"] {
        assert!(text.contains(section), "{section}\n{text}");
    }
}
