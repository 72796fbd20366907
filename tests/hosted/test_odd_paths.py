"""Characters that no id has: every page answers that there is nothing, whatever the database would say of them."""

import re
from urllib.parse import quote

import pytest
from flask import Flask


@pytest.mark.parametrize("odd", ["\0", "in_\0", "\x7f", "\u202eabc"], ids=ascii)
def test_an_odd_character_in_a_path_leads_nowhere(app: Flask, portal, make, odd: str) -> None:
    visit = portal(make.customer(), make.configuration())
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.arguments}
    for rule in sorted(rules):
        of_visit = rule.replace("/p/<session_id>/", f"/p/{visit.session_id}/")
        for path in {re.sub("<[^>]+>", quote(odd), rule), re.sub("<[^>]+>", quote(odd), of_visit)}:
            if quote(odd) in path:
                assert (path, visit.client.get(path).status_code) == (path, 404)
