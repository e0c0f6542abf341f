"""Which rules were in force when: every version is kept, so the past can be told."""

import json
from collections.abc import Sequence

from readmeter.core.rules import CompiledSite, Rules
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.sites import Version


def rules_at(versions: Sequence[Version], at: float) -> Rules:
    """The rules that were in force at `at` (epoch seconds); before the first of `versions` (at least one), that one's.

    `versions` in any order; a change that waited for the site's next month is in force from then on.
    """
    compiled: CompiledSite | None = None
    for version in sorted(versions, key=lambda each: each.version):
        if compiled is not None and version.written_at > at:
            break
        document = SiteDocument.model_validate(json.loads(version.document))
        compiled = compile_site(document, version.version, compiled, version.written_at)
    if compiled is None:
        raise ValueError("a site has at least one version")
    return compiled.in_force(at)
