"""The control socket: how a command asks the running service to do its work, since one process alone writes the state.

``protocol`` is what both sides say, ``server`` the service's side, ``client`` a command's.
"""
