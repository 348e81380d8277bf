"""A stack's own secrets: made once, kept in a file that only its owner can read."""

import secrets
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from local_stack.settings import write_private


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a stack, this one or that of docker-compose.yaml, signs, encrypts and logs in with."""

    fernet_key: str
    jwt_secret: str
    api_secret_key: str
    postgres_password: str
    admin_password: str
    redis_password: str

    @classmethod
    def generate(cls) -> Self:
        """Make new ones, in characters that need no quoting in a URL or a shell."""
        return cls(Fernet.generate_key().decode(), *(secrets.token_hex(length) for length in (32, 32, 16, 8, 16)))

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Those of the file, which is written when there is none; ValueError when it lacks one."""
        if not path.exists():
            complete_dotenv(path)
        values = {name.lower(): value for name, value in dotenv_values(path, interpolate=False).items() if value}
        if missing := cls.__dataclass_fields__.keys() - values.keys():
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}: run `make clean` to begin anew")
        return cls(**values)


def complete_dotenv(path: Path) -> list[str]:
    """Add the secrets that a `.env` file lacks, leave the rest to the letter, and return the added names."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = dotenv_values(stream=StringIO(text), interpolate=False)
    added = {
        name.upper(): value for name, value in asdict(Credentials.generate()).items() if not known.get(name.upper())
    }
    separator = "\n" if text and not text.endswith("\n") else ""
    write_private(path, text + separator + "".join(f"{name}={value}\n" for name, value in added.items()))
    return list(added)
