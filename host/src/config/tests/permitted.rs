//! Mistakes in permissions and secrets, as an operator sees them.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Folder, errors_with};

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is what an operator sees")]
fn a_secret_is_never_shown() {
    let more = r#"config = { password = "hunter2-config" }
[target.a]
plugin = "scim"
permissions = { secrets = { token = "hunter2-string", other = { env = "hunter2 env" }, third = { value = "hunter2-value" } } }
[target.b]
plugin = "scim"
permissions = { authorization = { default = { bearer = "hunter2-bearer" } }, reveal = ["hunter2-reveal"], hosts = ["https://user:hunter2@example.org"] }
[target.c]
plugim = "scim"
config = { password = "hunter2-config", nan = nan }
[target.d.permissions]
secrets.x = ["hunter2"]
secrets.y = 2222
secret = { x = "hunter2-typo" }"#;
    let errors = errors_with(more);
    assert!(!errors.contains("hunter2") && !errors.contains("2222"), "{errors}");
    assert_snapshot!(errors, @r#"
    error: bad value for `token`
     --> lanyard.toml:9:37
      |
    9 | permissions = { secrets = { token = ***, other = { env = *** }, third = { value = *** } } }
      |                                     ^^^ a secret is named here, never written: needs `{ env = "NAME" }` or `{ file = "path" }`

    error: secret `other` is not there
     --> lanyard.toml:9:71
      |
    9 | permissions = { secrets = { token = ***, other = { env = *** }, third = { value = *** } } }
      |                                                          ^^^ this is no name of an environment variable

    error: unknown key `value`
     --> lanyard.toml:9:98
      |
    9 | permissions = { secrets = { token = ***, other = { env = *** }, third = { value = *** } } }
      |                                                                           ^^^^^ `target.a.permissions.secrets.third` has no such key
      |
      = hint: keys here: env, file

    error: unknown secret in `bearer`
      --> lanyard.toml:12:56
       |
    12 | permissions = { authorization = { default = { bearer = *** } }, reveal = [***], hosts = [***] }
       |                                                        ^^^ no such name in `target.b.permissions.secrets`
       |
       = hint: declare it: `secrets = { token = { env = "NAME" } }`

    error: unknown secret in `reveal`
      --> lanyard.toml:12:88
       |
    12 | permissions = { authorization = { default = { bearer = *** } }, reveal = [***], hosts = [***] }
       |                                                                           ^^^ no such name in `target.b.permissions.secrets`
       |
       = hint: declare it: `secrets = { token = { env = "NAME" } }`

    error: bad value for `hosts`
      --> lanyard.toml:12:116
       |
    12 | permissions = { authorization = { default = { bearer = *** } }, reveal = [***], hosts = [***] }
       |                                                                                          ^^^ an origin has no user and no password

    error: unknown key `plugim`
      --> lanyard.toml:14:1
       |
    14 | plugim = ***
       | ^^^^^^ `target.c` has no such key
       |
       = hint: did you mean `plugin`?

    error: `target.d` has no `plugin`
      --> lanyard.toml:16:9
       |
    16 | [target.d.permissions]
       |         ^ `plugin` is needed here

    error: bad value for `x`
      --> lanyard.toml:17:13
       |
    17 | secrets.x = [***]
       |             ^^^^^ a secret is named here, never written: needs `{ env = "NAME" }` or `{ file = "path" }`

    error: bad value for `y`
      --> lanyard.toml:18:13
       |
    18 | secrets.y = ***
       |             ^^^ a secret is named here, never written: needs `{ env = "NAME" }` or `{ file = "path" }`

    error: unknown key `secret`
      --> lanyard.toml:19:1
       |
    19 | secret = { x = *** }
       | ^^^^^^ `target.d.permissions` has no such key
       |
       = hint: did you mean `secrets`?
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A secret is written out, and something near it breaks the file.
    #[test]
    fn a_secret_in_a_damaged_file_is_not_shown(
        at in 0..WRITTEN_OUT.len(),
        length in 0..12_usize,
        put in "[\\[\\]{}\"'=.,#\n x]{0,3}",
    ) {
        let end = (at + length).min(WRITTEN_OUT.len());
        let mut text = WRITTEN_OUT.to_owned();
        text.replace_range(at..end, &put);
        if let Err(errors) = Folder::new(&text).load() {
            let shown = errors.render();
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
    }
}

const WRITTEN_OUT: &str = r#"
[source.hr]
plugin = "csv"

[target.crm]
plugin = "scim"

[target.crm.permissions]
hosts = ["https://crm.example.org"]
reveal = ["token"]

[target.crm.permissions.secrets]
token = "hunter2"
other = { env = "CRM_TOKEN" } # was hunter2

[rule.everyone]
accounts = ["crm"]
"#;

#[test]
fn a_secret_on_a_line_that_does_not_parse_is_not_shown() {
    for more in [
        "permissions = { secrets = { token = \"hunter2 } }",
        "[target.crm.permissions.secrets]\nmine = \"hunter2",
        "[target.crm.permissions.secrets]\nmine = hunter2 x",
        "[target.crm.config]\npassword = hunter2",
        "config = { password = 'hunter2 }",
    ] {
        let errors = errors_with(more);
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn secrets_are_declared_and_there() {
    let more = r#"[target.crm.permissions]
secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
authorization = { default = { bearer = "tokn" }, basic = { basic = { user = "svc", secret = "zzzzzz" } } }
reveal = ["token", "zzzzzz"]"#;
    assert_snapshot!(errors_with(more), @r#"
    error: secret `token` is not there
     --> lanyard.toml:7:29
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                             ^^^^^^^^^ the environment variable `NOT_SET` is not set

    error: secret `file` cannot be read
     --> lanyard.toml:7:58
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                                                          ^^^^^^^^^^^^^^ no such file
      |
      = hint: paths are relative to this file

    error: bad value for `both`
     --> lanyard.toml:7:83
      |
    7 | secrets = { token = { env = "NOT_SET" }, file = { file = "secrets/none" }, both = { env = "A", file = "b" } }
      |                                                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^ a secret has one place, either `env` or `file`

    error: unknown secret in `bearer`
     --> lanyard.toml:8:40
      |
    8 | authorization = { default = { bearer = *** }, basic = { basic = { user = "svc", secret = *** } } }
      |                                        ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: did you mean `token`?

    error: unknown secret in `secret`
     --> lanyard.toml:8:93
      |
    8 | authorization = { default = { bearer = *** }, basic = { basic = { user = "svc", secret = *** } } }
      |                                                                                          ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: secrets here: token, file, both

    error: unknown secret in `reveal`
     --> lanyard.toml:9:20
      |
    9 | reveal = ["token", ***]
      |                    ^^^ no such name in `target.crm.permissions.secrets`
      |
      = hint: secrets here: token, file, both
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is what an operator sees")]
fn what_is_permitted_is_checked() {
    let more = r#"[target.crm.permissions]
hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
addresses = ["10.0.0.1/8"]
directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
streams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }"#;
    assert_snapshot!(errors_with(more), @r#"
    error: bad value for `hosts`
     --> lanyard.toml:7:10
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^ an origin ends with its host or port; a path goes into `{ origin = "…", path = "/…" }`

    error: bad value for `hosts`
     --> lanyard.toml:7:38
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                      ^^^^^^^^^^^^^^^ a host has no wildcards; write each host out

    error: wrong type for `hosts`
     --> lanyard.toml:7:55
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                       ^ expected an origin like "https://api.example.org" or `{ origin = …, methods = […], path = … }`

    error: bad path `scim`
     --> lanyard.toml:7:99
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                                                                   ^^^^^^ a path begins with `/`

    error: `GE T` is no method of a request
     --> lanyard.toml:7:118
      |
    7 | hosts = ["https://example.org/path", "*.example.org", 5, { origin = "https://example.org", path = "scim", methods = ["GE T"] }]
      |                                                                                                                      ^^^^^^ needs one like "GET" or "POST"

    error: bad value for `addresses`
     --> lanyard.toml:8:14
      |
    8 | addresses = ["10.0.0.1/8"]
      |              ^^^^^^^^^^^^ has bits set behind its prefix; the range is `10.0.0.0/8`

    error: the directory `nowhere` is not there
     --> lanyard.toml:9:33
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                 ^^^^^^^^^ no such directory
      |
      = hint: paths are relative to this file

    error: unknown choice for `access`
     --> lanyard.toml:9:53
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                                     ^^^^^ expected `read` or `write`
      |
      = hint: did you mean `read`?

    error: the directory `nowhere` is not there
     --> lanyard.toml:9:79
      |
    9 | directories = { data = { path = "nowhere", access = "red" }, other = { path = "nowhere" } }
      |                                                                               ^^^^^^^^^ no such directory
      |
      = hint: paths are relative to this file

    error: wrong type for `port`
      --> lanyard.toml:10:53
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                   ^^^^^ expected a whole number from 0 to 65535

    error: `start-tls` is a step of LDAP
      --> lanyard.toml:10:133
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                                                                                                   ^^^^^^^^^^^ a raw stream is encrypted from its first byte or not at all

    error: the authority's certificate cannot be read
      --> lanyard.toml:10:151
       |
    10 | reams = { a = { host = "ldap.example.org", port = 70000, protocol = "ldap" }, b = { host = "x", port = 1, protocol = "raw", tls = "start-tls", ca = "ca.pem" } }
       |                                                                                                                                                     ^^^^^^^^ no such file
       |
       = hint: paths are relative to this file
    "#);
}
