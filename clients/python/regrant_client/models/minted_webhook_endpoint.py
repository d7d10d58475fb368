from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_endpoint_asset_events import WebhookEndpointAssetEvents, check_webhook_endpoint_asset_events
from ..models.webhook_endpoint_disabled_reason_type_1 import (
    WebhookEndpointDisabledReasonType1,
    check_webhook_endpoint_disabled_reason_type_1,
)
from ..models.webhook_endpoint_disabled_reason_type_2_type_1 import (
    WebhookEndpointDisabledReasonType2Type1,
    check_webhook_endpoint_disabled_reason_type_2_type_1,
)
from ..models.webhook_endpoint_disabled_reason_type_3_type_1 import (
    WebhookEndpointDisabledReasonType3Type1,
    check_webhook_endpoint_disabled_reason_type_3_type_1,
)
from ..models.webhook_endpoint_kinds_item import WebhookEndpointKindsItem, check_webhook_endpoint_kinds_item
from ..models.webhook_endpoint_status import WebhookEndpointStatus, check_webhook_endpoint_status

T = TypeVar("T", bound="MintedWebhookEndpoint")


@_attrs_define
class MintedWebhookEndpoint:
    """A webhook endpoint with its new secret, which no other response contains."""

    asset_events: WebhookEndpointAssetEvents
    created_at: datetime.datetime
    """ When it was created. """
    disabled_at: datetime.datetime | None
    """ When it was disabled. """
    disabled_reason: (
        None
        | WebhookEndpointDisabledReasonType1
        | WebhookEndpointDisabledReasonType2Type1
        | WebhookEndpointDisabledReasonType3Type1
    )
    failing_since: datetime.datetime | None
    """ Since when all deliveries fail. """
    id: str
    """ Id of the endpoint. """
    kinds: list[WebhookEndpointKindsItem]
    older_secret_until: datetime.datetime | None
    """ Until when the previous secret signs, too. """
    status: WebhookEndpointStatus
    url: str
    """ Address of the endpoint, normalised. """
    secret: None | str
    """ Secret that signs its webhooks: `whsec_` and base64 of 32 bytes; null if the call repeats another one. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_events: str = self.asset_events

        created_at = self.created_at.isoformat()

        disabled_at: None | str
        if isinstance(self.disabled_at, datetime.datetime):
            disabled_at = self.disabled_at.isoformat()
        else:
            disabled_at = self.disabled_at

        disabled_reason: None | str
        if isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        elif isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        elif isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        else:
            disabled_reason = self.disabled_reason

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        id = self.id

        kinds = []
        for kinds_item_data in self.kinds:
            kinds_item: str = kinds_item_data
            kinds.append(kinds_item)

        older_secret_until: None | str
        if isinstance(self.older_secret_until, datetime.datetime):
            older_secret_until = self.older_secret_until.isoformat()
        else:
            older_secret_until = self.older_secret_until

        status: str = self.status

        url = self.url

        secret: None | str
        secret = self.secret

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_events": asset_events,
                "created_at": created_at,
                "disabled_at": disabled_at,
                "disabled_reason": disabled_reason,
                "failing_since": failing_since,
                "id": id,
                "kinds": kinds,
                "older_secret_until": older_secret_until,
                "status": status,
                "url": url,
                "secret": secret,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_events = check_webhook_endpoint_asset_events(d.pop("asset_events"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_disabled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_at_type_0 = datetime.datetime.fromisoformat(data)

                return disabled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        disabled_at = _parse_disabled_at(d.pop("disabled_at"))

        def _parse_disabled_reason(
            data: object,
        ) -> (
            None
            | WebhookEndpointDisabledReasonType1
            | WebhookEndpointDisabledReasonType2Type1
            | WebhookEndpointDisabledReasonType3Type1
        ):
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_1 = check_webhook_endpoint_disabled_reason_type_1(data)

                return disabled_reason_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_2_type_1 = check_webhook_endpoint_disabled_reason_type_2_type_1(data)

                return disabled_reason_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_3_type_1 = check_webhook_endpoint_disabled_reason_type_3_type_1(data)

                return disabled_reason_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None
                | WebhookEndpointDisabledReasonType1
                | WebhookEndpointDisabledReasonType2Type1
                | WebhookEndpointDisabledReasonType3Type1,
                data,
            )

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))

        id = d.pop("id")

        kinds = []
        _kinds = d.pop("kinds")
        for kinds_item_data in _kinds:
            kinds_item = check_webhook_endpoint_kinds_item(kinds_item_data)

            kinds.append(kinds_item)

        def _parse_older_secret_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                older_secret_until_type_0 = datetime.datetime.fromisoformat(data)

                return older_secret_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        older_secret_until = _parse_older_secret_until(d.pop("older_secret_until"))

        status = check_webhook_endpoint_status(d.pop("status"))

        url = d.pop("url")

        def _parse_secret(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        secret = _parse_secret(d.pop("secret"))

        minted_webhook_endpoint = cls(
            asset_events=asset_events,
            created_at=created_at,
            disabled_at=disabled_at,
            disabled_reason=disabled_reason,
            failing_since=failing_since,
            id=id,
            kinds=kinds,
            older_secret_until=older_secret_until,
            status=status,
            url=url,
            secret=secret,
        )

        minted_webhook_endpoint.additional_properties = d
        return minted_webhook_endpoint

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
