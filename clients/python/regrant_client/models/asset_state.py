from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.asset_status import AssetStatus, check_asset_status
from ..models.fact_name import FactName, check_fact_name

if TYPE_CHECKING:
    from ..models.ending import Ending
    from ..models.reason import Reason


T = TypeVar("T", bound="AssetState")


@_attrs_define
class AssetState:
    """The state of an asset at a moment."""

    ending: Ending | None
    fact: FactName
    next_check_at: datetime.datetime | None
    """ Time of the next probe; null if there is no token to probe with. """
    reason: Reason
    """ Why something is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    who: ActingParty
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.ending import Ending  # noqa: PLC0415

        ending: dict[str, Any] | None
        if isinstance(self.ending, Ending):
            ending = self.ending.to_dict()
        else:
            ending = self.ending

        fact: str = self.fact

        next_check_at: None | str
        if isinstance(self.next_check_at, datetime.datetime):
            next_check_at = self.next_check_at.isoformat()
        else:
            next_check_at = self.next_check_at

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        who: str = self.who

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "ending": ending,
                "fact": fact,
                "next_check_at": next_check_at,
                "reason": reason,
                "since": since,
                "state": state,
                "who": who,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)

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

        reason = Reason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        who = check_acting_party(d.pop("who"))

        asset_state = cls(
            ending=ending,
            fact=fact,
            next_check_at=next_check_at,
            reason=reason,
            since=since,
            state=state,
            who=who,
        )

        asset_state.additional_properties = d
        return asset_state

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
