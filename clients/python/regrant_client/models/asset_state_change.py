from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.asset_status import AssetStatus, check_asset_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.event_ending import EventEnding
    from ..models.event_reason import EventReason


T = TypeVar("T", bound="AssetStateChange")


@_attrs_define
class AssetStateChange:
    """`data` of an event about the state of an asset."""

    asset_id: str
    ending: EventEnding | None
    kind: AssetKind
    reason: EventReason
    """ Why an asset is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    business_id: None | str | Unset = UNSET
    person_id: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.event_ending import EventEnding  # noqa: PLC0415

        asset_id = self.asset_id

        ending: dict[str, Any] | None
        if isinstance(self.ending, EventEnding):
            ending = self.ending.to_dict()
        else:
            ending = self.ending

        kind: str = self.kind

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        business_id: None | str | Unset
        if isinstance(self.business_id, Unset):
            business_id = UNSET
        else:
            business_id = self.business_id

        person_id: None | str | Unset
        if isinstance(self.person_id, Unset):
            person_id = UNSET
        else:
            person_id = self.person_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "ending": ending,
                "kind": kind,
                "reason": reason,
                "since": since,
                "state": state,
            }
        )
        if business_id is not UNSET:
            field_dict["business_id"] = business_id
        if person_id is not UNSET:
            field_dict["person_id"] = person_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_ending import EventEnding  # noqa: PLC0415
        from ..models.event_reason import EventReason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        def _parse_ending(data: object) -> EventEnding | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                ending_type_0 = EventEnding.from_dict(data)

                return ending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EventEnding | None, data)

        ending = _parse_ending(d.pop("ending"))

        kind = check_asset_kind(d.pop("kind"))

        reason = EventReason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        def _parse_business_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        business_id = _parse_business_id(d.pop("business_id", UNSET))

        def _parse_person_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person_id = _parse_person_id(d.pop("person_id", UNSET))

        asset_state_change = cls(
            asset_id=asset_id,
            ending=ending,
            kind=kind,
            reason=reason,
            since=since,
            state=state,
            business_id=business_id,
            person_id=person_id,
        )

        asset_state_change.additional_properties = d
        return asset_state_change

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
