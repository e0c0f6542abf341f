"""A publisher's own sentences: chosen when a prompt is made, checked when the site document is written."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from readmeter.core.decision import Decision
from readmeter.core.language import Category, Language, broader, canonical, find
from readmeter.core.sentences import Kind, fill, values

Messages = Mapping[str, Mapping[str, Mapping[str, str]]]  # locale → kind → plural category → text

LONGEST = 500  # characters
HIGHEST_LIMIT = 500
PLACEHOLDERS: dict[Kind, tuple[str, ...]] = {
    "countdown": ("remaining", "limit", "used", "resets"),
    "last": ("limit", "used", "resets"),
    "wall": ("limit", "used", "resets"),
    "registration": ("limit", "used", "resets", "extra"),
    "locked": (),
}


def own_message(
    messages: Messages, kind: Kind, languages: Sequence[str], decision: Decision
) -> tuple[Language, str] | None:
    """The publisher's message of this kind, in the best of `languages` that has one, else in the first that has one.

    None where no text fits: none for this number, or only one that wants a date which is not known. A limit of 0 takes
    no text that is about a number: nobody reads "your 0 free articles".
    """
    if kind != "locked" and not (decision.allowance and decision.allowance.limit):
        return None
    own = {canonical(tag): tag for tag in messages if kind in messages[tag]}
    preferred = [known for tag in languages for known in broader(tag) if known in own]
    for tag in dict.fromkeys([*preferred, *own]):
        language = find(own[tag])
        text = language and messages[own[tag]][kind].get(_category(language, kind, decision))
        if language and text and "{" not in (message := fill(text, values(decision, language))):
            return language, message
    return None


def _category(language: Language, kind: Kind, decision: Decision) -> Category:
    """The form that agrees with the number which the sentence is about."""
    if kind == "locked" or decision.allowance is None:
        return "other"
    return language.category(decision.allowance.remaining if kind == "countdown" else decision.allowance.limit)


def message_problems(messages: Messages, limits: Sequence[Mapping[str, int]]) -> list[tuple[str, str]]:
    """What is wrong with a site's messages: a JSON pointer below /prompt/messages, and what is allowed there.

    `limits` are those of the site's meters, by reader class: only plural categories that they can reach are required.
    """
    first = {canonical(tag): tag for tag in reversed(list(messages))}
    return [
        *(
            (f"/{_escaped(tag)}", f"must not be there beside `{first[canonical(tag)]}`: both name one language")
            for tag in messages
            if find(tag) and first[canonical(tag)] != tag
        ),
        *(
            (f"/{_escaped(tag)}{pointer}", problem)
            for tag, kinds in messages.items()
            for pointer, problem in _language_problems(find(tag), kinds, limits)
        ),
    ]


def _language_problems(
    language: Language | None, kinds: Mapping[str, Mapping[str, str]], limits: Sequence[Mapping[str, int]]
) -> Iterator[tuple[str, str]]:
    if language is None:
        yield "", "must be the tag of a language that CLDR has plural rules for, as in en, pt-BR or zh-Hant"
        return
    for name, forms in kinds.items():
        kind = next((kind for kind in PLACEHOLDERS if kind == name), None)
        if kind is None:
            yield f"/{_escaped(name)}", f"must be one of {', '.join(PLACEHOLDERS)}"
            continue
        for category, numbers in _by_category(language, kind, _reachable(kind, limits)).items():
            if category not in forms:
                yield f"/{kind}", f"must have `{category}`" + (f", the form for {numbers[0]}" if numbers else "")
        known = _by_category(language, kind, range(HIGHEST_LIMIT + 1))
        known.setdefault("other", [])  # fractions take it everywhere: translators always hand it over
        for category, text in forms.items():
            at = f"/{kind}/{_escaped(category)}"
            if category in known:
                yield from ((at, problem) for problem in _text_problems(kind, text, known[category]))
            else:
                yield at, f"must be one of {', '.join(known)}"


def _by_category(language: Language, kind: Kind, numbers: Iterable[int]) -> dict[str, list[int]]:
    """Which forms these numbers take. A locked article has no number, and one form."""
    if kind == "locked":
        return {"other": []}
    found: dict[str, list[int]] = {}
    for number in numbers:
        found.setdefault(language.category(number), []).append(number)
    return found


def _reachable(kind: Kind, limits: Sequence[Mapping[str, int]]) -> list[int]:
    """The numbers that sentences of this kind can be about. 1 to limit - 1 remain after a counted read."""
    if kind == "countdown":
        return list(range(1, max((limit for meter in limits for limit in meter.values()), default=0)))
    if kind == "registration":
        reached = {meter["anonymous"] for meter in limits if "registered" in meter}
    else:
        reached = {limit for meter in limits for limit in meter.values()}
    return sorted(reached - {0})


def _text_problems(kind: Kind, text: str, numbers: Sequence[int]) -> Iterator[str]:
    """`numbers` are those that take this form; no sentence is about 0."""
    if not text.strip() or len(text) > LONGEST:
        yield f"must be a sentence of at most {LONGEST} characters"
    named = set(re.findall(r"\{([^{}]*)\}", text))
    if named - set(PLACEHOLDERS[kind]) or re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", text)):
        allowed = " ".join(f"{{{name}}}" for name in PLACEHOLDERS[kind])
        yield f"may hold {allowed} and no other brace" if allowed else "may hold no brace"
    if kind == "countdown" and "remaining" not in named and len([number for number in numbers if number]) > 1:
        yield "must hold {remaining}, as it is used for more than one number"
    if re.search(r"\w\((s|es)\)", text, re.IGNORECASE):
        yield "must write each plural form out, without (s)"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
