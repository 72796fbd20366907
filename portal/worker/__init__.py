"""The worker process: lanes of work, one thread each. Any number of workers can run side by side.

A lane does part of what is due and returns how much that was. It claims its work in the database,
so no two workers do the same thing, and another worker takes over from one that dies.
"""
