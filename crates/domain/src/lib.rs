//! The vocabulary of Regrant as types: identifiers, assets, credentials, outcomes, states, time.
//!
//! The one rule: no I/O and nothing asynchronous. A decision (an outcome, a state) is a pure
//! function here, so that a table of cases can test it.
//! Start at [`settle`] for what a probe result does to an asset and at [`state`] for how an asset
//! is doing.

mod access;
mod assets;
mod clock;
mod closed_list;
mod consents;
mod credentials;
pub mod erasure;
mod error_chain;
pub mod forecast;
mod ids;
mod judgement;
#[doc(hidden)]
pub mod judgement_docs;
mod links;
mod notice;
mod pace;
mod reconnects;
mod tenant;
mod texts;
pub mod webhooks;

pub use access::{
    ClientSpec, InvalidOperatorName, InvalidPageUrl, InvalidReadReason, InvalidWebOrigin,
    MAX_REVOKED_TOKENS, Operator, OperatorName, OperatorRole, PageUrl, Permission, Permissions,
    RETIREMENT_DELAY, RETIREMENT_OPEN_FOR, Reach, ReachLimit, ReadReason, RetirementCaller,
    RetirementRequest, RetirementStep, RevokedTokens, ScopeUse, WebOrigin, decide_retirement,
    network_of,
};
pub use assets::{
    Asset, AssetFacts, AssetKind, BusinessSource, Confidence, CutOff, CutOffNote, CutOffSource,
    DiscoveredAsset, DiscoveryStatus, Familiarity, RegistrationRefusal,
};
pub use clock::{Clock, Timestamp};
pub use closed_list::UnknownItem;
pub use consents::{
    Consent, ConsentForm, ConsentForms, ConsentOwner, InvalidLoginScope, InvalidRedirectUri,
    LoginScopes, LoginSettings, RedirectUri, find_missing_scopes,
};
pub use credentials::{
    AccessRevocation, AccessToken, AppSecret, AuthorizationCode, ClientSecret, Credential,
    CredentialKind, Grant, GrantedScope, InvalidPassword, InvalidSecret, NotRevoked, Passphrase,
    Password, SealedRecord, Slot, TokenFacts, VerifyToken,
};
pub use error_chain::error_chain;
pub use forecast::{ForecastLine, ForecastPosition, ForecastTotals, PersonCounts, PersonFacts};
pub use ids::{
    AppId, AssetId, CalendarFeedId, ClientId, ConsentId, CredentialId, DeliveryId, DiscoveryId,
    EventId, GrantId, InvalidGraphId, InvalidId, InvalidKekRef, KekRef, LinkId, LoginConfigId,
    OperatorId, OperatorSessionId, PersonId, PlanId, PreviewId, ReconnectId, ReconnectSessionId,
    RequestId, TenantId, WebhookEndpointId,
};
pub use judgement::{
    ActivatedToken, BusinessReading, Certainty, DateStanding, Fact, FactName, FactSource, Hold,
    Meaning, ObjectCondition, Observation, ProbeFacts, ProbeResult, Refusal, RefusalKind,
    RefusalWindow, Refusals, Rules, TokenDates, Weight, coverage, errors, explain_by_scope,
    failover, hold_refusal, is_reading_due, judge_date, left_out, refresh, retry, schedule, settle,
    state, undo, watch,
};
pub use links::{LinkPerson, LinkStatus, LinkTimes, LoginNotice, NextActor};
pub use notice::{MetaNotice, NoticeKind, NoticeSubject};
pub use pace::Pace;
pub use reconnects::{
    Coverage, Heals, LeftOutAsset, LeftOutCause, NextStep, Outcome, OutcomeCounts, PreviewFinding,
    PreviewItem, PreviewStatus, ReachableAsset, Reason, ReasonCode, ReconnectStatus, Serving,
    Verdict, Who,
};
pub use tenant::{TenantLimits, TenantStatus};
pub use texts::Locale;
pub use webhooks::{self as webhook, Delivery, EventKind};
