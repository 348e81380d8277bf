from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from local_stack.credentials import Credentials, write_private


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


def test_a_private_file_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text("{}")
    file.chmod(0o644)
    write_private(file, '{"admin": "secret"}')
    assert file.read_text() == '{"admin": "secret"}'
    assert file.stat().st_mode & 0o777 == 0o600
