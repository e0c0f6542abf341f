"""The site that a route is about, as it stands."""

from readmeter.staff.answers import no_such_site
from readmeter.store.sites import LiveSite, SiteStore


def live_site(store: SiteStore, site: str) -> LiveSite:
    """Raises `Problem` 404 where there is none, or none any more."""
    live = store.live(site)
    if live is None or live.deleted:
        raise no_such_site()
    return live
