//! Tasks: whether a new token can do everything that the active one can.

use super::Standing;
use crate::ProbeFacts;

/// The tasks of the active credential that the new token does not have.
pub(super) fn find_lost_tasks(proven: &ProbeFacts, standing: &Standing) -> Vec<String> {
    let Some(tasks) = proven.tasks.as_deref().filter(|_| standing.serves) else {
        return Vec::new();
    };
    let holds: Vec<_> = tasks.iter().map(|it| strip_task_prefix(it)).collect();
    if holds.contains(&FULL_CONTROL) {
        return Vec::new();
    }
    standing
        .tasks
        .iter()
        .filter(|it| !holds.contains(&strip_task_prefix(it)))
        .cloned()
        .collect()
}

const FULL_CONTROL: &str = "FULL_CONTROL";

/// `PROFILE_PLUS_MODERATE` of the new page experience is `MODERATE` of the classic one.
fn strip_task_prefix(task: &str) -> &str {
    task.strip_prefix("PROFILE_PLUS_").unwrap_or(task)
}
