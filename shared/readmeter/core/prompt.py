"""What the reader is shown beside a decision: which kind of prompt, in which words, with which buttons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from readmeter.core.decision import Decision
from readmeter.core.language import Direction
from readmeter.core.messages import own_message
from readmeter.core.rules import Link, PromptRules
from readmeter.core.sentences import Kind, Sentences, best

ActionKind = Literal["subscribe", "sign_in", "register", "help"]
PromptKind = Literal["countdown", "last", "registration", "wall"]

THANKS = "#readmeter-thanks"
"""A page that a checkout sent the reader back to: the snippet waits there for the payment to arrive."""


@dataclass(frozen=True, slots=True)
class Action:
    kind: ActionKind
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Colors:
    background: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`message` is whole sentences in `lang`, written in direction `dir`. `redirect_url`: where the reader is sent."""

    kind: PromptKind
    lang: str
    dir: Direction
    message: str
    actions: tuple[Action, ...]
    dismissible: bool
    close_label: str
    redirect_url: str | None
    position: Literal["bottom", "top"]
    colors: Colors
    links: tuple[Link, ...]

    def document(self) -> dict[str, Any]:
        """The prompt as the answer to a view carries it. (`asdict` copies deeply, at 20 times the cost.)"""
        return {
            "kind": self.kind,
            "lang": self.lang,
            "dir": self.dir,
            "message": self.message,
            "actions": [{"kind": action.kind, "label": action.label, "url": action.url} for action in self.actions],
            "dismissible": self.dismissible,
            "close_label": self.close_label,
            "redirect_url": self.redirect_url,
            "position": self.position,
            "colors": {"background": self.colors.background, "text": self.colors.text},
            "links": [{"label": link.label, "url": link.url} for link in self.links],
        }


def prompt_for(
    decision: Decision, rules: PromptRules, languages: Sequence[str], return_url: str, *, signed_in: bool = False
) -> Prompt | None:
    """What to show, or None. `languages` are tags that the reader prefers, best first; English is always understood.

    `return_url` takes the place of `{return_url}` in the site's URLs, percent-encoded. A checkout's bears `THANKS`.
    Who is signed in is offered neither that nor an account.
    """
    kind = _kind(decision, rules)
    if kind is None:
        return None
    shipped = best(languages)
    own = own_message(rules.messages, kind, languages, decision)
    language, message = own or (shipped.language, shipped.message(kind, decision))
    shown: PromptKind = "wall" if kind == "locked" else kind
    redirect_url = rules.redirect_url if shown == "wall" and rules.at_limit == "redirect" else None
    return Prompt(
        kind=shown,
        lang=language.tag,
        dir=language.dir,
        message=message,
        actions=_actions(shown, decision, rules, shipped, return_url, signed_in),
        dismissible=decision.access == "granted",
        close_label=shipped.labels["close"],
        redirect_url=redirect_url and _filled(redirect_url, return_url),
        position=rules.position,
        colors=Colors(rules.background, rules.text),
        links=rules.links,
    )


def _kind(decision: Decision, rules: PromptRules) -> Kind | None:
    allowance = decision.allowance
    match decision.reason:
        case "locked":
            return "locked"
        case "registration_required":
            return "registration"
        case "limit_reached":
            return "wall" if allowance and allowance.limit else "locked"
        case "metered" | "repeat" if allowance:
            if allowance.remaining == 0:
                return "last"
            shown_from = rules.show_when_remaining
            return "countdown" if shown_from is None or allowance.remaining <= shown_from else None
    return None


def _actions(
    shown: PromptKind, decision: Decision, rules: PromptRules, shipped: Sentences, return_url: str, signed_in: bool
) -> tuple[Action, ...]:
    """The buttons in their order: to register where an account has an allowance of its own, for help at a wall."""
    back = return_url if "#" in return_url else return_url + THANKS
    offers: list[tuple[ActionKind, str | None, str]] = [
        ("subscribe", rules.subscribe_url, back),
        ("sign_in", None if signed_in else rules.sign_in_url, return_url),
    ]
    registers = not signed_in and decision.meter is not None and "registered" in decision.meter.limits
    register_url = rules.register_url if registers else None
    offers.insert(0 if shown == "registration" else 2, ("register", register_url, return_url))
    if decision.access == "denied":
        offers.append(("help", rules.help_url, return_url))
    return tuple(Action(kind, shipped.labels[kind], _filled(url, way_back)) for kind, url, way_back in offers if url)


def _filled(url: str, return_url: str) -> str:
    return url.replace("{return_url}", quote(return_url, safe="", errors="replace"))
