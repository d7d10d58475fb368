//! Assets whose stored credentials are probed, and what the probes said.
//!
//! The rule: a result belongs to the credential that was probed, by its id. A credential that has changed since has none.

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, Credential, CredentialId, Grant, GrantId, ProbeFacts, ProbeResult, Refusal,
    RefusalKind, Slot,
};
use regrant_graph::AppCredentials;
use regrant_storage::{StoredCredential, TenantScope};

/// An asset with credentials to probe, best ranked first.
pub(crate) struct ProbedAsset {
    pub(crate) asset: Asset,
    pub(crate) credentials: Vec<StoredCredential>,
    /// The results of the probes so far.
    pub(crate) proofs: HashMap<CredentialId, ProbeResult>,
}

/// What the probes of one chunk of assets share.
pub(crate) struct ProbeRound<'a> {
    pub(crate) scope: &'a TenantScope,
    pub(crate) app: &'a AppCredentials,
    pub(crate) grants: HashMap<GrantId, Grant>,
    /// The tokens that were opened for this round.
    pub(crate) tokens: HashMap<CredentialId, AccessToken>,
    /// The fingerprints of those that another key sealed than the one that is to seal them.
    pub(crate) prints: HashMap<CredentialId, Vec<u8>>,
}

impl<'a> ProbeRound<'a> {
    /// A round in which no token was opened yet.
    pub(crate) fn new(
        scope: &'a TenantScope,
        app: &'a AppCredentials,
        grants: HashMap<GrantId, Grant>,
    ) -> Self {
        Self {
            scope,
            app,
            grants,
            tokens: HashMap::new(),
            prints: HashMap::new(),
        }
    }

    /// The fingerprint of a credential's token under the key that is to seal it.
    pub(crate) fn print_of<'b>(&'b self, credential: &'b Credential) -> &'b [u8] {
        let renewed = self.prints.get(&credential.id);
        renewed.unwrap_or(&credential.fingerprint)
    }

    /// The grant of a credential's token; an imported token has none before it is attributed.
    pub(crate) fn grant_of(&self, credential: &Credential) -> Option<&Grant> {
        credential.grant_id.and_then(|id| self.grants.get(&id))
    }
}

impl ProbedAsset {
    /// An asset that was not probed yet.
    pub(crate) fn unprobed(asset: Asset, credentials: Vec<StoredCredential>) -> Self {
        Self {
            asset,
            credentials,
            proofs: HashMap::new(),
        }
    }

    /// Whether a probe said that this credential's token is dead.
    pub(crate) fn is_dead(&self, stored: &StoredCredential) -> bool {
        matches!(self.proofs.get(&stored.credential.id), Some(ProbeResult::Refused(it)) if it.kind == RefusalKind::TokenDead)
    }

    /// The credentials that Graph refused, with the refusals.
    pub(crate) fn refused_credentials(
        &self,
    ) -> impl Iterator<Item = (&StoredCredential, &Refusal)> {
        self.credentials
            .iter()
            .filter_map(|it| match self.proofs.get(&it.credential.id)? {
                ProbeResult::Refused(refusal) => Some((it, refusal)),
                ProbeResult::Works(_) => None,
            })
    }

    pub(crate) fn find_in_slot(&self, slot: Slot) -> Option<&StoredCredential> {
        self.credentials
            .iter()
            .find(|it| it.credential.slot == slot)
    }

    /// Takes the first credential of a slot that works, with the facts that its probe returned.
    pub(crate) fn take_working(&mut self, slot: Slot) -> Option<(StoredCredential, ProbeFacts)> {
        let works = |it: &&StoredCredential| {
            it.credential.slot == slot
                && matches!(
                    self.proofs.get(&it.credential.id),
                    Some(ProbeResult::Works(_))
                )
        };
        let found = self.credentials.iter().find(works)?.clone();
        match self.proofs.remove(&found.credential.id) {
            Some(ProbeResult::Works(proven)) => Some((found, proven)),
            _ => None,
        }
    }
}
