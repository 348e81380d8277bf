from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values

from local_stack.credentials import Credentials, complete_dotenv


def test_secrets_are_made_once_readable_by_their_owner_alone_and_reused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    first = Credentials.load_or_create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert Credentials.load_or_create(file) == first
    assert list(tmp_path.iterdir()) == [file]


def test_two_stacks_have_no_secret_in_common(tmp_path: Path) -> None:
    one, other = (Credentials.load_or_create(tmp_path / name) for name in ("one", "other"))
    for name in Credentials.__dataclass_fields__:
        assert getattr(one, name) != getattr(other, name)


def test_the_fernet_key_is_one_that_airflow_can_encrypt_with(tmp_path: Path) -> None:
    cipher = Fernet(Credentials.load_or_create(tmp_path / "secrets.env").fernet_key)
    assert cipher.decrypt(cipher.encrypt(b"token")) == b"token"


def test_a_secret_that_is_missing_is_not_made_up(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    Credentials.load_or_create(file)
    kept = [line for line in file.read_text().splitlines() if not line.startswith("FERNET_KEY")]
    file.write_text("\n".join(kept))
    with pytest.raises(ValueError, match="lacks fernet_key: run `make clean`"):
        Credentials.load_or_create(file)


def test_missing_secrets_are_added_to_a_dotenv_and_what_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    mine = "# mine\nMETA_INSIGHTS_API_PORT=8081\nJWT_SECRET=kept\nFERNET_KEY=\nLAST=1"
    file.write_text(mine)
    added = complete_dotenv(file)
    assert added == ["FERNET_KEY", "API_SECRET_KEY", "POSTGRES_PASSWORD", "ADMIN_PASSWORD", "REDIS_PASSWORD"]
    assert file.read_text().startswith(f"{mine}\nFERNET_KEY=")
    assert file.stat().st_mode & 0o777 == 0o600
    values = dotenv_values(file, interpolate=False)
    assert values["JWT_SECRET"] == "kept"
    assert all(len(values[name] or "") >= 16 for name in added)


def test_a_complete_dotenv_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    complete_dotenv(file)
    before = file.read_text()
    assert complete_dotenv(file) == []
    assert file.read_text() == before
