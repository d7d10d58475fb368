from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.discovery_summary_not_registered_type_1 import (
    DiscoverySummaryNotRegisteredType1,
    check_discovery_summary_not_registered_type_1,
)
from ..models.discovery_summary_not_registered_type_2_type_1 import (
    DiscoverySummaryNotRegisteredType2Type1,
    check_discovery_summary_not_registered_type_2_type_1,
)
from ..models.discovery_summary_not_registered_type_3_type_1 import (
    DiscoverySummaryNotRegisteredType3Type1,
    check_discovery_summary_not_registered_type_3_type_1,
)
from ..models.discovery_summary_status import DiscoverySummaryStatus, check_discovery_summary_status

if TYPE_CHECKING:
    from ..models.discovery_person import DiscoveryPerson
    from ..models.discovery_summary_counts import DiscoverySummaryCounts
    from ..models.reason import Reason
    from ..models.unread_list import UnreadList


T = TypeVar("T", bound="DiscoverySummary")


@_attrs_define
class DiscoverySummary:
    """A discovery without its assets."""

    calls: int
    """ Number of pages of lists that were read. """
    counts: DiscoverySummaryCounts
    """ Number of assets found, by `status` of the asset. """
    created_at: datetime.datetime
    """ When it began. """
    finished_at: datetime.datetime | None
    """ When it ended; null while it runs. """
    id: str
    """ Id of the discovery. """
    not_registered: (
        DiscoverySummaryNotRegisteredType1
        | DiscoverySummaryNotRegisteredType2Type1
        | DiscoverySummaryNotRegisteredType3Type1
        | None
    )
    person: DiscoveryPerson
    """ Whose token a discovery reads with. """
    reason: None | Reason
    register: bool
    """ Whether new assets are registered. """
    status: DiscoverySummaryStatus
    truncated: bool
    """ Whether there are more than the 10,000 assets that a discovery finds. """
    unread: list[UnreadList]
    """ Lists that the Graph API refused; what they hold is not found. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reason import Reason  # noqa: PLC0415

        calls = self.calls

        counts = self.counts.to_dict()

        created_at = self.created_at.isoformat()

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = self.id

        not_registered: None | str
        if isinstance(self.not_registered, str):
            not_registered = self.not_registered
        elif isinstance(self.not_registered, str):
            not_registered = self.not_registered
        elif isinstance(self.not_registered, str):
            not_registered = self.not_registered
        else:
            not_registered = self.not_registered

        person = self.person.to_dict()

        reason: dict[str, Any] | None
        if isinstance(self.reason, Reason):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        register = self.register

        status: str = self.status

        truncated = self.truncated

        unread = []
        for unread_item_data in self.unread:
            unread_item = unread_item_data.to_dict()
            unread.append(unread_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "calls": calls,
                "counts": counts,
                "created_at": created_at,
                "finished_at": finished_at,
                "id": id,
                "not_registered": not_registered,
                "person": person,
                "reason": reason,
                "register": register,
                "status": status,
                "truncated": truncated,
                "unread": unread,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.discovery_person import DiscoveryPerson  # noqa: PLC0415
        from ..models.discovery_summary_counts import DiscoverySummaryCounts  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415
        from ..models.unread_list import UnreadList  # noqa: PLC0415

        d = dict(src_dict)
        calls = d.pop("calls")

        counts = DiscoverySummaryCounts.from_dict(d.pop("counts"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))

        id = d.pop("id")

        def _parse_not_registered(
            data: object,
        ) -> (
            DiscoverySummaryNotRegisteredType1
            | DiscoverySummaryNotRegisteredType2Type1
            | DiscoverySummaryNotRegisteredType3Type1
            | None
        ):
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                not_registered_type_1 = check_discovery_summary_not_registered_type_1(data)

                return not_registered_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                not_registered_type_2_type_1 = check_discovery_summary_not_registered_type_2_type_1(data)

                return not_registered_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                not_registered_type_3_type_1 = check_discovery_summary_not_registered_type_3_type_1(data)

                return not_registered_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                DiscoverySummaryNotRegisteredType1
                | DiscoverySummaryNotRegisteredType2Type1
                | DiscoverySummaryNotRegisteredType3Type1
                | None,
                data,
            )

        not_registered = _parse_not_registered(d.pop("not_registered"))

        person = DiscoveryPerson.from_dict(d.pop("person"))

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

        register = d.pop("register")

        status = check_discovery_summary_status(d.pop("status"))

        truncated = d.pop("truncated")

        unread = []
        _unread = d.pop("unread")
        for unread_item_data in _unread:
            unread_item = UnreadList.from_dict(unread_item_data)

            unread.append(unread_item)

        discovery_summary = cls(
            calls=calls,
            counts=counts,
            created_at=created_at,
            finished_at=finished_at,
            id=id,
            not_registered=not_registered,
            person=person,
            reason=reason,
            register=register,
            status=status,
            truncated=truncated,
            unread=unread,
        )

        discovery_summary.additional_properties = d
        return discovery_summary

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
