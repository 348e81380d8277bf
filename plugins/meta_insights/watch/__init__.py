"""Alerts: what is wrong or soon will be, and by which notifiers it is sent."""
