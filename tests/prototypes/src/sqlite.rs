//! SQLite: each thread reads on a connection of its own; one thread writes the audit of all that waits.

use std::{collections::HashMap, time::Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    answer::{Row, asset, cipher, context, seal, tenant},
    chain::{Event, link},
    schema,
};

const PUT: &str = "INSERT INTO creds VALUES (?1, ?2, ?3, 'page', '100000000000001', 1800000000, 1800000000)
    ON CONFLICT (tenant, asset) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at";

/// An event that waits for its commit.
pub type WaitingEvent = (Event, oneshot::Sender<()>);

pub fn open(file: &str) -> Connection {
    let connection = Connection::open(file).unwrap();
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON";
    connection.execute_batch(pragmas).unwrap();
    connection
}

pub fn fill(file: &str, n: usize, tenants: u32) {
    let mut connection = open(file);
    connection.execute_batch(schema::SQLITE).unwrap();
    for t in (0..tenants).map(tenant) {
        let tx = connection.transaction().unwrap();
        tx.execute(
            "INSERT INTO heads VALUES (?1, 0, ?2)",
            (t.as_bytes(), vec![0_u8; 32]),
        )
        .unwrap();
        put_tokens(&tx, t, 0..n);
        tx.commit().unwrap();
    }
}

pub fn replace_tokens(file: &str, chunk: usize, total: usize) {
    let mut connection = open(file);
    let began = Instant::now();
    for from in (0..total).step_by(chunk) {
        let tx = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        put_tokens(&tx, tenant(0), from..(from + chunk).min(total));
        tx.commit().unwrap();
    }
    println!("{:.0}", total as f64 / began.elapsed().as_secs_f64());
}

fn put_tokens(tx: &Transaction<'_>, tenant: Uuid, which: std::ops::Range<usize>) {
    let cipher = cipher();
    let mut put = tx.prepare_cached(PUT).unwrap();
    for id in which.map(asset) {
        let sealed = seal(&cipher, &context(tenant, &id));
        put.execute((tenant.as_bytes(), &id, sealed)).unwrap();
    }
}

pub fn read(connection: &Connection, tenant: Uuid, id: &str) -> Option<Row> {
    let sql = "SELECT sealed, kind, person, expires_at, data_access_expires_at FROM creds WHERE tenant = ?1 AND asset = ?2";
    let mut select = connection.prepare_cached(sql).unwrap();
    let row = |r: &rusqlite::Row<'_>| {
        Ok(Row {
            sealed: r.get(0)?,
            kind: r.get(1)?,
            person: r.get(2)?,
            expires: r.get(3)?,
            data_access: r.get(4)?,
        })
    };
    select.query_row((tenant.as_bytes(), id), row).ok()
}

/// Writes the events that wait, in one transaction, until all senders are gone.
pub fn write_audit(file: &str, mut events: mpsc::UnboundedReceiver<WaitingEvent>) {
    let mut connection = open(file);
    let mut waiting = Vec::new();
    while events.blocking_recv_many(&mut waiting, 2_000) > 0 {
        let tx = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        write_events(&tx, waiting.iter().map(|it| &it.0));
        tx.commit().unwrap();
        for (_, sender) in waiting.drain(..) {
            let _ = sender.send(());
        }
    }
}

fn write_events<'a>(tx: &Transaction<'_>, events: impl Iterator<Item = &'a Event>) {
    let mut heads: HashMap<Uuid, (i64, Vec<u8>)> = HashMap::new();
    let mut head = tx
        .prepare_cached("SELECT seq, hash FROM heads WHERE tenant = ?1")
        .unwrap();
    let sql = "INSERT INTO audit (tenant, id, at, actor, action, subject, detail, seq, hash)
        VALUES (?1, ?2, ?3, ?4, 'token.read', ?5, '{\"kind\":\"page\"}', ?6, ?7)";
    let mut insert = tx.prepare_cached(sql).unwrap();
    for it in events {
        let read = || {
            head.query_row([it.tenant.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
                .unwrap()
        };
        let (seq, hash) = heads.entry(it.tenant).or_insert_with(read);
        *seq += 1;
        *hash = link(hash, *seq, it);
        insert
            .execute((
                it.tenant.as_bytes(),
                it.id.as_bytes(),
                it.at,
                &it.actor,
                &it.subject,
                &*seq,
                &*hash,
            ))
            .unwrap();
    }
    let mut moved = tx
        .prepare_cached("UPDATE heads SET seq = ?2, hash = ?3 WHERE tenant = ?1")
        .unwrap();
    for (tenant, (seq, hash)) in &heads {
        moved.execute((tenant.as_bytes(), seq, hash)).unwrap();
    }
}
