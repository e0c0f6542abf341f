"""On the publisher's own path a cookie that only the server can read carries the reader."""

from http.cookies import SimpleCookie

import pytest

from tests.support.api import Api, Reply

ORIGIN = "https://www.riotimesonline.com"


def view(api: Api, site: str, article: str, cookie: str | None = None, fetch_site: str | None = "same-origin") -> Reply:
    headers = {"sec-fetch-site": fetch_site, "cookie": cookie, "origin": ORIGIN}
    body = {"site": site, "article": article}
    return api.call("POST", "/v1/views", body, {name: value for name, value in headers.items() if value})


def cookie_of(answer: Reply) -> str:
    return answer.headers["set-cookie"].split(";")[0]


def test_the_cookie_is_the_servers_alone_and_lasts_thirteen_months(api: Api, site: str) -> None:
    answer = view(api, site, "a")
    [header] = answer.headers.get_all("set-cookie", [])
    [(name, morsel)] = SimpleCookie(header).items()
    assert name == f"readmeter_{site}"
    assert morsel.value == answer.json["reader"]
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
    assert (morsel["domain"], morsel["path"]) == ("", "")
    assert 395 * 86_400 <= int(morsel["max-age"]) <= 400 * 86_400


def test_the_cookie_alone_carries_the_allowance(api: Api, site: str) -> None:
    cookie = cookie_of(view(api, site, "a"))
    answers = [view(api, site, article, cookie) for article in ("b", "a")]
    assert [(answer.json["reason"], answer.json["used"]) for answer in answers] == [("metered", 2), ("repeat", 2)]
    foretold = api.call(
        "POST",
        "/v1/access",
        {"site": site, "article": "c"},
        {"sec-fetch-site": "same-origin", "cookie": f"theme=dark; {cookie}", "origin": ORIGIN},
    )
    assert foretold.json["used"] == 2
    assert foretold.headers["set-cookie"] is None


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", "none", None, "same-origin, cross-site"])
def test_elsewhere_no_cookie_is_set_and_none_is_read(api: Api, site: str, fetch_site: str | None) -> None:
    """Another site's page must not spend the allowance of a reader who never went there."""
    cookie = cookie_of(view(api, site, "a"))
    answer = view(api, site, "b", cookie, fetch_site)
    assert answer.json["used"] == 1
    assert answer.headers["set-cookie"] is None


def test_no_cookie_comes_with_an_error(api: Api, site: str) -> None:
    headers = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
    for body, status in (({"site": site}, 422), ({"site": "no-such-site", "article": "a"}, 404), (b"{", 400)):
        answer = api.call("POST", "/v1/views", body, headers)
        assert (answer.status, answer.headers["set-cookie"]) == (status, None)


def test_the_pages_token_goes_before_the_cookie(api: Api, site: str) -> None:
    first, second = view(api, site, "a"), view(api, site, "a")
    view(api, site, "b", cookie_of(second))
    body = {"site": site, "article": "c", "reader": first.json["reader"]}
    answer = api.call(
        "POST", "/v1/views", body, {"sec-fetch-site": "same-origin", "cookie": cookie_of(second), "origin": ORIGIN}
    )
    assert answer.json["used"] == 2
    assert cookie_of(answer).endswith(answer.json["reader"])


@pytest.mark.parametrize("value", ["", "x", "0.AAAA.AAAA", "é", '"', "a=b=c", b"\x00".hex()])
def test_a_forged_cookie_is_a_new_reader(api: Api, site: str, value: str) -> None:
    answer = view(api, site, "a", f"readmeter_{site}={value}")
    assert (answer.status, answer.json["used"]) == (200, 1)


def test_the_first_of_two_cookies_of_a_name_counts(api: Api, site: str) -> None:
    """Browsers send the one with the most specific path first (RFC 6265 section 5.4)."""
    cookie = cookie_of(view(api, site, "a"))
    assert view(api, site, "b", f"{cookie}; readmeter_{site}=forged").json["used"] == 2
    assert view(api, site, "c", f"readmeter_{site}=forged; {cookie}").json["used"] == 1
