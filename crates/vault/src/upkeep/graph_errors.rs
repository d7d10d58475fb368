//! Errors of Graph that the table of errors does not know: kept with their counts, and shown to operators.
//!
//! The rule: one alarm for each new kind, however often it comes. The newest [`MOST`] kinds are kept, for [`KEPT`].
//! Start at [`Vault::store_unknown_errors`].

use std::{fmt, str::FromStr};

use chrono::TimeDelta;
use regrant_domain::{Timestamp, errors::UnknownError};
use regrant_storage::StoredUnknownError;
use tracing::error;

use crate::{
    Error, Vault,
    call::page::{Page, query_limit},
};

/// How many kinds of unknown errors are kept.
const MOST: u32 = 1_000;
/// How long a kind is kept after it came last.
const KEPT: TimeDelta = TimeDelta::days(90);

/// One page of unknown errors, the newest first.
pub struct UnknownErrorList {
    /// The errors.
    pub data: Vec<UnknownError>,
    /// The cursor of the next page.
    pub next: Option<UnknownErrorCursor>,
}

/// A position in the list of unknown errors: when one came last, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownErrorCursor {
    last_at: Timestamp,
    key: String,
}

/// The text is no position in the list of unknown errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a position in the list of unknown errors")]
pub struct InvalidUnknownErrorCursor;

impl Vault {
    /// Stores the errors that this process met since the last call; returns how many kinds there were.
    pub async fn store_unknown_errors(&self) -> Result<u64, Error> {
        let errors = self.graph.take_unknown_errors();
        let kinds = u64::try_from(errors.len()).unwrap_or(u64::MAX);
        if errors.is_empty() {
            return Ok(0);
        }
        let new = self.store.add_unknown_errors(errors).await?;
        for it in &new {
            raise_alarm(it);
        }
        if !new.is_empty() {
            self.purge_unknown_errors().await?;
        }
        Ok(kinds)
    }

    /// Lists the unknown errors of the installation, those of this process included.
    pub async fn list_unknown_errors(
        &self,
        after: Option<UnknownErrorCursor>,
        limit: u32,
    ) -> Result<UnknownErrorList, Error> {
        self.store_unknown_errors().await?;
        let after = after.as_ref().map(|it| (it.last_at, it.key.as_str()));
        let rows = self
            .store
            .list_unknown_errors(after, query_limit(limit))
            .await?;
        let page = Page::cut(rows, limit, |it: &StoredUnknownError| UnknownErrorCursor {
            last_at: it.error.last_at,
            key: it.key.clone(),
        })?;
        Ok(UnknownErrorList {
            data: page.data.into_iter().map(|it| it.error).collect(),
            next: page.next,
        })
    }

    pub(super) async fn purge_unknown_errors(&self) -> Result<u64, Error> {
        let before = self.clock.now() - KEPT;
        Ok(self.store.purge_unknown_errors(before, MOST).await?)
    }
}

fn raise_alarm(it: &UnknownError) {
    error!(
        alarm = "unknown_graph_error", app.id = %it.app, graph.code = it.code, graph.subcode = it.subcode,
        graph.type = it.kind, http.status = it.http_status, asset.kind = it.object.map(regrant_domain::AssetKind::as_str),
        message_of_graph = it.text, "Graph returned an error that Regrant does not know"
    );
}

impl fmt::Display for UnknownErrorCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.last_at.timestamp_micros(), self.key)
    }
}

impl FromStr for UnknownErrorCursor {
    type Err = InvalidUnknownErrorCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (micros, key) = text.split_once(':').ok_or(InvalidUnknownErrorCursor)?;
        let micros = micros.parse().map_err(|_| InvalidUnknownErrorCursor)?;
        Ok(Self {
            last_at: Timestamp::from_timestamp_micros(micros).ok_or(InvalidUnknownErrorCursor)?,
            key: key.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_its_text() {
        let cursor = UnknownErrorCursor {
            last_at: chrono::DateTime::UNIX_EPOCH + TimeDelta::microseconds(7),
            key: r#"["1",190,null,"a:b"]"#.to_owned(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "x", "x:y", "99999999999999999999:y"] {
            assert_eq!(
                text.parse::<UnknownErrorCursor>(),
                Err(InvalidUnknownErrorCursor)
            );
        }
    }
}
