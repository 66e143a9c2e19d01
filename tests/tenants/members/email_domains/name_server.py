"""A name server of the test's own on loopback: it answers TXT questions over UDP, as it is told to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """`records`: name → TXT values. `rcode`: what every answer says when set. `silent`: questions stay unanswered."""

    place: str = ""
    records: dict[str, list[str]] = field(default_factory=dict)
    rcode: int = dns.rcode.NOERROR
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, question: bytes) -> bytes:
        query = dns.message.from_wire(question)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        if self.rcode:
            reply.set_rcode(self.rcode)
        elif name not in self.records:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name]:
            texts = [f'"{text}"' for text in self.records[name]]
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *texts))
        return reply.to_wire()


@contextmanager
def running() -> Iterator[NameServer]:
    server = NameServer()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        server.place = f"127.0.0.1:{line.getsockname()[1]}"
        thread = threading.Thread(target=_serve, args=(line, server), daemon=True)
        thread.start()
        yield server
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", line.getsockname())
        thread.join()


def _serve(line: socket.socket, server: NameServer) -> None:
    while True:
        question, sender = line.recvfrom(4096)
        if not question:
            return
        if not server.silent:
            line.sendto(server.answer(question), sender)
