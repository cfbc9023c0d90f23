"""Stands between Ringback and a server, and loses answers: the server has stored what it got, and the sender never hears of it."""

import http.client
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Seen:
    """One request that the server got, and what it answered."""

    def __init__(self, method, path, body, status):
        self.method = method
        self.path = path
        self.body = body
        self.status = status

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}"


class QuietServer(ThreadingHTTPServer):
    """A client that has gone meanwhile is what these tests are about, and no news."""

    daemon_threads = True

    def handle_error(self, *_):
        pass


class LosingProxy:
    """Passes HTTP on. Of the requests that `lose` describes, the first answers never arrive: the connection is cut instead."""

    def __init__(self, port):
        self.seen = []
        self._losses = []
        self._hold = None
        self._held = threading.Event()
        self._released = threading.Event()
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "expect"):
                        connection.putheader(name, value)
                connection.putheader("Connection", "close")
                connection.endheaders(body)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                proxy._wait_if_held(self.command, self.path)
                if proxy._lost(Seen(self.command, self.path, body, answer.status)):
                    # Nothing at all arrives, as when a network breaks: no status, no closing handshake of HTTP.
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive"):
                        self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def lose(self, method, path_part, times=1):
        """Loses the answers to the next requests of this method whose path holds `path_part`. Only answers that say success count."""
        with self._lock:
            self._losses += [(method, path_part)] * times

    def hold(self, method, path_part):
        """Keeps back the answers to such requests, until `release`, which loses them."""
        self._hold = (method, path_part)

    def held(self):
        """Waits until an answer is kept back."""
        if not self._held.wait(30):
            raise AssertionError(f"no {self._hold} came: {self.seen}")

    def release(self):
        self._hold = None
        self._released.set()

    def _wait_if_held(self, method, path):
        hold = self._hold
        if hold and method == hold[0] and hold[1] in path:
            self._held.set()
            self._released.wait(60)

    def _lost(self, seen):
        with self._lock:
            self.seen.append(seen)
            for loss in self._losses:
                if seen.method == loss[0] and loss[1] in seen.path and seen.status < 300:
                    self._losses.remove(loss)
                    return True
            return False

    def requests(self, method, path_part=""):
        with self._lock:
            return [seen for seen in self.seen if seen.method == method and path_part in seen.path]

    @property
    def all_lost(self):
        """Whether every answer that was to be lost has been."""
        with self._lock:
            return not self._losses

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class LosingMailProxy:
    """Passes SMTP on, and loses the answer to the next message or messages: the server has queued it, the sender has only a 354."""

    def __init__(self, port):
        self.messages = 0
        self._losses = 0
        self._lock = threading.Lock()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with socket.create_connection(("127.0.0.1", port), timeout=60) as server:
                    answers = server.makefile("rb")
                    self._pass_answer(answers)
                    while command := self.rfile.readline():
                        server.sendall(command)
                        if not (code := self._pass_answer(answers)):
                            return
                        if command.upper().startswith(b"DATA") and code == b"354":
                            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                                server.sendall(line)
                            server.sendall(b".\r\n")
                            if proxy._lost():
                                answers.readline()
                                self.connection.shutdown(socket.SHUT_RDWR)
                                return
                            self._pass_answer(answers)

            def _pass_answer(self, answers):
                while line := answers.readline():
                    self.wfile.write(line)
                    if line[3:4] != b"-":
                        return line[:3]
                return None

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def lose(self, times=1):
        with self._lock:
            self._losses += times

    def _lost(self):
        with self._lock:
            self.messages += 1
            if self._losses == 0:
                return False
            self._losses -= 1
            return True

    def close(self):
        self._server.shutdown()
        self._server.server_close()
