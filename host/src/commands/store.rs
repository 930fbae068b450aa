//! `lanyard store migrate`, `backup`, `verify` and `copy`.

use std::path::Path;

use super::{
    output::{Output, counted},
    session, stores,
};
use crate::{
    args::StoreVerb,
    config::{Config, store::StoreConfig},
    errors::{AppError, Exit},
    store::{Upkeep as _, chain::Head, copy, sqlite},
};

pub(super) async fn store(
    file: &Path,
    verb: StoreVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    match verb {
        StoreVerb::Migrate => {
            drop(stores::open_exclusive(&config).await?);
            let schema = sqlite::schema();
            output.line(&format!("`{}` is up to date: schema {schema}", config.store))?;
        }
        StoreVerb::Backup { file } => backup(&config, &file, output)?,
        StoreVerb::Verify => return verify(&config, output).await,
        StoreVerb::Copy { to } => copied(&config, &to, output).await?,
    }
    Ok(Exit::Ok)
}

fn backup(config: &Config, file: &Path, output: &mut Output) -> Result<(), AppError> {
    let path = match &config.store {
        StoreConfig::File(path) => path,
        StoreConfig::Postgres(postgres) => {
            let line = format!(
                "pg_dump --format=custom --file={} --host={} --port={} --username={} {}",
                quoted(&file.display().to_string()),
                quoted(&postgres.host),
                postgres.port,
                quoted(&postgres.user),
                quoted(&postgres.database)
            );
            return Err(AppError::new(Exit::Usage, "a database is saved by its own tools")
                .hint(format!("`{line}`"))
                .hint("`pg_restore --dbname=…` brings it back into an empty one"));
        }
    };
    sqlite::backup(path, file)?;
    output.line(&format!("written to `{}`, for its owner alone", file.display()))
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-:".contains(it);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

async fn verify(config: &Config, output: &mut Output) -> Result<Exit, AppError> {
    if !stores::exists(config).await? {
        return Err(AppError::new(Exit::Store, format!("there is no store at `{}`", config.store)));
    }
    let store = stores::open(config).await?;
    match &config.store {
        StoreConfig::File(_) => {
            store.verify_file().await?;
            output.line("ok    the file")?;
        }
        StoreConfig::Postgres(_) => {
            output
                .line("note  the server checks its own files; `pg_amcheck` looks at all of them")?;
        }
    }
    let operations = store.verify_journal().await?;
    let operations = counted(operations, "operation", "operations");
    output.line(&format!("ok    the journal: {operations}, each as its events lead to"))?;
    match store.verify_audit().await? {
        Ok(Head { rows, digest, .. }) => {
            let head = digest.map(|digest| format!("; head {digest}")).unwrap_or_default();
            let rows = counted(rows, "row", "rows");
            output.line(&format!("ok    the audit: {rows}, unbroken{head}"))?;
            Ok(Exit::Ok)
        }
        Err(broken) => Err(AppError::new(Exit::Store, broken)
            .hint("the record was changed outside of Lanyard; keep it and find out who did")),
    }
}

async fn copied(config: &Config, to: &Path, output: &mut Output) -> Result<(), AppError> {
    let other = session::load_without_secrets(to)?.config;
    if other.store == config.store {
        return Err(AppError::new(
            Exit::Usage,
            format!("`{}` has the same `[store]`", to.display()),
        ));
    }
    if !stores::exists(config).await? {
        return Err(AppError::new(Exit::Store, format!("there is no store at `{}`", config.store)));
    }
    let from = stores::open_exclusive(config).await?;
    let into = stores::open_exclusive(&other).await?;
    let copied = copy::copy(&from, &into).await?;
    let rows = counted(copied.rows.values().sum::<u64>(), "row", "rows");
    let head = copied.head.digest.map(|digest| format!("; head {digest}")).unwrap_or_default();
    output.line(&format!("copied `{}` to `{}`: {rows}{head}", config.store, other.store))?;
    output.line("both are there now; have one `[store]` in every configuration file")
}
