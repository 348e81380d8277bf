"""A company's network on loopback: TLS with its own certificate authority, and a proxy that everything goes through."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from meta_insights import clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from pathlib import Path

    Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
    Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


def write_certificate(path: Path, name: str = "127.0.0.1") -> Path:
    """Write a certificate of an authority of its own for 127.0.0.1 or a host name, with its key, into one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "The company's own authority")])
    host = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return path


@contextmanager
def serving(accept: Accept, certificate: Path | None = None) -> Iterator[int]:
    """Accept connections on a free port until the block ends; yield the port."""
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    started, ports = Event(), []

    async def serve() -> None:
        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
        stopping.append((asyncio.get_running_loop(), stopped := asyncio.Event()))
        started.set()
        await stopped.wait()
        server.close()

    stopping: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    thread = Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(timeout=10)
    try:
        yield ports[0]
    finally:
        loop, stopped = stopping[0]
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Pair]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def join(one: Pair, other: Pair) -> None:
    """Carry bytes both ways until one side closes."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(2**16):
                writer.write(piece)
                await writer.drain()
        writer.close()

    await asyncio.gather(copy(one[0], other[1]), copy(other[0], one[1]))


@contextmanager
def tls_in_front_of(base_url: str, certificate: Path) -> Iterator[int]:
    """Speak HTTPS for a server that speaks HTTP; yield the port."""
    port = urlsplit(base_url).port or 0

    async def accept(*client: asyncio.StreamReader | asyncio.StreamWriter) -> None:
        async with connected(port) as server:
            await join(client, server)  # type: ignore[arg-type]

    with serving(accept, certificate) as own:
        yield own


@dataclass
class Proxy:
    """A forward proxy: the hosts that it was asked to connect to. It connects to ``port``, whatever the host."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Run a proxy that understands CONNECT alone."""
    proxy = Proxy()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.decode("latin-1").split(" ", 2)
        assert method == "CONNECT", head
        proxy.asked.append(target)
        async with connected(port) as server:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await join((reader, writer), server)

    with serving(accept) as own:
        proxy.url = f"http://127.0.0.1:{own}"
        yield proxy
