"""What c2pa's status codes mean, in plain words."""

import re
import unicodedata
from collections.abc import Iterable

UNTRUSTED = "signingCredential.untrusted"
"""A fact, not a problem: no trust list knows the certificate."""

_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"assertion\.dataHash\.mismatch", "The file was changed after it was signed."),
    (r"assertion\.bmffHash\.mismatch", "The video or its sound was changed after it was signed."),
    (r"assertion\.boxesHash\.mismatch", "The file was changed after it was signed."),
    (r"assertion\.collectionHash\.mismatch", "The files were changed after they were signed."),
    (r"assertion\.\w+Hash\.malformed", "What binds the credentials to the file is damaged."),
    (r"assertion\.hashedURI\.mismatch", "A statement in the credentials was changed."),
    (r"assertion\.missing", "A statement was taken out of the credentials."),
    (r"assertion\.undeclared", "A statement was added to the credentials."),
    (r"assertion\.", "A statement in the credentials breaks the rules."),
    (r"claim\.hardBindings\.(missing|multiple)", "The credentials are not bound to this file."),
    (r"claimSignature\.(missing|mismatch)", "The signature does not fit the credentials."),
    (r"claimSignature\.outsideValidity", "It was signed while the certificate was not valid."),
    (r"claim\.", "The credentials are damaged."),
    (r"signingCredential\.expired", "The signer's certificate has expired."),
    (r"signingCredential\.(ocsp\.)?revoked", "The signer's certificate was revoked."),
    (r"signingCredential\.invalid", "The signer's certificate is no good for credentials."),
    (r"signingCredential\.", "Something is wrong with the signer's certificate."),
    (r"timeStamp\.mismatch", "The timestamp belongs to something else."),
    (r"timeStamp\.untrusted", "Nobody vouches for the timestamp's authority."),
    (r"timeStamp\.", "The timestamp is no good."),
    (r"ingredient\.", "The credentials of an input were changed."),
    (r"manifest\.inaccessible", "The credentials lie elsewhere; nothing is fetched."),
    (r"manifest\.", "The credentials are put together wrongly."),
    (r"algorithm\.", "The credentials use a method that is not supported."),
)


def problem(code: str) -> str:
    """A plain sentence with the code behind it."""
    code = clean(code, 80)
    for pattern, meaning in _MEANINGS:
        if re.match(pattern, code):
            return f"{meaning} ({code})"
    return f"The credentials do not hold. ({code})"


def problems_of(codes: Iterable[str]) -> tuple[str, ...]:
    """Each once; what is no problem is left out."""
    harmless = (UNTRUSTED, "timeStamp.untrusted")
    return tuple(dict.fromkeys(problem(code) for code in codes if code not in harmless))


def clean(text: object, limit: int = 200) -> str:
    """A stranger's text for one line of a terminal: no control or direction characters."""
    if not isinstance(text, str):
        return ""
    kept = "".join(
        " " if letter.isspace() else letter
        for letter in text[: 4 * limit]
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
