"""Data sets that can be installed or fetched, with what is known of their units and endpoints."""
