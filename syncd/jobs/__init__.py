"""Jobs: what is done once, because a person asked for it or a configuration changed; the service goes on beside it."""
