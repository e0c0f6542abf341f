"""POST /v1/gifts: a signed-in reader gives an article away, as a link that opens it for whoever has it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from readmeter.core.article import digest, identity
from readmeter.core.encoding import base64url
from readmeter.core.gift import Gift, gift_token
from readmeter.core.period import DAY, local_date
from readmeter.core.rules import Gifts, Rules
from readmeter.core.standing import Standing
from readmeter.core.tokens import Reader, registered_reader
from readmeter.metering.endpoint import Endpoint, Surroundings, answer_in_json, check_method
from readmeter.metering.identity import Identity
from readmeter.metering.standing import Standings
from readmeter.metering.views import month_slot, slot_of
from readmeter.store.meters import MeterStore, Read
from readmeter.store.readers import ReaderStore
from readmeter.web.body import GiftRequest, parse_gift
from readmeter.web.event import Request
from readmeter.web.problem import FieldError, Problem


class GiftsEndpoint(Endpoint):
    """Answers events of /v1/gifts. An article is given once: asking again is the same gift, with a fresh link."""

    def __init__(self, meters: MeterStore, readers: ReaderStore, standings: Standings, around: Surroundings) -> None:
        super().__init__(around)
        self._meters = meters
        self._readers = readers
        self._standings = standings

    def _answered(self, request: Request) -> dict[str, Any]:
        check_method(request, "POST")
        asked = parse_gift(request.content())
        now = self._clock()
        rules = self._rules_for(asked.site, request, now)
        if rules.gifts is None:
            raise Problem(404, "Readers of this site give no articles away.")
        address = _address(asked, rules)
        reader, standing = self._giver(asked.identity, rules, now)
        named = asked.article if asked.url else identity(None, asked.article)  # an address names what views count by it
        article = digest(self._keyring().permanent_key("article", rules.site), named)
        if not standing.subscriber:
            self._check_read(article, rules, reader, now)
        given = self._counted(article, rules, rules.gifts, reader, standing, now)
        expires = int(now) + rules.gifts.valid_days * DAY
        gift = Gift(article, expires, "subscriber" if standing.subscriber else "registered")
        document = {
            "url": _with_gift(address, gift_token(self._keyring(), rules.site, gift)),
            "expires_at": datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z"),
            "remaining": max(0, rules.gifts.per_month - given),
        }
        return answer_in_json(201, document, request, rules)

    def _giver(self, token: str, rules: Rules, now: float) -> tuple[Reader, Standing]:
        """Raises `Problem` 401 where nobody is signed in."""
        signed_in = self._standings.identity(token, rules, now)
        if not isinstance(signed_in, Identity):
            why = f": {signed_in.why}" if signed_in else ""
            raise Problem(401, f"Only who is signed in gives articles away{why}.")
        reader = registered_reader(self._keyring(), rules.site, signed_in.subject)
        return reader, self._standings.signed_in(reader, rules, now, claims_to_pay=signed_in.subscriber)

    def _check_read(self, article: bytes, rules: Rules, reader: Reader, now: float) -> None:
        """Else an account would be worth as many articles more as it may give away. Raises `Problem` 403."""
        slots = [slot_of(rules, meter, reader, now)[0] for meter in rules.meters]
        holdings = self._readers.holdings(rules.site, reader.name, slots)
        if not any(base64url(article) in holding.digests for holding in holdings):
            raise Problem(403, "Only an article that this reader has read in the current period can be given away.")

    def _counted(
        self, article: bytes, rules: Rules, gifts: Gifts, reader: Reader, standing: Standing, now: float
    ) -> int:
        """How many articles the reader has given this month, this one included. Raises `Problem` 409."""
        today = local_date(rules.timezone, now).isoformat()
        read = Read(article, today, rules.version, standing.reader_class, "reader", is_usage=False)
        tally = self._meters.count(month_slot(rules, reader, "G", "gift", now), read, gifts.per_month)
        if not (tally.new or tally.known):
            raise Problem(409, f"All gifts of this month are given: there are {gifts.per_month}.")
        return tally.used


def _address(asked: GiftRequest, rules: Rules) -> str:
    """Where the link leads: to the site and nowhere else. Raises `Problem` 422."""
    address = asked.url or asked.article
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if f"{parts.scheme}://{parts.netloc}" in rules.origins:
        return address
    detail = "must be the article's address, on one of the site's origins"
    raise Problem(422, "The link would not lead to the site.", [FieldError("/url", detail)])


def _with_gift(address: str, token: str) -> str:
    """The rest of the query stays as it was written."""
    parts = urlsplit(address)
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] != "gift"]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "&".join([*kept, f"gift={token}"]), ""))
