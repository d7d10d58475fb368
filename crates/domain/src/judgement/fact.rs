//! Facts: what is known about a token or an asset, where it was learned, when, and how sure it is.
//!
//! The rule: every state names the fact that explains it; a fact without a time of observation does not exist.
//! Start at [`AssetFacts::list_facts`].

use serde::{Deserialize, Serialize};

use crate::{AssetFacts, Confidence, CutOffSource, ReasonCode, Timestamp, closed_list};

closed_list! {
    /// What a fact is about.
    pub enum FactName: "name of a fact", serde {
        /// The asset was registered.
        Registration = "registration",
        /// The credential worked in a probe of the asset.
        Proof = "proof",
        /// The credential was refused in a probe of the asset.
        Refusal = "refusal",
        /// Meta said that the person revoked the app's access, or asked for deletion.
        Revocation = "revocation",
        /// When the token expires.
        TokenExpiry = "token_expiry",
        /// When the token's data access expires.
        DataAccess = "data_access",
        /// When the person's access to the asset ends.
        CutOff = "cut_off",
    }
}

closed_list! {
    /// Where a fact was learned.
    pub enum FactSource: "source of a fact", serde {
        /// Registered by a caller of the API.
        Registration = "registration",
        /// Read or refused on the asset itself.
        Probe = "probe",
        /// Read from `debug_token`.
        DebugToken = "debug_token",
        /// From a notice of Meta.
        Notice = "notice",
        /// Concluded from another asset of the same person and business.
        Sibling = "sibling",
    }
}

/// Something that is known about a token or an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub name: FactName,
    /// The date that it names; only of facts that are dates.
    pub at: Option<Timestamp>,
    /// Where it was learned.
    pub source: FactSource,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// How sure it is.
    pub confidence: Confidence,
}

impl From<CutOffSource> for FactSource {
    fn from(source: CutOffSource) -> Self {
        match source {
            CutOffSource::Probe => Self::Probe,
            CutOffSource::Webhook => Self::Notice,
            CutOffSource::Sibling => Self::Sibling,
        }
    }
}

impl AssetFacts {
    /// Every fact that is known, in the order of [`FactName`].
    #[must_use]
    pub fn list_facts(&self) -> Vec<Fact> {
        FactName::ALL
            .into_iter()
            .filter_map(|name| self.find_fact(name))
            .collect()
    }

    /// The fact of this name, if it is known.
    #[must_use]
    pub fn find_fact(&self, name: FactName) -> Option<Fact> {
        let seen = |source, observed_at: Option<Timestamp>| {
            observed_at.map(|observed_at| certain(name, None, source, observed_at))
        };
        let read = |at: Option<Timestamp>| {
            let observed_at = self.dates_read_at.unwrap_or(self.registered_at);
            at.map(|at| certain(name, Some(at), FactSource::DebugToken, observed_at))
        };
        match name {
            FactName::Registration => Some(self.registration()),
            FactName::Proof => seen(FactSource::Probe, self.proved_at),
            FactName::Refusal => seen(FactSource::Probe, self.refused_since(false)),
            FactName::Revocation => seen(FactSource::Notice, self.refused_since(true)),
            FactName::TokenExpiry => read(self.expires_at),
            FactName::DataAccess => read(self.data_access_expires_at),
            FactName::CutOff => self.cut_off.map(|it| Fact {
                name,
                at: Some(it.at),
                source: it.source.into(),
                observed_at: it.learned_at,
                confidence: it.source.to_confidence(),
            }),
        }
    }

    /// The fact that is always known: the asset was registered.
    pub(crate) const fn registration(&self) -> Fact {
        let source = FactSource::Registration;
        certain(FactName::Registration, None, source, self.registered_at)
    }

    /// Since when the credential is refused by probes, or revoked by its person.
    fn refused_since(&self, is_revocation: bool) -> Option<Timestamp> {
        let refusals = self.refusals.as_ref();
        let refusals =
            refusals.filter(|it| (it.reason.code == ReasonCode::Revoked) == is_revocation);
        refusals.map(|it| it.since)
    }
}

const fn certain(
    name: FactName,
    at: Option<Timestamp>,
    source: FactSource,
    observed_at: Timestamp,
) -> Fact {
    Fact {
        name,
        at,
        source,
        observed_at,
        confidence: Confidence::Certain,
    }
}
