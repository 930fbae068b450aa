//! Opening the store that the operator's file names.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    config::{
        Config,
        permissions::SecretSource,
        store::{PostgresConfig, PostgresTls, StoreConfig},
    },
    errors::{AppError, Exit},
    store::{
        any::AnyStore,
        copy,
        postgres::{Password, PostgresStore, Settings, Tls},
        sqlite::SqliteStore,
    },
};

/// A server is updated, or another one takes its place, within that.
const PATIENCE: Duration = Duration::from_secs(30);

/// Beside whoever else has it open.
pub(super) async fn open(config: &Config) -> Result<AnyStore, AppError> {
    open_at(&config.store).await
}

/// The same of a file of which nothing else is known.
pub(super) async fn open_at(store: &StoreConfig) -> Result<AnyStore, AppError> {
    Ok(match store {
        StoreConfig::File(path) => SqliteStore::open(path)?.into(),
        StoreConfig::Postgres(postgres) => PostgresStore::open(settings(postgres)?).await?.into(),
    })
}

/// For the one process that changes it.
pub(super) async fn open_exclusive(config: &Config) -> Result<AnyStore, AppError> {
    Ok(match &config.store {
        StoreConfig::File(path) => SqliteStore::open_exclusive(path)?.into(),
        StoreConfig::Postgres(postgres) => {
            PostgresStore::open_exclusive(settings(postgres)?).await?.into()
        }
    })
}

/// A copy in memory: what is written there is gone with it.
pub(super) async fn open_copy(config: &Config) -> Result<AnyStore, AppError> {
    Ok(match &config.store {
        StoreConfig::File(path) => SqliteStore::open_copy(path)?.into(),
        StoreConfig::Postgres(postgres) => {
            let memory = SqliteStore::in_memory()?;
            copy::copy(&PostgresStore::open(settings(postgres)?).await?, &memory).await?;
            memory.into()
        }
    })
}

/// Whether there is a store: looking must not make one.
pub(super) async fn exists(config: &Config) -> Result<bool, AppError> {
    exists_at(&config.store).await
}

/// The same of a file of which nothing else is known.
pub(super) async fn exists_at(store: &StoreConfig) -> Result<bool, AppError> {
    match store {
        StoreConfig::File(path) => Ok(path.exists()),
        StoreConfig::Postgres(postgres) => Ok(PostgresStore::exists(settings(postgres)?).await?),
    }
}

pub(super) fn settings(postgres: &PostgresConfig) -> Result<Settings, AppError> {
    let PostgresConfig { host, port, database, user, password, tls, ca, connections } = postgres;
    let password = password.as_ref().map(password_of).transpose()?;
    Ok(Settings {
        host: host.clone(),
        port: *port,
        database: database.clone(),
        user: user.clone(),
        password,
        tls: match tls {
            PostgresTls::Off => Tls::Off,
            PostgresTls::Require => Tls::Require,
            PostgresTls::VerifyFull => Tls::VerifyFull { ca: ca.clone() },
        },
        connections: *connections,
        patience: PATIENCE,
    })
}

fn password_of(source: &SecretSource) -> Result<Password, AppError> {
    let unreadable = |place: String| {
        AppError::new(Exit::Store, format!("the password of the store cannot be read from {place}"))
    };
    let mut text = Zeroizing::new(match source {
        SecretSource::Env(name) => std::env::var(name)
            .map_err(|_| unreadable(format!("the environment variable `{name}`")))?,
        SecretSource::File(path) => std::fs::read_to_string(path)
            .map_err(|error| unreadable(format!("`{}`: {error}", path.display())))?,
    });
    if matches!(source, SecretSource::File(_)) && text.ends_with('\n') {
        text.pop();
    }
    Ok(Password(text))
}
