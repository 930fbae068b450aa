//! The gates of all targets of a run.

use jiff::Timestamp;
use lanyard_core::{
    id::ConnectorName,
    schedule::{Class, Gates, Shut},
};

use crate::connector::{Connectors, Pass};

pub(super) struct Doors<'a>(pub(super) &'a Connectors);

/// Each gate goes by its own clock, which is that of the run or, where that
/// one stands, a little ahead of it.
impl Gates for Doors<'_> {
    /// None: the target is not there, which whoever sends to it finds out.
    type Turn = Option<Pass>;

    fn enter(
        &mut self,
        target: &ConnectorName,
        class: Class,
        _now: Timestamp,
    ) -> Result<Option<Pass>, Shut> {
        let Some(attached) = self.0.targets.get(target) else { return Ok(None) };
        attached.gate.enter(Some(class)).map(Some).map_err(|later| later.shut)
    }

    fn shut(&self, target: &ConnectorName, class: Class, _now: Timestamp) -> Option<Shut> {
        self.0.targets.get(target)?.gate.shut(class).map(|later| later.shut)
    }
}
