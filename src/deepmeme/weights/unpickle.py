"""Reading PyTorch's pickles without unpickling.

``pickletools`` names the opcodes; the machine below knows what plain containers and tensors need
and nothing else. It never imports a name that a file asks for and never calls anything but the
constructors written here, so there is nothing for a hostile file to execute.
"""

import pickletools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any, cast

import numpy as np

from deepmeme.errors import WeightsError
from deepmeme.weights.stored import Storage, StoredTensor

MAX_OPCODES = 3_000_000
MAX_PICKLE_BYTES = 64 * 2**20
MAX_ATOM_BYTES = 2**20
MAX_DEPTH = 64

STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "UntypedStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}

Persistent = Callable[[tuple[Any, ...]], Storage]


class ForbiddenError(WeightsError):
    """The file asks for code; ``name`` is what it asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"asks for {name!r}, which is neither a tensor nor a plain container. "
            "The file was not executed. Do not load it with any other program"
        )


@dataclass(frozen=True)
class _Name:
    """A global that the file mentions; only the table of constructors gives it a meaning."""

    text: str


class _Mark:
    pass


class Source:
    """A bounded, file-like window over a buffer, as pickletools reads it."""

    def __init__(self, buffer: Any, start: int = 0, limit: int = MAX_PICKLE_BYTES) -> None:
        self.buffer = buffer
        self.position = start
        self.end = min(len(buffer), start + limit)

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; fewer at the end, which pickletools refuses."""
        if size > MAX_ATOM_BYTES:
            raise WeightsError(f"a single value of {size} bytes inside the pickle")
        chunk = bytes(self.buffer[self.position : min(self.position + size, self.end)])
        self.position += len(chunk)
        return chunk

    def readline(self) -> bytes:
        """Up to and with a line break."""
        stop = self.buffer.find(b"\n", self.position, min(self.end, self.position + 4096))
        if stop < 0:
            raise WeightsError("a text value without an end inside the pickle")
        return self.read(stop + 1 - self.position)

    def tell(self) -> int:
        """Absolute position in the buffer."""
        return self.position


def read_pickle(source: Source, persistent: Persistent | None = None) -> Any:
    """The one value at the source's position, tensors as :class:`StoredTensor`.

    Tensors are checked against their storage, but not the storages against the file.

    Raises:
        ForbiddenError: the pickle asks for anything but tensors and plain containers.
        WeightsError: damaged or out of bounds.
    """
    return _Machine(persistent).run(source)


class _Machine:
    """The stack machine of the pickle protocols 0 to 5, without its dangerous half."""

    def __init__(self, persistent: Persistent | None) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.copied = 0
        self.persistent = persistent

    def run(self, source: Source) -> Any:
        """Interpret until STOP."""
        try:
            for count, (opcode, argument, _) in enumerate(
                pickletools.genops(cast(IO[bytes], source))
            ):
                if count > MAX_OPCODES:
                    raise WeightsError("more instructions than any model needs")
                if opcode.name == "STOP":
                    return self.stack.pop()
                self.step(opcode.name, argument)
        except WeightsError:
            raise
        except (
            ValueError,
            IndexError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
        ) as error:
            raise WeightsError(f"damaged or cut short ({error})") from error
        raise WeightsError("cut short: the pickle has no end")

    def step(self, name: str, argument: Any) -> None:
        """One opcode."""
        if name in LITERALS:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name]())
        elif name in STORE:
            self.memo[argument] = self.stack[-1]
        elif name in FETCH:
            self.stack.append(self.memo[argument])
        elif name in COLLECT:
            COLLECT[name](self)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self.name_global(name, argument)
        elif name not in ("PROTO", "FRAME"):
            raise ForbiddenError(f"pickle instruction {name}")

    def reduce(self) -> None:
        """A call; what it copies is counted, for a file may repeat one argument without end."""
        arguments = self.stack.pop()
        if type(arguments) is not tuple:
            raise WeightsError("damaged: a call without arguments")
        self.copied += sum(len(item) for item in arguments if hasattr(item, "__len__"))
        if self.copied > MAX_OPCODES:
            raise WeightsError("nested or repeated beyond reason")
        self.stack[-1] = construct(self.stack[-1], arguments)

    def name_global(self, opcode: str, argument: Any) -> None:
        if opcode == "STACK_GLOBAL":
            attribute = self.stack.pop()
            module = self.stack.pop()
        else:
            module, attribute = str(argument).split(" ", 1)
        text = f"{module}.{attribute}"
        if text not in CONSTRUCTORS and storage_dtype(text) is None and not is_dtype(text):
            raise ForbiddenError(text[:200])
        self.stack.append(_Name(text))

    def build(self) -> None:
        """State beside a container, such as a state dict's ``_metadata``, is dropped."""
        self.stack.pop()
        if type(self.stack[-1]) not in (dict, StoredTensor, str):
            raise ForbiddenError("state for something that has none")

    def storage(self) -> None:
        key = self.stack[-1]
        if self.persistent is None or not isinstance(key, tuple):
            raise ForbiddenError("a persistent object where none belongs")
        self.stack[-1] = self.persistent(key)

    def since_mark(self) -> list[Any]:
        for index in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[index], _Mark):
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise WeightsError("damaged: a mark is missing")

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict:
            raise WeightsError("damaged: entries for something that is no dictionary")
        target.update(pairs(in_twos(items)))

    def append_items(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise WeightsError("damaged: items for something that is no list")
        self.stack[-1].extend(items)

    def take(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise WeightsError("damaged: the stack is empty")
        items = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return items


LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"}
    | {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE"}
)
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
    "MARK": _Mark,
}
STORE = ("PUT", "BINPUT", "LONG_BINPUT")
FETCH = ("GET", "BINGET", "LONG_BINGET")
COLLECT: dict[str, Callable[[_Machine], None]] = {
    "REDUCE": lambda m: m.reduce(),
    "BUILD": lambda m: m.build(),
    "BINPERSID": lambda m: m.storage(),
    "MEMOIZE": lambda m: m.memo.__setitem__(len(m.memo), m.stack[-1]),
    "TUPLE": lambda m: m.stack.append(tuple(m.since_mark())),
    "TUPLE1": lambda m: m.stack.append(tuple(m.take(1))),
    "TUPLE2": lambda m: m.stack.append(tuple(m.take(2))),
    "TUPLE3": lambda m: m.stack.append(tuple(m.take(3))),
    "LIST": lambda m: m.stack.append(m.since_mark()),
    "DICT": lambda m: m.stack.append(pairs(in_twos(m.since_mark()))),
    "APPEND": lambda m: m.append_items(m.take(1)),
    "APPENDS": lambda m: m.append_items(m.since_mark()),
    "ADDITEMS": lambda m: m.append_items(m.since_mark()),
    "SETITEM": lambda m: m.set_items(m.take(2)),
    "SETITEMS": lambda m: m.set_items(m.since_mark()),
    "POP": lambda m: m.stack.__delitem__(-1),
    "POP_MARK": lambda m: m.since_mark().clear(),
    "DUP": lambda m: m.stack.append(m.stack[-1]),
}


def in_twos(items: list[Any]) -> Iterable[tuple[Any, Any]]:
    """Keys and values that follow each other."""
    return zip(items[::2], items[1::2], strict=True)


def pairs(items: Iterable[Any]) -> dict[Any, Any]:
    """A dictionary whose keys are cheap to hash."""
    mapping: dict[Any, Any] = {}
    for pair in items:
        key, value = pair
        if not isinstance(key, str | int | float | bool | None):
            raise WeightsError(f"damaged: a dictionary key of type {type(key).__name__}")
        mapping[key] = value
    return mapping


def _ordered_dict(items: Any = ()) -> dict[Any, Any]:
    return pairs(items)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> StoredTensor:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or not all(type(n) is int for n in numbers):
        raise WeightsError("damaged: a tensor without storage, shape or strides")
    tensor = StoredTensor(storage, offset, tuple(shape), tuple(strides))
    tensor.check()
    return tensor


def _parameter(tensor: Any, *_: Any) -> StoredTensor:
    if not isinstance(tensor, StoredTensor):
        raise WeightsError("damaged: a parameter without a tensor")
    return tensor


def _size(shape: Any = ()) -> tuple[int, ...]:
    return tuple(int(n) for n in shape)


def _text(text: Any, *_: Any) -> str:
    return str(text)[:100]


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise ForbiddenError(f"_codecs.encode to {str(encoding)[:40]}")
    return str(text).encode("latin-1")


def _no_bytes() -> bytes:
    """How old protocols write empty bytes."""
    return b""


def _scalar(dtype: Any, raw: Any = b"") -> Any:
    if not re.fullmatch(r"[fiub][1248]", str(dtype)) or not isinstance(raw, bytes):
        raise ForbiddenError(f"a NumPy value of type {str(dtype)[:40]}")
    return np.frombuffer(raw, np.dtype(str(dtype)).newbyteorder("<"), 1)[0].item()


CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.Size": _size,
    "torch.device": _text,
    "numpy.dtype": _text,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "_codecs.encode": _encoded,
    "__builtin__.bytes": _no_bytes,
    "builtins.bytes": _no_bytes,
}


def construct(name: Any, arguments: tuple[Any, ...]) -> Any:
    """What the file calls ``name``, made by our own code."""
    if not isinstance(name, _Name) or name.text not in CONSTRUCTORS:
        raise ForbiddenError(f"a call of {str(getattr(name, 'text', type(name).__name__))[:200]}")
    return CONSTRUCTORS[name.text](*arguments)


def storage_dtype(name: Any) -> str | None:
    """'torch.FloatStorage' -> 'float32'; None for any other name."""
    text = name.text if isinstance(name, _Name) else str(name)
    for prefix in ("torch.cuda.", "torch.storage.", "torch."):
        if text.startswith(prefix):
            return STORAGES.get(text[len(prefix) :])
    return None


def is_dtype(text: str) -> bool:
    """Whether a global is a bare torch dtype such as 'torch.float32'."""
    return bool(re.fullmatch(r"torch\.(b?float|int|uint|complex)\d+|torch\.bool", text))


def settle(tree: Any, budget: int = 250_000) -> Any:
    """A plain copy of what the machine made: bounded, without cycles, names as text.

    Raises:
        WeightsError: too deep, too large, or something that is no value.
    """
    left = [budget]

    def copy(node: Any, depth: int) -> Any:
        left[0] -= 1
        if depth > MAX_DEPTH or left[0] < 0:
            raise WeightsError("nested or repeated beyond reason")
        if isinstance(node, dict):
            return {key: copy(value, depth + 1) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return type(node)(copy(value, depth + 1) for value in node)
        if isinstance(node, _Name):
            return node.text
        if isinstance(node, StoredTensor | str | bytes | int | float | bool | None):
            return node
        raise WeightsError(f"damaged: a stray {type(node).__name__}")

    return copy(tree, 0)
