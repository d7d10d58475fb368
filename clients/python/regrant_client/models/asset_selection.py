from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.asset_status import AssetStatus, check_asset_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="AssetSelection")


@_attrs_define
class AssetSelection:
    """A selection of assets; an asset must match every given field."""

    business_id: str | Unset = UNSET
    kind: AssetKind | Unset = UNSET
    person_id: str | Unset = UNSET
    state: AssetStatus | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        business_id = self.business_id

        kind: str | Unset = UNSET
        if not isinstance(self.kind, Unset):
            kind = self.kind

        person_id = self.person_id

        state: str | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = self.state

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if business_id is not UNSET:
            field_dict["business_id"] = business_id
        if kind is not UNSET:
            field_dict["kind"] = kind
        if person_id is not UNSET:
            field_dict["person_id"] = person_id
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        business_id = d.pop("business_id", UNSET)

        _kind = d.pop("kind", UNSET)
        kind: AssetKind | Unset
        if isinstance(_kind, Unset):
            kind = UNSET
        else:
            kind = check_asset_kind(_kind)

        person_id = d.pop("person_id", UNSET)

        _state = d.pop("state", UNSET)
        state: AssetStatus | Unset
        if isinstance(_state, Unset):
            state = UNSET
        else:
            state = check_asset_status(_state)

        asset_selection = cls(
            business_id=business_id,
            kind=kind,
            person_id=person_id,
            state=state,
        )

        return asset_selection
