"""The whole service on one machine: the real handlers behind API Gateway's shapes. Never deployed."""
