"""One submission against the tests: a trusted session beside a fork server, many submissions at a time."""
