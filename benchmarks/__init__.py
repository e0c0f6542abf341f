"""What `make bench` measures, each beside a named baseline in the same run; it writes docs/performance.md."""
