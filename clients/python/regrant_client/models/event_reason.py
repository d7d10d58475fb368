from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.next_step_code import NextStepCode, check_next_step_code
from ..models.reason_code import ReasonCode, check_reason_code
from ..types import UNSET, Unset

T = TypeVar("T", bound="EventReason")


@_attrs_define
class EventReason:
    """Why an asset is in its state, and who must act."""

    code: ReasonCode
    detail: str
    """ The reason in one sentence. """
    next_step: str
    """ The next step of that party, in one sentence. """
    next_step_code: NextStepCode
    who: ActingParty
    lacking: list[str] | Unset = UNSET
    """ Permissions or tasks that are missing, if the reason is about them. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code: str = self.code

        detail = self.detail

        next_step = self.next_step

        next_step_code: str = self.next_step_code

        who: str = self.who

        lacking: list[str] | Unset = UNSET
        if not isinstance(self.lacking, Unset):
            lacking = self.lacking

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "detail": detail,
                "next_step": next_step,
                "next_step_code": next_step_code,
                "who": who,
            }
        )
        if lacking is not UNSET:
            field_dict["lacking"] = lacking

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = check_reason_code(d.pop("code"))

        detail = d.pop("detail")

        next_step = d.pop("next_step")

        next_step_code = check_next_step_code(d.pop("next_step_code"))

        who = check_acting_party(d.pop("who"))

        lacking = cast(list[str], d.pop("lacking", UNSET))

        event_reason = cls(
            code=code,
            detail=detail,
            next_step=next_step,
            next_step_code=next_step_code,
            who=who,
            lacking=lacking,
        )

        event_reason.additional_properties = d
        return event_reason

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
