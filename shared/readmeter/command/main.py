"""The command's entry: its subjects and its version."""

import click

from readmeter import __version__
from readmeter.command.articles import articles
from readmeter.command.doctor.command import doctor
from readmeter.command.entitlement import entitlement
from readmeter.command.explain import explain
from readmeter.command.export import export
from readmeter.command.grant_keys import grant_keys
from readmeter.command.init import init
from readmeter.command.rate import rate
from readmeter.command.reader import reader
from readmeter.command.replay import replay
from readmeter.command.report import report
from readmeter.command.secret import secret
from readmeter.command.site import site
from readmeter.command.token import token
from readmeter.command.usage import usage


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="readmeter")
def main() -> None:
    """Sites, readers, usage and exports of a Readmeter service.

    Without --api it talks to the one that `make run` starts. A deployed service is asked with your AWS credentials (or
    with the token in READMETER_TOKEN).

    Exit codes: 0 fine, 1 refused or does not hold, 2 called wrongly, 3 the service does not answer.
    """


for subject in (
    *(init, site, explain, replay, doctor),
    *(entitlement, reader, secret, grant_keys, token),
    *(usage, export, report, rate, articles),
):
    main.add_command(subject)
