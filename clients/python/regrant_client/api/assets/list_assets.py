import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.asset_kind import AssetKind
from ...models.asset_status import AssetStatus
from ...models.page_asset import PageAsset
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: list[AssetStatus] | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    ending_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    json_state: list[str] | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = []
        for state_item_data in state:
            state_item: str = state_item_data
            json_state.append(state_item)

    params["state"] = json_state

    json_kind: list[str] | Unset = UNSET
    if not isinstance(kind, Unset):
        json_kind = []
        for kind_item_data in kind:
            kind_item: str = kind_item_data
            json_kind.append(kind_item)

    params["kind"] = json_kind

    params["business_id"] = business_id

    params["person_id"] = person_id

    json_ending_before: str | Unset = UNSET
    if not isinstance(ending_before, Unset):
        json_ending_before = ending_before.isoformat()
    params["ending_before"] = json_ending_before

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/assets",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PageAsset | Problem:
    if response.status_code == 200:
        response_200 = PageAsset.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[PageAsset | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: list[AssetStatus] | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    ending_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAsset | Problem]:
    """List assets, ordered by id.

    Args:
        state (list[AssetStatus] | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        ending_before (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAsset | Problem]
    """

    kwargs = _get_kwargs(
        state=state,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        ending_before=ending_before,
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
    state: list[AssetStatus] | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    ending_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> PageAsset | Problem | None:
    """List assets, ordered by id.

    Args:
        state (list[AssetStatus] | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        ending_before (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAsset | Problem
    """

    return sync_detailed(
        client=client,
        state=state,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        ending_before=ending_before,
        cursor=cursor,
        limit=limit,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: list[AssetStatus] | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    ending_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAsset | Problem]:
    """List assets, ordered by id.

    Args:
        state (list[AssetStatus] | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        ending_before (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAsset | Problem]
    """

    kwargs = _get_kwargs(
        state=state,
        kind=kind,
        business_id=business_id,
        person_id=person_id,
        ending_before=ending_before,
        cursor=cursor,
        limit=limit,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: list[AssetStatus] | Unset = UNSET,
    kind: list[AssetKind] | Unset = UNSET,
    business_id: str | Unset = UNSET,
    person_id: str | Unset = UNSET,
    ending_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> PageAsset | Problem | None:
    """List assets, ordered by id.

    Args:
        state (list[AssetStatus] | Unset):
        kind (list[AssetKind] | Unset):
        business_id (str | Unset):
        person_id (str | Unset):
        ending_before (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAsset | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            state=state,
            kind=kind,
            business_id=business_id,
            person_id=person_id,
            ending_before=ending_before,
            cursor=cursor,
            limit=limit,
            d_po_p=d_po_p,
        )
    ).parsed
