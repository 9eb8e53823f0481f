"""What an installation is made of, and what is wrong with it: for `neurosig doctor`.

Nothing here imports a library at its top, since the point is to say which of them are broken.
"""
