from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reconnect_completed_status import ReconnectCompletedStatus, check_reconnect_completed_status
from ..models.reconnect_completed_verdict_type_1 import (
    ReconnectCompletedVerdictType1,
    check_reconnect_completed_verdict_type_1,
)
from ..models.reconnect_completed_verdict_type_2_type_1 import (
    ReconnectCompletedVerdictType2Type1,
    check_reconnect_completed_verdict_type_2_type_1,
)
from ..models.reconnect_completed_verdict_type_3_type_1 import (
    ReconnectCompletedVerdictType3Type1,
    check_reconnect_completed_verdict_type_3_type_1,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.reconnect_completed_counts import ReconnectCompletedCounts


T = TypeVar("T", bound="ReconnectCompleted")


@_attrs_define
class ReconnectCompleted:
    """`data` of `reconnect.completed`."""

    counts: ReconnectCompletedCounts
    """ Number of items by outcome. """
    reconnect_id: str
    """ Id of the reconnect or undo. """
    status: ReconnectCompletedStatus
    verdict: (
        None
        | ReconnectCompletedVerdictType1
        | ReconnectCompletedVerdictType2Type1
        | ReconnectCompletedVerdictType3Type1
        | Unset
    ) = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counts = self.counts.to_dict()

        reconnect_id = self.reconnect_id

        status: str = self.status

        verdict: None | str | Unset
        if isinstance(self.verdict, Unset):
            verdict = UNSET
        elif isinstance(self.verdict, str):
            verdict = self.verdict
        elif isinstance(self.verdict, str):
            verdict = self.verdict
        elif isinstance(self.verdict, str):
            verdict = self.verdict
        else:
            verdict = self.verdict

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "reconnect_id": reconnect_id,
                "status": status,
            }
        )
        if verdict is not UNSET:
            field_dict["verdict"] = verdict

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reconnect_completed_counts import ReconnectCompletedCounts  # noqa: PLC0415

        d = dict(src_dict)
        counts = ReconnectCompletedCounts.from_dict(d.pop("counts"))

        reconnect_id = d.pop("reconnect_id")

        status = check_reconnect_completed_status(d.pop("status"))

        def _parse_verdict(
            data: object,
        ) -> (
            None
            | ReconnectCompletedVerdictType1
            | ReconnectCompletedVerdictType2Type1
            | ReconnectCompletedVerdictType3Type1
            | Unset
        ):
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_1 = check_reconnect_completed_verdict_type_1(data)

                return verdict_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_2_type_1 = check_reconnect_completed_verdict_type_2_type_1(data)

                return verdict_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_3_type_1 = check_reconnect_completed_verdict_type_3_type_1(data)

                return verdict_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None
                | ReconnectCompletedVerdictType1
                | ReconnectCompletedVerdictType2Type1
                | ReconnectCompletedVerdictType3Type1
                | Unset,
                data,
            )

        verdict = _parse_verdict(d.pop("verdict", UNSET))

        reconnect_completed = cls(
            counts=counts,
            reconnect_id=reconnect_id,
            status=status,
            verdict=verdict,
        )

        reconnect_completed.additional_properties = d
        return reconnect_completed

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
