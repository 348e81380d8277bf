"""The stack's own secrets: made once, kept in a file that only its owner can read."""

import base64
import os
import secrets
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Self

from dotenv import dotenv_values


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one stack signs, encrypts and logs in with. None of it is for any other use."""

    fernet_key: str
    jwt_secret: str
    api_secret_key: str
    postgres_password: str
    admin_password: str

    @classmethod
    def generate(cls) -> Self:
        """Five new ones, in characters that need no quoting in a URL or a shell."""
        return cls(
            fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            jwt_secret=secrets.token_hex(32),
            api_secret_key=secrets.token_hex(32),
            postgres_password=secrets.token_hex(16),
            admin_password=secrets.token_hex(8),
        )

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Those of the file, which is written with mode 0600 when there is none.

        ValueError when the file lacks one of them: nothing is made up in its place, because the
        database was encrypted and locked with what stood there.
        """
        if not path.exists():
            write_private(path, _as_dotenv(asdict(cls.generate())))
        values = {(name.lower()): value for name, value in dotenv_values(path, interpolate=False).items()}
        missing = [name for name in cls.__dataclass_fields__ if not values.get(name)]
        if missing:
            raise ValueError(f"{path} lacks {', '.join(missing)}: run `make clean` to begin anew")
        return cls(**{name: values[name] or "" for name in cls.__dataclass_fields__})


def complete_dotenv(path: Path) -> list[str]:
    """Add the secrets of docker-compose.yaml that a `.env` file lacks, and return their names.

    What is there stays as it is, to the letter. The file has mode 0600 afterwards, whether or not one was missing.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = dotenv_values(stream=StringIO(text), interpolate=False)
    wanted = asdict(Credentials.generate()) | {"redis_password": secrets.token_hex(16)}
    added = {name: value for name, value in wanted.items() if not known.get(name.upper())}
    separator = "\n" if text and not text.endswith("\n") else ""
    write_private(path, text + separator + _as_dotenv(added))
    return [name.upper() for name in added]


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner could read at any moment; a half-written one is never seen."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _as_dotenv(values: dict[str, str]) -> str:
    return "".join(f"{name.upper()}={value}\n" for name, value in values.items())
