from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_check_checked_status import AssetCheckCheckedStatus, check_asset_check_checked_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_state import AssetState


T = TypeVar("T", bound="AssetCheckChecked")


@_attrs_define
class AssetCheckChecked:
    """The asset was probed since the call. An asset without any token is not probed: its states are equal."""

    after: AssetState
    """ The state of an asset at a moment. """
    asset_id: str
    before: AssetState
    """ The state of an asset at a moment. """
    status: AssetCheckCheckedStatus
    checked_at: datetime.datetime | None | Unset = UNSET
    """ When the asset was last probed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        after = self.after.to_dict()

        asset_id = self.asset_id

        before = self.before.to_dict()

        status: str = self.status

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
                "after": after,
                "asset_id": asset_id,
                "before": before,
                "status": status,
            }
        )
        if checked_at is not UNSET:
            field_dict["checked_at"] = checked_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_state import AssetState  # noqa: PLC0415

        d = dict(src_dict)
        after = AssetState.from_dict(d.pop("after"))

        asset_id = d.pop("asset_id")

        before = AssetState.from_dict(d.pop("before"))

        status = check_asset_check_checked_status(d.pop("status"))

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

        asset_check_checked = cls(
            after=after,
            asset_id=asset_id,
            before=before,
            status=status,
            checked_at=checked_at,
        )

        asset_check_checked.additional_properties = d
        return asset_check_checked

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
