"""Files from outside docs that the site shows: cards, changelog, pictures of the demo."""

from io import BytesIO

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from site_places import ORIGINS, ROOT, ROOT_PAGES, cards, page_of

_ASSETS = ROOT / "src/deepmeme/demo_assets"
_STAGE_PX = 384
_QUALITY = 88


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them."""
    pages = [ROOT / name for name in ROOT_PAGES if name != "README.md"]
    for path in [*pages, *cards()]:
        repo_path = path.relative_to(ROOT).as_posix()
        src_uri = page_of(repo_path)
        ORIGINS[src_uri] = repo_path
        files.append(File.generated(config, src_uri, content=path.read_text(encoding="utf-8")))
    icon = ROOT / "src/deepmeme/web/page/icon.svg"
    files.append(File.generated(config, "images/icon.svg", abs_src_path=str(icon)))
    for picture in sorted(_ASSETS.glob("*.png")):
        content = _small(picture.read_bytes())
        files.append(File.generated(config, f"media/demo/{picture.stem}.jpg", content=content))
    for clip in sorted(_ASSETS.glob("*.mp4")):
        shown = f"media/demo/{clip.name}"
        files.append(File.generated(config, shown, abs_src_path=str(clip)))
    return files


def _small(picture: bytes) -> bytes:
    """A picture at the size that the first page shows."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        image = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image)
    flat.thumbnail((_STAGE_PX, _STAGE_PX), Image.Resampling.LANCZOS)
    kept = BytesIO()
    flat.save(kept, "JPEG", quality=_QUALITY, optimize=True)
    return kept.getvalue()
