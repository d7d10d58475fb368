//! Prototypes: how fast the work of the product could be on this machine, without the product's code.
//!
//! `prototypes seed-pg URL N TENANTS` and `seed-sqlite FILE N TENANTS` fill a database with N tokens for each tenant.
//! `prototypes pgone PORT URL` and `sqliteaudit PORT FILE` serve them: a verified JWT, a row under row-level security,
//! AES-GCM, a hash-chained audit row that is committed before the token leaves, twelve members of JSON. `PROTO_TOKENS`
//! names a file for a bearer token of each of a hundred tenants.
//! `prototypes bulk URL CHUNK TOTAL` and `bulk-sqlite FILE CHUNK TOTAL` replace tokens and print rows a second.

#![forbid(unsafe_code)]

mod answer;
mod chain;
mod postgres;
mod schema;
mod server;
mod sqlite;

use std::str::FromStr;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["seed-pg", url, n, tenants] => run(postgres::fill(url, parse(n), parse(tenants))),
        ["seed-sqlite", file, n, tenants] => sqlite::fill(file, parse(n), parse(tenants)),
        ["pgone", port, url] => server::serve_postgres(parse(port), url),
        ["sqliteaudit", port, file] => server::serve_sqlite(parse(port), file),
        ["bulk", url, chunk, total] => {
            run(postgres::replace_tokens(url, parse(chunk), parse(total)))
        }
        ["bulk-sqlite", file, chunk, total] => {
            sqlite::replace_tokens(file, parse(chunk), parse(total))
        }
        _ => eprintln!("usage: see src/main.rs"),
    }
}

fn parse<T: FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no number"))
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work);
}
