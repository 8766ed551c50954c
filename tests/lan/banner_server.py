"""
Play the services of a whole LAN with real banners; `nmap -sV` names product and version.

Driven by JSON lines on stdin, each answered by one on stdout once the sockets stand:

    {"close": [["10.77.1.5", 22]], "listen": [["10.77.1.5", 80, "nginx-1.22.1"]]}
    {"ok": true}

It ends when stdin does, so it never outlives the test that started it.
"""

import asyncio
import json
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

CONNECTION_SECONDS = 30
"""Longer than nmap's longest wait for one answer, short enough that nothing lingers."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Listener = tuple[str, int]


def greeting(banner: bytes) -> Serve:
    """Return a service that speaks first, then listens politely until the peer leaves."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await writer.drain()
        while await reader.read(4096):
            pass

    return serve


def ssh(banner: bytes) -> Serve:
    """
    Return an SSH server that greets, and leaves when the peer has greeted, too.

    nmap's SSH scripts wait minutes for the keys of a server that stays and says nothing.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await writer.drain()
        await reader.readline()

    return serve


def dialogue(banner: bytes, goodbye: bytes, refusal: bytes) -> Serve:
    """Return a line protocol that knows `quit` and refuses every other command."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        while line := await reader.readline():
            if line.strip().lower() == b"quit":
                writer.write(goodbye)
                return
            writer.write(refusal)
            await writer.drain()

    return serve


def web(server: str, title: str) -> Serve:
    """Return an HTTP server with one page, whose title the http-title script reports."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body></body></html>\n"
    missing = "<html><head><title>404 Not Found</title></head><body></body></html>\n"

    def response(status: str, body: str, *, with_body: bool = True) -> bytes:
        head = (
            f"HTTP/1.1 {status}\r\nServer: {server}\r\nContent-Type: text/html\r\n"
            f"Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n"
        )
        return (head + (body if with_body else "")).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readline()
        while (await reader.readline()).strip():
            pass
        match request.split():
            case [b"GET" | b"HEAD" as method, path, *_]:
                status, body = ("200 OK", page) if path == b"/" else ("404 Not Found", missing)
                writer.write(response(status, body, with_body=method == b"GET"))
            case [_, _, version, *_] if version.startswith(b"HTTP/"):
                writer.write(response("405 Not Allowed", missing))
            case _:
                writer.write(response("400 Bad Request", missing))

    return serve


def redis(version: str) -> Serve:
    """Return a Redis that answers INFO; on port 6379 nmap asks and reads the version."""
    info = f"# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\nos:Linux\r\n"
    answer = f"${len(info)}\r\n{info}\r\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = line.strip().lower()
            if command == b"info":
                writer.write(answer)
            elif command.startswith(b"get "):
                writer.write(b"-ERR wrong number of arguments for 'get' command\r\n")
                return
            elif command and command[:1] not in b"*$":
                writer.write(b"-ERR unknown command\r\n")
            await writer.drain()

    return serve


def mariadb(version: str) -> Serve:
    """Return a server that sends MySQL's handshake packet, protocol version 10."""
    handshake = (
        b"\x0a" + version.encode() + b"\0"
        b"\x2a\0\0\0"
        b"abcdefgh\0"  # connection id, first part of the salt
        b"\xfe\xf7\x2d\x02\0\xff\x81\x15" + bytes(10) + b"ijklmnopqrst\0"
        b"mysql_native_password\0"
    )
    return greeting(len(handshake).to_bytes(3, "little") + b"\0" + handshake)


HOSTILE = (
    "<b>bold</b> <script>alert(1)</script> <!channel> <@U012AB3CD> @room @everyone "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 `rm -rf` ```code``` *bold* _it_ [link](http://a.example) "
    "\u202eright-to-left\u202c &lt;b&gt; ]]> ${HOME} %s \\"
)
"""What a device on the network may say to break out of a message."""

HOSTILE_SHORT = "<b>b</b> <!channel> @room \x1b[31mred `id` *x* \u202eleft"
"""For nmap's fields: it leaves the version out when it is longer than 80 bytes."""

SERVICES: dict[str, Serve] = {
    "openssh-9.2p1": ssh(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
    "openssh-9.6p1": ssh(b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5\r\n"),
    "vsftpd-3.0.3": dialogue(
        b"220 (vsFTPd 3.0.3)\r\n",
        b"221 Goodbye.\r\n",
        b"530 Please login with USER and PASS.\r\n",
    ),
    "nginx-1.22.1": web("nginx/1.22.1", "Welcome to nginx!"),
    "apache-2.4.57": web("Apache/2.4.57 (Debian)", "Apache2 Debian Default Page: It works"),
    "telnet": greeting(b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27"),
    "redis-7.0.15": redis("7.0.15"),
    "smtp-postfix": dialogue(
        b"220 mail.lan.example ESMTP Postfix (Debian/GNU)\r\n",
        b"221 2.0.0 Bye\r\n",
        b"502 5.5.2 Error: command not recognized\r\n",
    ),
    "mysql": mariadb("5.5.5-10.11.6-MariaDB-0+deb12u1"),
    "silent": greeting(b""),
    # Recognised by nobody, as "silent": nmap -sV tries every probe it has, 160 seconds for each.
    "hostile": greeting(f"220 {HOSTILE}\r\nSubject: injected\r\n\r\n<!here> last\n".encode()),
    # Recognised at once: the version, extra info and http-title's output carry the text.
    "hostile-ftp": greeting(f"220 vsFTPd {HOSTILE_SHORT} ready...\r\n".encode()),
    "hostile-web": web(f"Apache/2.4.57 ({HOSTILE_SHORT})", HOSTILE.replace("<", "&lt;")),
}


class BannerServer:
    """Every listening socket of the LAN, and the connections that came through it."""

    def __init__(self) -> None:
        self._listeners: dict[Listener, asyncio.Server] = {}
        self._connections: dict[Listener, set[asyncio.Task[None]]] = {}

    async def listen(self, address: str, port: int, service: str) -> None:
        connections: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(_converse(SERVICES[service], reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        # A bound socket, as start_server(host=…) would spend a thread on resolving each address.
        sock = socket.create_server((address, port), family=family, backlog=128)
        self._listeners[address, port] = await asyncio.start_server(accept, sock=sock)
        self._connections[address, port] = connections

    def close(self, address: str, port: int) -> None:
        self._listeners.pop((address, port)).close()
        for task in self._connections.pop((address, port)):
            task.cancel()

    async def obey(self, line: bytes) -> None:
        """Carry out one request: closes first, so that a port can change its service."""
        request = json.loads(line)
        for address, port in request.get("close", ()):
            self.close(address, port)
        for address, port, service in request.get("listen", ()):
            await self.listen(address, port, service)


async def _converse(
    serve: Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    # Scanners reset connections, send endless lines (ValueError) and fall silent: all is well.
    with suppress(OSError, TimeoutError, ValueError):
        try:
            async with asyncio.timeout(CONNECTION_SECONDS):
                await serve(reader, writer)
                await writer.drain()
        finally:
            writer.close()


async def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))
    requests = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(requests), sys.stdin
    )
    server = BannerServer()
    while line := await requests.readline():
        try:
            await server.obey(line)
        except (OSError, LookupError, ValueError) as error:
            answer: dict[str, object] = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        else:
            answer = {"ok": True}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
