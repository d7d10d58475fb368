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
    kind: AssetKind | list[AssetKind] | Unset = UNSET
    person_id: str | Unset = UNSET
    state: AssetStatus | list[AssetStatus] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        business_id = self.business_id

        kind: list[str] | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        elif isinstance(self.kind, str):
            kind = self.kind
        else:
            kind = []
            for kind_type_1_item_data in self.kind:
                kind_type_1_item: str = kind_type_1_item_data
                kind.append(kind_type_1_item)

        person_id = self.person_id

        state: list[str] | str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        elif isinstance(self.state, str):
            state = self.state
        else:
            state = []
            for state_type_1_item_data in self.state:
                state_type_1_item: str = state_type_1_item_data
                state.append(state_type_1_item)

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

        def _parse_kind(data: object) -> AssetKind | list[AssetKind] | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_0 = check_asset_kind(data)

                return kind_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, list):
                raise TypeError()
            kind_type_1 = []
            _kind_type_1 = data
            for kind_type_1_item_data in _kind_type_1:
                kind_type_1_item = check_asset_kind(kind_type_1_item_data)

                kind_type_1.append(kind_type_1_item)

            return kind_type_1

        kind = _parse_kind(d.pop("kind", UNSET))

        person_id = d.pop("person_id", UNSET)

        def _parse_state(data: object) -> AssetStatus | list[AssetStatus] | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = check_asset_status(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, list):
                raise TypeError()
            state_type_1 = []
            _state_type_1 = data
            for state_type_1_item_data in _state_type_1:
                state_type_1_item = check_asset_status(state_type_1_item_data)

                state_type_1.append(state_type_1_item)

            return state_type_1

        state = _parse_state(d.pop("state", UNSET))

        asset_selection = cls(
            business_id=business_id,
            kind=kind,
            person_id=person_id,
            state=state,
        )

        return asset_selection
