"""The daemon: threads around one state, and what is asked of them over HTTP and by systemd.

:mod:`.service` is its main thread, :mod:`.lanes` are the others; only the control socket has threads of its own, too.
"""
