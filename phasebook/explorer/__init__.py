"""The explorer of the phase diagram: what its page carries, so that it needs neither kernel nor network."""

from phasebook.explorer.page import Explorer

__all__ = ["Explorer"]
