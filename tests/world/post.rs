//! The mail that goes out: what was taken, and how often.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use lanyard::messenger::{Messenger, Outgoing, Sent};
use lanyard_core::{id::IdentityId, workflow::Address};

use crate::{
    air::{Air, locked},
    schedule::Fault,
};

pub(crate) struct Post {
    air: Arc<Air>,
    /// How often each message was taken, and whom it was about.
    taken: Mutex<BTreeMap<String, (u32, Vec<IdentityId>)>>,
}

impl Post {
    pub(crate) fn new(air: &Arc<Air>) -> Arc<Self> {
        Arc::new(Self { air: Arc::clone(air), taken: Mutex::default() })
    }

    /// Messages about somebody.
    pub(crate) fn about(&self, identity: IdentityId) -> usize {
        let taken = locked(&self.taken);
        taken.values().filter(|(_, about)| about.contains(&identity)).count()
    }

    fn take(&self, message: &Outgoing) {
        let mut taken = locked(&self.taken);
        let about = message.about.iter().map(|topic| topic.identity).collect();
        let (times, _) = taken.entry(message.id.clone()).or_insert((0, about));
        *times += 1;
        if *times > 1 {
            let text = format!("message {} was sent {times} times", message.id);
            self.air.broke("steps are carried out once", text);
        }
    }
}

#[async_trait]
impl Messenger for Post {
    async fn send(&self, message: &Outgoing) -> Sent {
        self.air.goes_on().await;
        tokio::task::yield_now().await;
        self.air.goes_on().await;
        self.air.passes(40_000);
        self.air.say(|| format!("  mail {}", message.id));
        let unknown = || Sent::Unknown("as drawn".to_owned());
        let sent = match self.air.call("mail", "send") {
            None => {
                self.take(message);
                Sent::Done
            }
            Some(Fault::LostAfter | Fault::Slow | Fault::Trapped | Fault::Partial) => {
                self.take(message);
                unknown()
            }
            Some(Fault::LostBefore) => unknown(),
            Some(_) => Sent::Not("as drawn".to_owned()),
        };
        tokio::task::yield_now().await;
        self.air.goes_on().await;
        sent
    }

    async fn reach(&self, _: &Address) -> Result<(), String> {
        Ok(())
    }
}
