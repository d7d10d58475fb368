//! When tokens were read last, as far as the newest audit events say.
//!
//! The rule: a look reads a bounded number of events, however many the tenant has. An asset whose reads lie behind them
//! counts as not read.

use std::collections::HashMap;

use regrant_domain::{AssetId, Timestamp};

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, to_micros},
};

/// How many of the newest audit events are looked at.
const MOST: i64 = 20_000;

const LAST_READS: &str = "
    SELECT e.subject, max(e.at) AS at FROM (
        SELECT n.subject, n.action, n.at FROM audit_events n
        WHERE n.tenant_id = :tenant AND n.pruned IS NULL AND n.at >= :since
        ORDER BY n.at DESC LIMIT :most) e
    WHERE e.action = 'token.read' AND e.subject IN :ids GROUP BY e.subject";

impl TenantTx {
    /// When the tokens of these assets were read last, since `since`; those that were not are left out.
    pub async fn find_last_reads(
        &self,
        ids: &[AssetId],
        since: Timestamp,
    ) -> Result<HashMap<AssetId, Timestamp>, Error> {
        let mut reads = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(LAST_READS)
                .bind("since", to_micros(since))
                .bind("most", MOST)
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let decode = |row: &Row| Ok((row.parse("subject")?, row.time("at")?));
            reads.extend(self.fetch_decoded("audit_events", query, decode).await?);
        }
        Ok(reads)
    }
}
