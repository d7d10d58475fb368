//! G37: what the memory of a process holds five seconds after its work has ended, as root reads it: no passphrase, and
//! how many copies of tokens.
//!
//! The rule: the scanner proves itself on something that is there. The keys of a local keyring and the data keys in the
//! cache stay in the memory by design, and are not looked for.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    time::Duration,
};

use aho_corasick::AhoCorasick;
use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment};

const ASSETS: usize = 50;
/// After the end of work.
const QUIET: Duration = Duration::from_secs(5);
/// How much of the memory is read at once.
const PIECE: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long memory"]
async fn the_memory_of_a_quiet_process_holds_no_passphrase_and_not_ever_more_tokens() {
    for database in TestDatabase::create_all().await {
        Box::pin(scan_after_work(database)).await;
    }
}

async fn scan_after_work(database: TestDatabase) {
    let kind = database.kind();
    let rounds = from_environment("REGRANT_ROUNDS", 4);
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let settings = vec![("REGRANT_WITH_WORKER", "true")];
    let server = ServerProcess::start_with(database, &fleet.world(), "error", settings).await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let mut counts = Vec::new();
    for round in 0..rounds {
        let tokens = work(&server, &tenant, &fleet, round).await;
        tokio::time::sleep(QUIET).await;
        let found = Scan::of(&server, &tokens);
        assert!(found.proof > 0, "the scanner finds what is there");
        assert_eq!(found.passphrase, 0, "the passphrase is in the memory");
        counts.push(found.tokens);
    }
    println!(
        "G37: {kind:?}, {ASSETS} tokens read and replaced in each of {rounds} rounds: passphrase 0, copies of tokens {counts:?}"
    );
    let (first, last) = (counts[1], counts[counts.len() - 1]);
    assert!(last <= first * 2 + ASSETS, "tokens pile up: {counts:?}");
}

/// Reconnects everything and reads every token; these are what the process had in its hands.
async fn work(server: &ServerProcess, tenant: &Tenant, fleet: &Fleet, round: usize) -> Vec<String> {
    let person = [Fleet::PERSON, Fleet::MANAGED][round % 2];
    let submitted = server.sandbox.token(person).await;
    tenant.reconnect(&submitted, &fleet.ids()).await;
    let mut tokens = vec![submitted];
    for served in tenant.tokens(&fleet.ids()).await.values() {
        tokens.extend(served["access_token"].as_str().map(ToOwned::to_owned));
    }
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// How often each kind of secret is in the memory of a process.
#[derive(Debug, Default)]
struct Scan {
    passphrase: usize,
    tokens: usize,
    /// The name of the environment variable with the address of the database, which is there.
    proof: usize,
}

impl Scan {
    fn of(server: &ServerProcess, tokens: &[String]) -> Self {
        let mut patterns = vec![server.passphrase.clone(), "REGRANT_DATABASE_URL".to_owned()];
        let longest = tokens.iter().chain(&patterns).map(String::len).max();
        let overlap = longest.unwrap_or_default();
        patterns.extend_from_slice(tokens);
        let search = AhoCorasick::new(&patterns).expect("a few patterns");
        let mut scan = Self::default();
        read_memory(server.id(), overlap, |bytes, from| {
            for hit in search.find_iter(bytes).filter(|it| it.end() > from) {
                match hit.pattern().as_usize() {
                    0 => scan.passphrase += 1,
                    1 => scan.proof += 1,
                    _ => scan.tokens += 1,
                }
            }
        });
        scan
    }
}

/// Gives every readable byte of the process to `look`, in pieces that begin with the last `overlap` bytes of the one
/// before; what ends before the second argument was seen already.
fn read_memory(pid: u32, overlap: usize, mut look: impl FnMut(&[u8], usize)) {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process runs");
    let mut memory = File::open(format!("/proc/{pid}/mem")).expect("root reads the memory");
    for (start, end) in maps.lines().filter_map(read_range) {
        let mut piece = Vec::new();
        if memory.seek(SeekFrom::Start(start)).is_err() {
            continue;
        }
        let mut left = end - start;
        while left > 0 {
            let seen = piece.len().min(overlap);
            piece.drain(..piece.len() - seen);
            let part = left.min(u64::try_from(PIECE).expect("a number"));
            let Ok(read) = (&mut memory).take(part).read_to_end(&mut piece) else {
                break;
            };
            if read == 0 {
                break;
            }
            left -= u64::try_from(read).expect("a number");
            look(&piece, seen);
        }
    }
}

/// The first and the last address of a part of the memory that can be read and written.
fn read_range(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let address = |it: &str| u64::from_str_radix(it, 16).ok();
    rest.starts_with("rw")
        .then_some((address(start)?, address(end)?))
}
