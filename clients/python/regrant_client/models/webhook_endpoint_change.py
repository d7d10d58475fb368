from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_endpoint_change_asset_events import (
    WebhookEndpointChangeAssetEvents,
    check_webhook_endpoint_change_asset_events,
)
from ..models.webhook_endpoint_change_kinds_item import (
    WebhookEndpointChangeKindsItem,
    check_webhook_endpoint_change_kinds_item,
)
from ..models.webhook_endpoint_change_status import WebhookEndpointChangeStatus, check_webhook_endpoint_change_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookEndpointChange")


@_attrs_define
class WebhookEndpointChange:
    """Changes of a webhook endpoint; absent fields stay as they are."""

    asset_events: WebhookEndpointChangeAssetEvents | Unset = UNSET
    kinds: list[WebhookEndpointChangeKindsItem] | Unset = UNSET
    status: WebhookEndpointChangeStatus | Unset = UNSET
    url: None | str | Unset = UNSET
    """ Address of the endpoint. """

    def to_dict(self) -> dict[str, Any]:
        asset_events: str | Unset = UNSET
        if not isinstance(self.asset_events, Unset):
            asset_events = self.asset_events

        kinds: list[str] | Unset = UNSET
        if not isinstance(self.kinds, Unset):
            kinds = []
            for kinds_item_data in self.kinds:
                kinds_item: str = kinds_item_data
                kinds.append(kinds_item)

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if asset_events is not UNSET:
            field_dict["asset_events"] = asset_events
        if kinds is not UNSET:
            field_dict["kinds"] = kinds
        if status is not UNSET:
            field_dict["status"] = status
        if url is not UNSET:
            field_dict["url"] = url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _asset_events = d.pop("asset_events", UNSET)
        asset_events: WebhookEndpointChangeAssetEvents | Unset
        if isinstance(_asset_events, Unset):
            asset_events = UNSET
        else:
            asset_events = check_webhook_endpoint_change_asset_events(_asset_events)

        _kinds = d.pop("kinds", UNSET)
        kinds: list[WebhookEndpointChangeKindsItem] | Unset = UNSET
        if _kinds is not UNSET:
            kinds = []
            for kinds_item_data in _kinds:
                kinds_item = check_webhook_endpoint_change_kinds_item(kinds_item_data)

                kinds.append(kinds_item)

        _status = d.pop("status", UNSET)
        status: WebhookEndpointChangeStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_webhook_endpoint_change_status(_status)

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        webhook_endpoint_change = cls(
            asset_events=asset_events,
            kinds=kinds,
            status=status,
            url=url,
        )

        return webhook_endpoint_change
