//! Who must agree before a version of the key-encryption key (KEK) is destroyed.
//!
//! The rule: two operators, neither of whom can make the other one for the occasion. Where there is only one, the host's
//! command line and a day of waiting take the second one's place.

use chrono::Duration;

use crate::{OperatorId, Timestamp};

/// How long a request can be approved.
pub const RETIREMENT_OPEN_FOR: Duration = Duration::days(7);
/// How old a request is before the command line carries it out, and an account before it approves one.
pub const RETIREMENT_DELAY: Duration = Duration::hours(24);

/// A request to destroy a version of the KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetirementRequest {
    /// The operator who asked; `None` for the command line.
    pub requester: Option<OperatorId>,
    /// When.
    pub requested_at: Timestamp,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetirementCaller {
    /// The command line of the host.
    CommandLine,
    /// An owner who is logged in.
    Owner {
        /// The operator.
        id: OperatorId,
        /// When the account was made.
        created_at: Timestamp,
    },
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetirementStep {
    /// It opens a request; nothing is destroyed.
    Request,
    /// It approves the open request: the version is destroyed.
    Destroy,
    /// It is refused: another owner must approve.
    NeedsSecondOwner,
    /// It is refused: this account may approve from then on.
    NeedsOlderAccount(Timestamp),
    /// It is refused: the command line may carry the request out from then on.
    NeedsTime(Timestamp),
}

impl RetirementRequest {
    /// When the request can no longer be approved.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.requested_at + RETIREMENT_OPEN_FOR
    }
}

/// What a call to destroy a version does. `owners` counts the owners who can log in.
#[must_use]
pub fn decide_retirement(
    request: Option<RetirementRequest>,
    caller: RetirementCaller,
    owners: usize,
    now: Timestamp,
) -> RetirementStep {
    use RetirementStep::{Destroy, NeedsOlderAccount, NeedsSecondOwner, NeedsTime, Request};
    let open = request.filter(|it| now < it.ends_at());
    let has_second_owner = owners > 1;
    match (caller, open) {
        (RetirementCaller::CommandLine, _) if has_second_owner => NeedsSecondOwner,
        (_, None) => Request,
        (RetirementCaller::CommandLine, Some(open)) => {
            let from = open.requested_at + RETIREMENT_DELAY;
            if now < from { NeedsTime(from) } else { Destroy }
        }
        (RetirementCaller::Owner { id, created_at }, Some(open)) => match open.requester {
            Some(requester) if requester != id => {
                let from = created_at + RETIREMENT_DELAY;
                if now < from {
                    NeedsOlderAccount(from)
                } else {
                    Destroy
                }
            }
            // The command line names no one: its request is no operator's.
            None if has_second_owner => Request,
            _ => NeedsSecondOwner,
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{RetirementStep::*, *};

    const ADA: u128 = 1;
    const BOB: u128 = 2;

    fn hour(hour: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::hours(hour)
    }

    fn operator(id: u128) -> OperatorId {
        OperatorId::from_uuid(uuid::Uuid::from_u128(id))
    }

    /// A request at hour 100; `None` for the command line's.
    fn by(requester: Option<u128>) -> RetirementRequest {
        RetirementRequest {
            requester: requester.map(operator),
            requested_at: hour(100),
        }
    }

    fn owner(id: u128, created: i64) -> RetirementCaller {
        RetirementCaller::Owner {
            id: operator(id),
            created_at: hour(created),
        }
    }

    #[test]
    fn two_owners_agree_or_one_waits_at_the_command_line() {
        use RetirementCaller::CommandLine;
        let week = 24 * 7;
        let cases = [
            // Without a request.
            (None, owner(ADA, 0), 1, 100, Request),
            (None, owner(ADA, 99), 2, 100, Request),
            (None, CommandLine, 0, 100, Request),
            (None, CommandLine, 1, 100, Request),
            (None, CommandLine, 2, 100, NeedsSecondOwner),
            // The one who asked.
            (Some(by(Some(ADA))), owner(ADA, 0), 2, 101, NeedsSecondOwner),
            (Some(by(Some(ADA))), owner(ADA, 0), 1, 199, NeedsSecondOwner),
            // Another one.
            (Some(by(Some(ADA))), owner(BOB, 0), 2, 100, Destroy),
            (
                Some(by(Some(ADA))),
                owner(BOB, 101),
                2,
                124,
                NeedsOlderAccount(hour(125)),
            ),
            (Some(by(Some(ADA))), owner(BOB, 101), 2, 125, Destroy),
            // The command line.
            (
                Some(by(Some(ADA))),
                CommandLine,
                1,
                123,
                NeedsTime(hour(124)),
            ),
            (Some(by(Some(ADA))), CommandLine, 1, 124, Destroy),
            (Some(by(None)), CommandLine, 0, 123, NeedsTime(hour(124))),
            (Some(by(None)), CommandLine, 0, 124, Destroy),
            (Some(by(None)), CommandLine, 2, 124, NeedsSecondOwner),
            (Some(by(None)), owner(ADA, 0), 2, 124, Request),
            (Some(by(None)), owner(ADA, 0), 1, 124, NeedsSecondOwner),
            // A request that ended counts for nothing.
            (Some(by(Some(ADA))), owner(BOB, 0), 2, 100 + week, Request),
            (Some(by(Some(ADA))), CommandLine, 1, 100 + week, Request),
            (Some(by(Some(ADA))), owner(BOB, 0), 2, 99 + week, Destroy),
        ];
        for (request, caller, owners, now, step) in cases {
            let decided = decide_retirement(request, caller, owners, hour(now));
            assert_eq!(
                decided, step,
                "{request:?} {caller:?} {owners} owners, hour {now}"
            );
        }
    }
}
