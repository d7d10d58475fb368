from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reconnect_preview_summary_status import (
    ReconnectPreviewSummaryStatus,
    check_reconnect_preview_summary_status,
)

if TYPE_CHECKING:
    from ..models.person import Person
    from ..models.preview_failure import PreviewFailure
    from ..models.reconnect_preview_summary_counts import ReconnectPreviewSummaryCounts


T = TypeVar("T", bound="ReconnectPreviewSummary")


@_attrs_define
class ReconnectPreviewSummary:
    """A preview without what it found."""

    counts: ReconnectPreviewSummaryCounts
    """ Number of assets by coverage, without those whose coverage is not known yet. """
    created_at: datetime.datetime
    """ When it began. """
    expires_at: datetime.datetime
    """ When the preview and its plan expire. """
    failure: None | PreviewFailure
    finished_at: datetime.datetime | None
    """ When it ended; null while it runs, and if it was interrupted. """
    id: str
    """ Id of the preview. """
    left_out_count: int
    """ Number of assets that the log-in leaves out. """
    more_siblings: bool
    """ Whether the log-in may leave out assets beyond `left_out`: the person serves more than the 10,000, by id,
    that were
    compared; or, for a session, it leaves out assets that the session does not reach, and its client does. """
    person: None | Person
    plan_id: None | str
    """ Id of the plan of a preview. A reconnect with this plan is refused if assets or token changed since the
    preview; null if the token could not be validated. """
    reachable_complete: bool | None
    """ Whether all new assets that the token reaches were found; null while the preview runs, and without
    `find_new_assets`. """
    reachable_count: int
    """ Number of new assets that the token reaches. """
    status: ReconnectPreviewSummaryStatus
    total: int
    """ Number of assets. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.person import Person  # noqa: PLC0415
        from ..models.preview_failure import PreviewFailure  # noqa: PLC0415

        counts = self.counts.to_dict()

        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        failure: dict[str, Any] | None
        if isinstance(self.failure, PreviewFailure):
            failure = self.failure.to_dict()
        else:
            failure = self.failure

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = self.id

        left_out_count = self.left_out_count

        more_siblings = self.more_siblings

        person: dict[str, Any] | None
        if isinstance(self.person, Person):
            person = self.person.to_dict()
        else:
            person = self.person

        plan_id: None | str
        plan_id = self.plan_id

        reachable_complete: bool | None
        reachable_complete = self.reachable_complete

        reachable_count = self.reachable_count

        status: str = self.status

        total = self.total

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "created_at": created_at,
                "expires_at": expires_at,
                "failure": failure,
                "finished_at": finished_at,
                "id": id,
                "left_out_count": left_out_count,
                "more_siblings": more_siblings,
                "person": person,
                "plan_id": plan_id,
                "reachable_complete": reachable_complete,
                "reachable_count": reachable_count,
                "status": status,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.person import Person  # noqa: PLC0415
        from ..models.preview_failure import PreviewFailure  # noqa: PLC0415
        from ..models.reconnect_preview_summary_counts import ReconnectPreviewSummaryCounts  # noqa: PLC0415

        d = dict(src_dict)
        counts = ReconnectPreviewSummaryCounts.from_dict(d.pop("counts"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        def _parse_failure(data: object) -> None | PreviewFailure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                failure_type_0 = PreviewFailure.from_dict(data)

                return failure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreviewFailure, data)

        failure = _parse_failure(d.pop("failure"))

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

        left_out_count = d.pop("left_out_count")

        more_siblings = d.pop("more_siblings")

        def _parse_person(data: object) -> None | Person:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                person_type_0 = Person.from_dict(data)

                return person_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Person, data)

        person = _parse_person(d.pop("person"))

        def _parse_plan_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        plan_id = _parse_plan_id(d.pop("plan_id"))

        def _parse_reachable_complete(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        reachable_complete = _parse_reachable_complete(d.pop("reachable_complete"))

        reachable_count = d.pop("reachable_count")

        status = check_reconnect_preview_summary_status(d.pop("status"))

        total = d.pop("total")

        reconnect_preview_summary = cls(
            counts=counts,
            created_at=created_at,
            expires_at=expires_at,
            failure=failure,
            finished_at=finished_at,
            id=id,
            left_out_count=left_out_count,
            more_siblings=more_siblings,
            person=person,
            plan_id=plan_id,
            reachable_complete=reachable_complete,
            reachable_count=reachable_count,
            status=status,
            total=total,
        )

        reconnect_preview_summary.additional_properties = d
        return reconnect_preview_summary

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
