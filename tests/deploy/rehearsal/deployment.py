"""A deployment of the project to the emulator, by `make deploy`, and ways to reach it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from tests.deploy.project import Project
from tests.deploy.rehearsal.cloudformation import cloudformation
from tests.deploy.rehearsal.emulator import ACCOUNT, REGION, Emulator, emulator
from tests.support.api import Api, Sign
from tests.support.signature import signed_by
from tools.deploy import SAM

STACK = "readmeter"
DEPLOY = ("make", "--no-print-directory", "deploy")
LOG_DAYS = "60"


@dataclass(frozen=True)
class Deployment:
    """The stack on the emulator. `printed` is what its first `make deploy` printed."""

    project: Project
    emulator: Emulator
    cloudformation: str
    printed: str

    def deploy_again(self) -> str:
        """What `make deploy`'s `sam deploy` prints for what is built and deployed already."""
        return succeeded(run(self.project, self.emulator, self.cloudformation, SAM, "deploy"))

    @contextmanager
    def changed(self, **parameters: str) -> Iterator[None]:
        """The stack with other parameters, for which nothing is built; afterwards with its own again."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        own = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        self._update({**own, **parameters})
        try:
            yield
        finally:
            self._update(own)

    def _update(self, parameters: Mapping[str, str]) -> None:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        client = self.client("cloudformation")
        client.update_stack(
            StackName=STACK, UsePreviousTemplate=True, Parameters=given, Capabilities=["CAPABILITY_IAM"]
        )
        client.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    def client(self, service: str, **credentials: str) -> Any:
        return self.emulator.client(service, **credentials)

    @property
    def outputs(self) -> dict[str, str]:
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @cached_property
    def names(self) -> dict[str, str]:
        """What each logical id of the template is called there."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
        return {summary["LogicalResourceId"]: summary["PhysicalResourceId"] for summary in summaries}

    def address(self, api: str) -> str:
        """An HTTP API's address on this machine, where no name of AWS leads."""
        return f"{self.emulator.url}/_aws/execute-api/{self.names[api]}/$default"

    @cached_property
    def api(self) -> Api:
        """Both APIs, signed by the account's root."""
        return self.signed_by(**ACCOUNT)

    def signed_by(self, **credentials: str) -> Api:
        return Api(self.address("PublicApi"), self.address("AdminApi"), self.signature(**credentials))

    def signature(self, **credentials: str) -> Sign:
        return signed_by(boto3.Session(region_name=REGION, **credentials))


@contextmanager
def deployed(project: Project, folder: Path) -> Iterator[Deployment]:
    """The project as `make deploy` leaves it on a fresh emulator."""
    with emulator(folder) as made, cloudformation(made) as where:
        project.configure({"LogRetentionDays": LOG_DAYS})
        printed = succeeded(run(project, made, where, *DEPLOY))
        yield Deployment(project, made, where, printed)


def run(project: Project, made: Emulator, where: str, *command: str) -> subprocess.CompletedProcess[str]:
    settings = {**made.environment, "AWS_ENDPOINT_URL_CLOUDFORMATION": where, "SAM_CLI_POLL_DELAY": "0.1"}
    return project.run(*command, **settings)


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def eventually(ask: Callable[[], Any], seconds: float = 60) -> Any:
    """What `ask` answers once that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"nothing after {seconds} s")
