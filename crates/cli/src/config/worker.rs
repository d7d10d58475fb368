//! `REGRANT_WORKER_…`: how often and how much the worker does.

use super::Reader;

/// Reads the section `worker`.
pub(super) fn read_worker(reader: &mut Reader<'_>) -> regrant_worker::Settings {
    let usual = regrant_worker::Settings::default();
    regrant_worker::Settings {
        look: reader.seconds("worker.look_seconds", usual.look),
        probes: reader.at_least_one("worker.probes", usual.probes),
        failing_probes: reader.at_least_one("worker.failing_probes", usual.failing_probes),
        ..usual
    }
}
