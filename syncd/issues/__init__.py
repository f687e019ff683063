"""Issues: escalated tickets become issues, each once. :mod:`.file` is the page to begin with."""
