# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rules of the house as functions: each takes source text and returns what breaks the rule.

A complaint is a pair of a line number and a text; an empty list is a clean file.
"""

import ast
import io
import re
import tokenize

from tables.house import (
    BOARD_IMPORTS,
    HOUSE,
    NOT_ON_BOARDS,
    ONLY_IN,
    PURE,
    PURE_IMPORTS,
)

FUNCTION_LIMIT = 40
FILE_LIMIT = 400

SPDX_HEAD = (
    "# SPDX-FileCopyrightText: 2026 nxd_mqtt authors",
    "#",
    "# SPDX-License-Identifier: MIT",
)

ARROWS = {module: set(arrows.split()) for _, module, _, arrows, _ in HOUSE}
LATE_ARROWS = {module: set(late.split()) for _, module, _, _, late in HOUSE}
# What a face passes on to its programs with a star.
FACES = dict.fromkeys(("nxd", "nxd_extensions", "tls", "websocket", "minimqtt"), "status")
FACES |= {"azure_iot": "azure_iot_status", "tx": "tx_status"}

# Written so that this line does not break its own rule.
_MACHINE_PATH = re.compile(r"(?<![\w.~:/-])/(?:home|root|Users|work|workspace|mnt|tmp)/[\w.-]")

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Complaints = list[tuple[int, str]]


def _late_nodes(tree: ast.Module) -> set[int]:
    """The identities of all nodes inside functions."""
    functions = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
    return {id(inner) for function in functions for inner in ast.walk(function)}


def _imported(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and top-level name of every absolute import."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append((node.lineno, node.module.split(".")[0]))
    return found


def arrows(source: str, module: str) -> Complaints:
    """Imports inside the library that are not arrows of the plan, or not in the one form."""
    if module not in ARROWS:
        return [(1, "not in the plan of the house: " + module)]
    tree = ast.parse(source)
    late = _late_nodes(tree)
    found = [
        (line, "names the library: use `from .module import name`")
        for line, name in _imported(tree)
        if name == "nxd_mqtt"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "__import__" and module != "__init__":
            found.append((node.lineno, "__import__ hides an arrow"))
        if isinstance(node, ast.ImportFrom) and node.level:
            allowed = ARROWS[module] | (LATE_ARROWS[module] if id(node) in late else set())
            found += [(node.lineno, text) for text in _arrow_faults(node, module, allowed)]
    return found


def _arrow_faults(node: ast.ImportFrom, module: str, allowed: set[str]) -> list[str]:
    if node.level != 1 or not node.module or "." in node.module:
        return ["a relative import that is not `from .module import name`"]
    faults = []
    if node.module not in allowed:
        faults.append(f"no arrow from {module} to {node.module}")
    star = node.names[0].name == "*"
    if star and FACES.get(module) != node.module:
        faults.append("only a face passes names on, and only the numbers")
    return faults


def outside_imports(source: str, module: str) -> Complaints:
    """Imports of a module of the library that come neither from the board nor from the list."""
    allowed = set((PURE_IMPORTS if module in PURE else BOARD_IMPORTS).split())
    allowed |= {name for name, places in ONLY_IN.items() if module in places} | {"nxd_mqtt"}
    return [
        (line, f"{module} may not import {name}")
        for line, name in _imported(ast.parse(source))
        if name not in allowed
    ]


def not_on_boards(source: str) -> Complaints:
    """Imports of modules that a board lacks."""
    banned = set(NOT_ON_BOARDS.split())
    return [
        (line, "no board has " + name)
        for line, name in _imported(ast.parse(source))
        if name in banned
    ]


def _has_star(node: ast.AST) -> bool:
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return False
    target = isinstance(getattr(node, "ctx", None), ast.Store)
    return not target and any(isinstance(item, ast.Starred) for item in node.elts)


def _is_async_generator(node: ast.AST) -> bool:
    if not isinstance(node, ast.AsyncFunctionDef):
        return False
    nested = {id(x) for f in ast.walk(node) if isinstance(f, ast.FunctionDef) for x in ast.walk(f)}
    return any(isinstance(x, ast.Yield) and id(x) not in nested for x in ast.walk(node))


_SYNTAX = (
    ("match", lambda node: isinstance(node, ast.Match)),
    ("assert", lambda node: isinstance(node, ast.Assert)),
    ("bare except", lambda node: isinstance(node, ast.ExceptHandler) and node.type is None),
    ("except*", lambda node: type(node).__name__ == "TryStar"),
    ("raise ... from", lambda node: isinstance(node, ast.Raise) and node.cause is not None),
    ("{**a}", lambda node: isinstance(node, ast.Dict) and None in node.keys),
    ("[*a]", _has_star),
    ("positional-only /", lambda node: isinstance(node, ast.arguments) and bool(node.posonlyargs)),
    ("class keyword", lambda node: isinstance(node, ast.ClassDef) and bool(node.keywords)),
    ("async generator", _is_async_generator),
)


def syntax(source: str) -> Complaints:
    """Syntax that a board rejects, and statements that the house does not use."""
    return [
        (getattr(node, "lineno", 0), "not in code for a board: " + name)
        for node in ast.walk(ast.parse(source))
        for name, breaks in _SYNTAX
        if breaks(node)
    ]


def _code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code: no comments, blank lines or docstrings."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and _is_text(node.value):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return lines


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def sizes(source: str) -> Complaints:
    """Functions of more than 40 lines of code, and a file of more than 400."""
    code = _code_lines(source)
    found = []
    if len(code) > FILE_LIMIT:
        found.append((1, f"a file of {len(code)} lines of code"))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _FUNCTIONS):
            length = len(code.intersection(range(node.lineno, node.end_lineno + 1)))
            if length > FUNCTION_LIMIT:
                found.append((node.lineno, f"{node.name} has {length} lines of code"))
    return found


def heads(source: str) -> Complaints:
    """A missing licence head, after a `#!` line at most."""
    lines = source.splitlines()
    start = 1 if lines and lines[0].startswith("#!") else 0
    if tuple(lines[start : start + len(SPDX_HEAD)]) != SPDX_HEAD:
        return [(1, "no SPDX head")]
    return []


def docstrings(source: str) -> Complaints:
    """A missing docstring of the module, or of a public function or class in it."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else [(1, "no module docstring")]
    for node in tree.body:
        public = isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_")
        if public and not ast.get_docstring(node):
            found.append((node.lineno, node.name + " has no docstring"))
    return found


def machine_paths(text: str) -> Complaints:
    """Absolute paths that exist on one machine only."""
    return [
        (number, "a path of one machine: " + line.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if _MACHINE_PATH.search(line)
    ]
