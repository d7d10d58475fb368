from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.token_reach_works_condition_type_1 import (
    TokenReachWorksConditionType1,
    check_token_reach_works_condition_type_1,
)
from ..models.token_reach_works_condition_type_2_type_1 import (
    TokenReachWorksConditionType2Type1,
    check_token_reach_works_condition_type_2_type_1,
)
from ..models.token_reach_works_condition_type_3_type_1 import (
    TokenReachWorksConditionType3Type1,
    check_token_reach_works_condition_type_3_type_1,
)
from ..models.token_reach_works_status import TokenReachWorksStatus, check_token_reach_works_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="TokenReachWorks")


@_attrs_define
class TokenReachWorks:
    """The token works on the asset."""

    asset_id: str
    kind: AssetKind
    status: TokenReachWorksStatus
    condition: (
        None
        | TokenReachWorksConditionType1
        | TokenReachWorksConditionType2Type1
        | TokenReachWorksConditionType3Type1
        | Unset
    ) = UNSET
    tasks: list[str] | None | Unset = UNSET
    """ Tasks of the person on the asset; null for kinds without tasks. """
    user_access_expire_time: datetime.datetime | None | Unset = UNSET
    """ When the access of the token's person to the asset ends (cut-off of a migration); null means unknown, never
    safe. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        kind: str = self.kind

        status: str = self.status

        condition: None | str | Unset
        if isinstance(self.condition, Unset):
            condition = UNSET
        elif isinstance(self.condition, str):
            condition = self.condition
        elif isinstance(self.condition, str):
            condition = self.condition
        elif isinstance(self.condition, str):
            condition = self.condition
        else:
            condition = self.condition

        tasks: list[str] | None | Unset
        if isinstance(self.tasks, Unset):
            tasks = UNSET
        elif isinstance(self.tasks, list):
            tasks = self.tasks

        else:
            tasks = self.tasks

        user_access_expire_time: None | str | Unset
        if isinstance(self.user_access_expire_time, Unset):
            user_access_expire_time = UNSET
        elif isinstance(self.user_access_expire_time, datetime.datetime):
            user_access_expire_time = self.user_access_expire_time.isoformat()
        else:
            user_access_expire_time = self.user_access_expire_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "kind": kind,
                "status": status,
            }
        )
        if condition is not UNSET:
            field_dict["condition"] = condition
        if tasks is not UNSET:
            field_dict["tasks"] = tasks
        if user_access_expire_time is not UNSET:
            field_dict["user_access_expire_time"] = user_access_expire_time

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        kind = check_asset_kind(d.pop("kind"))

        status = check_token_reach_works_status(d.pop("status"))

        def _parse_condition(
            data: object,
        ) -> (
            None
            | TokenReachWorksConditionType1
            | TokenReachWorksConditionType2Type1
            | TokenReachWorksConditionType3Type1
            | Unset
        ):
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                condition_type_1 = check_token_reach_works_condition_type_1(data)

                return condition_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                condition_type_2_type_1 = check_token_reach_works_condition_type_2_type_1(data)

                return condition_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                condition_type_3_type_1 = check_token_reach_works_condition_type_3_type_1(data)

                return condition_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None
                | TokenReachWorksConditionType1
                | TokenReachWorksConditionType2Type1
                | TokenReachWorksConditionType3Type1
                | Unset,
                data,
            )

        condition = _parse_condition(d.pop("condition", UNSET))

        def _parse_tasks(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tasks_type_0 = cast(list[str], data)

                return tasks_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tasks = _parse_tasks(d.pop("tasks", UNSET))

        def _parse_user_access_expire_time(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                user_access_expire_time_type_0 = datetime.datetime.fromisoformat(data)

                return user_access_expire_time_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        user_access_expire_time = _parse_user_access_expire_time(d.pop("user_access_expire_time", UNSET))

        token_reach_works = cls(
            asset_id=asset_id,
            kind=kind,
            status=status,
            condition=condition,
            tasks=tasks,
            user_access_expire_time=user_access_expire_time,
        )

        token_reach_works.additional_properties = d
        return token_reach_works

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
