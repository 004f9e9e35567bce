"""Ask the server at an address for a run of the program, with the arguments and streams given.

It starts and ends for every command of a shell, and so imports next to nothing: ``socket`` alone
would take it twice as long.
"""

import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SHUT_WR, SOL_SOCKET, socket

address, *args = sys.argv[1:]
settings = (b"%s=%s" % each for each in os.environb.items())
cwd = os.getcwdb()  # noqa: PTH109 (without another import)
request = b"\0".join([cwd, b"%d" % len(args), *map(os.fsencode, args), *settings])
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
asker = socket(AF_UNIX)
asker.connect(address)
asker.sendmsg([b"+"], [(SOL_SOCKET, SCM_RIGHTS, streams)])
asker.sendall(request)
asker.shutdown(SHUT_WR)
code = int(asker.recv(16))
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
