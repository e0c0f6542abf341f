"""CloudFormation's part before ministack: it expands the SAM template, which ministack cannot, and passes on the rest.

`sam deploy` sends its change set here as it would to AWS.
"""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.deploy.conftest import ROOT, SAM_ENVIRONMENT
from tests.deploy.rehearsal.emulator import Emulator
from tests.deploy.rehearsal.stand_ins import Template, for_ministack


def expanded(template: str) -> Template:
    """What SAM makes of a packaged template."""
    done = subprocess.run(
        [SAM_ENVIRONMENT / "python", ROOT / "tests" / "deploy" / "translate.py", "-"],
        input=template,
        capture_output=True,
        text=True,
        check=True,
    )
    processed: Template = json.loads(done.stdout)
    return processed


@contextmanager
def cloudformation(emulator: Emulator) -> Iterator[str]:
    """The address of a CloudFormation that expands templates."""
    s3 = emulator.client("s3")

    def for_the_emulator(asked: dict[str, str]) -> dict[str, str]:
        if asked["Action"] != "CreateChangeSet":
            return asked
        if "TemplateBody" in asked:
            return {**asked, "TemplateBody": json.dumps(for_ministack(expanded(asked["TemplateBody"])))}
        bucket, _, key = urlsplit(asked["TemplateURL"]).path.lstrip("/").partition("/")
        packaged = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        s3.put_object(Bucket=bucket, Key=f"{key}.expanded", Body=json.dumps(for_ministack(expanded(packaged))))
        return {**asked, "TemplateURL": f"{emulator.url}/{bucket}/{key}.expanded"}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            asked = urlencode(for_the_emulator(dict(parse_qsl(body, keep_blank_values=True))))
            headers = {name: self.headers[name] for name in ("authorization", "content-type", "x-amz-date")}
            request = urllib.request.Request(emulator.url, asked.encode(), headers)
            try:
                answer = urllib.request.urlopen(request, context=emulator.trust)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                content = answer.read()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: what went wrong is in the answer."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
