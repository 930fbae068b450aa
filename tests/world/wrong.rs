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
    /// What a source said is forgotten as the measure of what it says next,
    /// before anybody took in what followed from it.
    ReadBeforeItCounts,
    /// A process that was paused goes on while another one works.
    Unfenced,
}

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

    /// So many seeds are enough to see it.
    pub(crate) fn seeds(self) -> u64 {
        400
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
