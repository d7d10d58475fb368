//! `REGRANT_WORKER_…`: how often and how much the worker does.

use super::SettingsReader;

/// Reads the section `worker`.
pub(super) fn read_worker(reader: &mut SettingsReader<'_>) -> regrant_worker::Settings {
    let usual = regrant_worker::Settings::default();
    regrant_worker::Settings {
        poll_interval: reader.read_seconds("worker.look_seconds", usual.poll_interval),
        probes_per_pass: reader.read_at_least_one("worker.probes", usual.probes_per_pass),
        failing_probes_per_pass: reader
            .read_at_least_one("worker.failing_probes", usual.failing_probes_per_pass),
        ..usual
    }
}
