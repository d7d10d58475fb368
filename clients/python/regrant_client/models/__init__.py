"""Contains all the data models used in inputs/outputs"""

from .access_token import AccessToken
from .acting_party import ActingParty
from .active_token import ActiveToken
from .asset import Asset
from .asset_business_source_type_1 import AssetBusinessSourceType1
from .asset_business_source_type_2_type_1 import AssetBusinessSourceType2Type1
from .asset_business_source_type_3_type_1 import AssetBusinessSourceType3Type1
from .asset_check_checked import AssetCheckChecked
from .asset_check_checked_status import AssetCheckCheckedStatus
from .asset_check_running import AssetCheckRunning
from .asset_check_running_status import AssetCheckRunningStatus
from .asset_check_unknown_asset import AssetCheckUnknownAsset
from .asset_check_unknown_asset_status import AssetCheckUnknownAssetStatus
from .asset_kind import AssetKind
from .asset_selection import AssetSelection
from .asset_state import AssetState
from .asset_state_change import AssetStateChange
from .asset_status import AssetStatus
from .assets_changed import AssetsChanged
from .assets_changed_counts import AssetsChangedCounts
from .audit_checkpoint import AuditCheckpoint
from .audit_event import AuditEvent
from .audit_event_detail import AuditEventDetail
from .authorization_server import AuthorizationServer
from .calendar_feed import CalendarFeed
from .candidate import Candidate
from .check_asset import CheckAsset
from .check_assets import CheckAssets
from .confidence import Confidence
from .consent import Consent
from .consent_kind import ConsentKind
from .consenting_person import ConsentingPerson
from .credential import Credential
from .credential_activated import CredentialActivated
from .credential_dropped import CredentialDropped
from .credential_kind import CredentialKind
from .credential_slot import CredentialSlot
from .current_reconnect_session import CurrentReconnectSession
from .cut_off_note import CutOffNote
from .cut_off_note_source import CutOffNoteSource
from .deletion_receipt import DeletionReceipt
from .discovered_asset import DiscoveredAsset
from .discovered_asset_status import DiscoveredAssetStatus
from .discovery import Discovery
from .discovery_person import DiscoveryPerson
from .discovery_person_kind import DiscoveryPersonKind
from .discovery_summary import DiscoverySummary
from .discovery_summary_counts import DiscoverySummaryCounts
from .discovery_summary_not_registered_type_1 import DiscoverySummaryNotRegisteredType1
from .discovery_summary_not_registered_type_2_type_1 import DiscoverySummaryNotRegisteredType2Type1
from .discovery_summary_not_registered_type_3_type_1 import DiscoverySummaryNotRegisteredType3Type1
from .discovery_summary_status import DiscoverySummaryStatus
from .earlier_credential import EarlierCredential
from .ending import Ending
from .ending_cause import EndingCause
from .ending_source_type_1 import EndingSourceType1
from .ending_source_type_2_type_1 import EndingSourceType2Type1
from .ending_source_type_3_type_1 import EndingSourceType3Type1
from .event import Event
from .event_data import EventData
from .event_ending import EventEnding
from .event_kind import EventKind
from .event_reason import EventReason
from .fact import Fact
from .fact_name import FactName
from .fact_source import FactSource
from .fault import Fault
from .forecast import Forecast
from .forecast_changed import ForecastChanged
from .forecast_day import ForecastDay
from .forecast_day_causes import ForecastDayCauses
from .forecast_day_confidence import ForecastDayConfidence
from .forecast_entry import ForecastEntry
from .forecast_entry_covered_by_type_1 import ForecastEntryCoveredByType1
from .forecast_entry_covered_by_type_2_type_1 import ForecastEntryCoveredByType2Type1
from .forecast_entry_covered_by_type_3_type_1 import ForecastEntryCoveredByType3Type1
from .grant_refresh_failed import GrantRefreshFailed
from .grant_refreshed import GrantRefreshed
from .granted_scope import GrantedScope
from .health import Health
from .impact import Impact
from .impact_by import ImpactBy
from .impact_counts import ImpactCounts
from .impact_entry import ImpactEntry
from .impact_entry_effect import ImpactEntryEffect
from .inspect_token import InspectToken
from .introspection_request import IntrospectionRequest
from .key_set import KeySet
from .key_set_keys_item import KeySetKeysItem
from .left_out_asset import LeftOutAsset
from .left_out_asset_cause import LeftOutAssetCause
from .list_audit_events_format import ListAuditEventsFormat
from .list_webhook_deliveries_status_item import ListWebhookDeliveriesStatusItem
from .listed_person import ListedPerson
from .listed_person_kind import ListedPersonKind
from .lookup_tokens import LookupTokens
from .made_calendar_feed import MadeCalendarFeed
from .made_reconnect_link import MadeReconnectLink
from .minted_webhook_endpoint import MintedWebhookEndpoint
from .new_asset import NewAsset
from .new_calendar_feed import NewCalendarFeed
from .new_consent import NewConsent
from .new_discovery import NewDiscovery
from .new_plan_links import NewPlanLinks
from .new_plan_links_locale import NewPlanLinksLocale
from .new_reconnect import NewReconnect
from .new_reconnect_link import NewReconnectLink
from .new_reconnect_link_locale import NewReconnectLinkLocale
from .new_reconnect_preview import NewReconnectPreview
from .new_reconnect_session import NewReconnectSession
from .new_undo import NewUndo
from .new_webhook_endpoint import NewWebhookEndpoint
from .new_webhook_endpoint_asset_events import NewWebhookEndpointAssetEvents
from .new_webhook_endpoint_kinds_item import NewWebhookEndpointKindsItem
from .next_step_code import NextStepCode
from .oauth_error import OauthError
from .object_condition import ObjectCondition
from .object_condition_code import ObjectConditionCode
from .opened_reconnect_session import OpenedReconnectSession
from .page_asset import PageAsset
from .page_asset_check import PageAssetCheck
from .page_audit_event import PageAuditEvent
from .page_calendar_feed import PageCalendarFeed
from .page_consent import PageConsent
from .page_discovery_summary import PageDiscoverySummary
from .page_event import PageEvent
from .page_listed_person import PageListedPerson
from .page_reconnect_link_summary import PageReconnectLinkSummary
from .page_reconnect_preview_summary import PageReconnectPreviewSummary
from .page_reconnect_session_summary import PageReconnectSessionSummary
from .page_reconnect_summary import PageReconnectSummary
from .page_registration import PageRegistration
from .page_token_lookup import PageTokenLookup
from .page_webhook_delivery import PageWebhookDelivery
from .page_webhook_endpoint import PageWebhookEndpoint
from .person import Person
from .person_revoked import PersonRevoked
from .plan_assets import PlanAssets
from .plan_coverage import PlanCoverage
from .plan_links import PlanLinks
from .planned_person import PlannedPerson
from .preview_failure import PreviewFailure
from .preview_item import PreviewItem
from .preview_item_coverage import PreviewItemCoverage
from .problem import Problem
from .protected_resource import ProtectedResource
from .reachable_asset import ReachableAsset
from .reason import Reason
from .reason_code import ReasonCode
from .reason_heals import ReasonHeals
from .reconnect import Reconnect
from .reconnect_completed import ReconnectCompleted
from .reconnect_completed_counts import ReconnectCompletedCounts
from .reconnect_completed_status import ReconnectCompletedStatus
from .reconnect_completed_verdict_type_1 import ReconnectCompletedVerdictType1
from .reconnect_completed_verdict_type_2_type_1 import ReconnectCompletedVerdictType2Type1
from .reconnect_completed_verdict_type_3_type_1 import ReconnectCompletedVerdictType3Type1
from .reconnect_item import ReconnectItem
from .reconnect_item_outcome_type_1 import ReconnectItemOutcomeType1
from .reconnect_item_outcome_type_2_type_1 import ReconnectItemOutcomeType2Type1
from .reconnect_item_outcome_type_3_type_1 import ReconnectItemOutcomeType3Type1
from .reconnect_item_serving_type_1 import ReconnectItemServingType1
from .reconnect_item_serving_type_2_type_1 import ReconnectItemServingType2Type1
from .reconnect_item_serving_type_3_type_1 import ReconnectItemServingType3Type1
from .reconnect_link import ReconnectLink
from .reconnect_link_summary import ReconnectLinkSummary
from .reconnect_link_summary_locale import ReconnectLinkSummaryLocale
from .reconnect_link_summary_status import ReconnectLinkSummaryStatus
from .reconnect_plan import ReconnectPlan
from .reconnect_preview import ReconnectPreview
from .reconnect_preview_summary import ReconnectPreviewSummary
from .reconnect_preview_summary_counts import ReconnectPreviewSummaryCounts
from .reconnect_preview_summary_status import ReconnectPreviewSummaryStatus
from .reconnect_session import ReconnectSession
from .reconnect_session_summary import ReconnectSessionSummary
from .reconnect_summary import ReconnectSummary
from .reconnect_summary_counts import ReconnectSummaryCounts
from .reconnect_summary_status import ReconnectSummaryStatus
from .reconnect_summary_verdict_type_1 import ReconnectSummaryVerdictType1
from .reconnect_summary_verdict_type_2_type_1 import ReconnectSummaryVerdictType2Type1
from .reconnect_summary_verdict_type_3_type_1 import ReconnectSummaryVerdictType3Type1
from .register_assets import RegisterAssets
from .registration import Registration
from .registration_outcome import RegistrationOutcome
from .replay_webhooks import ReplayWebhooks
from .revocation_request import RevocationRequest
from .rotate_webhook_secret import RotateWebhookSecret
from .session_asset import SessionAsset
from .session_refresh import SessionRefresh
from .sibling_loss import SiblingLoss
from .signed_request import SignedRequest
from .slots import Slots
from .stream_event import StreamEvent
from .stream_ticket import StreamTicket
from .token import Token
from .token_confirmation import TokenConfirmation
from .token_introspection import TokenIntrospection
from .token_lookup_no_token import TokenLookupNoToken
from .token_lookup_no_token_status import TokenLookupNoTokenStatus
from .token_lookup_served import TokenLookupServed
from .token_lookup_served_status import TokenLookupServedStatus
from .token_lookup_unknown_asset import TokenLookupUnknownAsset
from .token_lookup_unknown_asset_status import TokenLookupUnknownAssetStatus
from .token_reach_refused import TokenReachRefused
from .token_reach_refused_status import TokenReachRefusedStatus
from .token_reach_unknown_asset import TokenReachUnknownAsset
from .token_reach_unknown_asset_status import TokenReachUnknownAssetStatus
from .token_reach_works import TokenReachWorks
from .token_reach_works_condition_type_1 import TokenReachWorksConditionType1
from .token_reach_works_condition_type_2_type_1 import TokenReachWorksConditionType2Type1
from .token_reach_works_condition_type_3_type_1 import TokenReachWorksConditionType3Type1
from .token_reach_works_status import TokenReachWorksStatus
from .token_report import TokenReport
from .token_report_kind_type_1 import TokenReportKindType1
from .token_report_kind_type_2_type_1 import TokenReportKindType2Type1
from .token_report_kind_type_3_type_1 import TokenReportKindType3Type1
from .token_request import TokenRequest
from .unread_list import UnreadList
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_status import WebhookDeliveryStatus
from .webhook_endpoint import WebhookEndpoint
from .webhook_endpoint_asset_events import WebhookEndpointAssetEvents
from .webhook_endpoint_change import WebhookEndpointChange
from .webhook_endpoint_change_asset_events import WebhookEndpointChangeAssetEvents
from .webhook_endpoint_change_kinds_item import WebhookEndpointChangeKindsItem
from .webhook_endpoint_change_status import WebhookEndpointChangeStatus
from .webhook_endpoint_disabled_reason_type_1 import WebhookEndpointDisabledReasonType1
from .webhook_endpoint_disabled_reason_type_2_type_1 import WebhookEndpointDisabledReasonType2Type1
from .webhook_endpoint_disabled_reason_type_3_type_1 import WebhookEndpointDisabledReasonType3Type1
from .webhook_endpoint_kinds_item import WebhookEndpointKindsItem
from .webhook_endpoint_status import WebhookEndpointStatus
from .webhook_replay import WebhookReplay
from .webhook_test import WebhookTest
from .webhook_tested import WebhookTested

__all__ = (
    "AccessToken",
    "ActingParty",
    "ActiveToken",
    "Asset",
    "AssetBusinessSourceType1",
    "AssetBusinessSourceType2Type1",
    "AssetBusinessSourceType3Type1",
    "AssetCheckChecked",
    "AssetCheckCheckedStatus",
    "AssetCheckRunning",
    "AssetCheckRunningStatus",
    "AssetCheckUnknownAsset",
    "AssetCheckUnknownAssetStatus",
    "AssetKind",
    "AssetsChanged",
    "AssetsChangedCounts",
    "AssetSelection",
    "AssetState",
    "AssetStateChange",
    "AssetStatus",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditEventDetail",
    "AuthorizationServer",
    "CalendarFeed",
    "Candidate",
    "CheckAsset",
    "CheckAssets",
    "Confidence",
    "Consent",
    "ConsentingPerson",
    "ConsentKind",
    "Credential",
    "CredentialActivated",
    "CredentialDropped",
    "CredentialKind",
    "CredentialSlot",
    "CurrentReconnectSession",
    "CutOffNote",
    "CutOffNoteSource",
    "DeletionReceipt",
    "DiscoveredAsset",
    "DiscoveredAssetStatus",
    "Discovery",
    "DiscoveryPerson",
    "DiscoveryPersonKind",
    "DiscoverySummary",
    "DiscoverySummaryCounts",
    "DiscoverySummaryNotRegisteredType1",
    "DiscoverySummaryNotRegisteredType2Type1",
    "DiscoverySummaryNotRegisteredType3Type1",
    "DiscoverySummaryStatus",
    "EarlierCredential",
    "Ending",
    "EndingCause",
    "EndingSourceType1",
    "EndingSourceType2Type1",
    "EndingSourceType3Type1",
    "Event",
    "EventData",
    "EventEnding",
    "EventKind",
    "EventReason",
    "Fact",
    "FactName",
    "FactSource",
    "Fault",
    "Forecast",
    "ForecastChanged",
    "ForecastDay",
    "ForecastDayCauses",
    "ForecastDayConfidence",
    "ForecastEntry",
    "ForecastEntryCoveredByType1",
    "ForecastEntryCoveredByType2Type1",
    "ForecastEntryCoveredByType3Type1",
    "GrantedScope",
    "GrantRefreshed",
    "GrantRefreshFailed",
    "Health",
    "Impact",
    "ImpactBy",
    "ImpactCounts",
    "ImpactEntry",
    "ImpactEntryEffect",
    "InspectToken",
    "IntrospectionRequest",
    "KeySet",
    "KeySetKeysItem",
    "LeftOutAsset",
    "LeftOutAssetCause",
    "ListAuditEventsFormat",
    "ListedPerson",
    "ListedPersonKind",
    "ListWebhookDeliveriesStatusItem",
    "LookupTokens",
    "MadeCalendarFeed",
    "MadeReconnectLink",
    "MintedWebhookEndpoint",
    "NewAsset",
    "NewCalendarFeed",
    "NewConsent",
    "NewDiscovery",
    "NewPlanLinks",
    "NewPlanLinksLocale",
    "NewReconnect",
    "NewReconnectLink",
    "NewReconnectLinkLocale",
    "NewReconnectPreview",
    "NewReconnectSession",
    "NewUndo",
    "NewWebhookEndpoint",
    "NewWebhookEndpointAssetEvents",
    "NewWebhookEndpointKindsItem",
    "NextStepCode",
    "OauthError",
    "ObjectCondition",
    "ObjectConditionCode",
    "OpenedReconnectSession",
    "PageAsset",
    "PageAssetCheck",
    "PageAuditEvent",
    "PageCalendarFeed",
    "PageConsent",
    "PageDiscoverySummary",
    "PageEvent",
    "PageListedPerson",
    "PageReconnectLinkSummary",
    "PageReconnectPreviewSummary",
    "PageReconnectSessionSummary",
    "PageReconnectSummary",
    "PageRegistration",
    "PageTokenLookup",
    "PageWebhookDelivery",
    "PageWebhookEndpoint",
    "Person",
    "PersonRevoked",
    "PlanAssets",
    "PlanCoverage",
    "PlanLinks",
    "PlannedPerson",
    "PreviewFailure",
    "PreviewItem",
    "PreviewItemCoverage",
    "Problem",
    "ProtectedResource",
    "ReachableAsset",
    "Reason",
    "ReasonCode",
    "ReasonHeals",
    "Reconnect",
    "ReconnectCompleted",
    "ReconnectCompletedCounts",
    "ReconnectCompletedStatus",
    "ReconnectCompletedVerdictType1",
    "ReconnectCompletedVerdictType2Type1",
    "ReconnectCompletedVerdictType3Type1",
    "ReconnectItem",
    "ReconnectItemOutcomeType1",
    "ReconnectItemOutcomeType2Type1",
    "ReconnectItemOutcomeType3Type1",
    "ReconnectItemServingType1",
    "ReconnectItemServingType2Type1",
    "ReconnectItemServingType3Type1",
    "ReconnectLink",
    "ReconnectLinkSummary",
    "ReconnectLinkSummaryLocale",
    "ReconnectLinkSummaryStatus",
    "ReconnectPlan",
    "ReconnectPreview",
    "ReconnectPreviewSummary",
    "ReconnectPreviewSummaryCounts",
    "ReconnectPreviewSummaryStatus",
    "ReconnectSession",
    "ReconnectSessionSummary",
    "ReconnectSummary",
    "ReconnectSummaryCounts",
    "ReconnectSummaryStatus",
    "ReconnectSummaryVerdictType1",
    "ReconnectSummaryVerdictType2Type1",
    "ReconnectSummaryVerdictType3Type1",
    "RegisterAssets",
    "Registration",
    "RegistrationOutcome",
    "ReplayWebhooks",
    "RevocationRequest",
    "RotateWebhookSecret",
    "SessionAsset",
    "SessionRefresh",
    "SiblingLoss",
    "SignedRequest",
    "Slots",
    "StreamEvent",
    "StreamTicket",
    "Token",
    "TokenConfirmation",
    "TokenIntrospection",
    "TokenLookupNoToken",
    "TokenLookupNoTokenStatus",
    "TokenLookupServed",
    "TokenLookupServedStatus",
    "TokenLookupUnknownAsset",
    "TokenLookupUnknownAssetStatus",
    "TokenReachRefused",
    "TokenReachRefusedStatus",
    "TokenReachUnknownAsset",
    "TokenReachUnknownAssetStatus",
    "TokenReachWorks",
    "TokenReachWorksConditionType1",
    "TokenReachWorksConditionType2Type1",
    "TokenReachWorksConditionType3Type1",
    "TokenReachWorksStatus",
    "TokenReport",
    "TokenReportKindType1",
    "TokenReportKindType2Type1",
    "TokenReportKindType3Type1",
    "TokenRequest",
    "UnreadList",
    "WebhookDelivery",
    "WebhookDeliveryStatus",
    "WebhookEndpoint",
    "WebhookEndpointAssetEvents",
    "WebhookEndpointChange",
    "WebhookEndpointChangeAssetEvents",
    "WebhookEndpointChangeKindsItem",
    "WebhookEndpointChangeStatus",
    "WebhookEndpointDisabledReasonType1",
    "WebhookEndpointDisabledReasonType2Type1",
    "WebhookEndpointDisabledReasonType3Type1",
    "WebhookEndpointKindsItem",
    "WebhookEndpointStatus",
    "WebhookReplay",
    "WebhookTest",
    "WebhookTested",
)
