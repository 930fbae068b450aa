//! Messages about questions: whoever is not reached is asked all the same.

use lanyard_core::workflow::Delivery;

use super::Context;
use crate::messenger::{Outgoing, Sent};

/// Sends each; why one of them may not have arrived.
pub(super) async fn tell(context: &Context, deliveries: &[Delivery]) -> Option<String> {
    let mut untold = None;
    for delivery in deliveries {
        let outgoing = Outgoing {
            id: delivery.id.clone(),
            to: delivery.to.clone(),
            subject: delivery.subject.clone(),
            body: delivery.body.clone(),
            // Only webhooks read it, and those who are asked get mails.
            about: Vec::new(),
        };
        match context.messenger.send(&outgoing).await {
            Sent::Done => {}
            Sent::Not(why) | Sent::Unknown(why) => untold = Some(why),
        }
    }
    untold
}
