from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.asset_status import AssetStatus, check_asset_status
from ..models.forecast_entry_covered_by_type_1 import (
    ForecastEntryCoveredByType1,
    check_forecast_entry_covered_by_type_1,
)
from ..models.forecast_entry_covered_by_type_2_type_1 import (
    ForecastEntryCoveredByType2Type1,
    check_forecast_entry_covered_by_type_2_type_1,
)
from ..models.forecast_entry_covered_by_type_3_type_1 import (
    ForecastEntryCoveredByType3Type1,
    check_forecast_entry_covered_by_type_3_type_1,
)
from ..models.impact_entry_effect import ImpactEntryEffect, check_impact_entry_effect
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.ending import Ending
    from ..models.impact_by import ImpactBy
    from ..models.reason import Reason


T = TypeVar("T", bound="ImpactEntry")


@_attrs_define
class ImpactEntry:
    """The effect on one asset when its person leaves."""

    asset_id: str
    business_id: None | str
    covered_by: ForecastEntryCoveredByType1 | ForecastEntryCoveredByType2Type1 | ForecastEntryCoveredByType3Type1 | None
    ending: Ending
    """ The earliest known date on which an asset stops working. """
    kind: AssetKind
    name: None | str
    """ Display name. """
    next_check_at: datetime.datetime | None
    """ Time of the next probe; null if there is no token to probe with. """
    note: None | str
    """ Additional note. """
    person_id: None | str
    reason: Reason
    """ Why something is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    who: ActingParty
    effect: ImpactEntryEffect
    by: ImpactBy | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.impact_by import ImpactBy  # noqa: PLC0415

        asset_id = self.asset_id

        business_id: None | str
        business_id = self.business_id

        covered_by: None | str
        if isinstance(self.covered_by, str):
            covered_by = self.covered_by
        elif isinstance(self.covered_by, str):
            covered_by = self.covered_by
        elif isinstance(self.covered_by, str):
            covered_by = self.covered_by
        else:
            covered_by = self.covered_by

        ending = self.ending.to_dict()

        kind: str = self.kind

        name: None | str
        name = self.name

        next_check_at: None | str
        if isinstance(self.next_check_at, datetime.datetime):
            next_check_at = self.next_check_at.isoformat()
        else:
            next_check_at = self.next_check_at

        note: None | str
        note = self.note

        person_id: None | str
        person_id = self.person_id

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        who: str = self.who

        effect: str = self.effect

        by: dict[str, Any] | None | Unset
        if isinstance(self.by, Unset):
            by = UNSET
        elif isinstance(self.by, ImpactBy):
            by = self.by.to_dict()
        else:
            by = self.by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "business_id": business_id,
                "covered_by": covered_by,
                "ending": ending,
                "kind": kind,
                "name": name,
                "next_check_at": next_check_at,
                "note": note,
                "person_id": person_id,
                "reason": reason,
                "since": since,
                "state": state,
                "who": who,
                "effect": effect,
            }
        )
        if by is not UNSET:
            field_dict["by"] = by

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.impact_by import ImpactBy  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        def _parse_business_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        business_id = _parse_business_id(d.pop("business_id"))

        def _parse_covered_by(
            data: object,
        ) -> ForecastEntryCoveredByType1 | ForecastEntryCoveredByType2Type1 | ForecastEntryCoveredByType3Type1 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                covered_by_type_1 = check_forecast_entry_covered_by_type_1(data)

                return covered_by_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                covered_by_type_2_type_1 = check_forecast_entry_covered_by_type_2_type_1(data)

                return covered_by_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                covered_by_type_3_type_1 = check_forecast_entry_covered_by_type_3_type_1(data)

                return covered_by_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                ForecastEntryCoveredByType1
                | ForecastEntryCoveredByType2Type1
                | ForecastEntryCoveredByType3Type1
                | None,
                data,
            )

        covered_by = _parse_covered_by(d.pop("covered_by"))

        ending = Ending.from_dict(d.pop("ending"))

        kind = check_asset_kind(d.pop("kind"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        def _parse_next_check_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_check_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_check_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_check_at = _parse_next_check_at(d.pop("next_check_at"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        reason = Reason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        who = check_acting_party(d.pop("who"))

        effect = check_impact_entry_effect(d.pop("effect"))

        def _parse_by(data: object) -> ImpactBy | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                by_type_0 = ImpactBy.from_dict(data)

                return by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ImpactBy | None | Unset, data)

        by = _parse_by(d.pop("by", UNSET))

        impact_entry = cls(
            asset_id=asset_id,
            business_id=business_id,
            covered_by=covered_by,
            ending=ending,
            kind=kind,
            name=name,
            next_check_at=next_check_at,
            note=note,
            person_id=person_id,
            reason=reason,
            since=since,
            state=state,
            who=who,
            effect=effect,
            by=by,
        )

        impact_entry.additional_properties = d
        return impact_entry

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
