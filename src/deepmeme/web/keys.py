"""Who may use the server, and who of them asks: tokens, and cookies that stand for them."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepmeme.errors import InputError
from deepmeme.web.options import ServeOptions

COOKIE = "deepmeme"
ANYBODY = "local"
"""Who asks where no token is needed."""
_SHORTEST = 16
_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class Keys:
    """The tokens that open the server; none where it is open."""

    tokens: Mapping[str, str]
    """Token -> name of whose it is."""
    made_up: str = ""
    """A token that was made up just now, to be shown once."""
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @classmethod
    def of(cls, options: ServeOptions) -> "Keys":
        """As the options and the environment say.

        Raises:
            InputError: a token file that cannot be read, or a token that is too short.
        """
        given = _read(Path(options.token_file)) if options.token_file else {}
        single = os.environ.get("DEEPMEME_TOKEN", "").strip()
        if single:
            given[_long_enough(single, "DEEPMEME_TOKEN")] = ANYBODY
        if given or options.only_here or not options.token:
            return cls(given)
        made_up = secrets.token_urlsafe(24)
        return cls({made_up: ANYBODY}, made_up)

    @property
    def needed(self) -> bool:
        """Whether anybody has to show one."""
        return bool(self.tokens)

    def owner(self, authorization: str, cookie: str) -> str | None:
        """Who asks, by ``Authorization: Bearer`` or by cookie; None for nobody known."""
        if not self.needed:
            return ANYBODY
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._match(self.tokens, token.strip())
        return self._match(
            {self.cookie(given): name for given, name in self.tokens.items()}, cookie
        )

    def cookie(self, token: str) -> str:
        """What a browser keeps in place of the token: of use to this run of the server alone."""
        return hmac.new(self._secret, token.encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _match(known: Mapping[str, str], shown: str) -> str | None:
        found = None
        for secret, name in known.items():  # all of them, so that time tells nothing
            if hmac.compare_digest(secret.encode(), shown.encode()):
                found = name
        return found


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: tokens cannot be read from it: {error}.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].split()
        if len(words) > 2:
            raise InputError(f"{path}, line {number}: expected a token, or a name and a token.")
        if words:
            found[_long_enough(words[-1], f"{path}, line {number}")] = (
                words[0][:64] if (len(words) == 2) else ANYBODY
            )
    if not found:
        raise InputError(f"{path} holds no token. Write one, of {_SHORTEST} letters or more.")
    return found


def _long_enough(token: str, where: str) -> str:
    if len(token) < _SHORTEST:
        raise InputError(
            f"{where}: a token of {len(token)} letters is guessed too easily; expected "
            f"{_SHORTEST} or more. This makes a good one: "
            'python -c "import secrets; print(secrets.token_urlsafe(24))"'
        )
    return token
