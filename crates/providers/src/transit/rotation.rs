//! The steps of a rotation: another version, its promotion, and the end of an older one.
//!
//! The rule: a version that is only below `min_decryption_version` is still in the engine's archive, and lowering the
//! limit brings it back. It is destroyed once the engine says that it is trimmed; until then each call does both steps.

use regrant_crypto::{KekRef, KekState, KekSummary, KeyService as _, ProviderError};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Transit, denied};

/// Trimming a version trims every older one.
const OLDER_FIRST: &str =
    "the engine destroys versions in their order: retire the older ones first";

impl Transit {
    pub(super) async fn stage(&self) -> Result<KekRef, ProviderError> {
        self.read_key().await?;
        if let Some(staged) = self.find(|it| it.state == KekState::Staged) {
            return Ok(staged.kek);
        }
        let active = self.find(|it| it.state == KekState::Active);
        let active = active.ok_or(ProviderError::Transition)?.kek.version;
        // Where no version is named, the engine would encrypt with the new one at once.
        self.change("/config", &json!({ "min_encryption_version": active }))
            .await?;
        self.change("/rotate", &json!({})).await?;
        self.read_key().await?;
        let staged = self.find(|it| it.state == KekState::Staged);
        Ok(staged.ok_or(ProviderError::Transition)?.kek)
    }

    pub(super) async fn promote(&self, kek: KekRef) -> Result<(), ProviderError> {
        self.read_key().await?;
        self.require(kek, KekState::Staged)?;
        let body = json!({ "min_encryption_version": kek.version });
        self.change("/config", &body).await?;
        self.read_key().await.map(drop)
    }

    pub(super) async fn destroy(&self, kek: KekRef) -> Result<(), ProviderError> {
        let facts = self.read_facts().await?;
        self.keep_facts(&facts);
        self.require(kek, KekState::DecryptOnly)?;
        self.check_order(kek)?;
        let active = facts.active_version().ok_or(ProviderError::Transition)?;
        let next = kek.version.saturating_add(1);
        // A limit that is higher already must not bring a version back.
        let least = facts.min_decryption_version.max(next);
        let limits = json!({ "min_decryption_version": least, "min_encryption_version": active });
        self.change("/config", &limits).await?;
        self.change("/trim", &json!({ "min_available_version": next }))
            .await?;
        self.read_key().await?;
        self.require(kek, KekState::Destroyed).map_err(|_| {
            let reason = "it does not say that the version is trimmed".to_owned();
            denied(kek, reason)
        })
    }

    /// Refuses a version while an older one is not destroyed, which would go with it.
    pub(super) fn check_order(&self, kek: KekRef) -> Result<(), ProviderError> {
        let is_older = |it: &KekSummary| it.state == KekState::DecryptOnly && it.kek < kek;
        match self.find(is_older) {
            Some(_) => Err(ProviderError::Unsupported(OLDER_FIRST)),
            None => Ok(()),
        }
    }

    /// Changes the key by one step of its API.
    async fn change(&self, step: &str, body: &Value) -> Result<(), ProviderError> {
        let called = self.call(Method::POST, "keys", step, Some(body)).await;
        called.map(drop).map_err(|error| self.of_key(error))
    }

    fn require(&self, kek: KekRef, state: KekState) -> Result<(), ProviderError> {
        let found = self.find(|it| it.kek == kek && it.state == state);
        found.map(drop).ok_or(ProviderError::Transition)
    }

    fn find(&self, is_it: impl Fn(&KekSummary) -> bool) -> Option<KekSummary> {
        self.list_keks().into_iter().find(is_it)
    }
}
