"""The side door for tests and demos: faults on order, the control routes and their client."""
