from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.asset_kind import AssetKind
from ...models.forecast import Forecast
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    what_if_person_leaves: str | Unset = UNSET,
    all_: bool | Unset = False,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    params["from"] = from_

    params["to"] = to

    json_kind: list[str] | Unset = UNSET
    if not isinstance(kind, Unset):
        json_kind = []
        for kind_item_data in kind:
            kind_item: str = kind_item_data
            json_kind.append(kind_item)

    params["kind"] = json_kind

    params["business_id"] = business_id

    params["person_id"] = person_id

    params["what_if_person_leaves"] = what_if_person_leaves

    params["all"] = all_

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/forecast",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Forecast | Problem:
    if response.status_code == 200:
        response_200 = Forecast.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Forecast | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    what_if_person_leaves: str | Unset = UNSET,
    all_: bool | Unset = False,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[Forecast | Problem]:
    """Read the disconnect calendar: which assets will stop working, when and why, and what covers them
    afterwards.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        what_if_person_leaves (str | Unset):
        all_ (bool | Unset):  Default: False.
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Forecast | Problem]
    """

    kwargs = _get_kwargs(
        from_=from_,
        to=to,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        what_if_person_leaves=what_if_person_leaves,
        all_=all_,
        cursor=cursor,
        limit=limit,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    what_if_person_leaves: str | Unset = UNSET,
    all_: bool | Unset = False,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Forecast | Problem | None:
    """Read the disconnect calendar: which assets will stop working, when and why, and what covers them
    afterwards.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        what_if_person_leaves (str | Unset):
        all_ (bool | Unset):  Default: False.
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Forecast | Problem
    """

    return sync_detailed(
        client=client,
        from_=from_,
        to=to,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        what_if_person_leaves=what_if_person_leaves,
        all_=all_,
        cursor=cursor,
        limit=limit,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    what_if_person_leaves: str | Unset = UNSET,
    all_: bool | Unset = False,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[Forecast | Problem]:
    """Read the disconnect calendar: which assets will stop working, when and why, and what covers them
    afterwards.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        what_if_person_leaves (str | Unset):
        all_ (bool | Unset):  Default: False.
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Forecast | Problem]
    """

    kwargs = _get_kwargs(
        from_=from_,
        to=to,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        what_if_person_leaves=what_if_person_leaves,
        all_=all_,
        cursor=cursor,
        limit=limit,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    what_if_person_leaves: str | Unset = UNSET,
    all_: bool | Unset = False,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Forecast | Problem | None:
    """Read the disconnect calendar: which assets will stop working, when and why, and what covers them
    afterwards.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        what_if_person_leaves (str | Unset):
        all_ (bool | Unset):  Default: False.
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Forecast | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            from_=from_,
            to=to,
            kind=kind,
            business_id=business_id,
            person_id=person_id,
            what_if_person_leaves=what_if_person_leaves,
            all_=all_,
            cursor=cursor,
            limit=limit,
            d_po_p=d_po_p,
        )
    ).parsed
