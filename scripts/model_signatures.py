"""Signatures for the reference pages of pydantic models: their fields, with defaults."""

from __future__ import annotations

from typing import Any

import griffe

FIXED = ("type", "model_config")


class ModelSignatures(griffe.Extension):
    """Writes the `__init__` that pydantic makes at run time: it stands in no source."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Visit every class once all of the package is there: fields are inherited."""
        _visit(pkg)


def _visit(module: griffe.Object) -> None:
    for member in module.members.values():
        if isinstance(member, griffe.Class):
            lineage = [member, *member.mro()]
            if any(str(base).endswith("BaseModel") for c in lineage for base in c.bases):
                _sign(member, lineage)
        elif isinstance(member, griffe.Module):
            _visit(member)


def _sign(model: griffe.Class, lineage: list[griffe.Class]) -> None:
    fields: dict[str, griffe.Attribute] = {}
    for ancestor in reversed(lineage):
        for name, field in ancestor.members.items():
            # What is a `ClassVar` in the source belongs to the class alone.
            is_field = isinstance(field, griffe.Attribute) and "instance-attribute" in field.labels
            if is_field and field.annotation is not None and name not in FIXED:
                fields[name] = field
    parameters = [
        griffe.Parameter(
            name,
            annotation=field.annotation,
            kind=griffe.ParameterKind.keyword_only,
            default=_default(field),
        )
        for name, field in fields.items()
        if not name.startswith("_")
    ]
    made = griffe.Function("__init__", parameters=griffe.Parameters(*parameters))
    model.set_member("__init__", made)


def _default(field: griffe.Attribute) -> Any:
    """The default as one would write it in a call: an empty dict, not the call that makes one."""
    text = None if field.value is None else str(field.value)
    if text is None or not text.startswith("Field("):
        return field.value
    return "{}" if "default_factory=dict" in text else None
