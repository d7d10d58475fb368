from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.asset_business_source_type_1 import AssetBusinessSourceType1, check_asset_business_source_type_1
from ..models.asset_business_source_type_2_type_1 import (
    AssetBusinessSourceType2Type1,
    check_asset_business_source_type_2_type_1,
)
from ..models.asset_business_source_type_3_type_1 import (
    AssetBusinessSourceType3Type1,
    check_asset_business_source_type_3_type_1,
)
from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.asset_status import AssetStatus, check_asset_status
from ..models.fact_name import FactName, check_fact_name
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.cut_off_note import CutOffNote
    from ..models.ending import Ending
    from ..models.fact import Fact
    from ..models.object_condition import ObjectCondition
    from ..models.reason import Reason
    from ..models.slots import Slots


T = TypeVar("T", bound="Asset")


@_attrs_define
class Asset:
    """An asset."""

    business_id: None | str
    business_source: AssetBusinessSourceType1 | AssetBusinessSourceType2Type1 | AssetBusinessSourceType3Type1 | None
    checked_at: datetime.datetime | None
    """ When the asset was last probed, with any result. """
    condition: None | ObjectCondition
    created_at: datetime.datetime
    """ When the asset was registered. """
    cut_off: datetime.datetime | None
    """ When the person's access to the asset ends; null means unknown, not safe. """
    ending: Ending | None
    fact: FactName
    id: str
    kind: AssetKind
    name: None | str
    """ Display name. """
    next_check_at: datetime.datetime | None
    """ Time of the next probe; null if there is no token to probe with. """
    person_id: None | str
    proved_at: datetime.datetime | None
    """ When a probe with the active credential last worked. """
    reason: Reason
    """ Why something is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    who: ActingParty
    cut_offs: list[CutOffNote] | None | Unset = UNSET
    """ History of the cut-off, newest first, at most 50 entries; omitted in lists. """
    facts: list[Fact] | None | Unset = UNSET
    """ All that is known about the asset and its token, with source and time; omitted in lists. """
    slots: None | Slots | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.object_condition import ObjectCondition  # noqa: PLC0415
        from ..models.slots import Slots  # noqa: PLC0415

        business_id: None | str
        business_id = self.business_id

        business_source: None | str
        if isinstance(self.business_source, str):
            business_source = self.business_source
        elif isinstance(self.business_source, str):
            business_source = self.business_source
        elif isinstance(self.business_source, str):
            business_source = self.business_source
        else:
            business_source = self.business_source

        checked_at: None | str
        if isinstance(self.checked_at, datetime.datetime):
            checked_at = self.checked_at.isoformat()
        else:
            checked_at = self.checked_at

        condition: dict[str, Any] | None
        if isinstance(self.condition, ObjectCondition):
            condition = self.condition.to_dict()
        else:
            condition = self.condition

        created_at = self.created_at.isoformat()

        cut_off: None | str
        if isinstance(self.cut_off, datetime.datetime):
            cut_off = self.cut_off.isoformat()
        else:
            cut_off = self.cut_off

        ending: dict[str, Any] | None
        if isinstance(self.ending, Ending):
            ending = self.ending.to_dict()
        else:
            ending = self.ending

        fact: str = self.fact

        id = self.id

        kind: str = self.kind

        name: None | str
        name = self.name

        next_check_at: None | str
        if isinstance(self.next_check_at, datetime.datetime):
            next_check_at = self.next_check_at.isoformat()
        else:
            next_check_at = self.next_check_at

        person_id: None | str
        person_id = self.person_id

        proved_at: None | str
        if isinstance(self.proved_at, datetime.datetime):
            proved_at = self.proved_at.isoformat()
        else:
            proved_at = self.proved_at

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        who: str = self.who

        cut_offs: list[dict[str, Any]] | None | Unset
        if isinstance(self.cut_offs, Unset):
            cut_offs = UNSET
        elif isinstance(self.cut_offs, list):
            cut_offs = []
            for cut_offs_type_0_item_data in self.cut_offs:
                cut_offs_type_0_item = cut_offs_type_0_item_data.to_dict()
                cut_offs.append(cut_offs_type_0_item)

        else:
            cut_offs = self.cut_offs

        facts: list[dict[str, Any]] | None | Unset
        if isinstance(self.facts, Unset):
            facts = UNSET
        elif isinstance(self.facts, list):
            facts = []
            for facts_type_0_item_data in self.facts:
                facts_type_0_item = facts_type_0_item_data.to_dict()
                facts.append(facts_type_0_item)

        else:
            facts = self.facts

        slots: dict[str, Any] | None | Unset
        if isinstance(self.slots, Unset):
            slots = UNSET
        elif isinstance(self.slots, Slots):
            slots = self.slots.to_dict()
        else:
            slots = self.slots

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "business_id": business_id,
                "business_source": business_source,
                "checked_at": checked_at,
                "condition": condition,
                "created_at": created_at,
                "cut_off": cut_off,
                "ending": ending,
                "fact": fact,
                "id": id,
                "kind": kind,
                "name": name,
                "next_check_at": next_check_at,
                "person_id": person_id,
                "proved_at": proved_at,
                "reason": reason,
                "since": since,
                "state": state,
                "who": who,
            }
        )
        if cut_offs is not UNSET:
            field_dict["cut_offs"] = cut_offs
        if facts is not UNSET:
            field_dict["facts"] = facts
        if slots is not UNSET:
            field_dict["slots"] = slots

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cut_off_note import CutOffNote  # noqa: PLC0415
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.fact import Fact  # noqa: PLC0415
        from ..models.object_condition import ObjectCondition  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415
        from ..models.slots import Slots  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_business_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        business_id = _parse_business_id(d.pop("business_id"))

        def _parse_business_source(
            data: object,
        ) -> AssetBusinessSourceType1 | AssetBusinessSourceType2Type1 | AssetBusinessSourceType3Type1 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                business_source_type_1 = check_asset_business_source_type_1(data)

                return business_source_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                business_source_type_2_type_1 = check_asset_business_source_type_2_type_1(data)

                return business_source_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                business_source_type_3_type_1 = check_asset_business_source_type_3_type_1(data)

                return business_source_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                AssetBusinessSourceType1 | AssetBusinessSourceType2Type1 | AssetBusinessSourceType3Type1 | None, data
            )

        business_source = _parse_business_source(d.pop("business_source"))

        def _parse_checked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                checked_at_type_0 = datetime.datetime.fromisoformat(data)

                return checked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        checked_at = _parse_checked_at(d.pop("checked_at"))

        def _parse_condition(data: object) -> None | ObjectCondition:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                condition_type_0 = ObjectCondition.from_dict(data)

                return condition_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ObjectCondition, data)

        condition = _parse_condition(d.pop("condition"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_cut_off(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cut_off_type_0 = datetime.datetime.fromisoformat(data)

                return cut_off_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        cut_off = _parse_cut_off(d.pop("cut_off"))

        def _parse_ending(data: object) -> Ending | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                ending_type_0 = Ending.from_dict(data)

                return ending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Ending | None, data)

        ending = _parse_ending(d.pop("ending"))

        fact = check_fact_name(d.pop("fact"))

        id = d.pop("id")

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

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        def _parse_proved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                proved_at_type_0 = datetime.datetime.fromisoformat(data)

                return proved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        proved_at = _parse_proved_at(d.pop("proved_at"))

        reason = Reason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        who = check_acting_party(d.pop("who"))

        def _parse_cut_offs(data: object) -> list[CutOffNote] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                cut_offs_type_0 = []
                _cut_offs_type_0 = data
                for cut_offs_type_0_item_data in _cut_offs_type_0:
                    cut_offs_type_0_item = CutOffNote.from_dict(cut_offs_type_0_item_data)

                    cut_offs_type_0.append(cut_offs_type_0_item)

                return cut_offs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[CutOffNote] | None | Unset, data)

        cut_offs = _parse_cut_offs(d.pop("cut_offs", UNSET))

        def _parse_facts(data: object) -> list[Fact] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                facts_type_0 = []
                _facts_type_0 = data
                for facts_type_0_item_data in _facts_type_0:
                    facts_type_0_item = Fact.from_dict(facts_type_0_item_data)

                    facts_type_0.append(facts_type_0_item)

                return facts_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Fact] | None | Unset, data)

        facts = _parse_facts(d.pop("facts", UNSET))

        def _parse_slots(data: object) -> None | Slots | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                slots_type_0 = Slots.from_dict(data)

                return slots_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Slots | Unset, data)

        slots = _parse_slots(d.pop("slots", UNSET))

        asset = cls(
            business_id=business_id,
            business_source=business_source,
            checked_at=checked_at,
            condition=condition,
            created_at=created_at,
            cut_off=cut_off,
            ending=ending,
            fact=fact,
            id=id,
            kind=kind,
            name=name,
            next_check_at=next_check_at,
            person_id=person_id,
            proved_at=proved_at,
            reason=reason,
            since=since,
            state=state,
            who=who,
            cut_offs=cut_offs,
            facts=facts,
            slots=slots,
        )

        asset.additional_properties = d
        return asset

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
