"""stub"""


def render(data: object) -> str:
    raise NotImplementedError
