//! What is known about an asset, and from where.

use chrono::{DateTime, Utc};
use regrant_domain::{Confidence, Fact, FactName, FactSource, ObjectCondition, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// Something that is known about an asset or its token. What a probe of the asset showed later outranks it.
#[derive(Serialize, ToSchema)]
#[schema(as = Fact)]
pub(super) struct FactOut {
    /// What the fact is about.
    #[schema(schema_with = schema::fact_name)]
    name: FactName,
    /// Date that the fact names; null for facts that are no dates.
    at: Option<DateTime<Utc>>,
    /// Where Regrant learned it.
    #[schema(schema_with = schema::fact_source)]
    source: FactSource,
    /// When it was observed.
    observed_at: DateTime<Utc>,
    /// How reliable it is.
    #[schema(schema_with = schema::confidence_level)]
    confidence: Confidence,
}

/// What Graph says of the object itself, beside access to it.
#[derive(Serialize, ToSchema)]
#[schema(as = ObjectCondition)]
pub(super) struct ConditionOut {
    /// Stable code.
    #[schema(schema_with = schema::object_condition)]
    code: ObjectCondition,
    /// The condition in one sentence.
    detail: &'static str,
    /// When Graph last said so.
    observed_at: DateTime<Utc>,
}

impl From<Fact> for FactOut {
    fn from(it: Fact) -> Self {
        Self {
            name: it.name,
            at: it.at,
            source: it.source,
            observed_at: it.observed_at,
            confidence: it.confidence,
        }
    }
}

impl From<(ObjectCondition, Timestamp)> for ConditionOut {
    fn from((code, observed_at): (ObjectCondition, Timestamp)) -> Self {
        Self {
            code,
            detail: code.as_sentence(),
            observed_at,
        }
    }
}
