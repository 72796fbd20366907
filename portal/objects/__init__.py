"""The wire form of every object type. Importing this package imports all its modules, and these register the types."""
# mypy: implicit-reexport
# ruff: noqa: F401

from importlib import import_module
from pkgutil import iter_modules

from portal.objects.kinds import OBJECT_TYPES, ObjectType, deleted_stub, expand_answer, render, render_one, select_rows

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
