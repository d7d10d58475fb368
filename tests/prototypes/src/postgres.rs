//! PostgreSQL: the reads that wait and their one audit row share a transaction; a token leaves after its commit.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use futures_util::future::{join, join4};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::{
    answer::{Row, asset, cipher, context, now_micros, seal, tenant},
    chain::{Event, link},
    schema,
};

const UPSERT: &str = "INSERT INTO creds
    SELECT $1, a, s, 'page', '100000000000001', 1800000000, 1800000000 FROM unnest($2::text[], $3::bytea[]) AS u(a, s)
    ON CONFLICT (tenant, asset) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at";
const SELECT: &str = "SELECT asset, sealed, kind, person, expires_at, data_access_expires_at
    FROM creds WHERE tenant = $1 AND asset = ANY($2)";
const AUDIT: &str = "
    WITH m AS (UPDATE heads SET seq = $2, hash = $3 WHERE tenant = $1 RETURNING 1)
    INSERT INTO audit_groups (tenant, seq, hash, ids, ats, actors, subjects)
    SELECT $1, $2, $3, $4::uuid[], $5::int8[], $6::text[], $7::text[] FROM m";

/// A read that waits: its tenant, its asset, and where the row goes.
pub type Read = (Uuid, String, oneshot::Sender<Option<Row>>);

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub async fn fill(url: &str, n: usize, tenants: u32) {
    let client = connect(url).await;
    client.batch_execute(schema::POSTGRES).await.unwrap();
    let upsert = client.prepare(UPSERT).await.unwrap();
    for t in (0..tenants).map(tenant) {
        let start = vec![0_u8; 32];
        let sql = "INSERT INTO heads VALUES ($1, 0, $2)";
        client.execute(sql, &[&t, &start]).await.unwrap();
        for from in (0..n).step_by(5_000) {
            put_tokens(&client, &upsert, t, from, 5_000.min(n - from)).await;
        }
    }
    client.batch_execute(&schema::walls()).await.unwrap();
    client.batch_execute("ANALYZE").await.unwrap();
}

pub async fn replace_tokens(url: &str, chunk: usize, total: usize) {
    let client = connect(url).await;
    let upsert = client.prepare(UPSERT).await.unwrap();
    let began = Instant::now();
    for from in (0..total).step_by(chunk) {
        put_tokens(&client, &upsert, tenant(0), from, chunk.min(total - from)).await;
    }
    println!("{:.0}", total as f64 / began.elapsed().as_secs_f64());
}

async fn put_tokens(client: &Client, upsert: &Statement, tenant: Uuid, from: usize, n: usize) {
    let cipher = cipher();
    let ids: Vec<String> = (from..from + n).map(asset).collect();
    let sealed: Vec<_> = ids
        .iter()
        .map(|id| seal(&cipher, &context(tenant, id)))
        .collect();
    client
        .execute(upsert, &[&tenant, &ids, &sealed])
        .await
        .unwrap();
}

struct Statements {
    begin: Statement,
    commit: Statement,
    set: Statement,
    select: Statement,
    head: Statement,
    audit: Statement,
}

/// Answers reads until all senders are gone.
pub async fn answer_reads(client: Client, mut reads: mpsc::UnboundedReceiver<Read>) {
    let prepare = async |sql: &str| client.prepare(sql).await.unwrap();
    let statements = Statements {
        begin: prepare("BEGIN").await,
        commit: prepare("COMMIT").await,
        set: prepare("SELECT set_config('app.tenant_id', $1, true)").await,
        select: prepare(SELECT).await,
        head: prepare("SELECT seq, hash FROM heads WHERE tenant = $1 FOR UPDATE").await,
        audit: prepare(AUDIT).await,
    };
    let mut waiting = Vec::new();
    while reads.recv_many(&mut waiting, 2_000).await > 0 {
        let mut tenants: BTreeMap<Uuid, Vec<(String, oneshot::Sender<Option<Row>>)>> =
            BTreeMap::new();
        for (tenant, id, sender) in waiting.drain(..) {
            tenants.entry(tenant).or_default().push((id, sender));
        }
        for (tenant, reads) in tenants {
            let ids: Vec<&str> = reads.iter().map(|it| it.0.as_str()).collect();
            let rows = read_and_audit(&client, &statements, tenant, &ids).await;
            for (id, sender) in reads {
                let _ = sender.send(rows.get(&id).cloned());
            }
        }
    }
}

/// Two round trips: what is read, pipelined; then what is written, with the commit.
async fn read_and_audit(
    client: &Client,
    st: &Statements,
    tenant: Uuid,
    ids: &[&str],
) -> HashMap<String, Row> {
    let name = tenant.to_string();
    let (_, _, rows, head) = join4(
        client.execute(&st.begin, &[]),
        client.query(&st.set, &[&name]),
        client.query(&st.select, &[&tenant, &ids]),
        client.query_one(&st.head, &[&tenant]),
    )
    .await;
    let row = |r: tokio_postgres::Row| {
        let row = Row {
            sealed: r.get(1),
            kind: r.get(2),
            person: r.get(3),
            expires: r.get(4),
            data_access: r.get(5),
        };
        (r.get(0), row)
    };
    let rows: HashMap<String, Row> = rows.unwrap().into_iter().map(row).collect();
    let head = head.unwrap();
    let (mut seq, mut hash): (i64, Vec<u8>) = (head.get(0), head.get(1));
    let (mut uuids, mut times, mut actors, mut subjects) = (vec![], vec![], vec![], vec![]);
    for id in ids.iter().filter(|id| rows.contains_key(**id)) {
        let (actor, subject) = (format!("cl_{tenant}"), (*id).to_owned());
        let it = Event {
            tenant,
            id: Uuid::now_v7(),
            at: now_micros(),
            actor,
            subject,
        };
        seq += 1;
        hash = link(&hash, seq, &it);
        uuids.push(it.id);
        times.push(it.at);
        actors.push(it.actor);
        subjects.push(it.subject);
    }
    let (wrote, done) = join(
        client.execute(
            &st.audit,
            &[&tenant, &seq, &hash, &uuids, &times, &actors, &subjects],
        ),
        client.execute(&st.commit, &[]),
    )
    .await;
    assert_eq!(wrote.unwrap(), 1);
    done.unwrap();
    rows
}
