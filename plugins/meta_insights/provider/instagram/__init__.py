"""Instagram accounts: how their content is listed, and what is measured of it."""
