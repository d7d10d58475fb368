//! The threads on which waiting calls share their statements: the rows they read, their clients, their audit.
//!
//! The rule: only what callers wait for runs here, and nothing that computes for hundreds of items. On the threads of
//! reconnects, which do, a call would wait until they yield.

use std::{io, thread::available_parallelism};

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of its own, until it is dropped.
pub(crate) struct CallThreads {
    pub(crate) handle: Handle,
    runtime: Option<Runtime>,
}

impl CallThreads {
    /// Half as many threads as the machine has cores: the others answer calls and run what is long.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = available_parallelism()?.get();
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.div_ceil(2))
            .thread_name("regrant-calls")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }
}

impl Drop for CallThreads {
    fn drop(&mut self) {
        // The last vault may be dropped on a thread that must not block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
