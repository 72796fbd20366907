"""The long look: every figure of security and reliability that the project holds itself to, measured by a command.

`make long-look ONLY=R1` runs the measurements of a figure and adds what they found to `figures.jsonl`, of which
`docs/security.md` is written. A piece may be as short as there is time for: pieces of a figure add up.
"""
