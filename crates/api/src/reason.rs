//! A reason as every answer tells it.

use regrant_domain::{Reason, ReasonCode, Who};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// Why something is as it is, and who can change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reason)]
pub(crate) struct ReasonOut {
    /// The stable code.
    #[schema(schema_with = schema::reason_code)]
    code: ReasonCode,
    /// One sentence.
    detail: String,
    /// Who must act.
    #[schema(schema_with = schema::who)]
    who: Who,
    /// What that party should do next.
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
