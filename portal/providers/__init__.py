"""Payment providers: who charges what a customer has given leave to be charged by. They know no database and no page.

`docs/development/providers.md` says method by method what a provider does, and `interface` is that as types.
"""
