"""The Rio Courier: the demonstration newspaper that `make run` serves on a second origin. Never deployed."""
