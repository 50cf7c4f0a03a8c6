"""The pickle machine: reads what weights need, and runs, imports, hashes and allocates nothing else."""

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from seeread.checkpoints.files import pickled
from seeread.checkpoints.files.pickled import read_pickle
from seeread.checkpoints.files.pickled_names import Module, TensorPlace
from seeread.checkpoints.files.torch_file import read_torch
from seeread.checkpoints.refusal import Refusal
from tests.checkpoints.forge import archive, literal, name, refused, state, tensor

heard: list[str] = []
listening = False


def _listen(event: str, arguments: object) -> None:
    deeds = ("exec", "os.", "subprocess.", "socket.", "ctypes.", "import", "shutil.", "pickle.find_class")
    if listening and event.startswith(deeds):
        heard.append(event)


sys.addaudithook(_listen)


class Evil:
    """Runs a function when it is unpickled by Python."""

    def __init__(self, function: Any, *arguments: object):
        self.plan = (function, arguments)

    def __reduce__(self) -> Any:
        return self.plan


def attacks(canary: Path) -> dict[str, Evil]:
    shell = f"touch {canary}"
    nested = pickle.dumps(Evil(os.system, shell))
    return {
        "system": Evil(os.system, shell),
        "eval": Evil(eval, f"open({str(canary)!r}, 'w')"),
        "exec": Evil(exec, f"open({str(canary)!r}, 'w')"),
        "open": Evil(open, str(canary), "w"),
        "Popen": Evil(subprocess.Popen, ["touch", str(canary)]),
        "loads": Evil(pickle.loads, nested),
        "_load_from_bytes": Evil(torch.storage._load_from_bytes, nested),
        "mkdir": Evil(os.mkdir, str(canary)),
        "touch": Evil(Path.touch, canary),
    }


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("attack", attacks(Path("canary")))
def test_code_in_a_pickle_is_refused_and_never_run(tmp_path: Path, attack: str, protocol: int) -> None:
    global listening
    canary = tmp_path / "canary"
    evil = attacks(canary)[attack]
    for payload in (evil, {"weight": evil}, [{"state_dict": {"weight": (evil,)}}]):
        path = archive(tmp_path / "model.pt", pickle.dumps(payload, protocol))
        heard.clear()
        listening = True
        try:
            with refused(path):
                read_torch(path)
        finally:
            listening = False
        assert not canary.exists()
        assert not heard


def test_the_attacks_are_alive(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(attacks(tmp_path / "canary")["mkdir"]))
    assert (tmp_path / "canary").exists()


NAMES = """
    os.system posix.system nt.system builtins.eval builtins.exec builtins.getattr builtins.setattr builtins.set
    builtins.__import__ builtins.open __builtin__.eval functools.partial functools.reduce operator.attrgetter
    operator.methodcaller importlib.import_module runpy.run_path subprocess.Popen pickle.loads _pickle.Unpickler
    marshal.loads types.CodeType copyreg._reconstructor copy_reg._reconstructor codecs.decode _codecs.encode
    torch.load torch.jit.load torch.hub.load torch.storage._load_from_bytes torch.serialization.load
    torch.nn.modules.linear.Linear torch._utils._rebuild_sparse_tensor torch._utils._rebuild_wrapper_subclass
    torch._tensor._rebuild_from_type_v2 torch.Tensor.__setstate__ numpy.load numpy.core.multiarray._reconstruct
    collections.OrderedDict.update collections.defaultdict __main__.Model torch.FloatStorage.from_file
    __torch__x.Module __torch_.M _torch__.M torch._utils._rebuild_tensor_v2.__globals__ torch.__dict__
    pathlib.Path open_clip.model.CLIP
"""


@pytest.mark.parametrize("wanted", NAMES.split())
def test_names_that_weights_do_not_need_are_refused(wanted: str) -> None:
    parts = wanted.split(".")
    for cut in range(1, len(parts)):
        module, attribute = ".".join(parts[:cut]), ".".join(parts[cut:])
        stacked = b"\x80\x04" + literal(module) + literal(attribute) + b"\x93"
        for lookup in (b"\x80\x02" + name(module, attribute), stacked):
            for use in (b".", b")R.", b")\x81.", literal(("x",)) + b"R.", b"0N."):
                with pytest.raises(Refusal, match=r"no part of weights"):
                    read_pickle(lookup + use)


def test_a_refused_name_is_named_with_file_and_next_step(tmp_path: Path) -> None:
    path = archive(tmp_path / "model.pt", b"\x80\x02" + name("open_clip.model", "CLIP") + b")R.")
    with refused(path, "'open_clip.model.CLIP'", "safetensors"):
        read_torch(path)


CLASS = name("__torch__.clip", "Model")
MODULE = CLASS + b")\x81"
FORGERIES = {
    "call of a class": CLASS + b")R.",
    "module from arguments": CLASS + literal((1,)) + b"\x81.",
    "instance of a function": name("collections", "OrderedDict") + b")\x81.",
    "filled OrderedDict": name("collections", "OrderedDict") + literal(([],)) + b"R.",
    "slot state": MODULE + b"(N" + literal({"__class__": 1}) + b"tb.",
    "state is a list": MODULE + b"]b.",
    "state with odd keys": MODULE + literal({1: 2}) + b"b.",
    "state for a list": b"]}b.",
    "state for a number": b"K\x01}b.",
    "state for a tensor": tensor() + b"}b.",
    "state for a function": name("torch", "Size") + b"}b.",
    "state for a class": CLASS + b"}b.",
    "module filled twice": MODULE + literal({"a": 1}) + b"b" + literal({"b": 1}) + b"b.",
    "call of a text": literal("system") + b")R.",
    "call of a dtype": name("torch", "float32") + b")R.",
    "arguments in a list": name("torch", "Size") + b"]R.",
    "too few arguments": name("torch", "Size") + b")R.",
    "too many arguments": name("torch", "Size") + literal(((1,), 2)) + b"R.",
    "tensor without arguments": name("torch._utils", "_rebuild_tensor_v2") + b")R.",
    "tensor without storage": name("torch._utils", "_rebuild_tensor_v2") + literal(("0", 0, (1,), (1,), False)) + b"R.",
    "parameter without tensor": name("torch._utils", "_rebuild_parameter") + literal((1, True)) + b"R.",
    "v3 without dtype": name("torch._utils", "_rebuild_tensor_v3") + literal(("0", 0, (1,), (1,), True, 0, 1)) + b"R.",
    "list from text": name("torch.jit._pickle", "build_intlist") + literal(("ab",)) + b"R.",
    "EXT1": b"\x82\x01.", "EXT2": b"\x83\x01\x00.", "EXT4": b"\x84\x01\x00\x00\x00.",
    "INST": b"(ios\nsystem\n.", "OBJ": b"(" + CLASS + b"o.", "NEWOBJ_EX": CLASS + b")}\x92.",
    "PERSID": b"Pstorage\n.", "DUP": b"N2.", "POP": b"NN0.", "NEXT_BUFFER": b"\x97.", "READONLY_BUFFER": b"N\x98.",
    "LONG4": b"\x8b\x04\x00\x00\x00\x01\x00\x00\x00.", "negative LONG4": b"\x8b\xff\xff\xff\xff.",
    "LONG1 of 255 bytes": b"\x8a\xff" + bytes(255) + b".", "INT": b"I1\n.", "LONG": b"L1L\n.", "FLOAT": b"F1\n.",
    "STRING": b"S'a'\n.", "BINBYTES8": b"\x8e" + b"\xff" * 8 + b".", "BINUNICODE8": b"\x8d" + b"\xff" * 8 + b".",
    "EMPTY_SET": b"\x8f.", "BYTEARRAY8": b"\x96" + b"\xff" * 8 + b".", "unknown": b"\xfe.",
    "text of 4 GB": b"X\xff\xff\xff\xffab.", "text that is no UTF-8": b"X\x02\x00\x00\x00\xff\xfe.",
    "name without end": b"cos", "name of a number": b"K\x01K\x02\x93.",
    "memo that was never filled": b"h\x07.", "memo of a mark": b"(q\x00.",
    "mark as value": b"(\x85.", "result is a mark": b"(.",
    "nothing": b"", "only protocol": b"\x80\x02", "protocol 6": b"\x80\x06N.", "only stop": b".",
    "leftover on the stack": b"NN.", "leftover after stop": b"N.N", "items for a tuple": b")Na.",
    "items for nothing": b"Na.", "no mark": b"]Ne.", "entries for a list": b"]NNs.", "odd entries": b"}(Nu.",
    "key that is a tuple": b"}))s.", "key that is a dict": b"}}}s.", "key that is a module": b"}" + MODULE + b"Ns.",
    "storage is a text": literal("storage") + b"Q.", "storage of 4 parts": literal(("storage", 1, "0", "cpu")) + b"Q.",
    "storage of 6 parts": literal(("storage", 1, "0", "cpu", 4, None)) + b"Q.", "storage of nothing": b")Q.",
    "storage without type": literal(("storage", "torch.FloatStorage", "0", "cpu", 4)) + b"Q.",
    "storage of another kind": tensor().replace(b"storage", b"storagX") + b".",
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_pickles_are_refused(forgery: str) -> None:
    with pytest.raises(Refusal):
        read_pickle(FORGERIES[forgery])


TENSOR_FORGERIES: dict[str, dict[str, object]] = {
    "too many elements": {"size": (2, 3), "stride": (3, 1)},
    "offset beyond the end": {"offset": 1},
    "offset far beyond the end": {"offset": 2**61},
    "stride beyond the end": {"stride": (3, 1)},
    "negative size": {"size": (-2, -2)},
    "negative stride": {"stride": (-2, 1)},
    "negative offset": {"offset": -1},
    "size overflows": {"size": (2**40, 2**40)},
    "size overflows to zero": {"size": (2**32, 2**32), "stride": (0, 0)},
    "a terabyte by stride 0": {"size": (2**38,), "stride": (0,)},
    "overlap": {"size": (4, 4), "stride": (0, 1)},
    "more sizes than strides": {"size": (2, 2, 1)},
    "100 axes": {"size": (1,) * 100, "stride": (1,) * 100},
    "size is true": {"size": (True, 2)},
    "size is real": {"size": (2.0, 2)},
    "size is a text": {"size": ("2", 2)},
    "size is a list": {"size": [2, 2]},
    "offset is none": {"offset": None},
    "offset is true": {"offset": True},
    "count is negative": {"count": -4},
    "count is real": {"count": 4.0},
    "count is true": {"count": True},
    "count is too small": {"count": 3},
    "key is a number": {"key": 0},
}


@pytest.mark.parametrize("forgery", TENSOR_FORGERIES)
def test_tensors_that_do_not_lie_in_their_storage_are_refused(tmp_path: Path, forgery: str) -> None:
    path = archive(tmp_path / "model.pt", state(good=tensor(), weight=tensor(**TENSOR_FORGERIES[forgery])))  # type: ignore[arg-type]
    with refused(path):
        read_torch(path)


@pytest.mark.parametrize("key", ["1", "../0", "", "0/", "\0", "a" * 1000])
def test_a_storage_that_is_not_there_is_refused(tmp_path: Path, key: str) -> None:
    path = archive(tmp_path / "model.pt", state(weight=tensor(key=key)))
    with refused(path, "missing"):
        read_torch(path)


@pytest.mark.parametrize("forged", [tensor(count=5), tensor(count=2**40), tensor(kind="DoubleStorage")])
def test_a_storage_of_another_size_than_its_entry_is_refused(tmp_path: Path, forged: bytes) -> None:
    path = archive(tmp_path / "model.pt", state(weight=forged))
    with refused(path, "data/0"):
        read_torch(path)


def test_dunder_attributes_of_a_module_are_only_entries() -> None:
    attributes = dict.fromkeys(("__class__", "__dict__", "__setstate__", "__reduce_ex__", "attributes"), 1)
    module = read_pickle(MODULE + literal(attributes) + b"b.")
    assert type(module) is Module
    assert module.attributes == attributes
    assert vars(module) == {"attributes": attributes}


def test_the_notes_of_an_ordered_dict_are_dropped() -> None:
    made = read_pickle(name("collections", "OrderedDict") + b")R" + literal({"_metadata": {}, "__class__": 1}) + b"b.")
    assert type(made) is dict
    assert made == {}


def test_a_huge_memo_index_costs_nothing() -> None:
    """Python's own unpickler allocates the memo up to the index: 20 bytes of pickle become 64 GB."""
    assert read_pickle(b"K\x07r\xff\xff\xff\xff0".replace(b"0", b"\x85") + b".") == (7,)


def test_deep_nesting_does_not_end_the_process(tmp_path: Path) -> None:
    with pytest.raises(Refusal):  # to hash this, Python recurses without looking how deep
        read_pickle(b"})" + b"\x85" * 200_000 + b"Ns.")
    deep = b")" + b"\x85" * 20_000
    assert read_pickle(name("torch", "device") + deep + b"R.") is None
    for misuse in (deep + b"N\x93.", deep + b"Q."):
        with pytest.raises(Refusal):
            read_pickle(misuse)
    path = archive(tmp_path / "model.pt", b"\x80\x02}" + literal("weight") + deep + b"s.")
    with refused(path, "no state dict"):
        read_torch(path)


def test_thickets_are_neither_printed_nor_compared() -> None:
    """Each level holds the one below twice: 2 ** 100 leaves in 500 bytes, if somebody spelled them out."""
    thicket = b")" + b"".join(bytes([*b"q", level, *b"h", level]) + b"\x86" for level in range(100))
    assert len(read_pickle(thicket + b".")) == 2
    for misuse in (b"Q.", b"N\x93.", b"}b.", b"NR."):
        with pytest.raises(Refusal):
            read_pickle(thicket + misuse)


def test_too_long_a_pickle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickled, "_MOST_STEPS", 1000)
    assert read_pickle(b"](" + b"N" * 990 + b"e.") == [None] * 990
    with pytest.raises(Refusal, match="steps"):
        read_pickle(b"](" + b"N" * 1000 + b"e.")
    monkeypatch.setattr(pickled, "_MOST_BYTES", 100)
    with pytest.raises(Refusal, match="bytes"):
        read_pickle(b"N" * 101)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_come_out_as_python_reads_them(protocol: int) -> None:
    value = {
        "a": [1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63)],
        "é": ["", "x" * 300, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        3: {True: None, 0.5: [0.1, -1e300, [[]]]},
    }
    assert read_pickle(pickle.dumps(value, protocol)) == value


def test_mutated_pickles_end_in_a_value_or_a_refusal() -> None:
    honest = state(a=tensor(), b=tensor(size=(4,), stride=(1,)), c=MODULE + literal({"x": [1, 2.5, ("y",)]}) + b"b")
    assert isinstance(read_pickle(honest)["a"], TensorPlace)
    chance = random.Random(0)
    interesting = b"().}]tuseabQRc\x81\x93\x85\x86\x87hjqr\x94XK\x8a\x80\x95N\x88\xff\x00"
    refusals = 0
    for _ in range(8000):
        changed = bytearray(honest)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            changed[at : at + chance.randint(0, 2)] = bytes(chance.choices(interesting, k=chance.randint(0, 2)))
        try:
            read_pickle(bytes(changed))
        except Refusal:
            refusals += 1
    assert refusals > 4000
