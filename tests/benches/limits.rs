//! How near the product is to what this machine can do: each figure beside a prototype of the same contract, in one run.
//!
//! `tests/benches/run [SCENARIO …]` builds everything, starts PostgreSQL with a disk that is synced, and prints a table:
//! min, median and max of the rounds. Only ratios of one run mean anything. Run it on an idle machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed expectation ends the benchmark"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts far below 2^52"
)]

// The benchmark uses only a part of the harness.
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the harness of the end-to-end tests"
)]
#[path = "../it"]
mod it {
    pub mod harness;
}

#[path = "limits/bulk.rs"]
mod bulk;
#[path = "limits/cpu.rs"]
mod cpu;
#[path = "limits/load.rs"]
mod load;
#[path = "limits/product.rs"]
mod product;
#[path = "limits/prototypes.rs"]
mod prototypes;
#[path = "limits/reads.rs"]
mod reads;
#[path = "limits/report.rs"]
mod report;
#[path = "limits/reseal.rs"]
mod reseal;

use report::Report;

/// How often each figure is measured.
const ROUNDS: usize = 3;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with("--"))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut report = Report::default();
    runtime.block_on(async {
        for kind in ["postgres", "sqlite"] {
            for (name, measure) in SCENARIOS {
                let name = format!("{name}-{kind}");
                if is_wanted(&name) {
                    eprintln!("measuring {name}");
                    measure(kind, &mut report).await;
                }
            }
        }
    });
    report.print();
}

type Scenario =
    for<'a> fn(&'static str, &'a mut Report) -> futures_util::future::LocalBoxFuture<'a, ()>;

/// What is measured, by name.
const SCENARIOS: [(&str, Scenario); 7] = [
    ("fetch", |kind, report| Box::pin(reads::fetch(kind, report))),
    ("tenants", |kind, report| {
        Box::pin(reads::fetch_of_many_tenants(kind, report))
    }),
    ("lookup", |kind, report| {
        Box::pin(reads::look_up(kind, report))
    }),
    ("register", |kind, report| {
        Box::pin(bulk::register(kind, report))
    }),
    ("reconnect", |kind, report| {
        Box::pin(bulk::reconnect(kind, report))
    }),
    ("beside", |kind, report| {
        Box::pin(bulk::read_beside_reconnects(kind, report))
    }),
    ("reseal", |kind, report| {
        Box::pin(reseal::reseal(kind, report))
    }),
];
