"""A KDC that takes what it is asked and never answers.

    silent_kdc.py FILE      writes its port to FILE, and a line of output for each question
"""
import os
import socketserver
import sys


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        if self.request.recv(65536):
            print("asked", flush=True)
        while self.request.recv(65536):
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
with open(f"{sys.argv[1]}.new", "w") as file:
    file.write(f"{server.server_address[1]}\n")
os.rename(f"{sys.argv[1]}.new", sys.argv[1])
server.serve_forever()
