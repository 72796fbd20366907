"""Sphinx builds guides and reference as a site (`make docs`), whose search runs from files; nothing is loaded.

Pages link to files of the repository that are no pages; those links stay as they are written.
"""

import re
from pathlib import Path

project = "Billing portal"
extensions = ["myst_parser"]
root_doc = "README"
exclude_patterns = ["site"]
# ids of headings as the viewers of repositories make them, which links name
myst_heading_anchors = 4
# files of the repository beside docs/ are linked, and are no part of the site
suppress_warnings = ["myst.xref_missing"]
html_theme = "furo"
html_title = project
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# programs in languages that have no lexer of their own name, such as jinja, are shown as they are
highlight_language = "none"


def setup(app):
    """Give the first page the order of the others, which it has as a list of links."""
    app.connect("source-read", _add_contents)


def _add_contents(app, name, source):
    groups = {
        "README": ["reference/README", *re.findall(r"\]\(([\w/-]+)\.md\)", source[0])],
        "decisions/README": sorted(file.stem for file in (Path(app.srcdir) / "decisions").glob("0*.md")),
        "reference/README": re.findall(r"\]\(([\w-]+)\.md\)", source[0]),
        "development/README": ["words", "recipes"],
    }
    if name in groups:
        pages = "\n".join(groups[name])
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"
