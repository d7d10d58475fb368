from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reconnect_item_outcome_type_1 import ReconnectItemOutcomeType1, check_reconnect_item_outcome_type_1
from ..models.reconnect_item_outcome_type_2_type_1 import (
    ReconnectItemOutcomeType2Type1,
    check_reconnect_item_outcome_type_2_type_1,
)
from ..models.reconnect_item_outcome_type_3_type_1 import (
    ReconnectItemOutcomeType3Type1,
    check_reconnect_item_outcome_type_3_type_1,
)
from ..models.reconnect_item_serving_type_1 import ReconnectItemServingType1, check_reconnect_item_serving_type_1
from ..models.reconnect_item_serving_type_2_type_1 import (
    ReconnectItemServingType2Type1,
    check_reconnect_item_serving_type_2_type_1,
)
from ..models.reconnect_item_serving_type_3_type_1 import (
    ReconnectItemServingType3Type1,
    check_reconnect_item_serving_type_3_type_1,
)

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="ReconnectItem")


@_attrs_define
class ReconnectItem:
    """The result for one asset of a reconnect."""

    asset_id: str
    fbtrace_id: None | str
    """ Trace id of the Graph API, to quote to Meta. """
    outcome: None | ReconnectItemOutcomeType1 | ReconnectItemOutcomeType2Type1 | ReconnectItemOutcomeType3Type1
    reason: None | Reason
    retry_at: datetime.datetime | None
    """ Only with `deferred`: when the item is tried again. """
    serving: None | ReconnectItemServingType1 | ReconnectItemServingType2Type1 | ReconnectItemServingType3Type1
    undo_until: datetime.datetime | None
    """ Until when this item can be undone, as far as is known: the end of the token that served before, or of the
    reconnect's retention; null if there is nothing to undo. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reason import Reason  # noqa: PLC0415

        asset_id = self.asset_id

        fbtrace_id: None | str
        fbtrace_id = self.fbtrace_id

        outcome: None | str
        if isinstance(self.outcome, str):
            outcome = self.outcome
        elif isinstance(self.outcome, str):
            outcome = self.outcome
        elif isinstance(self.outcome, str):
            outcome = self.outcome
        else:
            outcome = self.outcome

        reason: dict[str, Any] | None
        if isinstance(self.reason, Reason):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        retry_at: None | str
        if isinstance(self.retry_at, datetime.datetime):
            retry_at = self.retry_at.isoformat()
        else:
            retry_at = self.retry_at

        serving: None | str
        if isinstance(self.serving, str):
            serving = self.serving
        elif isinstance(self.serving, str):
            serving = self.serving
        elif isinstance(self.serving, str):
            serving = self.serving
        else:
            serving = self.serving

        undo_until: None | str
        if isinstance(self.undo_until, datetime.datetime):
            undo_until = self.undo_until.isoformat()
        else:
            undo_until = self.undo_until

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "fbtrace_id": fbtrace_id,
                "outcome": outcome,
                "reason": reason,
                "retry_at": retry_at,
                "serving": serving,
                "undo_until": undo_until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        def _parse_fbtrace_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fbtrace_id = _parse_fbtrace_id(d.pop("fbtrace_id"))

        def _parse_outcome(
            data: object,
        ) -> None | ReconnectItemOutcomeType1 | ReconnectItemOutcomeType2Type1 | ReconnectItemOutcomeType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_1 = check_reconnect_item_outcome_type_1(data)

                return outcome_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_2_type_1 = check_reconnect_item_outcome_type_2_type_1(data)

                return outcome_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_3_type_1 = check_reconnect_item_outcome_type_3_type_1(data)

                return outcome_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None | ReconnectItemOutcomeType1 | ReconnectItemOutcomeType2Type1 | ReconnectItemOutcomeType3Type1, data
            )

        outcome = _parse_outcome(d.pop("outcome"))

        def _parse_reason(data: object) -> None | Reason:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = Reason.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reason, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_retry_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        retry_at = _parse_retry_at(d.pop("retry_at"))

        def _parse_serving(
            data: object,
        ) -> None | ReconnectItemServingType1 | ReconnectItemServingType2Type1 | ReconnectItemServingType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                serving_type_1 = check_reconnect_item_serving_type_1(data)

                return serving_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                serving_type_2_type_1 = check_reconnect_item_serving_type_2_type_1(data)

                return serving_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                serving_type_3_type_1 = check_reconnect_item_serving_type_3_type_1(data)

                return serving_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None | ReconnectItemServingType1 | ReconnectItemServingType2Type1 | ReconnectItemServingType3Type1, data
            )

        serving = _parse_serving(d.pop("serving"))

        def _parse_undo_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                undo_until_type_0 = datetime.datetime.fromisoformat(data)

                return undo_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        undo_until = _parse_undo_until(d.pop("undo_until"))

        reconnect_item = cls(
            asset_id=asset_id,
            fbtrace_id=fbtrace_id,
            outcome=outcome,
            reason=reason,
            retry_at=retry_at,
            serving=serving,
            undo_until=undo_until,
        )

        reconnect_item.additional_properties = d
        return reconnect_item

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
