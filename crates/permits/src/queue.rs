//! Who holds permits, who waits, and who is next.
//!
//! The rule: a free permit goes to the first waiting key, by urgency and then by turn, that holds less than its share;
//! that key's next call waits a whole turn. A key without permits and calls is forgotten.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use crate::{
    limit::{Limits, Refused, Urgency, Wait},
    sync::oneshot,
};

/// The state of one limit.
pub(crate) struct Queue<K> {
    limits: Limits,
    held: HashMap<K, usize>,
    held_in_all: usize,
    lines: [Line<K>; 2],
}

/// The calls that wait with one urgency.
struct Line<K> {
    waiting: HashMap<K, VecDeque<oneshot::Sender<()>>>,
    /// The keys that wait, the next one first.
    turns: VecDeque<K>,
}

impl<K: Eq + Hash + Copy> Queue<K> {
    pub(crate) fn new(limits: Limits) -> Self {
        let total = limits.total.max(1);
        Self {
            limits: Limits {
                total,
                of_key: limits.of_key.clamp(1, total),
            },
            held: HashMap::new(),
            held_in_all: 0,
            lines: [Line::new(), Line::new()],
        }
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) const fn count_free(&self) -> usize {
        self.limits.total.saturating_sub(self.held_in_all)
    }

    fn count_free_of(&self, key: K) -> usize {
        let of_key = self.limits.of_key.saturating_sub(self.count_held(&key));
        of_key.min(self.count_free())
    }

    pub(crate) fn try_take(&mut self, key: K, max_of_key: usize) -> bool {
        let is_free = self.count_free_of(key) > 0 && self.count_held(&key) < max_of_key;
        if is_free {
            self.hold(key);
        }
        is_free
    }

    /// Takes a permit at once (`None`), or returns where it will be granted.
    pub(crate) fn take_or_wait(
        &mut self,
        key: K,
        wait: Wait,
    ) -> Result<Option<oneshot::Receiver<()>>, Refused> {
        self.hand_out();
        // What waits is at its share, so no call is overtaken that could run.
        if self.count_free_of(key) > 0 {
            self.hold(key);
            return Ok(None);
        }
        let line = self.line_mut(wait.urgency);
        if line.count_waiting(&key) >= wait.max_waiting {
            return Err(Refused::QueueFull);
        }
        Ok(Some(line.push(key)))
    }

    pub(crate) fn give_back(&mut self, key: K) {
        self.held_in_all = self.held_in_all.saturating_sub(1);
        if let Some(held) = self.held.get_mut(&key) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(&key);
            }
        }
        self.hand_out();
    }
}

impl<K: Eq + Hash + Copy> Queue<K> {
    pub(crate) fn count_held(&self, key: &K) -> usize {
        self.held.get(key).copied().unwrap_or(0)
    }

    fn hold(&mut self, key: K) {
        self.held_in_all = self.held_in_all.saturating_add(1);
        let held = self.held.entry(key).or_default();
        *held = held.saturating_add(1);
    }

    /// Grants free permits to the calls that are next.
    fn hand_out(&mut self) {
        while self.count_free() > 0 {
            let Some((key, call)) = self.take_next() else {
                return;
            };
            // A call that has stopped waiting leaves its permit to the next one.
            if call.send(()).is_ok() {
                self.hold(key);
            }
        }
    }

    /// The next call whose key holds less than its share.
    fn take_next(&mut self) -> Option<(K, oneshot::Sender<()>)> {
        let (held, most) = (&self.held, self.limits.of_key);
        let has_room = |key: &K| held.get(key).copied().unwrap_or(0) < most;
        self.lines.iter_mut().find_map(|it| it.take_next(has_room))
    }

    fn line_mut(&mut self, urgency: Urgency) -> &mut Line<K> {
        let [first, normal] = &mut self.lines;
        match urgency {
            Urgency::First => first,
            Urgency::Normal => normal,
        }
    }
}

impl<K: Eq + Hash + Copy> Line<K> {
    fn new() -> Self {
        Self {
            waiting: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    fn push(&mut self, key: K) -> oneshot::Receiver<()> {
        let (call, granted) = oneshot::channel();
        let calls = self.waiting.entry(key).or_default();
        if calls.is_empty() {
            self.turns.push_back(key);
        }
        calls.push_back(call);
        granted
    }

    fn take_next(&mut self, has_room: impl Fn(&K) -> bool) -> Option<(K, oneshot::Sender<()>)> {
        let at = self.turns.iter().position(has_room)?;
        let key = self.turns.remove(at)?;
        let calls = self.waiting.get_mut(&key)?;
        let call = calls.pop_front()?;
        if calls.is_empty() {
            self.waiting.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        Some((key, call))
    }

    /// How many calls of the key wait. Calls that have stopped waiting are forgotten first.
    fn count_waiting(&mut self, key: &K) -> usize {
        let Some(calls) = self.waiting.get_mut(key) else {
            return 0;
        };
        calls.retain(|it| !it.is_closed());
        let count = calls.len();
        if count == 0 {
            self.waiting.remove(key);
            self.turns.retain(|it| it != key);
        }
        count
    }
}
