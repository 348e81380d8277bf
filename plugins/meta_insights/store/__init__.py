"""The warehouse: its schema, its statements, its checks. Every statement is a file of ``include/sql``."""
