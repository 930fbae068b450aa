//! A password that is handed to one call, and what that call may not say.

use std::sync::Arc;

use lanyard_core::fault::Fault;

use super::{WasmConnector, call::Call, permitted::Purpose};
use crate::connector::{Outcome, Password, Write, WriteContext};

/// The name a connector asks for it by, in the call it is handed to.
pub(super) const NAME: &str = "new-password";

/// Writes it.  Of the answer only its status and its fault are handed on, and
/// these without the password.
pub(super) async fn set(
    connector: &WasmConnector,
    context: WriteContext,
    (write, password): (&Write, &Password),
) -> Result<Outcome, Fault> {
    let journal = Some(Arc::clone(&context.journal));
    let cancelled = Arc::clone(&connector.cancelled);
    let mut call = Call::begin(&connector.component, Purpose::Write, journal, cancelled).await?;
    call.hand(password.clone());
    let done = tokio::time::timeout(call.wall_time(), async {
        let mut instance = call.instance().await?;
        instance.write(&context, write).await
    })
    .await;
    let outcome = call.end(done).map_err(|fault| silent(fault, password))?;
    Ok(Outcome {
        status: outcome.status,
        account: None,
        side_effects: Vec::new(),
        failed: Vec::new(),
    })
}

/// The fault without the password, wherever it has it.
fn silent(fault: Fault, password: &Password) -> Fault {
    let Ok(text) = serde_json::to_string(&fault) else { return fault };
    if !text.contains(password.text()) {
        return fault;
    }
    serde_json::from_str(&password.out_of(&text)).unwrap_or_else(|_| Fault {
        message: password.out_of(&fault.message),
        native_code: None,
        ..Fault::new(fault.kind, "")
    })
}
