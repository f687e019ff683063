"""The mappings and playbooks that come with syncd: data only, read with :mod:`importlib.resources`."""
