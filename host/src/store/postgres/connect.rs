//! Reaching the server.

use std::{io, path::Path, sync::Arc, time::Duration};

use tokio_postgres::{Client, Config, NoTls, config::SslMode};

use super::{Settings, Tls, problem::Said, session::Session, tls};
use crate::store::sql::{Kind, Problem};

/// How long the server may take to answer that it is there.
const CONNECT: Duration = Duration::from_secs(10);
/// After so long without a word it is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The first release with what is asked of it.
const OLDEST: i32 = 150_000;

/// Of every session.  Whoever stands still in the middle of a transaction
/// holds up all others: the server ends it.
const SETTINGS: &str = "SET lock_timeout = '5s';
     SET idle_in_transaction_session_timeout = '60s';
     SET client_min_messages = warning;
     SET jit = off;
     SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') = 'off'";

/// Opens a session; may wait, and is not called by a task.
pub(super) fn connect(settings: &Settings) -> Result<Session, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::Refused(format!("no thread for the store: {error}")))?;
    let reached = runtime.block_on(async {
        match tokio::time::timeout(CONNECT.saturating_mul(2), reach(settings)).await {
            Ok(reached) => reached,
            Err(_elapsed) => Err(unreachable(io::Error::from(io::ErrorKind::TimedOut))),
        }
    });
    let mut session = Session::new(runtime, reached?);
    session.batch(SETTINGS)?;
    fit(&mut session)?;
    Ok(session)
}

async fn reach(settings: &Settings) -> Result<Client, Problem> {
    let Settings { host, port, database, user, password, tls, connections: _, patience: _ } =
        settings;
    let mut config = Config::new();
    if host.starts_with('/') {
        config.host_path(Path::new(host));
    } else {
        config.host(host);
    }
    config
        .port(*port)
        .dbname(database)
        .user(user)
        .application_name("lanyard")
        .connect_timeout(CONNECT)
        .keepalives_idle(KEEPALIVE);
    if let Some(password) = password {
        config.password(password.0.as_bytes());
    }
    let client = match tls {
        Tls::Off => {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(NoTls).await.map_err(refused)?;
            tokio::spawn(async move { drop(connection.await) });
            client
        }
        Tls::Require | Tls::VerifyFull { .. } => {
            config.ssl_mode(SslMode::Require);
            let tls = tls::Connector::new(tls).map_err(unreachable)?;
            let (client, connection) = config.connect(tls).await.map_err(refused)?;
            tokio::spawn(async move { drop(connection.await) });
            client
        }
    };
    Ok(client)
}

fn refused(error: tokio_postgres::Error) -> Problem {
    unreachable(Said(error))
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Database { kind: Kind::Unreachable, source: Arc::new(error) }
}

/// Whether the server can be a store.
fn fit(session: &mut Session) -> Result<(), Problem> {
    let (version, encoding): (i64, String) = session.one(
        "SELECT CAST(current_setting('server_version_num') AS BIGINT),
             current_setting('server_encoding')",
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if version < i64::from(OLDEST) {
        return Err(Problem::Refused(format!(
            "PostgreSQL {} is too old; 15 is the oldest that will do",
            version / 10_000
        )));
    }
    if encoding != "UTF8" {
        return Err(Problem::Refused(format!(
            "the database's encoding is {encoding}; make one with ENCODING 'UTF8'"
        )));
    }
    Ok(())
}
