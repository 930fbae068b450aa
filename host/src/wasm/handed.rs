//! A password that is handed to one call, and what that call may not say.

use std::sync::Arc;

use lanyard_core::fault::{Fault, FaultKind};

use super::{WasmConnector, call::Call, permitted::Purpose, state::NOT_SHOWN};
use crate::{
    config::permissions::Tls,
    connector::{Outcome, Password, Write, WriteContext},
};

/// The name a connector asks for it by, in the call it is handed to.
pub(super) const NAME: &str = "new-password";

/// Writes it.  Of the answer only its status and the kind of its fault are
/// handed on.
pub(super) async fn set(
    connector: &WasmConnector,
    context: WriteContext,
    (write, password): (&Write, &Password),
) -> Result<Outcome, Fault> {
    if let Some(fault) = in_clear(connector) {
        return Err(fault);
    }
    let journal = Some(Arc::clone(&context.journal));
    let cancelled = Arc::clone(&connector.cancelled);
    let mut call = Call::begin(&connector.component, Purpose::Write, journal, cancelled).await?;
    call.hand(password.clone());
    let done = tokio::time::timeout(call.wall_time(), async {
        let mut instance = call.instance().await?;
        instance.write(&context, write).await
    })
    .await;
    let outcome = call.end(done).map_err(silent)?;
    Ok(Outcome {
        status: outcome.status,
        account: None,
        side_effects: Vec::new(),
        failed: Vec::new(),
    })
}

/// Only of what kind it is: a guest can write a password in many ways.
fn silent(fault: Fault) -> Fault {
    let kind = fault.kind.without_words(NOT_SHOWN);
    let text = format!(
        "it was not surely set ({}); what the connector says of it is {NOT_SHOWN}, for it knew the \
         password",
        kind.word()
    );
    Fault::new(kind, text)
}

/// Why nothing may be handed over: everybody on the way could read it.
fn in_clear(connector: &WasmConnector) -> Option<Fault> {
    let streams = &connector.component.permitted.config.permissions.streams;
    let bare = streams.iter().find(|(_, it)| it.tls == Tls::Off && !it.host.is_this_machine());
    bare.map(|(name, _)| {
        let text = format!(
            "the stream `{name}` has `tls = \"off\"`, so that everybody on the way could read a \
             password; `tls = \"start-tls\"` or `\"tls\"`"
        );
        Fault::new(FaultKind::Misconfigured(text.clone()), text)
    })
}
