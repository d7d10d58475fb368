from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.reconnect_plan import ReconnectPlan
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    within_days: int | Unset = 30,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    params["within_days"] = within_days

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/reconnect-plan",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | ReconnectPlan:
    if response.status_code == 200:
        response_200 = ReconnectPlan.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | ReconnectPlan]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    within_days: int | Unset = 30,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | ReconnectPlan]:
    """Plan whom to ask: the smallest set of persons whose log-ins cover all assets at risk.

     Only persons who have or had a token for an asset, or whose newest log-in was granted for it, can
    cover it; system
    users are not asked. The plan is the smallest one for certain while at most 20 persons have assets
    in common with each
    other. Beyond, it has at most H(d) times as many persons as the smallest one, where d is the largest
    number of distinct
    sets of candidates that one person is in and H(d) = 1 + 1/2 + … + 1/d; `at_least` says how few could
    do. Only a preview
    shows what a log-in covers.

    Args:
        within_days (int | Unset):  Default: 30.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReconnectPlan]
    """

    kwargs = _get_kwargs(
        within_days=within_days,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    within_days: int | Unset = 30,
    d_po_p: str | Unset = UNSET,
) -> Problem | ReconnectPlan | None:
    """Plan whom to ask: the smallest set of persons whose log-ins cover all assets at risk.

     Only persons who have or had a token for an asset, or whose newest log-in was granted for it, can
    cover it; system
    users are not asked. The plan is the smallest one for certain while at most 20 persons have assets
    in common with each
    other. Beyond, it has at most H(d) times as many persons as the smallest one, where d is the largest
    number of distinct
    sets of candidates that one person is in and H(d) = 1 + 1/2 + … + 1/d; `at_least` says how few could
    do. Only a preview
    shows what a log-in covers.

    Args:
        within_days (int | Unset):  Default: 30.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReconnectPlan
    """

    return sync_detailed(
        client=client,
        within_days=within_days,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    within_days: int | Unset = 30,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | ReconnectPlan]:
    """Plan whom to ask: the smallest set of persons whose log-ins cover all assets at risk.

     Only persons who have or had a token for an asset, or whose newest log-in was granted for it, can
    cover it; system
    users are not asked. The plan is the smallest one for certain while at most 20 persons have assets
    in common with each
    other. Beyond, it has at most H(d) times as many persons as the smallest one, where d is the largest
    number of distinct
    sets of candidates that one person is in and H(d) = 1 + 1/2 + … + 1/d; `at_least` says how few could
    do. Only a preview
    shows what a log-in covers.

    Args:
        within_days (int | Unset):  Default: 30.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReconnectPlan]
    """

    kwargs = _get_kwargs(
        within_days=within_days,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    within_days: int | Unset = 30,
    d_po_p: str | Unset = UNSET,
) -> Problem | ReconnectPlan | None:
    """Plan whom to ask: the smallest set of persons whose log-ins cover all assets at risk.

     Only persons who have or had a token for an asset, or whose newest log-in was granted for it, can
    cover it; system
    users are not asked. The plan is the smallest one for certain while at most 20 persons have assets
    in common with each
    other. Beyond, it has at most H(d) times as many persons as the smallest one, where d is the largest
    number of distinct
    sets of candidates that one person is in and H(d) = 1 + 1/2 + … + 1/d; `at_least` says how few could
    do. Only a preview
    shows what a log-in covers.

    Args:
        within_days (int | Unset):  Default: 30.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReconnectPlan
    """

    return (
        await asyncio_detailed(
            client=client,
            within_days=within_days,
            d_po_p=d_po_p,
        )
    ).parsed
