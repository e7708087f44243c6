import socket

from local.ports import HOST, choose_port, is_free


def test_a_free_preference_is_taken_silently() -> None:
    free = choose_port(0).number
    assert choose_port(free).number == free
    assert choose_port(free).instead_of == 0


def test_a_port_in_use_is_replaced_and_named() -> None:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        used = server.getsockname()[1]
        port = choose_port(used)
        assert port.number != used
        assert port.instead_of == used
        assert is_free(port.number)


def test_a_port_promised_to_another_server_is_not_given_twice() -> None:
    free = choose_port(0).number
    assert choose_port(free, taken=[free]).number != free
