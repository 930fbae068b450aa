//! What a connector says of itself, and what must never leave it.

use lanyard_core::schema::{Manifest, ObjectRole};

use crate::{
    connector::Abilities,
    contract::{Law, bench::Bench, bench::is_plain},
};

pub(super) async fn describes(bench: &Bench) -> Law {
    let problems = match bench.connector().describe().await {
        Err(fault) => vec![format!("expected the manifest, but {}", super::failing::told(&fault))],
        Ok(again) if again == bench.bare => Vec::new(),
        Ok(_) => vec!["expected the same manifest twice, but it changed".to_owned()],
    };
    let sentence = "describe needs no configuration and no network, and answers the same twice";
    Law::judged("describe", sentence, 1, problems)
}

pub(super) fn manifest(bench: &Bench) -> Law {
    let Manifest {
        id,
        version,
        config_schema,
        requests,
        streams,
        directories,
        secrets,
        authorizations,
        ..
    } = &bench.bare;
    let mut problems = Vec::new();
    let mut expect = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let id_fits = id.contains('.') && id.chars().all(|c| c.is_alphanumeric() || ".-_/".contains(c));
    expect(id_fits, format!("expected an id like `org.example.acme`, but it is `{id}`"));
    expect(is_semver(version), format!("expected a semantic version, but it is `{version}`"));
    let schema = serde_json::from_str::<serde_json::Value>(config_schema);
    let is_object = schema.is_ok_and(|it| it.get("type").is_some_and(|kind| kind == "object"));
    expect(is_object, "expected a JSON Schema of an object as `config-schema`".to_owned());
    for need in requests {
        let upper = !need.methods.is_empty()
            && need.methods.iter().all(|method| method.chars().all(|c| c.is_ascii_uppercase()));
        let methods = need.methods.join(" ");
        expect(upper, format!("expected upper-case methods, but they are `{methods}`"));
        let path = &need.path;
        expect(path.starts_with('/'), format!("expected a path from `/`, but it is `{path}`"));
    }
    let hosts = requests.iter().map(|it| &it.host).chain(streams.iter().map(|it| &it.host));
    for host in hosts {
        expect(!host.trim().is_empty(), "expected a host, but it is empty".to_owned());
    }
    let directories = directories.iter().map(|it| &it.name);
    let names = directories
        .chain(streams.iter().map(|it| &it.name))
        .chain(secrets.iter().map(|it| &it.name))
        .chain(authorizations.iter().map(|it| &it.name));
    for name in names {
        let problem = format!("expected a name of letters, digits and `-`, but it is `{name}`");
        expect(is_plain(name), problem);
    }
    let sentence = "the manifest has an id, a version, a configuration schema and sound needs";
    Law::judged("manifest", sentence, 1, problems)
}

/// Three numbers, perhaps a suffix (semver.org).
fn is_semver(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u64>().is_ok())
}

pub(super) fn capabilities(bench: &Bench) -> Law {
    const NAME: &str = "capabilities";
    let sentence = "what the schema declares and what the component exports are the same";
    let Some(schema) = &bench.schema else {
        let why = "discover needs a system that answers";
        return Law::not_applicable(NAME, sentence, why);
    };
    let Abilities { directory, provisioning, entitlements, credentials, step: _ } =
        bench.abilities();
    let mut problems = Vec::new();
    let any = |of: fn(&lanyard_core::schema::Capabilities) -> bool| {
        schema.objects.iter().any(|object| of(&object.capabilities))
    };
    let writes = any(|it| it.create || it.update || it.enable || it.disable || it.delete);
    let reads = any(|it| it.full_list || !it.find_by.is_empty());
    for (declared, exported, interface) in [
        (reads, directory, "directory"),
        (writes, provisioning, "provisioning"),
        (any(|it| it.entitlements), entitlements, "entitlements"),
    ] {
        match (declared, exported) {
            (true, false) => problems
                .push(format!("expected the export `{interface}` that the schema speaks of")),
            (false, true) => problems.push(format!(
                "expected a capability behind the export `{interface}`, but none is declared"
            )),
            _ => {}
        }
    }
    // What of it a system can do is for the system to say.
    if !credentials && any(|it| !it.credential_abilities.is_empty()) {
        problems.push("expected the export `credentials` that the schema speaks of".to_owned());
    }
    for object in schema.in_role(ObjectRole::Account) {
        let known = |name: &str| object.attribute(name).is_some();
        let anchor = object.anchor_attribute.as_deref();
        for name in [Some(object.name_attribute.as_str()), anchor].into_iter().flatten() {
            if !known(name) {
                let kind = &object.object_type;
                problems.push(format!("expected `{name}` among the attributes of `{kind}`"));
            }
        }
    }
    Law::judged(NAME, sentence, 1, problems)
}

/// What is known only at the end: what was reached and what leaked.
pub(super) fn reach(bench: &Bench) -> [Law; 3] {
    let reached = bench.script.reached();
    let wrote = bench.script.writes_while_reading();
    let refusals = bench.script.refusals();
    [
        Law::judged(
            "reads-only",
            "while reading, only requests that read reached the system",
            reached,
            wrote.into_iter().map(|it| format!("expected only reads, but it sent {it}")).collect(),
        ),
        Law::judged(
            "reach",
            "it asks for everything it tries to reach",
            1,
            refusals
                .into_iter()
                .map(|it| format!("expected nothing to be refused, but {it}"))
                .collect(),
        ),
        Law::judged(
            "secrets",
            "no secret is in an answer, an error, a log line, a cursor or the journal",
            1,
            bench
                .script
                .leaks()
                .into_iter()
                .map(|place| format!("expected no secret, but it was in {place}"))
                .collect(),
        ),
    ]
}
