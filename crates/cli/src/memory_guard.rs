//! Keeps the memory of the process, which holds keys and tokens in the clear, from files and from other processes.
//!
//! The rule: it runs before anything is read, for every command. A process that cannot be protected does not start.

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Switches core dumps off, and makes the process undumpable where the system can: then no process of the same user
/// reads its memory or its environment, and a handler that receives cores by a pipe gets none.
pub(crate) fn protect_memory() -> anyhow::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).context("cannot switch core dumps off")?;
    forbid_dumps().context("cannot forbid other processes to read this one's memory")
}

#[cfg(target_os = "linux")]
fn forbid_dumps() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(not(target_os = "linux"))]
const fn forbid_dumps() -> rustix::io::Result<()> {
    Ok(())
}
