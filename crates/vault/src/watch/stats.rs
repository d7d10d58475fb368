//! What a pass over due assets did, in numbers.

/// What one pass over due assets did: numbers of assets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProbePassStats {
    /// The pass claimed them.
    pub claimed: usize,
    /// The serving credential works.
    pub confirmed: usize,
    /// The serving credential was refused.
    pub doubted: usize,
    /// A parked credential was promoted.
    pub promoted: usize,
    /// A standby credential was promoted.
    pub failed_over: usize,
    /// Graph gave no answer; they are probed again later.
    pub postponed: usize,
    /// They changed, or another process claimed them, during the probes.
    pub lost: usize,
}

impl ProbePassStats {
    pub(super) fn add_stats(self, other: Self) -> Self {
        Self {
            claimed: self.claimed + other.claimed,
            confirmed: self.confirmed + other.confirmed,
            doubted: self.doubted + other.doubted,
            promoted: self.promoted + other.promoted,
            failed_over: self.failed_over + other.failed_over,
            postponed: self.postponed + other.postponed,
            lost: self.lost + other.lost,
        }
    }
}
