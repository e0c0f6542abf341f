"""The command as a test types it, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field

from click.testing import CliRunner, Result

from readmeter.command.client import Request, Response
from readmeter.command.main import main
from readmeter.command.output import Surroundings
from tests.support.fake_service import FakeService


@dataclass
class Typist:
    """Types commands. A second on its clock passes only while one waits; `now` is in seconds since the epoch."""

    service: FakeService
    now: float = 0.0
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *words: str,
        transport: Callable[[Request], Response] | None = None,
        answers: str | None = None,
        standard_input: str = "",
        **environ: str,
    ) -> Result:
        """`answers` are what somebody at a terminal types; without them there is no terminal."""
        surroundings = Surroundings(
            transport or self.service,
            self._sleep,
            lambda: self.now,
            {**self.environ, **environ},
            lambda: answers is not None,
        )
        plain = {**dict.fromkeys(("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS")), **environ}
        return CliRunner().invoke(main, words, obj=surroundings, input=answers or standard_input, env=plain)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def ends(result: Result, code: int, *said: str) -> None:
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    for text in said:
        assert text in result.output
    assert "Traceback" not in result.output
