"""The page "Try it" in a real browser: it answers, and teaches, as the library does."""

import base64
import io
import json
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hotdog_lib.data.decode import decode_image
from hotdog_lib.data.preprocess import to_canvas
from hotdog_lib.kitchen import render
from hotdog_lib.models import create_model, forward_features, get_weights, read_metadata
from hotdog_lib.training.export import by_onnx
from hotdog_lib.training.predict import Classifier

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "_build/html/_static/made/try_it"
SCRIPTS = ROOT / "book/_static/try_it"
LONG = 120_000  # milliseconds: this may be one of several things on a slow machine

TEN, THIRTY = slice(10), slice(-30, None)  # of a sheet: to learn from, and kept aside

DROP = """async ([place, name, address, event]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([await (await fetch(address)).blob()], name));
    const named = event === "paste" ? { clipboardData: transfer } : { dataTransfer: transfer };
    const made = event === "paste" ? ClipboardEvent : DragEvent;
    const target = document.querySelector(place);
    target.dispatchEvent(new made(event, { ...named, bubbles: true, cancelable: true }));
}"""
ANSWERED = "document.querySelector('#ti-time').textContent"
TAUGHT = "document.querySelector('#ti-progress').textContent.startsWith('Of the')"


@pytest.fixture(scope="module")
def page(visiting):
    """The page with its network ready; all that it fetches, and every error, is watched."""
    with visiting() as visit:
        yield ready(visit("book/try_it"))


@pytest.fixture(scope="module")
def parts(page):
    return json.loads((PARTS / "parts.json").read_text(encoding="utf-8"))


def ready(page):
    page.wait_for_selector("[data-try-it=ready]", timeout=LONG)
    return page


def drop(page, name, data, place="#ti-classify", event="drop"):
    page.evaluate(DROP, [place, name, address(data), event])


def address(data):
    """Bytes as an address that a page can fetch."""
    return "data:application/octet-stream;base64," + base64.b64encode(data).decode()


def shares(page, ask):
    """Class -> probability, once the page has answered what ``ask`` asked."""
    page.evaluate("document.querySelector('#ti-time').textContent = ''")
    ask()
    page.wait_for_function(ANSWERED, timeout=LONG)
    rows = page.locator("#ti-shares li").all()
    return {
        r.locator(".ti-name").inner_text(): float(r.locator("output").inner_text()) for r in rows
    }


def message(page, ask, place="#ti-message"):
    """What the page says is wrong."""
    page.evaluate(f"document.querySelector('{place}').textContent = ''")
    ask()
    page.wait_for_function(f"document.querySelector('{place}').textContent", timeout=LONG)
    assert page.locator(place).get_attribute("role") == "alert"
    return page.inner_text(place)


def jpeg(pixels, **options):
    """A picture ``(3, H, W)`` as the bytes of a JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


def food(kind, width=480, height=360):
    """A picture of the kitchen, wider than high."""
    side = max(width, height)
    return render(77, 5, side, kind=kind).image[:, (side - height) // 2 :][:, :height, :width]


@pytest.mark.parametrize("kind", ["classic", "banana_bun"])
def test_it_answers_as_the_library(page, parts, tmp_path, kind):
    path = tmp_path / "lunch.jpg"
    path.write_bytes(jpeg(food(kind)))
    saved = PARTS / parts["classifier"]["saved"]
    row = Classifier.load(saved, device="cpu", precision="fp32").row(path)
    found = shares(page, lambda: drop(page, "lunch.jpg", path.read_bytes()))
    assert found == pytest.approx(row["probabilities"], abs=0.01)
    assert page.inner_text("#ti-verdict") == row["label"]
    assert page.inner_text("#ti-seen-size") == "96 × 96"


def odd_pictures():
    """Large, small, upright, on its side, see-through: name -> bytes."""
    pixels = food("chicago", 500, 341)
    see_through = torch.cat(
        [food("burger", 60, 70), torch.arange(70).mul(3)[None, :, None].expand(1, 70, 60)]
    )
    png, webp = io.BytesIO(), io.BytesIO()
    Image.fromarray(see_through.byte().permute(1, 2, 0).numpy()).save(png, "PNG")
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).convert("L").save(webp, "WEBP", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "large.jpg": jpeg(pixels),
        "turned.jpg": jpeg(pixels, exif=turned.tobytes()),
        "grey.webp": webp.getvalue(),
        "see_through.png": png.getvalue(),
    }


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_it_prepares_pictures_as_the_library(page, interpolation):
    script = """async ([address, interpolation]) => {
        const { readPicture } = await import("../_static/try_it/picture.js");
        const { toCanvas } = await import("../_static/try_it/resize.js");
        const bitmap = await readPicture(await (await fetch(address)).blob());
        return [...toCanvas(bitmap, 96, interpolation).data];
    }"""
    for name, data in odd_pictures().items():
        found = np.array(page.evaluate(script, [address(data), interpolation])).reshape(96, 96, 4)
        expected = to_canvas(decode_image(data), 96, interpolation).permute(1, 2, 0).numpy()
        off = np.abs(found[..., :3] - expected.astype(int))
        assert off.max() <= 3 and off.mean() < 0.3, (name, off.max(), off.mean())


def wide_png(width, height):
    """A PNG of one grey, so small that it can be that wide."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_wrong_files_get_a_sentence_and_the_page_lives_on(page):
    good = jpeg(food("classic"))
    thumbnail = Image.Exif()
    thumbnail[0x010E] = "a long description " * 20
    wrong = {
        "notes.txt": (b"no picture, but a text", "notes.txt is none of JPEG, PNG"),
        "torn.jpg": (good[: len(good) // 2], "torn.jpg is cut off"),
        "torn.png": (wide_png(64, 64)[:-20], "torn.png is cut off"),
        "noise.jpg": (b"\xff\xd8\xff\xe0" + bytes(300) + b"\xff\xd9", "noise.jpg is damaged"),
        "wide.png": (wide_png(12_000, 9_000), "12,000 × 9,000 pixels"),
        "strip.png": (wide_png(12_000, 40), "12,000 × 40 pixels"),
        "nothing.png": (b"", "nothing.png is empty"),
    }
    for name, (data, words) in wrong.items():
        assert words in message(page, lambda n=name, d=data: drop(page, n, d)), name
    first = "#ti-classes .ti-class >> nth=0"
    text = message(page, lambda: drop(page, "notes.txt", b"text", ".ti-class"), "#ti-teach-message")
    assert "notes.txt" in text and page.locator(first).is_visible()
    assert len(shares(page, lambda: drop(page, "lunch.jpg", good))) == 2
    assert page.locator("#ti-message").is_hidden()


def test_pictures_come_in_by_file_and_by_paste(page):
    data = jpeg(food("taco"))
    dropped = shares(page, lambda: drop(page, "taco.jpg", data))
    assert shares(page, lambda: drop(page, "taco.jpg", data, "body", "paste")) == dropped

    def choose():
        with page.expect_file_chooser() as chooser:
            page.click("#ti-choose")
        chooser.value.set_files({"name": "taco.jpg", "mimeType": "image/jpeg", "buffer": data})

    assert shares(page, choose) == dropped


def test_pictures_come_from_the_camera(page):
    def shoot(button="#ti-shoot"):
        page.click(button)
        page.wait_for_function("document.querySelector('#ti-video').videoWidth", timeout=LONG)
        page.click("#ti-take")

    assert math.isclose(sum(shares(page, shoot).values()), 1, abs_tol=0.002)
    page.wait_for_function("!document.querySelector('#ti-video').srcObject")  # switched off
    shoot(".ti-camera >> nth=0")
    page.wait_for_function("document.querySelector('#ti-taken').textContent === '1 taken'")
    page.click("#ti-take")
    page.wait_for_function("document.querySelector('#ti-taken').textContent === '2 taken'")
    page.click("#ti-done")
    count = page.locator(".ti-count").first
    assert count.inner_text() == "2 to learn from, 0 kept aside"
    page.click(".ti-clear >> nth=0")
    assert count.inner_text().startswith("No pictures yet")


def sheet(parts, number):
    """The pictures of a sheet, uint8 ``(N, 3, S, S)``."""
    entry = parts["sheets"][number]
    pixels = decode_image(PARTS / entry["file"])
    side, columns = entry["size"], entry["columns"]
    corners = [(i // columns * side, i % columns * side) for i in range(entry["count"])]
    return torch.stack([pixels[:, y : y + side, x : x + side] for y, x in corners])


def features(parts, images):
    """Features by the page's own file, ``(N, F)``, which must be nearly those of torch."""
    source = get_weights(parts["model"], parts["weights"])
    inputs = source.preprocessing(images)
    found, _ = by_onnx(onnx.load(PARTS / parts["source"]["file"]), inputs)
    model = create_model(parts["model"], weights=source).eval()
    with torch.inference_mode():
        expected = forward_features(model, inputs)
    assert torch.cosine_similarity(found, expected).min() > 0.999
    return found.numpy()


def oracle(both):
    """Share that scikit-learn's head gets right: ten of each class to learn, thirty kept aside."""
    learned, aside = (np.concatenate([rows[part] for rows in both]) for part in (TEN, THIRTY))
    scaler = StandardScaler().fit(learned)
    # Two rows of weights, as the page has them, are pulled half as hard as the one of this oracle.
    head = LogisticRegression(C=2.0, max_iter=1000)
    head.fit(scaler.transform(learned), [0] * 10 + [1] * 10)
    return head.score(scaler.transform(aside), [0] * 30 + [1] * 30)


def test_a_head_is_taught_as_scikit_learn_would(page, parts, tmp_path):
    page.click("#ti-example")
    page.wait_for_function(TAUGHT, timeout=LONG)
    right, of = map(int, page.inner_text("#ti-trained-right").split(" of "))
    expected = oracle([features(parts, sheet(parts, k)) for k in (0, 1)])
    assert of == 60 and abs(right / of - expected) <= 0.02
    assert right > int(page.inner_text("#ti-random-right").split(" of ")[0])
    assert float(page.inner_text("#ti-trained-loss")) < 0.1  # of ln 2

    with page.expect_download() as download:
        page.click("#ti-download")
    path, lunch = tmp_path / "head.safetensors", tmp_path / "lunch.jpg"
    download.value.save_as(path)
    assert read_metadata(path).class_names == ("hot dogs", "other things")
    assert path.stat().st_size < 10_000
    lunch.write_bytes(jpeg(food("classic")))
    row = Classifier.load(path, device="cpu", precision="fp32").row(lunch)
    page.check("input[name=ti-expert][value=own]")
    found = shares(page, lambda: drop(page, "lunch.jpg", lunch.read_bytes()))
    assert found == pytest.approx(row["probabilities"], abs=0.05)  # 8 bits a weight in the page
    page.check("input[name=ti-expert][value=book]")


def tab_to(page, selector, most=150):
    """Press Tab until an element that matches has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no way to {selector} by the Tab key")


def test_by_keyboard_alone(visit):
    page = ready(visit("book/try_it"))
    tab_to(page, ".ti-sample")
    page.keyboard.press("Enter")
    page.wait_for_function(ANSWERED, timeout=LONG)
    assert re.match("(Right|Wrong). The kitchen drew", page.inner_text("#ti-truth"))
    tab_to(page, ".ti-class-name")
    page.keyboard.type("bratwurst")
    assert page.locator(".ti-class-name").first.input_value() == "bratwurst"
    tab_to(page, "#ti-train")
    text = message(page, lambda: page.keyboard.press("Enter"), "#ti-teach-message")
    assert "“bratwurst” has too few pictures" in text
    page.keyboard.press("Shift+Tab")  # back into the second class
    tab_to(page, "#ti-add")
    page.keyboard.press("Enter")
    assert page.locator(".ti-class").count() == 3
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # fill all three, and train
    page.wait_for_function(TAUGHT, timeout=LONG)
    assert page.inner_text("#ti-trained-right").endswith("of 90")


def test_on_a_phone(visit):
    page = ready(visit("book/try_it", 390, "dark"))
    page.click(".ti-sample >> nth=1")
    page.wait_for_function(ANSWERED, timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [button.bounding_box() for button in page.locator(".ti-button:visible").all()]
    assert min(box["height"] for box in boxes) >= 30
    answer = page.locator("#ti-answer").bounding_box()
    assert answer["x"] >= 0 and answer["x"] + answer["width"] <= 390


def test_without_a_graphics_card_that_works_the_processor_takes_over(visit, server):
    page = visit("book/intro")
    broken = "{ value: { requestAdapter: async () => ({}) } }"
    page.add_init_script(f"Object.defineProperty(navigator, 'gpu', {broken})")
    page.goto(f"{server}/book/try_it.html")
    status = ready(page).inner_text("#ti-status")
    assert "WebGPU failed here" in status and "WebAssembly" in status


def test_networks_are_small_and_scripts_are_linked(page, parts):
    networks = [PARTS / parts[name]["file"] for name in ("classifier", "source", "random")]
    assert sum(path.stat().st_size for path in networks) < 5e6
    assert all(parts[p.stem]["checked"]["difference"] <= 1e-3 for p in networks)
    links = {link.get_attribute("href").rsplit("/", 1)[-1] for link in page.locator("a").all()}
    assert links >= {path.name for path in SCRIPTS.glob("*.js")}
