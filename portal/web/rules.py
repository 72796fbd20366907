"""Rules of addresses that are cheap to add: an application has hundreds, and builds addresses by few of them."""

from collections.abc import Callable
from types import MethodType
from typing import Any

from werkzeug.routing import Rule

#: Builds an address of a rule's values, as Werkzeug compiles it: (domain, path).
_Builder = Callable[..., tuple[str, str]]


class LazyRule(Rule):
    """A rule that compiles the function which builds its addresses at the first of them, not as it is added."""

    def _compile_builder(self, append_unknown: bool = True) -> _Builder:
        compile_builder = super()._compile_builder

        def build(rule: Rule, *values: Any, **named: Any) -> tuple[str, str]:
            builder: _Builder = MethodType(compile_builder(append_unknown), rule)
            # in the place where Werkzeug put this function
            setattr(rule, "_build_unknown" if append_unknown else "_build", builder)
            return builder(*values, **named)

        return build
