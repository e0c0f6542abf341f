"""What a log may say of a fault of ours: enough to find it, nothing that anybody sent."""

import traceback
from pathlib import Path
from typing import Any


def fault_fields(request_id: str, fault: Exception) -> dict[str, Any]:
    """The fields of the log line: types, AWS error codes and places. A message could hold what the reader sent."""
    cause = fault.__cause__ or fault
    response = getattr(cause, "response", None)  # a dict of ClientError's, None of a timeout's
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    frames = traceback.extract_tb(cause.__traceback__)
    return {
        "request_id": request_id,
        "error": type(fault).__name__,
        "cause": code or type(cause).__name__,
        "places": [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames],
    }
