//! `lanyard leaver`.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use lanyard_core::id::Digest;

use super::{
    named,
    output::{Output, counted},
    plan,
    session::{self, Use},
};
use crate::{
    args::{LeaverVerb, Left, ReceiptForm},
    config::{Config, permissions::SecretSource, store::StoreConfig},
    errors::{AppError, Exit},
    receipt::{self, Document, Format, Known, NotLeft, PURPOSE, Refused, Signed},
    reconcile::{self, LastKnown, Settling, Supposed},
    signing::{KeyError, PublicKey, SigningKey},
    store::{AuditEntry, Store},
    telemetry,
};

pub(super) async fn leaver(
    file: &Path,
    wanted: &Left,
    output: &mut Output,
) -> Result<Exit, AppError> {
    match (&wanted.verb, &wanted.identity) {
        (Some(LeaverVerb::Verify { document, key }), _) => verify(document, key.as_deref(), output),
        (Some(LeaverVerb::Key), _) => {
            let config = session::load(file)?.config;
            output.line(&signing_key(&config)?.public().to_string())?;
            Ok(Exit::Ok)
        }
        (None, Some(who)) => show(file, who, wanted, output).await,
        (None, None) => Err(AppError::new(Exit::Usage, "nobody is named")),
    }
}

async fn show(
    file: &Path,
    who: &str,
    wanted: &Left,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load(file)?.config;
    let mut all_read = true;
    let store: Arc<dyn Store> = if wanted.look {
        let purpose = if wanted.receipt.is_some() { Use::Changes } else { Use::Looks };
        let road = session::road(file, purpose, output).await?;
        let (survey, _open) = plan::look(&road.context, Settling::Looking, output).await?;
        all_read = plan::all_read(&survey);
        road.context.store
    } else if wanted.receipt.is_some() {
        Arc::new(session::exclusive_store(&config, Use::Changes, output).await?)
    } else {
        Arc::new(session::open_store(&config).await?)
    };
    let now = telemetry::clock()();
    session::say_halted(store.as_ref(), output).await?;
    let identity = named::identity(store.as_ref(), who, now).await?.id;
    let key = wanted.receipt.as_ref().map(|_| signing_key(&config)).transpose()?;
    let digest = config.digest.clone();
    let Supposed { known, plan, .. } =
        reconcile::suppose(config.policy, store.as_ref(), now).await?;
    let by = session::actor();
    let LastKnown { policy, desired, observed, .. } = &known;
    let known = Known { policy, desired, observed, plan: &plan };
    let mut document = receipt::gather(&known, store.as_ref(), identity, &digest, (&by, now))
        .await
        .map_err(not_left)?;
    document.trying_out = matches!(telemetry::set_clock(), Ok(Some(_)));
    if wanted.json {
        output.json(&document)?;
    } else {
        output.text(&receipt::ticks(&document))?;
        output.line(&match document.open {
            0 if all_read => "\nnothing is open".to_owned(),
            0 => "\nnothing is open by what could be read; not everything could".to_owned(),
            open => {
                format!("\n{} open", counted(open, "loss of access is", "losses of access are"))
            }
        })?;
    }
    let exit = match document.open {
        0 if all_read => Exit::Ok,
        0 => Exit::Connector,
        _ => Exit::Failed,
    };
    if let (Some(path), Some(key)) = (&wanted.receipt, key) {
        let text = signed(document.clone(), &key, wanted.format)?;
        plan::write_privately(path, &text).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("the document could not be written to `{}`", path.display()))
        })?;
        store.record_receipt(&entry(&document, &text, &by)).await?;
        output.error(&format!(
            "written to `{}`, for its owner alone; signed by {}\n",
            path.display(),
            key.public()
        ));
    }
    Ok(exit)
}

fn signed(document: Document, key: &SigningKey, form: ReceiptForm) -> Result<String, AppError> {
    let seal = key.seal(PURPOSE, &document)?;
    let format = match form {
        ReceiptForm::Text => Format::Text,
        ReceiptForm::Json => Format::Json,
        ReceiptForm::Html => Format::Html,
    };
    Ok(receipt::written(&Signed { document, seal }, format)?)
}

/// Of the document, the store keeps its digest and no more.
fn entry(document: &Document, text: &str, by: &str) -> AuditEntry {
    AuditEntry {
        at: document.made,
        actor: by.to_owned(),
        action: "receipt".to_owned(),
        identity: Some(document.identity),
        target: None,
        account: None,
        result: if document.open == 0 { "made" } else { "interim" }.to_owned(),
        verification: None,
        detail: BTreeMap::from([("digest".to_owned(), Digest::of(text).to_string())]),
    }
}

const NO_KEY: &str = "there is no key to sign with: the store is on a server, which keeps none";
const KEY: &str = "`openssl rand -base64 32` makes one; `[signing] key` says where it is";

/// The one the file names.
pub(super) fn named_key(source: &SecretSource) -> Result<SigningKey, KeyError> {
    match source {
        SecretSource::File(path) => SigningKey::open(path),
        SecretSource::Env(variable) => match std::env::var(variable) {
            Ok(text) => SigningKey::of_text(&text, &format!("`{variable}`")),
            Err(_) => Err(KeyError::NotSet { variable: variable.clone() }),
        },
    }
}

fn signing_key(config: &Config) -> Result<SigningKey, AppError> {
    key_of(config.signing.as_ref(), &config.store)
}

/// The one the file names, or the one beside the store.
pub(super) fn key_of(
    signing: Option<&SecretSource>,
    store: &StoreConfig,
) -> Result<SigningKey, AppError> {
    let key = match signing {
        Some(source) => named_key(source),
        None => match store {
            StoreConfig::File(path) => {
                SigningKey::open_or_make(&path.with_extension("signing-key"))
            }
            // Each node would make one of its own.
            StoreConfig::Postgres(_) => return Err(AppError::new(Exit::Usage, NO_KEY).hint(KEY)),
        },
    };
    key.map_err(|error| {
        let shared = matches!(error, KeyError::Shared { .. });
        let error = AppError::new(Exit::Usage, error);
        if shared {
            error.hint("`chmod 600` it, and think whether somebody else has it by now")
        } else {
            error.hint(KEY)
        }
    })
}

fn verify(path: &Path, key: Option<&str>, output: &mut Output) -> Result<Exit, AppError> {
    let expected: Option<PublicKey> =
        key.map(str::parse).transpose().map_err(|error| AppError::new(Exit::Usage, error))?;
    let bytes = std::fs::read(path).map_err(|error| {
        AppError::new(Exit::Usage, error).hint(format!("`{}` cannot be read", path.display()))
    })?;
    let verified = receipt::verify(&bytes, expected.as_ref()).map_err(refused)?;
    let Document { open, trying_out, made, by, who, identity, .. } = &verified.document;
    let what = match open {
        open if *trying_out => {
            format!("made for trying out, by a clock that somebody set, with {open} open")
        }
        0 => "a leaver receipt, and nothing was open".to_owned(),
        open => format!("an interim statement, and {open} losses of access were open"),
    };
    output.line(&format!(
        "it is as it was signed: {what}\n  about  {who} ({identity})\n  made   {made:.0} by {by}\n  \
         key    {}",
        verified.key
    ))?;
    if expected.is_none() {
        output.error(
            "note: that says that nothing was changed, and not whose key it is; `--key KEY` asks \
             for the one you were given by `lanyard leaver key`\n",
        );
    }
    Ok(Exit::Ok)
}

fn refused(error: Refused) -> AppError {
    AppError::new(Exit::Failed, error).hint("it is not to be believed")
}

fn not_left(error: NotLeft) -> AppError {
    match error {
        NotLeft::Store(error) => error.into(),
        other => AppError::new(Exit::Usage, other)
            .hint("`lanyard explain` shows what they have; `lanyard eject` has somebody go now"),
    }
}
