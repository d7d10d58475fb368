//! The servers of the prototypes.

use std::{cell::RefCell, rc::Rc};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    answer::{Claims, Row, Worker, now, now_micros, tenant},
    chain::Event,
    postgres::{self, Read},
    sqlite::{self, WaitingEvent},
};

/// Where the rows are.
#[derive(Clone)]
enum Rows {
    Postgres(mpsc::UnboundedSender<Read>),
    Sqlite(String, mpsc::UnboundedSender<WaitingEvent>),
}

struct State {
    worker: Worker,
    rows: Rows,
    connection: Option<RefCell<Connection>>,
}

pub fn serve_postgres(port: u16, url: &str) {
    let (sender, reads) = mpsc::unbounded_channel();
    let url = url.to_owned();
    std::thread::spawn(move || {
        crate::run(
            async move { postgres::answer_reads(postgres::connect(&url).await, reads).await },
        );
    });
    serve(port, Rows::Postgres(sender));
}

pub fn serve_sqlite(port: u16, file: &str) {
    let (sender, events) = mpsc::unbounded_channel();
    let of_writer = file.to_owned();
    std::thread::spawn(move || sqlite::write_audit(&of_writer, events));
    serve(port, Rows::Sqlite(file.to_owned(), sender));
}

fn serve(port: u16, rows: Rows) {
    let public = make_key();
    let serving = async move {
        let app = move || {
            let connection = match &rows {
                Rows::Sqlite(file, _) => Some(RefCell::new(sqlite::open(file))),
                Rows::Postgres(_) => None,
            };
            let state = State {
                worker: Worker::new(&public),
                rows: rows.clone(),
                connection,
            };
            App::new()
                .app_data(web::Data::new(Rc::new(state)))
                .route("/v1/assets/{id}/token", web::get().to(fetch))
        };
        HttpServer::new(app)
            .workers(2)
            .bind(("127.0.0.1", port))
            .unwrap()
            .run()
            .await
            .unwrap();
    };
    rt::System::new().block_on(serving);
}

/// Makes a signing key, writes tokens for a hundred tenants, and returns the public key.
fn make_key() -> Vec<u8> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    let signer = EncodingKey::from_ed_der(pkcs8.as_ref());
    let sign = |n| {
        let tenant = tenant(n);
        let claims = Claims {
            sub: format!("cl_{tenant}"),
            tenant,
            exp: now() + 36_000,
            aud: "proto".into(),
        };
        encode(&Header::new(Algorithm::EdDSA), &claims, &signer).unwrap()
    };
    if let Ok(file) = std::env::var("PROTO_TOKENS") {
        std::fs::write(file, (0..100).map(sign).collect::<Vec<_>>().join("\n")).unwrap();
    }
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    pair.public_key().as_ref().to_vec()
}

async fn fetch(
    state: web::Data<Rc<State>>,
    request: HttpRequest,
    id: web::Path<String>,
) -> HttpResponse {
    let Some(claims) = state.worker.find_caller(&request) else {
        return HttpResponse::Unauthorized().finish();
    };
    let Some(row) = find_row(&state, claims.tenant, &id).await else {
        return HttpResponse::NotFound().finish();
    };
    let answer = state.worker.answer(&claims, &id, &row);
    if let Rows::Sqlite(_, events) = &state.rows {
        let (done, committed) = oneshot::channel();
        let event = Event {
            tenant: claims.tenant,
            id: Uuid::now_v7(),
            at: now_micros(),
            actor: claims.sub,
            subject: id.into_inner(),
        };
        events.send((event, done)).ok().unwrap();
        committed.await.unwrap();
    }
    answer
}

async fn find_row(state: &State, tenant: Uuid, id: &str) -> Option<Row> {
    match (&state.rows, &state.connection) {
        (Rows::Postgres(reads), _) => {
            let (sender, row) = oneshot::channel();
            reads.send((tenant, id.to_owned(), sender)).ok()?;
            row.await.ok()?
        }
        (Rows::Sqlite(..), Some(connection)) => sqlite::read(&connection.borrow(), tenant, id),
        (Rows::Sqlite(..), None) => None,
    }
}
