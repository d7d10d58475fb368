//! A body that counts its bytes against the budget while it is read.
//!
//! The rule: a refused body ends with an error and is not read further; the middleware answers with the refusal.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap},
    rt::time::{Sleep, sleep, timeout},
    web::Bytes,
};
use futures_util::{Stream, future::Future};

use super::budget::{BodyBudget, BodyOwner, BodyRefusal};
use crate::{problem::Problem, settings::Settings};

/// How many bytes of a body that is not read any more are read and dropped, in multiples of the largest body of its
/// owner. What strangers send beyond that is not worth the time of the server.
const MAX_DRAINED_BODIES: usize = 2;
/// How long they may take to arrive.
const MAX_DRAINING: Duration = Duration::from_secs(1);

/// What the body of one request holds of the budget.
pub(crate) struct BodyHold {
    payload: RefCell<Payload>,
    announced: usize,
    has_ended: Cell<bool>,
    budget: Arc<BodyBudget>,
    owner: Cell<BodyOwner>,
    bytes: Cell<usize>,
    has_slot: Cell<bool>,
    refusal: Cell<Option<BodyRefusal>>,
}

/// A body that is counted.
pub(super) struct CountedBody {
    hold: Rc<BodyHold>,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl BodyHold {
    pub(super) fn new(
        payload: Payload,
        announced: usize,
        budget: Arc<BodyBudget>,
        owner: BodyOwner,
    ) -> Self {
        Self {
            payload: RefCell::new(payload),
            announced,
            has_ended: Cell::new(false),
            budget,
            owner: Cell::new(owner),
            bytes: Cell::new(0),
            has_slot: Cell::new(false),
            refusal: Cell::new(None),
        }
    }

    /// Counts the body for an authenticated caller from now on.
    pub(crate) fn charge_owner(&self, owner: BodyOwner) {
        self.release();
        self.owner.set(owner);
    }

    /// Takes one of the slots for bodies that keep the server waiting, until the request ends.
    pub(crate) fn take_slot(&self) -> Result<(), Problem> {
        self.try_slot().map_err(Problem::from)
    }

    /// Gives back everything.
    pub(super) fn release(&self) {
        let (bytes, had_slot) = (self.bytes.take(), self.has_slot.take());
        if bytes > 0 || had_slot {
            self.budget.give_back(self.owner.get(), bytes, had_slot);
        }
    }

    /// The refusal, if the body was refused.
    pub(super) fn refusal(&self) -> Option<BodyRefusal> {
        self.refusal.get()
    }

    /// Whether the body was read to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Reads and drops what is left of the body, if it is little and arrives soon: a caller that is still sending would
    /// not see the answer.
    pub(super) async fn drain(&self) {
        if self.has_ended() {
            return;
        }
        let limit = self.budget.max_body_of(self.owner.get());
        let mut left = limit.saturating_mul(MAX_DRAINED_BODIES);
        if self.announced > left {
            return;
        }
        let Some(_slot) = self.budget.try_drain() else {
            return;
        };
        let read = async {
            while let Some(Ok(chunk)) = poll_fn(|cx| self.poll_chunk(cx)).await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    break;
                }
            }
        };
        drop(timeout(MAX_DRAINING, read).await);
    }

    fn poll_chunk(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let mut payload = self.payload.borrow_mut();
        let next = Pin::new(&mut *payload).poll_next(cx);
        if matches!(next, Poll::Ready(None)) {
            self.has_ended.set(true);
        }
        next
    }

    fn try_slot(&self) -> Result<(), BodyRefusal> {
        if !self.has_slot.get() {
            self.budget.take_slot(self.owner.get())?;
            self.has_slot.set(true);
        }
        Ok(())
    }

    /// Counts the next bytes of the body.
    fn count_bytes(&self, new: usize) -> Result<(), BodyRefusal> {
        let owner = self.owner.get();
        let limit = self.budget.max_body_of(owner);
        let bytes = self.bytes.get().saturating_add(new);
        if bytes.max(self.announced) > limit {
            return Err(BodyRefusal::TooLarge(limit));
        }
        self.budget.take_bytes(owner, new)?;
        self.bytes.set(bytes);
        Ok(())
    }
}

impl Drop for BodyHold {
    fn drop(&mut self) {
        self.release();
    }
}

impl CountedBody {
    pub(super) fn new(hold: Rc<BodyHold>, settings: &Settings) -> Self {
        Self {
            hold,
            patience: settings.request_timeout,
            deadline: None,
        }
    }

    fn refuse(&self, refusal: BodyRefusal) -> Poll<Option<Result<Bytes, PayloadError>>> {
        self.hold.refusal.set(Some(refusal));
        let error = io::Error::other("the body is refused");
        Poll::Ready(Some(Err(PayloadError::Io(error))))
    }

    /// Whether the body may keep the server waiting any longer.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Result<(), BodyRefusal> {
        self.hold.try_slot()?;
        let patience = self.patience;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Err(BodyRefusal::Late),
            Poll::Pending => Ok(()),
        }
    }
}

impl Stream for CountedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Err(refusal) = self.hold.count_bytes(0) {
            return self.refuse(refusal);
        }
        let Poll::Ready(next) = self.hold.poll_chunk(cx) else {
            return match self.poll_patience(cx) {
                Ok(()) => Poll::Pending,
                Err(refusal) => self.refuse(refusal),
            };
        };
        if let Some(Ok(chunk)) = &next
            && let Err(refusal) = self.hold.count_bytes(chunk.len())
        {
            return self.refuse(refusal);
        }
        Poll::Ready(next)
    }
}

/// The length that the caller announced, if it did.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
