"""The rules of the house, read off the tree itself."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

import seeread

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "seeread"
MODULES = sorted(SOURCE.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(node: ast.expr) -> str:
    """`torch.jit.load` of the expression that says so; "" of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def narrows(test: ast.expr) -> bool:
    """An assertion for the type checker alone: `isinstance(...)`, `... is not None`, or several of these."""
    if isinstance(test, ast.BoolOp):
        return all(narrows(value) for value in test.values)
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.IsNot)
    return isinstance(test, ast.Call) and dotted(test.func) == "isinstance"


def forbidden(source: str, may_name_opcodes: bool = False) -> Iterator[str]:
    """What in `source` runs what it reads, or trusts what it was given."""
    names: dict[str, str] = {}  # what a name of this file stands for: `import torch as t` makes t torch
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def full(node: ast.expr) -> str:
        first, dot, rest = dotted(node).partition(".")
        return names.get(first, first) + dot + rest

    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    modules = {alias.name for node in imports for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    banned = {"_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    banned |= set() if may_name_opcodes else {"pickle"}
    yield from sorted(f"import {module}" for module in modules if module.partition(".")[0] in banned)

    never = {
        "torch.jit.load", "torch.load", "torch.serialization.load", "torch.hub.load",
        "torch.package.PackageImporter",
        "yaml.load", "yaml.unsafe_load", "yaml.full_load",
        "eval", "exec", "compile", "__import__", "os.system", "os.popen",
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and full(node.value) == "pickle" and not node.attr.isupper():
            yield f"pickle.{node.attr} in line {node.lineno}: only its opcodes have a use here"
        if isinstance(node, ast.ImportFrom) and node.module == "pickle":
            yield f"from pickle import in line {node.lineno}"
        if isinstance(node, ast.Call) and full(node.func) in never:
            yield f"{full(node.func)}() in line {node.lineno}"
        if (
            isinstance(node, ast.keyword)
            and node.arg in {"allow_pickle", "trust_remote_code", "shell"}
            and not (isinstance(node.value, ast.Constant) and node.value.value is False)
        ):
            yield f"{node.arg}= in line {node.value.lineno}"
        if isinstance(node, ast.keyword) and node.arg == "weights_only":
            yield f"weights_only= in line {node.value.lineno}: read tensors through seeread.checkpoints"
        if isinstance(node, ast.Assert) and not narrows(node.test):
            yield f"assert in line {node.lineno}: it is gone under python -O; raise an error of seeread.errors"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_runs_nothing_it_reads(path: Path) -> None:
    reads_pickles = name_of(path) == "src/seeread/checkpoints/files/pickled.py"
    found = list(forbidden(path.read_text(), may_name_opcodes=reads_pickles))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "import torch\ntorch.load('x')",
        "import torch as t\nt.jit.load('x')",
        "from torch import load\nload('x')",
        "from torch.jit import load as read\nread('x')",
        "import pickle",
        "from pickle import loads",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=trusted)",
        "model(trust_remote_code=True)",
        "import yaml\nyaml.load(text)",
        "eval('1')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "def f(x):\n    assert x > 0",
    ],
)
def test_the_rule_catches(line: str) -> None:
    assert list(forbidden(line))


@pytest.mark.parametrize(
    "line", ["import pickle as p\np.loads(b'')", "from pickle import loads", "class M(pickle.Unpickler): ..."]
)
def test_the_reader_of_pickles_may_name_opcodes_only(line: str) -> None:
    assert list(forbidden(line, may_name_opcodes=True))
    assert not list(forbidden("import pickle\nend = pickle.STOP", may_name_opcodes=True))


@pytest.mark.parametrize(
    "line",
    [
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "model.load('x')",
        "model.eval()",
        "import re\nre.compile('x')",
        "assert isinstance(x, int) and y is not None",
    ],
)
def test_the_rule_lets_pass(line: str) -> None:
    assert not list(forbidden(line))


def offered(body: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """What is public in a module or class. Not `forward`: the class says what that is; not the `@overload`s."""
    for node in body.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name[0] == "_" or node.name == "forward":
            continue
        if "overload" not in {dotted(decorator) for decorator in node.decorator_list}:
            yield node


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_says_what_it_is(path: Path) -> None:
    """Each file in its first line, and each public function, class and method of it."""
    source = path.read_text()
    if not source:
        assert path.name == "__init__.py", "an empty file"
        return
    assert source.startswith('"""'), "the first line of a file says what it is"
    tree = ast.parse(source)
    public = list(offered(tree))
    methods = [method for owner in public if isinstance(owner, ast.ClassDef) for method in offered(owner)]
    silent = [f"line {node.lineno}: {node.name}" for node in [*public, *methods] if not ast.get_docstring(node)]
    assert not silent, "without a docstring: " + "; ".join(silent)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_is_short_and_finished(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= 300, "past 300 lines: look for the second idea in it"
    assert path.stem not in {"utils", "util", "common", "base", "misc", "helpers"}, "a name that says nothing"
    unfinished = re.findall(r"TODO|FIXME|XXX|NotImplementedError|pragma: no cover", source)
    assert not unfinished, unfinished


def test_no_folder_is_crowded() -> None:
    counts = Counter(name_of(path.parent) for path in MODULES if path.name != "__init__.py")
    crowded = {folder: count for folder, count in counts.items() if count > 14}
    assert not crowded, f"more than 14 modules: is it two rooms? {crowded}"


def test_no_paths_of_one_machine() -> None:
    """Nothing points at a home, a mount or a workplace: paths come from the user or from the package."""
    folders = ["src", "tests", "docs", "examples", "recipes", "benchmarks"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    files = [path for path in files if path.suffix in {".py", ".md", ".toml", ".json"}]
    files += [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile", ROOT / ".ci" / "run"]
    pattern = re.compile(r"(?<![\w.~-])/(home|Users|root|mnt|work|workspace|data|opt)/\w+")
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in files
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_one_version() -> None:
    assert PROJECT["version"] == seeread.__version__
    changes = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert seeread.__version__ in changes, "CHANGELOG.md lacks this version"


def test_pins_what_it_needs() -> None:
    """constraints.txt names every direct dependency, and torch without the build of one machine."""
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"
    )
    pinned = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
    needs = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
    wanted = {re.split(r"[\[<>=! ]", need)[0] for need in needs}
    assert wanted - {"seeread"} <= set(pinned)
    assert not [name for name, version in pinned.items() if "+" in version]
    assert not {"torchvision", "timm", "open-clip-torch"} & set(pinned), "these bring another torch with them"


def test_readme_tree_is_the_tree() -> None:
    """Every line of the README's tree names something that exists, and every folder of the package has its line."""
    readme = (ROOT / "README.md").read_text()
    block = re.search(r"```text\nsrc/seeread/\n(.*?)```", readme, re.DOTALL)
    assert block, "README.md has no tree that begins with src/seeread/"
    inside: set[str] = set()
    outside: set[str] = set()
    for line in block[1].splitlines():
        if entry := re.match(r"(  )?([\w.]+)(/?)(?:\s|$)", line):
            (inside if entry[1] else outside).add(entry[2])
    missing = [name for name in inside if not (SOURCE / name).exists()]
    missing += [name for name in outside if not (ROOT / name).exists()]
    assert not missing, f"in the README's tree, but not there: {missing}"
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= inside, f"not in the README's tree: {folders - inside}"


def test_decisions_are_numbered_and_complete() -> None:
    """Each decision is a page of context, choice and price, and the index links it."""
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "index.md")
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    index = (folder / "index.md").read_text()
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert headings == ["Context", "Choice", "Price"], page.name
        assert f"]({page.name})" in index, f"docs/decisions/index.md does not link {page.name}"
