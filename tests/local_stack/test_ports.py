import socket

import pytest

from local_stack.ports import HOST, choose_port, is_free


def test_a_preferred_port_that_is_free_is_taken() -> None:
    free = choose_port()
    assert choose_port(str(free)) == free


def test_a_preferred_port_that_is_in_use_is_replaced_by_a_free_one() -> None:
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        chosen = choose_port(str(taken))
        assert chosen != taken
        assert is_free(chosen)
        assert not is_free(taken)


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a number from 1 to 65535"):
        choose_port(text)
