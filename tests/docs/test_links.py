"""Links in the documentation lead somewhere, and every picture of it is shown."""

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, name_of, pages
from tests.docs.links import anchors, faults_of, slug, unused_pictures


@pytest.mark.parametrize("page", [*pages(), ROOT / "CHANGELOG.md"], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    found = list(faults_of(page))
    assert not found, "\n".join(found)


def test_every_picture_is_shown() -> None:
    found = list(unused_pictures())
    assert not found, "\n".join(found)


PAGE = """\
# A page: `deepmeme animate`

[dead](nowhere.md), [alive](other.md#the-second-time-1), ![picture](no.jpg), [deep
link](other.md#nothing), [own](#a-page-deepmeme-animate), [own dead](#a-page),
[web](https://example.org/x), [bad](http://example.org), [wheel](https://pypi.org/simple/x/),
[absolute](/etc/passwd), [odd](https://nothing), `[code](is-no-link.md)`

<img src="no.png" alt=""> <a href="other.md">fine</a>

[named]: missing.md "a title"

```text
[in a block](is-no-link.md)
```
"""


def test_dead_links_are_told(tmp_path: Path) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    page.write_text(PAGE)
    other.write_text("# Other\n\n## The second time\n\n## The second time\n")
    told = sorted(fault.removeprefix("page.md:") for fault in faults_of(page))
    assert told == [
        "10: missing.md: there is no such file",
        "3: no.jpg: there is no such file",
        "3: nowhere.md: there is no such file",
        "4: #a-page: page.md has no heading of that name",
        "4: other.md#nothing: other.md has no heading of that name",
        "5: http://example.org: https, please",
        "5: https://pypi.org/simple/x/: a package registry is no page for people",
        "6: /etc/passwd: neither a path from here nor an address of the web",
        "6: https://nothing: 'nothing' is no host",
        "8: no.png: there is no such file",
    ]
    assert anchors(other) == {"other", "the-second-time", "the-second-time-1"}


def test_headings_are_named_as_on_github() -> None:
    assert (
        slug("How good is a model: `deepmeme evaluate`") == "how-good-is-a-model-deepmeme-evaluate"
    )
    assert slug("[A link](x.md) & **more**, 3.5 _x_") == "a-link--more-35-_x_"
