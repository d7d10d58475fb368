//! An asset that is due for a probe, and what is known while its claim is worked on.

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, Credential, CredentialId, Grant, GrantId, Proof, Proven, RefusalKind, Slot,
    Timestamp,
    failover::needs_standby,
    watch::{Verdict, judge},
};
use regrant_graph::AppCredentials;
use regrant_storage::{ProbeLease, StoredCredential, TenantScope};

use crate::Settings;

/// An asset that is due, and what stands for it; the better ranked first.
pub(super) struct Due {
    pub(super) lease: ProbeLease,
    pub(super) asset: Asset,
    pub(super) credentials: Vec<StoredCredential>,
    /// What the probes said, credential by credential.
    pub(super) proofs: HashMap<CredentialId, Proof>,
}

impl Due {
    /// Whether an answer called this credential's token dead.
    pub(super) fn is_dead(&self, stored: &StoredCredential) -> bool {
        matches!(self.proofs.get(&stored.credential.id), Some(Proof::Refused(it)) if it.kind == RefusalKind::TokenDead)
    }

    /// Whether the asset may have lost its serving credential, so that its standbys are probed too.
    pub(super) fn needs_standby(&self, now: Timestamp, settings: &Settings) -> bool {
        let is_serving = self.asset.state(now, settings.assets.notice).serves();
        let has_failed = self.asset.facts.failures > 0;
        needs_standby(self.verdict(now).as_ref(), is_serving, has_failed)
    }

    /// Whether nobody could say anything of a credential that waits.
    pub(super) fn is_unsaid(&self, now: Timestamp) -> bool {
        self.proofs
            .values()
            .any(|it| matches!(judge(it, None, now), Verdict::Unknown(_)))
    }

    pub(super) fn verdict(&self, now: Timestamp) -> Option<Verdict> {
        let active = self.in_slot(Slot::Active)?;
        let proof = self.proofs.get(&active.credential.id)?;
        Some(judge(proof, self.asset.facts.cut_off, now))
    }

    pub(super) fn in_slot(&self, slot: Slot) -> Option<&StoredCredential> {
        self.credentials
            .iter()
            .find(|it| it.credential.slot == slot)
    }

    /// The credential of a slot whose proof succeeded, with what the proof brought.
    pub(super) fn take_proven(&mut self, slot: Slot) -> Option<(StoredCredential, Proven)> {
        let works = |it: &&StoredCredential| {
            it.credential.slot == slot
                && matches!(self.proofs.get(&it.credential.id), Some(Proof::Proven(_)))
        };
        let found = self.credentials.iter().find(works)?.clone();
        match self.proofs.remove(&found.credential.id) {
            Some(Proof::Proven(proven)) => Some((found, proven)),
            _ => None,
        }
    }
}

/// Everything that is known of the due assets of one tenant.
pub(super) struct Round<'a> {
    pub(super) scope: &'a TenantScope,
    pub(super) owner: &'a str,
    pub(super) app: &'a AppCredentials,
    pub(super) grants: HashMap<GrantId, Grant>,
    /// What was learned of imported tokens, by their fingerprint.
    pub(super) adopted: HashMap<Vec<u8>, Grant>,
    /// Opened for this round alone.
    pub(super) tokens: HashMap<CredentialId, AccessToken>,
}

impl Round<'_> {
    /// What is known of the token behind a credential.
    pub(super) fn grant_of(&self, credential: &Credential) -> Option<&Grant> {
        let known = credential.grant_id.and_then(|id| self.grants.get(&id));
        known.or_else(|| self.adopted.get(&credential.fingerprint))
    }
}

/// What one pass over due assets did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    /// Assets that were claimed.
    pub claimed: usize,
    /// Whose serving credential was proved again.
    pub proved: usize,
    /// Whose serving credential was refused.
    pub doubted: usize,
    /// Whose parked credential took over.
    pub promoted: usize,
    /// Whose spare credential took over.
    pub failed_over: usize,
    /// Of which nobody could say anything.
    pub postponed: usize,
    /// That somebody else claimed or changed meanwhile.
    pub lost: usize,
}

impl Watched {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            claimed: self.claimed + other.claimed,
            proved: self.proved + other.proved,
            doubted: self.doubted + other.doubted,
            promoted: self.promoted + other.promoted,
            failed_over: self.failed_over + other.failed_over,
            postponed: self.postponed + other.postponed,
            lost: self.lost + other.lost,
        }
    }
}
