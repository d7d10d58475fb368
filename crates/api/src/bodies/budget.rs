//! How many bytes of bodies a listener holds at once, and how much of that is whose.
//!
//! The rule: authenticated callers share all of it and each tenant at most a part; callers that are not authenticated
//! yet share half of it, and each of their addresses has at most a part of that. The maps hold an owner only while it
//! holds bytes or a slot.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::http::header;
use regrant_domain::TenantId;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{Code, Problem};

/// The largest body of a caller that is not authenticated yet, in bytes: a log-in, a signed request of Meta.
const MAX_STRANGER_BODY: usize = 64 * 1024;
/// The largest webhook of Meta, which merges up to 1,000 updates into one.
const MAX_META_WEBHOOK: usize = 3 * 1024 * 1024;
/// How many bodies of one address may keep the server waiting at once.
const ADDRESS_SLOTS: usize = 64;
/// The same for all addresses together.
const STRANGER_SLOTS: usize = 512;
/// How many bodies are read and dropped at once. The connections of others end at once.
const MAX_DRAINS: usize = 64;
/// Seconds after which a refused caller may try again.
const RETRY_SECONDS: u64 = 2;

/// Whom the bytes of a body count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BodyOwner {
    /// A caller that is not authenticated yet, by its network.
    Address(u128),
    /// The same with a webhook of Meta, which may be larger. It takes of what the address may hold.
    MetaWebhook(u128),
    /// An authenticated caller of a tenant.
    Tenant(TenantId),
    /// An operator.
    Operators,
}

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// It did not arrive in time.
    Late,
    /// All that the listener may hold is held.
    ListenerFull,
    /// All that its owner may hold is held.
    OwnerFull,
}

/// The bytes that a listener holds.
pub(crate) struct BodyBudget {
    total: usize,
    max_body: usize,
    held: Mutex<Held>,
    drains: Semaphore,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    stranger_bytes: usize,
    stranger_slots: usize,
    owners: HashMap<BodyOwner, Share>,
}

#[derive(Default, Clone, Copy)]
struct Share {
    bytes: usize,
    slots: usize,
}

impl BodyBudget {
    /// A budget of `total` bytes for bodies of at most `max_body` bytes; every share has room for one body.
    pub(crate) fn new(total: usize, max_body: usize) -> Self {
        Self {
            total: total.max(max_body),
            max_body,
            held: Mutex::default(),
            drains: Semaphore::new(MAX_DRAINS),
        }
    }

    /// The largest body of this owner.
    pub(super) fn max_body_of(&self, owner: BodyOwner) -> usize {
        match owner {
            BodyOwner::Address(_) => self.max_stranger_body(),
            BodyOwner::MetaWebhook(_) => MAX_META_WEBHOOK
                .min(self.total / 8)
                .max(self.max_stranger_body()),
            BodyOwner::Tenant(_) | BodyOwner::Operators => self.max_body,
        }
    }

    fn max_stranger_body(&self) -> usize {
        self.max_body.min(MAX_STRANGER_BODY)
    }

    /// Counts `bytes` more of this owner.
    pub(super) fn take_bytes(&self, owner: BodyOwner, bytes: usize) -> Result<(), BodyRefusal> {
        let owner = owner.holder();
        let mut held = self.lock();
        let share = held.owners.get(&owner).copied().unwrap_or_default();
        if share.bytes.saturating_add(bytes) > self.share_of(owner) {
            return Err(BodyRefusal::OwnerFull);
        }
        let strangers = held.stranger_bytes.saturating_add(bytes);
        let is_full = held.bytes.saturating_add(bytes) > self.total;
        if is_full || (owner.is_stranger() && strangers > self.total / 2) {
            return Err(BodyRefusal::ListenerFull);
        }
        held.bytes = held.bytes.saturating_add(bytes);
        held.owners.entry(owner).or_default().bytes = share.bytes.saturating_add(bytes);
        if owner.is_stranger() {
            held.stranger_bytes = strangers;
        }
        Ok(())
    }

    /// Counts one more body of a stranger that keeps the server waiting.
    pub(super) fn take_slot(&self, owner: BodyOwner) -> Result<(), BodyRefusal> {
        if !owner.is_stranger() {
            return Ok(());
        }
        let owner = owner.holder();
        let mut held = self.lock();
        let slots = held.owners.get(&owner).map_or(0, |it| it.slots);
        if slots >= ADDRESS_SLOTS {
            return Err(BodyRefusal::OwnerFull);
        }
        if held.stranger_slots >= STRANGER_SLOTS {
            return Err(BodyRefusal::ListenerFull);
        }
        held.stranger_slots = held.stranger_slots.saturating_add(1);
        held.owners.entry(owner).or_default().slots = slots.saturating_add(1);
        Ok(())
    }

    /// Gives back what one body of this owner took.
    pub(super) fn give_back(&self, owner: BodyOwner, bytes: usize, had_slot: bool) {
        let slots = usize::from(had_slot && owner.is_stranger());
        let owner = owner.holder();
        let mut held = self.lock();
        held.bytes = held.bytes.saturating_sub(bytes);
        if owner.is_stranger() {
            held.stranger_bytes = held.stranger_bytes.saturating_sub(bytes);
            held.stranger_slots = held.stranger_slots.saturating_sub(slots);
        }
        let share = held.owners.entry(owner).or_default();
        share.bytes = share.bytes.saturating_sub(bytes);
        share.slots = share.slots.saturating_sub(slots);
        if share.bytes == 0 && share.slots == 0 {
            held.owners.remove(&owner);
        }
    }

    /// A permit to read and drop the rest of a body, if there is one.
    pub(super) fn try_drain(&self) -> Option<SemaphorePermit<'_>> {
        self.drains.try_acquire().ok()
    }

    /// Lets other bodies hold everything.
    #[cfg(test)]
    pub(crate) fn fill(&self) {
        self.lock().bytes = self.total;
    }

    /// How many bytes this owner may hold.
    fn share_of(&self, owner: BodyOwner) -> usize {
        match owner {
            BodyOwner::Address(_) | BodyOwner::MetaWebhook(_) => {
                (self.total / 8).max(self.max_stranger_body())
            }
            BodyOwner::Tenant(_) => (self.total / 4).max(self.max_body),
            BodyOwner::Operators => self.total,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyOwner {
    const fn is_stranger(self) -> bool {
        matches!(self, Self::Address(_) | Self::MetaWebhook(_))
    }

    /// Whose bytes and slots the body takes.
    const fn holder(self) -> Self {
        match self {
            Self::MetaWebhook(network) => Self::Address(network),
            other => other,
        }
    }
}

impl From<BodyRefusal> for Problem {
    fn from(refusal: BodyRefusal) -> Self {
        match refusal {
            BodyRefusal::TooLarge(limit) => Self::new(
                Code::BodyTooLarge,
                format!("The body may have at most {limit} bytes."),
            ),
            BodyRefusal::Late => {
                Self::new(Code::RequestTimeout, "The body did not arrive in time.")
            }
            BodyRefusal::ListenerFull => Self::new(
                Code::BodiesFull,
                "Too many request bodies are arriving at this process. Nothing was changed.",
            )
            .with_header(header::RETRY_AFTER, RETRY_SECONDS),
            BodyRefusal::OwnerFull => Self::new(
                Code::TooManyBodies,
                "Too many request bodies of this tenant or address are arriving. Nothing was changed.",
            )
            .with_header(header::RETRY_AFTER, RETRY_SECONDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn budget() -> BodyBudget {
        BodyBudget::new(8 * MIB, MIB)
    }

    #[test]
    fn an_address_holds_an_eighth_and_all_addresses_half() {
        let budget = budget();
        for address in 0..4 {
            let owner = BodyOwner::Address(address);
            assert_eq!(budget.take_bytes(owner, MIB), Ok(()));
            assert_eq!(budget.take_bytes(owner, 1), Err(BodyRefusal::OwnerFull));
        }
        let fifth = BodyOwner::Address(4);
        assert_eq!(budget.take_bytes(fifth, 1), Err(BodyRefusal::ListenerFull));
        let tenant = BodyOwner::Tenant(TenantId::mint());
        assert_eq!(
            budget.take_bytes(tenant, 2 * MIB),
            Ok(()),
            "strangers leave half to tenants"
        );
        assert_eq!(budget.take_bytes(tenant, 1), Err(BodyRefusal::OwnerFull));
    }

    #[test]
    fn the_webhooks_of_an_address_take_of_what_the_address_may_hold() {
        let budget = BodyBudget::new(56 * MIB, MIB);
        let (address, webhook) = (BodyOwner::Address(1), BodyOwner::MetaWebhook(1));
        assert_eq!(budget.max_body_of(address), MAX_STRANGER_BODY);
        assert_eq!(budget.max_body_of(webhook), 3 * MIB);
        assert_eq!(budget.take_bytes(webhook, 6 * MIB), Ok(()));
        assert_eq!(budget.take_bytes(address, MIB), Ok(()));
        for owner in [address, webhook] {
            assert_eq!(budget.take_bytes(owner, 1), Err(BodyRefusal::OwnerFull));
        }
        for _ in 0..ADDRESS_SLOTS {
            assert_eq!(budget.take_slot(webhook), Ok(()));
        }
        assert_eq!(budget.take_slot(address), Err(BodyRefusal::OwnerFull));
        budget.give_back(webhook, 6 * MIB, true);
        assert_eq!(budget.take_bytes(address, 6 * MIB), Ok(()));
        assert_eq!(budget.take_slot(address), Ok(()));
    }

    #[test]
    fn a_webhook_of_meta_has_at_most_what_its_address_may_hold() {
        let webhook = BodyOwner::MetaWebhook(1);
        assert_eq!(budget().max_body_of(webhook), MIB);
        let small = BodyBudget::new(10, MIB);
        assert_eq!(small.max_body_of(webhook), MIB / 8);
        let smallest = BodyBudget::new(4096, 4096);
        assert_eq!(smallest.max_body_of(webhook), 4096);
    }

    #[test]
    fn an_address_keeps_the_server_waiting_for_64_bodies() {
        let budget = budget();
        let owner = BodyOwner::Address(1);
        for _ in 0..ADDRESS_SLOTS {
            assert_eq!(budget.take_slot(owner), Ok(()));
        }
        assert_eq!(budget.take_slot(owner), Err(BodyRefusal::OwnerFull));
        assert_eq!(budget.take_slot(BodyOwner::Address(2)), Ok(()));
        assert_eq!(budget.take_slot(BodyOwner::Operators), Ok(()));
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let budget = budget();
        for address in 0..1_000 {
            let owner = BodyOwner::Address(address);
            budget.take_bytes(owner, 10).unwrap();
            budget.take_slot(owner).unwrap();
            budget.give_back(owner, 10, true);
        }
        let held = budget.lock();
        assert!(held.owners.is_empty());
        assert_eq!(
            (held.bytes, held.stranger_bytes, held.stranger_slots),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_small_budget_has_room_for_one_body_of_each() {
        let budget = BodyBudget::new(10, MIB);
        let tenant = BodyOwner::Tenant(TenantId::mint());
        assert_eq!(budget.take_bytes(tenant, MIB), Ok(()));
        assert_eq!(
            budget.take_bytes(BodyOwner::Operators, 1),
            Err(BodyRefusal::ListenerFull)
        );
    }
}
