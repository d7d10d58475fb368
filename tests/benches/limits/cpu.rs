//! The time of the processor that programs spend: unlike a rate it says which program an answer costs, and it hardly moves
//! when the machine has other work.

use std::fs;

/// A program that a figure is about.
#[derive(Debug, Clone, Copy)]
pub enum Program {
    /// One process.
    Process(u32),
    /// The server that `tests/benches/run` started: all of its processes.
    Postgres,
}

/// How many ticks the kernel counts a second, on every Linux that the bench runs on.
const TICKS: f64 = 100.0;

impl Program {
    /// Seconds of the processor so far; 0 where the program is not known.
    pub fn spent_seconds(self) -> f64 {
        let ticks = match self {
            Self::Process(id) => read_stat(id).map_or(0, |it| it.own),
            Self::Postgres => spent_by_postgres().unwrap_or(0),
        };
        ticks as f64 / TICKS
    }
}

/// What `/proc/<pid>/stat` says of a process (`proc_pid_stat(5)`).
struct Stat {
    parent: u32,
    /// Its own ticks, in user mode and in the kernel.
    own: u64,
    /// The ticks of its children that have ended.
    of_ended: u64,
}

fn spent_by_postgres() -> Option<u64> {
    let server = std::env::var("REGRANT_BENCH_POSTGRES_PID")
        .ok()?
        .parse()
        .ok()?;
    let of_server = read_stat(server)?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let ids = processes.filter_map(|it| it.file_name().to_str()?.parse().ok());
    let children = ids.filter_map(read_stat).filter(|it| it.parent == server);
    let running: u64 = children.map(|it| it.own).sum();
    Some(of_server.own + of_server.of_ended + running)
}

fn read_stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it may hold anything.
    let (_, fields) = text.rsplit_once(") ")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        of_ended: number(13)? + number(14)?,
    })
}
