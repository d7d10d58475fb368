//! Ends a running command on SIGTERM or Ctrl-C.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// A token that the first SIGTERM or Ctrl-C cancels; a second signal exits with code 130.
pub(crate) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let mut term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        wait_for_signal(&mut term, &mut interrupt).await;
        info!("stopping: running reconnects finish their chunk");
        stopping.cancel();
        wait_for_signal(&mut term, &mut interrupt).await;
        std::process::exit(130);
    });
    Ok(stop)
}

async fn wait_for_signal(
    term: &mut tokio::signal::unix::Signal,
    interrupt: &mut tokio::signal::unix::Signal,
) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}
