"""What a person does at the demo newspaper: reads up to the wall, signs in and out, presses what the strip has."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader

FIVE = (
    "/science/lunch-above-the-clouds",
    "/world/first-walk-in-para",
    "/science/how-the-solid-candle-gets-to-the-flame",
    "/city/the-streets-by-night",
    "/business/the-money-in-lombard-street",
)
STORMY = "/city/clouds-on-the-corcovado"
SIXTH = "/science/fireflies-are-green"
LOCKED = "/opinion/one-day-as-deliberately-as-nature"


@dataclass(frozen=True)
class Courier:
    """One person's page of the newspaper at `url`."""

    page: Page
    url: str

    @property
    def reader(self) -> Reader:
        return Reader(self.page)

    def opens(self, path: str) -> Any:
        """Opens an article and answers the decision on it."""
        self.page.goto(self.url + path)
        return self.decision()

    def decision(self) -> Any:
        """The answer for the page that is there, once it has come."""
        return self.page.wait_for_function("window.readmeter?.decision").json_value()

    def reads_all_five(self) -> None:
        for path in FIVE:
            assert self.opens(path)["reason"] == "metered"

    def signs_in(self, name: str, back: str = "/") -> None:
        """As whoever that is, and goes back to `back`."""
        self.page.goto(f"{self.url}/sign-in?return={back}")
        self.gives_the_name(name)

    def gives_the_name(self, name: str) -> None:
        """At the desk."""
        self.page.get_by_label("Or another name").fill(name)
        self.page.get_by_label("Or another name").press("Enter")
        expect(self.page.locator(".reader bdi")).to_have_text(name)

    def signs_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.locator(".reader bdi")).to_have_count(0)

    def presses(self, name: str) -> None:
        """A button of the strip."""
        self.page.locator(".strip").get_by_role("button", name=name).click()
