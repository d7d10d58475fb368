//! The log lines that the current thread writes, for assertions.

use std::{
    collections::BTreeSet,
    fmt::{Debug, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

/// A line at WARN or ERROR.
#[derive(Debug, Clone, Default)]
pub struct LogLine {
    /// The source file and line that wrote it.
    pub site: String,
    pub message: String,
    /// The text of its `alarm` field.
    pub alarm: Option<String>,
    /// The text of its `error` field.
    pub error: Option<String>,
}

/// Collects lines until it is dropped. It sees the current thread only: run the test on one thread.
pub struct CapturedLog {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<LogLine>>>);

impl CapturedLog {
    pub fn start() -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry()
            .with(LevelFilter::WARN)
            .with(lines.clone());
        Self {
            lines,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Removes and returns the lines so far.
    pub fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut *self.lines.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `sites` different log calls have written an error; at most half a minute.
    pub async fn wait_for_errors(&self, sites: usize) {
        for _ in 0..600 {
            if self.sites_with_an_error().len() >= sites {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn sites_with_an_error(&self) -> BTreeSet<String> {
        let lines = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        let with_error = lines.iter().filter(|line| line.error.is_some());
        with_error.map(|line| line.site.clone()).collect()
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN {
            return;
        }
        let (file, line) = (metadata.file().unwrap_or_default(), metadata.line());
        let mut captured = LogLine {
            site: format!("{file}:{}", line.unwrap_or_default()),
            ..LogLine::default()
        };
        event.record(&mut captured);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(captured);
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => {
                let _infallible = write!(self.message, "{value:?}");
            }
            "alarm" => self.alarm = Some(format!("{value:?}")),
            "error" => self.error = Some(format!("{value:?}")),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
