//! Several sources: what an operator is told of authority, correlation,
//! tables and what targets provide.

use insta::assert_snapshot;
use lanyard_core::id::ConnectorName;

use super::{errors_with, with};

#[test]
fn orders_name_sources_and_targets_that_provide_the_fact() {
    assert_snapshot!(errors_with(
        "[authority]\ndefault = [\"hrr\", \"target.crm\"]\nmail = [\"target.crm\", \"crm\", \"target.cmr\"]"
    ), @r#"
    error: unknown source `hrr`
     --> lanyard.toml:7:12
      |
    7 | default = ["hrr", "target.crm"]
      |            ^^^^^ no `[source.hrr]` in this file
      |
      = hint: did you mean `hr`?

    error: the order of all facts has only sources
     --> lanyard.toml:7:19
      |
    7 | default = ["hrr", "target.crm"]
      |                   ^^^^^^^^^^^^ is a target
      |
      = hint: write `FACT = ["target.crm", …]` for what it provides

    error: the target `crm` does not provide `mail`
     --> lanyard.toml:8:9
      |
    8 | mail = ["target.crm", "crm", "target.cmr"]
      |         ^^^^^^^^^^^^ gives no such fact
      |
      = hint: add `provides = { mail = "ATTRIBUTE" }` to `[target.crm]`

    error: unknown source `crm`
     --> lanyard.toml:8:23
      |
    8 | mail = ["target.crm", "crm", "target.cmr"]
      |                       ^^^^^ no `[source.crm]` in this file
      |
      = hint: a target is written `target.crm`, for facts it provides

    error: unknown target `cmr`
     --> lanyard.toml:8:30
      |
    8 | mail = ["target.crm", "crm", "target.cmr"]
      |                              ^^^^^^^^^^^^ no `[target.cmr]` in this file
      |
      = hint: did you mean `crm`?
    "#);
}

#[test]
fn what_recognises_nobody_is_in_no_tier() {
    assert_snapshot!(errors_with(
        "[correlate]\nsure = [[\"mail\", \"display_name\"], []]\nnever = [\"display_name\"]\ncompare = { town = \"email\" }"
    ), @r#"
    error: `display_name` may not recognise anybody
     --> lanyard.toml:7:18
      |
    7 | sure = [["mail", "display_name"], []]
      |                  ^^^^^^^^^^^^^^ stands in `never` as well
      |
      = hint: take it out of one of the two

    error: a list of no facts recognises nobody
     --> lanyard.toml:7:35
      |
    7 | sure = [["mail", "display_name"], []]
      |                                   ^^ names no fact

    error: `town` is not compared
     --> lanyard.toml:9:13
      |
    9 | compare = { town = "email" }
      |             ^^^^ stands neither in `sure` nor in `ask`
    "#);
}

#[test]
fn what_makes_a_person_look_is_neither_sure_nor_forbidden() {
    assert_snapshot!(errors_with(
        "[correlate]\nsure = [[\"mail\"]]\nask = [[\"display_name\"], [\"mail\"], [], [\"town\"]]\nnever = [\"display_name\"]\ncompare = { town = \"unicode\" }"
    ), @r#"
    error: `display_name` may not recognise anybody
     --> lanyard.toml:8:9
      |
    8 | ask = [["display_name"], ["mail"], [], ["town"]]
      |         ^^^^^^^^^^^^^^ stands in `never` as well
      |
      = hint: take it out of one of the two

    error: what is sure is not asked
     --> lanyard.toml:8:26
      |
    8 | ask = [["display_name"], ["mail"], [], ["town"]]
      |                          ^^^^^^^^ stands in `sure` as well
      |
      = hint: take it out of one of the two

    error: a list of no facts recognises nobody
     --> lanyard.toml:8:36
      |
    8 | ask = [["display_name"], ["mail"], [], ["town"]]
      |                                    ^^ names no fact
    "#);
}

#[test]
fn a_way_to_compare_is_one_of_those_there_are() {
    assert_snapshot!(errors_with(
        "[correlate]\nsure = [[\"mail\"]]\ncompare = { mail = \"emails\" }"
    ), @r#"
    error: unknown choice for `mail`
     --> lanyard.toml:8:20
      |
    8 | compare = { mail = "emails" }
      |                    ^^^^^^^^ expected one of `exact`, `unicode`, `ignore-case`, `email`, `dn`, `uuid`, `digits`
      |
      = hint: did you mean `email`?
    "#);
}

#[test]
fn what_a_target_provides_is_asked_for_and_not_written_by_us() {
    assert_snapshot!(errors_with(
        "provides = { mail = \"mail\" }\naccount = { attributes = { mail = \"x\" } }"
    ), @r#"
    error: nothing asks `crm` for `mail`
     --> lanyard.toml:6:14
      |
    6 | provides = { mail = "mail" }
      |              ^^^^ does nothing like this
      |
      = hint: add `mail = ["target.crm", …]` to `[authority]`

    error: `mail` is written by us
     --> lanyard.toml:6:21
      |
    6 | provides = { mail = "mail" }
      |                     ^^^^^^ has what we gave it, so it can tell nothing
      |
      = hint: take `mail` out of `account.attributes`
    "#);
}

#[test]
fn a_table_is_no_source_of_people() {
    assert_snapshot!(errors_with(
        "[source.orgs]\nplugin = \"csv\"\nmissing = \"keep\"\nfacts = { a = \"b\" }\ntable = { key = \"org\", parent = \"above\" }"
    ), @r#"
    error: nobody can be missing from a table
     --> lanyard.toml:8:1
      |
    8 | missing = "keep"
      | ^^^^^^^ is for sources of people
      |
      = hint: leave it out

    error: a table gives no facts of its own
     --> lanyard.toml:9:1
      |
    9 | facts = { a = "b" }
      | ^^^^^ is for sources of people
      |
      = hint: write `facts` into `table`: fact = "attribute"

    error: a tree needs `within` as well
      --> lanyard.toml:10:24
       |
    10 | table = { key = "org", parent = "above" }
       |                        ^^^^^^ does nothing without `within`
    "#);
}

#[test]
fn a_table_that_no_order_names_says_nothing() {
    let more = r#"[source.orgs]
plugin = "csv"
table = { key = "org", facts = { department = "name", city = "place" }, parent = "above", within = "within" }
[authority]
default = ["hr"]
city = ["orgs"]
"#;
    assert_snapshot!(errors_with(more), @r#"
    error: nothing asks `orgs` for `department`
     --> lanyard.toml:8:34
      |
    8 | table = { key = "org", facts = { department = "name", city = "place" }, parent = "above", within = "within" }
      |                                  ^^^^^^^^^^ counts for nothing like this
      |
      = hint: add "orgs" to `default` in `[authority]`

    error: nothing asks `orgs` for `within`
     --> lanyard.toml:8:91
      |
    8 | table = { key = "org", facts = { department = "name", city = "place" }, parent = "above", within = "within" }
      |                                                                                           ^^^^^^ counts for nothing like this
      |
      = hint: add "orgs" to `default` in `[authority]`
    "#);
}

#[test]
fn the_order_of_the_file_is_the_order_of_belief() {
    let folder = with("[source.a]\nplugin = \"csv\"");
    let authority = folder.loaded().config.policy.authority;
    let names: Vec<&str> = authority.default.iter().map(ConnectorName::as_str).collect();
    assert_eq!(names, ["hr", "a"]);
}

#[test]
fn what_recognises_an_account_is_something_we_would_write() {
    let told = errors_with(
        "account = { theirs = [\"mail\"], match = { sure = [[\"number\"], []], ask = [[\"mail\"], [\"number\"]] } }",
    );
    for mistake in [
        "error: a list of no attributes recognises no account",
        "error: `mail` recognises no account",
        "error: what is sure is not asked",
    ] {
        assert!(told.contains(mistake), "{told}");
    }
    let told = errors_with("account = { match = {} }");
    assert!(told.contains("needs `sure` or `ask`"), "{told}");
    let told = errors_with("account = { match = \"mail\" }");
    assert!(told.contains("a list of attributes"), "{told}");
}

#[test]
fn attributes_alone_make_a_person_look() {
    let folder = with("account = { match = [\"mail\", \"number\"] }");
    let crm = &folder.loaded().config.policy.targets["crm"];
    assert_eq!(crm.match_by.sure, Vec::<Vec<String>>::new());
    assert_eq!(crm.match_by.ask, [["mail"], ["number"]]);
}
