"""What several suites share: engines, a running service, small builders."""
