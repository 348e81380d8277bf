"""A company's network: a proxy, a certificate authority of its own, and what is wrong with them is configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_insights.errors import ConfigurationError
from meta_insights.graph import transport as transport_module
from meta_insights.graph.credential import Secrets
from meta_insights.graph.errors import GraphTransientError
from meta_insights.graph.transport import Answer, Request, Transport
from meta_insights.hook import FacebookInsightsHook
from scripted import APP_SECRET, TOKEN, Reply
from support import connect
from support.network import proxy_to, tls_in_front_of, write_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from graph_sandbox.server import Served
    from scripted import Scripted

ME = Request("GET", "me", {"fields": "id"})
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CA_VARIABLES, *PROXY_VARIABLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path / "company.pem")


def ask(base_url: str) -> Answer:
    return Transport(base_url, "v26.0").send(ME, Secrets(APP_SECRET).token(TOKEN)).answer(ME)


# Certificate authorities


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_a_companys_own_authority_is_trusted_where_the_environment_names_it(
    scripted: Scripted, certificate: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    scripted.reply(Reply({"id": "1"}))
    monkeypatch.setenv(variable, str(certificate))
    with tls_in_front_of(scripted.base_url, certificate) as port:
        assert ask(f"https://127.0.0.1:{port}").body == {"id": "1"}


def test_the_file_for_requests_wins_over_the_one_for_all_programs(
    scripted: Scripted, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted.reply(Reply({"id": "1"}))
    monkeypatch.setenv("SSL_CERT_FILE", str(write_certificate(tmp_path / "other.pem")))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with tls_in_front_of(scripted.base_url, certificate) as port:
        assert ask(f"https://127.0.0.1:{port}").body == {"id": "1"}


def test_a_certificate_that_is_not_trusted_is_configuration(scripted: Scripted, certificate: Path) -> None:
    with (
        tls_in_front_of(scripted.base_url, certificate) as port,
        pytest.raises(ConfigurationError, match=r"is not trusted \(self-signed certificate\): name the file") as caught,
    ):
        ask(f"https://127.0.0.1:{port}")
    assert caught.value.__context__ is None
    assert scripted.asked == []


def test_a_certificate_of_another_host_is_configuration(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path / "company.pem", name="graph.test")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with (
        tls_in_front_of(scripted.base_url, certificate) as port,
        pytest.raises(ConfigurationError, match="certificate is not valid for '127"),
    ):
        ask(f"https://127.0.0.1:{port}")


@pytest.mark.parametrize(("content", "reason"), [(None, "that is not there"), ("no PEM", "without certificates")])
def test_a_wrong_certificate_file_is_configuration(
    scripted: Scripted,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    reason: str,
) -> None:
    wrong = tmp_path / "wrong.pem"
    if content:
        wrong.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(wrong))
    with (
        tls_in_front_of(scripted.base_url, certificate) as port,
        pytest.raises(ConfigurationError, match=f"REQUESTS_CA_BUNDLE, .* names a file {reason}"),
    ):
        ask(f"https://127.0.0.1:{port}")


def test_a_server_that_speaks_no_tls_is_a_passing_fault(scripted: Scripted) -> None:
    scripted.reply(Reply({}))
    with pytest.raises(GraphTransientError, match="SSLError"):
        ask(scripted.base_url.replace("http://", "https://"))


# Proxies


def test_graph_is_read_through_the_proxy_of_the_environment(
    graph: Served, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole hook, with its exchange of the token, reads the sandbox under a name that only the proxy knows."""
    certificate = write_certificate(certificate, name="graph.company.test")
    page_id = graph.world.pages[0].id
    with tls_in_front_of(graph.base_url, certificate) as port, proxy_to(port) as proxy:
        connect(monkeypatch, graph, host="https://graph.company.test")
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        client = FacebookInsightsHook(page_id=page_id).get_conn()
        assert client.get(page_id, fields="id").body == {"id": page_id}
        assert set(proxy.asked) == {"graph.company.test:443"}


def test_a_host_of_no_proxy_is_read_directly(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.reply(Reply({"id": "1"}))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(GraphTransientError, match="ProxyError"):
        ask(scripted.base_url)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert ask(scripted.base_url).body == {"id": "1"}


def test_the_environment_is_read_once_however_many_requests_there_are(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = list[str]()

    def note(url: str, **_: object) -> dict[str, str]:
        looked_at.append(url)
        return {}

    monkeypatch.setattr(transport_module, "get_environ_proxies", note)
    monkeypatch.setattr("requests.sessions.get_environ_proxies", note)
    transport = Transport(scripted.base_url, "v26.0")
    for _ in range(3):
        scripted.reply(Reply({"id": "1"}))
        transport.send(ME, Secrets(APP_SECRET).token(TOKEN))
    assert looked_at == [scripted.base_url]


@pytest.mark.parametrize("proxy", ["http://", "http://[", "http://127.0.0.1:99999", "socks5://127.0.0.1:9", "ftp://a"])
def test_a_proxy_that_is_none_is_configuration(scripted: Scripted, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="correct the connection's host, or HTTPS_PROXY"):
        ask(scripted.base_url)


@pytest.mark.parametrize("host", ["https://graph .test", "https://graph..test", "https://" + 64 * "g" + ".test"])
def test_a_host_that_is_none_is_configuration(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no request to .* can be made") as caught:
        ask(host)
    assert caught.value.__context__ is None


def test_a_netrc_does_not_take_the_place_of_the_token(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted.reply(Reply({"id": "1"}))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ask(scripted.base_url)
    assert [asked.headers["Authorization"] for asked in scripted.asked] == [f"Bearer {TOKEN}"]
