//! A reason as responses show it.

use regrant_domain::{Heals, Locale, Reason, ReasonCode, Who};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// Why something is in its state, and who must act.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reason)]
pub(crate) struct ReasonOut {
    /// Stable code.
    #[schema(schema_with = schema::reason_code)]
    code: ReasonCode,
    /// The reason in one sentence. English sentences have what the Graph API said of this asset.
    detail: String,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// The next step of that party, in one sentence.
    next_step: &'static str,
    /// Stable code of the next step.
    #[schema(schema_with = schema::next_step_code)]
    next_step_code: &'static str,
    /// What heals: `reconnect` (the person logs in again), `other_person` (a token of another account), `admin` (an
    /// administrator of the business), `wait` (Regrant continues by itself), `nobody` (nothing is wrong, or only the
    /// provider can act).
    #[schema(schema_with = schema::heals)]
    heals: Heals,
}

impl ReasonOut {
    /// The reason with its sentences in this language.
    pub(crate) fn in_language(it: &Reason, locale: Locale) -> Self {
        Self {
            code: it.code,
            detail: it.sentence(locale),
            who: it.who,
            next_step: it.next_step.sentence(locale),
            next_step_code: it.next_step.as_str(),
            heals: it.next_step.heals(),
        }
    }
}

impl From<Reason> for ReasonOut {
    fn from(it: Reason) -> Self {
        Self::in_language(&it, Locale::En)
    }
}
