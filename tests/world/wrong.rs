//! Worlds that are broken on purpose, each in one way, and by what that shows.

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Intents are kept with the answer, after the call.
    IntentAfterCall,
    /// Whoever looks for a lost create finds nothing, and it is sent again.
    CreateWithoutFind,
    /// Nobody knows what earlier runs took away.
    LimitPerRun,
    /// A read-back shows what was asked for, whatever the target has.
    ClosedOnSuccess,
    /// A source counts as read up to now before anybody has kept whom it
    /// named: nothing is there to measure by what it says next.
    ReadBeforeItCounts,
    /// A process that was paused goes on while another one works.
    Unfenced,
}

/// So many seeds are enough to see each.
pub(crate) const SEEDS: u64 = 400;

impl Wrong {
    pub(crate) const ALL: [Self; 6] = [
        Self::IntentAfterCall,
        Self::CreateWithoutFind,
        Self::LimitPerRun,
        Self::ClosedOnSuccess,
        Self::ReadBeforeItCounts,
        Self::Unfenced,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::IntentAfterCall => "intent-after-the-call",
            Self::CreateWithoutFind => "create-again-without-find",
            Self::LimitPerRun => "limit-per-run",
            Self::ClosedOnSuccess => "closed-on-a-success-code",
            Self::ReadBeforeItCounts => "read-before-it-counts",
            Self::Unfenced => "unfenced",
        }
    }

    /// Properties that do not hold then, by how their names begin.
    pub(crate) fn breaks(self) -> &'static [&'static str] {
        match self {
            Self::IntentAfterCall | Self::CreateWithoutFind => &["P3 ", "P4 "],
            Self::LimitPerRun => &["P7 "],
            Self::ClosedOnSuccess => &["P6 "],
            Self::ReadBeforeItCounts => &["P8 "],
            Self::Unfenced => &["P3 ", "P4 ", "P7 "],
        }
    }
}
