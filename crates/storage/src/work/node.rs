//! The processes that serve or work, and the key-encryption keys (KEKs) that each can open.
//!
//! The rule: a process announces itself before it serves and again and again; one that did not for a while counts as
//! gone. Times are of the database's clock: by those of their machines, a process whose clock is behind would be gone.

use regrant_domain::{Clock, KekRef, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store,
    sql::{Query, Row, to_micros},
};

/// A process that serves or works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The id, for as long as the process runs.
    pub id: Uuid,
    /// The machine and the number of the process.
    pub name: String,
    /// The KEKs that it can open.
    pub opens: Vec<KekRef>,
    /// The KEK that it wraps new data keys with.
    pub wraps_with: KekRef,
    /// When it announced itself last, by the database's clock.
    pub seen_at: Timestamp,
}

impl Store {
    /// The time of the database's clock, by which processes are live. SQLite has the clock of its process.
    pub async fn read_database_time(&self) -> Result<Timestamp, Error> {
        if self.is_sqlite() {
            return Ok(Clock::system_time());
        }
        let query = Query::new(
            "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS now",
        );
        let row = query.fetch_one(&self.connection).await?;
        row.ok_or(Error::NotFound)?.time("now")
    }

    /// Writes what a process can open, and deletes the processes that were seen last before `gone_before`.
    pub async fn announce_node(&self, node: &Node, gone_before: Timestamp) -> Result<(), Error> {
        let opens: Vec<u8> = node.opens.iter().flat_map(|it| it.to_bytes()).collect();
        let query = Query::new(
            "INSERT INTO nodes (id, name, opens, wraps_with, seen_at)
             VALUES (:id, :name, :opens, :wraps_with, :seen_at)
             ON CONFLICT (id) DO UPDATE SET opens = excluded.opens, wraps_with = excluded.wraps_with,
                 seen_at = excluded.seen_at",
        );
        let query = query
            .bind("id", node.id)
            .bind("name", node.name.as_str())
            .bind("opens", opens)
            .bind("wraps_with", node.wraps_with.to_bytes().to_vec())
            .bind("seen_at", to_micros(node.seen_at));
        self.execute_write(query).await?;
        let gone = Query::new("DELETE FROM nodes WHERE seen_at < :before");
        let gone = gone.bind("before", to_micros(gone_before));
        self.execute_write(gone).await.map(drop)
    }

    /// The processes that announced themselves since `since`, by name.
    pub async fn list_nodes(&self, since: Timestamp) -> Result<Vec<Node>, Error> {
        let query = Query::new(
            "SELECT id, name, opens, wraps_with, seen_at FROM nodes
             WHERE seen_at >= :since ORDER BY name, id",
        );
        let rows = query
            .bind("since", to_micros(since))
            .fetch_all(&self.connection)
            .await?;
        rows.iter().map(node_from_row).collect()
    }

    /// Forgets a process that ends.
    pub async fn remove_node(&self, id: Uuid) -> Result<(), Error> {
        let query = Query::new("DELETE FROM nodes WHERE id = :id").bind("id", id);
        self.execute_write(query).await.map(drop)
    }
}

fn node_from_row(row: &Row) -> Result<Node, Error> {
    let opens: Vec<u8> = row.get("opens")?;
    let keks = opens.chunks(KekRef::BYTES).map(KekRef::from_bytes);
    Ok(Node {
        id: row.get("id")?,
        name: row.get("name")?,
        opens: keks.collect::<Option<_>>().ok_or(Error::Corrupt("opens"))?,
        wraps_with: KekRef::from_bytes(&row.get::<Vec<u8>>("wraps_with")?)
            .ok_or(Error::Corrupt("wraps_with"))?,
        seen_at: row.time("seen_at")?,
    })
}
