"""The claims ledger: what the paper says, and what the networks say to it.

`ledger.toml` holds every testable statement with its source, the scale and the time it needs, and the verdict
once found; a file for each chapter holds the functions that judge. `judge.check` compares the two.
"""
