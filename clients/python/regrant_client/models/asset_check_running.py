from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_check_running_status import AssetCheckRunningStatus, check_asset_check_running_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_state import AssetState


T = TypeVar("T", bound="AssetCheckRunning")


@_attrs_define
class AssetCheckRunning:
    """Graph has given no answer yet, or another process is about to probe the asset; the check continues by itself."""

    asset_id: str
    before: AssetState
    """ The state of an asset at a moment. """
    status: AssetCheckRunningStatus
    after: AssetState | None | Unset = UNSET
    checked_at: datetime.datetime | None | Unset = UNSET
    """ When the asset was last probed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.asset_state import AssetState  # noqa: PLC0415

        asset_id = self.asset_id

        before = self.before.to_dict()

        status: str = self.status

        after: dict[str, Any] | None | Unset
        if isinstance(self.after, Unset):
            after = UNSET
        elif isinstance(self.after, AssetState):
            after = self.after.to_dict()
        else:
            after = self.after

        checked_at: None | str | Unset
        if isinstance(self.checked_at, Unset):
            checked_at = UNSET
        elif isinstance(self.checked_at, datetime.datetime):
            checked_at = self.checked_at.isoformat()
        else:
            checked_at = self.checked_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "before": before,
                "status": status,
            }
        )
        if after is not UNSET:
            field_dict["after"] = after
        if checked_at is not UNSET:
            field_dict["checked_at"] = checked_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_state import AssetState  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        before = AssetState.from_dict(d.pop("before"))

        status = check_asset_check_running_status(d.pop("status"))

        def _parse_after(data: object) -> AssetState | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = AssetState.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetState | None | Unset, data)

        after = _parse_after(d.pop("after", UNSET))

        def _parse_checked_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                checked_at_type_0 = datetime.datetime.fromisoformat(data)

                return checked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        checked_at = _parse_checked_at(d.pop("checked_at", UNSET))

        asset_check_running = cls(
            asset_id=asset_id,
            before=before,
            status=status,
            after=after,
            checked_at=checked_at,
        )

        asset_check_running.additional_properties = d
        return asset_check_running

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
