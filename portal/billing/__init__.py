"""Use cases: a frozen command, and a function that decides by `rules`, changes rows and answers with them.

Every function takes the session first, then the row, then the command, then `now` in epoch seconds.
Nobody here commits: the edge does.
"""
