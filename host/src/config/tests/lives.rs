//! Leave, holds and the rest of the lifecycle, as an operator misspells them.

use insta::assert_snapshot;

use super::errors_with;

#[test]
fn what_the_lifecycle_waits_for_is_checked() {
    let more = r#"[lifecycle]
last-hour = "5 pm"
leaving = "a month"
overlap = "10"
clock-jump = "often"
[lifecycle.status]
active = ["Active"]
cancelled = ["active"]"#;
    assert_snapshot!(errors_with(more), @r#"
    error: `5 pm` is no hour of a day
     --> lanyard.toml:7:13
      |
    7 | last-hour = "5 pm"
      |             ^^^^^^ needs an hour like "17:00"

    error: bad value for `leaving`
     --> lanyard.toml:8:11
      |
    8 | leaving = "a month"
      |           ^^^^^^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`

    error: bad value for `overlap`
     --> lanyard.toml:9:11
      |
    9 | overlap = "10"
      |           ^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`

    error: bad value for `clock-jump`
      --> lanyard.toml:10:14
       |
    10 | clock-jump = "often"
       |              ^^^^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`

    error: status `active` means two things
      --> lanyard.toml:13:14
       |
    13 | cancelled = ["active"]
       |              ^^^^^^^^ is also in `active`
    "#);
}

#[test]
fn engagements_are_of_sources_of_people() {
    let more = r#"[lifecycle]
engagements = ["hr", "hr", "crm", "orgs"]
bridge = "soon"
[source.orgs]
plugin = "csv"
table = { key = "orgnum" }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: source `hr` is named twice
     --> lanyard.toml:7:22
      |
    7 | engagements = ["hr", "hr", "crm", "orgs"]
      |                      ^^^^ was named before

    error: unknown source `crm`
     --> lanyard.toml:7:28
      |
    7 | engagements = ["hr", "hr", "crm", "orgs"]
      |                            ^^^^^ no `[source.crm]` in this file

    error: source `orgs` has no people
     --> lanyard.toml:7:35
      |
    7 | engagements = ["hr", "hr", "crm", "orgs"]
      |                                   ^^^^^^ is a table, whose records nobody is engaged by

    error: bad value for `bridge`
     --> lanyard.toml:8:10
      |
    8 | bridge = "soon"
      |          ^^^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`
    "#);
}

#[test]
fn types_of_leave_are_checked() {
    let more = r#"[lifecycle.status]
active = ["Active"]
[lifecycle.leave.parental]
status = ["Parental leave", "active"]
login = "maybe"
[lifecycle.leave.sabbatical]
status = ["parental leave"]
keep = ["crn", "crm/staff", "mail/x"]"#;
    assert_snapshot!(errors_with(more), @r#"
    error: status `active` means two things
     --> lanyard.toml:9:29
      |
    9 | status = ["Parental leave", "active"]
      |                             ^^^^^^^^ is also in `active`

    error: unknown choice for `login`
      --> lanyard.toml:10:9
       |
    10 | login = "maybe"
       |         ^^^^^^^ expected `block` or `keep`

    error: status `parental leave` means two things
      --> lanyard.toml:12:11
       |
    12 | status = ["parental leave"]
       |           ^^^^^^^^^^^^^^^^ is also in `[lifecycle.leave.parental]`

    error: unknown target `crn`
      --> lanyard.toml:13:9
       |
    13 | keep = ["crn", "crm/staff", "mail/x"]
       |         ^^^^^ no `[target.crn]` in this file
       |
       = hint: did you mean `crm`?

    error: unknown target `mail`
      --> lanyard.toml:13:29
       |
    13 | keep = ["crn", "crm/staff", "mail/x"]
       |                             ^^^^^^^^ no `[target.mail]` in this file
       |
       = hint: targets here: crm
    "#);
}

#[test]
fn a_status_of_a_leave_needs_one_that_means_active() {
    let more = "[lifecycle.leave.parental]\nstatus = [\"Parental leave\"]";
    assert_snapshot!(errors_with(more), @r#"
    error: no status means active
     --> lanyard.toml:7:10
      |
    7 | status = ["Parental leave"]
      |          ^^^^^^^^^^^^^^^^^^ with a status for this leave alone, everybody else would be held
      |
      = hint: say which do: `status = { active = ["Active"] }` in `[lifecycle]`
    "#);
}

#[test]
fn legal_holds_are_checked() {
    let more = r#"[hold.trial]
people = []
review = "next year"
owner = "legal"
[hold.other]
people = ["1001"]
review = 2027-03-31
[limits.ejects]
max = -1"#;
    assert_snapshot!(errors_with(more), @r#"
    error: the hold `trial` is for nobody
     --> lanyard.toml:7:10
      |
    7 | people = []
      |          ^^ needs the keys of records, or ids

    error: `next year` is no date
     --> lanyard.toml:8:10
      |
    8 | review = "next year"
      |          ^^^^^^^^^^^ needs a date like "2027-03-31"

    error: `hold.other` has no `owner`
      --> lanyard.toml:10:7
       |
    10 | [hold.other]
       |       ^^^^^ `owner` is needed here

    error: wrong type for `max`
      --> lanyard.toml:14:7
       |
    14 | max = -1
       |       ^^ expected a whole number from 0 to 4294967295
    "#);
}

#[test]
fn confirmations_need_time_in_between() {
    let source = |more: &str| errors_with(&format!("[source.more]\nplugin = \"csv\"\n{more}"));
    assert_snapshot!(source("confirmations = 0"), @r#"
    error: a record cannot be missing in no reading
     --> lanyard.toml:8:17
      |
    8 | confirmations = 0
      |                 ^ needs at least 1
      |
      = hint: for a record that is missing to mean nothing, write `missing = "keep"`
    "#);
    assert_snapshot!(source("confirmations = 2\ninterval = \"0s\""), @r#"
    error: readings at the same moment confirm nothing
     --> lanyard.toml:9:12
      |
    9 | interval = "0s"
      |            ^^^^ needs some time, like "12h"
    "#);
}

#[test]
fn how_long_people_are_kept_is_checked() {
    let more = r#"[leaver]
retain = "3 years"
[limits]
erasures = { max = 5, window = "1y" }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `retain`
     --> lanyard.toml:7:10
      |
    7 | retain = "3 years"
      |          ^^^^^^^^^ needs a whole number with a unit, like `3y` or `180d`, or `never`

    error: bad value for `window`
     --> lanyard.toml:9:32
      |
    9 | erasures = { max = 5, window = "1y" }
      |                                ^^^^ needs a whole number with a unit: `30s`, `5m`, `24h` or `7d`
    "#);
    assert_snapshot!(errors_with("[leaver]\nretain = \"101y\"\n"), @r#"
    error: bad value for `retain`
     --> lanyard.toml:7:10
      |
    7 | retain = "101y"
      |          ^^^^^^ is longer than a hundred years
    "#);
    for soon in ["retain = \"29d\"", "retain = \"0y\"", "delete-after = \"90d\"\nretain = \"60d\""]
    {
        let said = errors_with(&format!("[leaver]\n{soon}\n"));
        assert!(said.contains("people would be erased too soon"), "{soon}: {said}");
    }
    assert_snapshot!(errors_with("[leaver]\nretain = \"0d\"\n"), @r#"
    error: people would be erased too soon
     --> lanyard.toml:7:10
      |
    7 | retain = "0d"
      |          ^^^^ is shorter than 30 days, or than `delete-after`
      |
      = hint: what is erased by mistake comes back by nothing; take more time to see it
    "#);
}

#[test]
fn nobody_is_erased_by_one_reading_of_a_target() {
    let more = "[target.mail]\nplugin = \"scim\"\nconfirmations = 1\ninterval = \"12h\"";
    assert_snapshot!(errors_with(more), @r#"
    error: one reading proves too little to erase anybody by it
     --> lanyard.toml:8:17
      |
    8 | confirmations = 1
      |                 ^ needs at least 2

    error: readings so close together confirm too little
     --> lanyard.toml:9:12
      |
    9 | interval = "12h"
      |            ^^^^^ needs at least "24h"
    "#);
}
