# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
Holds a value against a schema of an OpenAPI 3.1 document: as much of JSON Schema as that document uses. A keyword that
is not known here is an error, so that nothing is said there which is not checked.
"""
import re

KNOWN = {
    "$ref", "type", "const", "enum", "oneOf", "properties", "required", "additionalProperties", "minProperties", "items",
    "minItems", "minLength", "maxLength", "minimum", "maximum", "pattern", "description", "default",
}

TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "null": lambda v: v is None,
}


def resolve(document, thing):
    """What a $ref leads to."""
    while "$ref" in thing:
        at = document
        for part in thing["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        thing = at
    return thing


def faults(document, schema, value, where="$"):
    """Each fault as a sentence."""
    schema = resolve(document, schema)
    for keyword in schema.keys() - KNOWN:
        yield f"{where}: the schema has a keyword that is not checked: {keyword}"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        yield f"{where} is {value!r}, not {' or '.join(types)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where} is {value!r}, not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, none of {schema['enum']}"
    if "oneOf" in schema:
        fitting = [s for s in schema["oneOf"] if not list(faults(document, s, value, where))]
        if len(fitting) != 1:
            yield f"{where} is {value!r}, which fits {len(fitting)} of the schemas"
    if isinstance(value, dict):
        yield from object_faults(document, schema, value, where)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where} has {len(value)} items"
        for index, item in enumerate(value):
            yield from faults(document, schema.get("items", {}), item, f"{where}[{index}]")
    elif isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{where} has {len(value)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where} is {value!r}, not like {schema['pattern']}"
    elif isinstance(value, int):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{where} is {value}"


def object_faults(document, schema, value, where):
    properties = schema.get("properties", {})
    if len(value) < schema.get("minProperties", 0):
        yield f"{where} has {len(value)} members"
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where} has no {name}"
    for name, member in value.items():
        if name in properties:
            yield from faults(document, properties[name], member, f"{where}.{name}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{where} has {name}, which is not described"
