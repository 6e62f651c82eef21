"""read_image: whatever still goes in, an upright 8-bit RGB frame comes out."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from deepmeme.errors import InputError
from deepmeme.media.image import MAX_PIXELS, read_image
from tests.media.drawn import grey, psnr, scene, scenes, write_video
from tests.media.heif_drawn import write_heic

PICTURE = scene(3, 60, 40)
SOFT = np.asarray(Image.fromarray(PICTURE).resize((120, 80), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("suffix", "options", "floor"),
    [
        (".png", {}, 99),
        (".bmp", {}, 99),
        (".tif", {}, 99),
        (".webp", {"lossless": True}, 99),
        (".webp", {"quality": 95}, 30),
        (".jpg", {"quality": 95, "subsampling": 0}, 33),
        (".jpg", {"quality": 95, "subsampling": 0, "progressive": True}, 33),
        (".jp2", {}, None),
    ],
)
def test_formats(tmp_path, suffix, options, floor):
    path = tmp_path / f"p{suffix}"
    Image.fromarray(SOFT).save(path, **options)
    if floor is None:
        with pytest.raises(InputError, match="in no format that deepmeme knows"):
            read_image(path)
        return
    assert psnr(read_image(path), SOFT) >= floor


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_heic_and_its_rotation(tmp_path, turns):
    read = read_image(write_heic(tmp_path / "p.heic", SOFT, quarter_turns=turns))
    assert read.shape == np.rot90(SOFT, turns).shape
    assert psnr(read, np.rot90(SOFT, turns)) > 30


def test_a_ten_bit_heic(tmp_path):
    deep = SOFT.astype(np.uint16) * 257
    read = read_image(write_heic(tmp_path / "p.heic", deep, layout="yuv420p10le"))
    assert psnr(read, SOFT) > 28


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_exif_orientation(tmp_path, orientation, suffix):
    """The picture is stored turned, and its tag says how to turn it back."""
    ways = (None, None, 0, 3, 1, 5, 2, 6, 4)  # Pillow's transpositions
    stored, way = Image.fromarray(SOFT), ways[orientation]
    if way is not None:
        stored = stored.transpose(Image.Transpose(way))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"p{suffix}"
    more = {"quality": 95} if suffix == ".jpg" else {"lossless": True}
    stored.save(path, exif=exif, **more)
    assert psnr(read_image(path), SOFT) > (30 if suffix == ".jpg" else 98)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I", "F", "I;16"]
)
def test_modes(tmp_path, mode):
    shape = Image.fromarray(grey(128, 40, 40))
    black, white = 0, 255
    path = tmp_path / ("p.tif" if mode in ("CMYK", "F", "I", "I;16") else "p.png")
    if mode == "I;16":
        values = np.zeros((40, 40), np.uint16)
        values[:, 20:] = 65535
        Image.fromarray(values).save(path)
    elif mode in ("I", "F"):
        values = np.zeros((40, 40), np.int32 if mode == "I" else np.float32)
        values[:, 20:] = 65535 if mode == "I" else 1.0
        Image.fromarray(values).save(path)
    else:
        shape.paste((0, 0, 0), (0, 0, 20, 40))
        shape.paste((255, 255, 255), (20, 0, 40, 40))
        if mode == "PA":
            shape = shape.convert("P")
            shape.save(path, transparency=99)
        else:
            shape.convert(mode).save(path)
    read = read_image(path)
    assert read.shape == (40, 40, 3)
    assert read.dtype == np.uint8
    assert np.all(read[:, :19] <= black + 6)
    assert np.all(read[:, 21:] >= white - 6)


def _png(width, height, depth, colour, row):
    """A PNG with one row repeated; Pillow does not write all depths."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rows = zlib.compress((b"\0" + row) * height)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*c) for c in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits(tmp_path, colour, channels):
    """A dim 16-bit picture stays dim: 16384 of 65535 is a quarter."""
    pixel = np.full((32, channels), 16384, ">u2")
    if channels in (2, 4):
        pixel[:, -1] = 65535
    path = tmp_path / "p.png"
    path.write_bytes(_png(32, 32, 16, colour, pixel.tobytes()))
    assert np.abs(read_image(path).astype(int) - 64).max() <= 1


def test_a_16_bit_tiff_with_values_of_8_bits_is_dark(tmp_path):
    path = tmp_path / "p.tif"
    Image.fromarray(np.full((32, 32), 200, np.uint16)).save(path)
    assert read_image(path).max() <= 1


def test_see_through_parts_lie_over_the_background(tmp_path):
    half = np.zeros((32, 32, 4), np.uint8)
    half[:, 16:] = (200, 100, 0, 128)
    for name in ("p.png", "p.webp"):
        Image.fromarray(half).save(tmp_path / name, lossless=True)
        read = read_image(tmp_path / name, background=(0, 0, 200)).astype(int)
        assert tuple(read[5, 5]) == (0, 0, 200)
        assert np.abs(read[5, 25] - (100, 50, 100)).max() <= 1
    assert tuple(read_image(tmp_path / "p.png")[5, 5]) == (255, 255, 255)
    palette = Image.fromarray(half[..., :3]).convert("P")
    palette.save(tmp_path / "q.png", transparency=palette.getpixel((0, 0)))
    assert tuple(read_image(tmp_path / "q.png", background=(9, 8, 7))[5, 5]) == (9, 8, 7)


def test_colour_profiles_are_applied(tmp_path):
    """A wide-gamut profile stands in: sRGB's own changes nothing, a swapped one would show."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(SOFT).save(tmp_path / "p.png", icc_profile=profile)
    assert np.abs(read_image(tmp_path / "p.png").astype(int) - SOFT).max() <= 1
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    Image.fromarray(SOFT).save(tmp_path / "q.png", icc_profile=linear)
    assert read_image(tmp_path / "q.png").shape == SOFT.shape
    Image.fromarray(SOFT).save(tmp_path / "r.png", icc_profile=b"no profile")
    assert np.array_equal(read_image(tmp_path / "r.png"), SOFT)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_gives_its_first_frame(tmp_path, suffix):
    images = [Image.fromarray(grey(v)) for v in (40, 120, 200)]
    path = tmp_path / f"p{suffix}"
    more = {} if suffix != ".webp" else {"lossless": True}
    images[0].save(path, save_all=True, append_images=images[1:], duration=100, **more)
    assert np.abs(read_image(path).astype(int) - 40).max() <= 2


def test_a_1x1_picture_is_refused(tmp_path):
    for size in ((1, 1), (1, 500), (15, 15)):
        Image.new("RGB", size).save(tmp_path / "p.png")
        with pytest.raises(InputError, match=f"{size[0]} x {size[1]} pixels; at least 16 x 16"):
            read_image(tmp_path / "p.png")
    Image.new("RGB", (16, 16)).save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == (16, 16, 3)


def test_a_12000x9000_picture_is_read_smaller(tmp_path):
    Image.new("L", (12000, 9000), 77).save(tmp_path / "p.jpg")
    read = read_image(tmp_path / "p.jpg")
    assert read.shape[0] * read.shape[1] <= MAX_PIXELS
    assert read.shape[1] / read.shape[0] == pytest.approx(12000 / 9000, rel=0.001)
    assert np.all(read[::100, ::100] == 77)


@pytest.mark.parametrize(("width", "height"), [(12001, 10000), (60000, 60000), (2**31 - 1, 16)])
def test_decompression_bombs_are_refused_before_they_unfold(tmp_path, width, height):
    path = tmp_path / "p.png"
    path.write_bytes(_png(width, height, 8, 0, b"")[:200])
    with pytest.raises(InputError, match=r"at most 120 million are read. Scale it down"):
        read_image(path)
    assert path.stat().st_size < 300


def test_a_text_bomb_is_refused(tmp_path):
    """A PNG whose comment unfolds to 20 MB."""
    body = b"Comment\0\0" + zlib.compress(bytes(20_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    encoded = _png(32, 32, 8, 0, bytes(32))
    (tmp_path / "p.png").write_bytes(encoded[:33] + chunk + encoded[33:])
    try:
        assert read_image(tmp_path / "p.png").shape == (32, 32, 3)
    except InputError as error:
        assert "damaged" in str(error)


def test_what_is_no_picture_is_named(tmp_path):
    video = write_video(tmp_path / "a.png", scenes(2), muxer="mp4")
    with pytest.raises(InputError, match=r"a\.png is a video \(mp4\)\. Expected a picture"):
        read_image(video)
    with pytest.raises(InputError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(InputError, match="there is no such file"):
        read_image(tmp_path / "missing.jpg")
    for content, said in (
        (b"", "is empty"),
        (b"hello there, I am a text", "is a text file"),
        (b"<!DOCTYPE html><p>please log in", "is a web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "markup file"),
        (bytes(range(256)), "in no format that deepmeme knows"),
    ):
        (tmp_path / "p.jpg").write_bytes(content)
        with pytest.raises(InputError, match=said):
            read_image(tmp_path / "p.jpg")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".heic", ".bmp", ".tif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_off_picture(tmp_path, suffix, share):
    path = tmp_path / f"p{suffix}"
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
    if suffix == ".heic":
        write_heic(path, noise)
    else:
        Image.fromarray(noise).save(path)
    encoded = path.read_bytes()
    path.write_bytes(encoded[: int(len(encoded) * share)])
    try:
        assert read_image(path).shape == (48, 48, 3), "lenient formats may fill in"
    except InputError as error:
        assert str(path) in str(error)
        assert "damaged or cut-off" in str(error)


def test_reading_leaves_no_file_open(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(SOFT).save(buffer, "PNG")
    path = tmp_path / "p.png"
    path.write_bytes(buffer.getvalue())
    read_image(path)
    path.rename(tmp_path / "q.png")
