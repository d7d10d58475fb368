//! A reason as responses show it.

use regrant_domain::{Reason, ReasonCode, Who};
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
    /// The reason in one sentence.
    detail: String,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// The next step of that party.
    next_step: String,
}

impl From<Reason> for ReasonOut {
    fn from(it: Reason) -> Self {
        Self {
            code: it.code,
            detail: it.detail,
            who: it.who,
            next_step: it.next_step,
        }
    }
}
