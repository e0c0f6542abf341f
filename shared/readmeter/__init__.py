"""Readmeter: a metered paywall as a service."""

__version__ = "0.1.0"
