"""What the tests of outbound calls share: real servers, and an internet whose names a test chooses."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clinic.foundation.outbound import connection as outbound_connection
from clinic.foundation.outbound.connection import Network

PUBLIC = "93.184.215.14"
REFUSAL = "This web address cannot be used. Please give a public address that begins with https."


class Server:
    """A real server that answers each connection with a function of the connection."""

    def __init__(self, answer, *, tls=None):
        self.answer, self.tls, self.requests = answer, tls, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while not self.stopping.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                thread.start()
                self.threads.append(thread)

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(120)
            if self.tls is None:
                self._talk(connection)
            else:
                with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                    self._talk(wrapped)

    def _talk(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            (
                int(v)
                for k, _, v in (h.partition(b":") for h in head.split(b"\r\n"))
                if k.lower() == b"content-length"
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        if callable(self.answer):
            self.answer(connection, self)
        else:
            connection.sendall(self.answer)

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()


def ok(body=b"hello", *headers):
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def redirect(location, status=302):
    head = b"HTTP/1.1 %d Found\r\nContent-Length: 0\r\nLocation: " % status
    return head + location.encode() + b"\r\n\r\n"


class Internet:
    """Names, and the machines behind public numbers; all other numbers are the canary's."""

    def __init__(self, canary):
        self.canary, self.names, self.machines = canary, {}, {}
        self.looked_up, self.connected = [], []

    def place(self, name, server, *answers):
        self.names[name] = list(answers) or [[PUBLIC]]
        self.machines[PUBLIC] = server

    def look_up(self, host, port):
        self.looked_up.append(host)
        if host not in self.names:
            found = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
            return [(family, address) for family, _, _, _, address in found]
        answers = self.names[host]
        numbers = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in number else socket.AF_INET, (number, port))
            for number in numbers
        ]

    def connect(self, address, timeout):
        number = address[1][0]
        self.connected.append(number)
        server = self.machines.get(number, self.canary)
        return outbound_connection.connect((socket.AF_INET, ("127.0.0.1", server.port)), timeout)

    def network(self, ca_file=None):
        return Network(look_up=self.look_up, connect=self.connect, ca_file=ca_file)


PRIVATE_NUMBERS = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "0.0.0.0", "224.0.0.1", "192.0.0.192", "::1", "::ffff:127.0.0.1", "fe80::1",
    "fec0::1", "fc00::1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "ff02::1",
]  # fmt: skip


def drip(connection, piece, *, pause):
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            connection.sendall(piece)
            time.sleep(pause)


class AtOnce:
    """A thread that has done its work when it is started."""

    def __init__(self, *, target, daemon):
        self.start = target

    def join(self, _seconds):
        """It is done."""


class Certificates:
    """A certificate authority of our own, and a server certificate for calendar.example."""

    def __init__(self, folder):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        authority = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.ca_file = str(folder / "ca.pem")
        (folder / "ca.pem").write_bytes(authority)
        server_key = ec.generate_private_key(ec.SECP256R1())
        pem = server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calendar.example")])
        alternative = x509.SubjectAlternativeName([x509.DNSName("calendar.example")])
        (folder / "server.pem").write_bytes(pem + self._sign(subject, server_key, alternative))
        self.asked_for = []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "server.pem")
        self.tls.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)

    def _sign(self, subject, key, extension):
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        signed = builder.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)
