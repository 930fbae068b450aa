//! How fast, and when, connectors are called, as an operator misspells it.

use insta::assert_snapshot;
use jiff::SignedDuration;
use lanyard_core::schedule::Rate;

use super::{Folder, errors_with};

#[test]
fn rates_are_checked() {
    let more = r#"[source.agency]
plugin = "csv"
rate = "fast"
[target.phone]
plugin = "scim"
rate = "0/m"
[target.mail]
plugin = "scim"
rate = 600"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `rate`
     --> lanyard.toml:8:8
      |
    8 | rate = "fast"
      |        ^^^^^^ needs calls and a time: `10/s`, `600/m`, `5000/h` or `100/10s`

    error: bad value for `rate`
      --> lanyard.toml:11:8
       |
    11 | rate = "0/m"
       |        ^^^^^ needs from 1 to a million calls, in at least a second and at most a day

    error: wrong type for `rate`
      --> lanyard.toml:14:8
       |
    14 | rate = 600
       |        ^^^ expected a rate like "600/m" or "100/10s"
    "#);
}

#[test]
fn hours_without_writes_are_checked() {
    let more = r#"[target.phone]
plugin = "scim"
no-writes = { hours = [] }
[target.mail]
plugin = "scim"
no-writes = { hours = ["Mon-Fr 08:00-18:00", "8-18"], losing-access = "maybe" }
[target.wiki]
plugin = "scim"
no-writes = { hours = ["00:00-12:00", "12:00-24:00"], timezone = "Europe/Berln" }
[target.erp]
plugin = "scim"
no-writes = ["Mon-Fri 08:00-18:00"]
[target.chat]
plugin = "scim"
no-writes = { days = ["Mon"] }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: hours without writes that are none
     --> lanyard.toml:8:23
      |
    8 | no-writes = { hours = [] }
      |                       ^^ names no hours
      |
      = hint: leave `no-writes` out, or write `hours = ["Mon-Fri 08:00-18:00"]`

    error: bad value for `hours`
      --> lanyard.toml:11:24
       |
    11 | no-writes = { hours = ["Mon-Fr 08:00-18:00", "8-18"], losing-access = "maybe" }
       |                        ^^^^^^^^^^^^^^^^^^^^ `Fr` is no day; days are `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat` and `Sun`

    error: bad value for `hours`
      --> lanyard.toml:11:46
       |
    11 | no-writes = { hours = ["Mon-Fr 08:00-18:00", "8-18"], losing-access = "maybe" }
       |                                              ^^^^^^ needs days and hours: `Mon-Fri 08:00-18:00`, `Sat,Sun 22:00-06:00` or `02:00-04:00`

    error: unknown choice for `losing-access`
      --> lanyard.toml:11:71
       |
    11 | no-writes = { hours = ["Mon-Fr 08:00-18:00", "8-18"], losing-access = "maybe" }
       |                                                                       ^^^^^^^ expected `go` or `wait`

    error: nothing would ever be written there
      --> lanyard.toml:14:23
       |
    14 | no-writes = { hours = ["00:00-12:00", "12:00-24:00"], timezone = "Europe/Berln" }
       |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ takes up the whole week
       |
       = hint: leave an hour open

    error: unknown time zone `Europe/Berln`
      --> lanyard.toml:14:66
       |
    14 | no-writes = { hours = ["00:00-12:00", "12:00-24:00"], timezone = "Europe/Berln" }
       |                                                                  ^^^^^^^^^^^^^^ no zone of the IANA database has this name
       |
       = hint: did you mean `Europe/Berlin`?

    error: wrong type for `no-writes`
      --> lanyard.toml:17:13
       |
    17 | no-writes = ["Mon-Fri 08:00-18:00"]
       |             ^^^^^^^^^^^^^^^^^^^^^^^ expected a table

    error: `target.chat.no-writes` has no `hours`
      --> lanyard.toml:20:1
       |
    20 | no-writes = { days = [***] }
       | ^^^^^^^^^ `hours` is needed here

    error: unknown key `days`
      --> lanyard.toml:20:15
       |
    20 | no-writes = { days = [***] }
       |               ^^^^ `target.chat.no-writes` has no such key
       |
       = hint: keys here: hours, timezone, losing-access
    "#);
}

#[test]
fn what_is_written_of_rates_and_hours_is_what_counts() {
    let folder = Folder::new(
        r#"[source.hr]
plugin = "csv"
rate = "100/10s"
[target.crm]
plugin = "scim"
rate = "5000/h"
no-writes = { hours = ["Mon-Fri 08:00-18:00", "02:00-04:00"], losing-access = "wait" }
[target.wiki]
plugin = "scim"
[lifecycle]
timezone = "Europe/Berlin""#,
    );
    let loaded = folder.loaded();
    let pacing = |name: &str| loaded.config.connectors[name].pacing.clone();
    let per = SignedDuration::from_secs(10);
    assert_eq!(pacing("hr").rate, Some(Rate { calls: 100, per }));
    assert_eq!(pacing("wiki"), lanyard_core::schedule::Pacing::default());
    assert_snapshot!(format!("{:?}", pacing("crm")), @r#"Pacing { rate: Some(Rate { calls: 5000, per: 1h }), no_writes: Some(NoWrites { hours: [Hours { days: Days(31), from: 08:00:00, until: 18:00:00 }, Hours { days: Days(127), from: 02:00:00, until: 04:00:00 }], timezone: Some("Europe/Berlin"), losing_access_waits: true }) }"#);
}
