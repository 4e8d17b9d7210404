"""The kitchen: the same bytes however they are asked for, exact shares, every kind in view."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap

import pytest
import torch
from torch.nn import functional

from hotdog_lib.errors import HotdogError
from hotdog_lib.kitchen import (
    KINDS,
    NEGATIVE_KINDS,
    POSITIVE_KINDS,
    Domain,
    crew,
    light,
    render,
    render_set,
)
from hotdog_lib.kitchen.paint import Material, bars
from hotdog_lib.kitchen.shapes import (
    Grid,
    Source,
    arc,
    box,
    capsule,
    circle,
    convex,
    mask,
    polygon,
    regular,
    segment,
    value_noise,
    zigzag,
)
from hotdog_lib.kitchen.solids import tube
from hotdog_lib.kitchen.source import smooth_noise
from hotdog_lib.kitchen.stage import Camera, Stage


def digest(image: torch.Tensor) -> str:
    return hashlib.sha256(image.numpy().tobytes()).hexdigest()


def test_a_picture_is_a_function_of_seed_and_index() -> None:
    first, again = render(7, 3, 64), render(7, 3, 64)
    assert torch.equal(first.image, again.image) and first.factors == again.factors
    assert first.image.shape == (3, 64, 64) and first.image.dtype == torch.uint8
    assert not torch.equal(first.image, render(7, 4, 64).image)
    assert not torch.equal(first.image, render(8, 3, 64).image)


def test_alone_in_a_set_or_out_of_order() -> None:
    drawn = render_set(7, [5, 0, 3], 64)
    for row, index in enumerate((5, 0, 3)):
        alone = render(7, index, 64)
        assert torch.equal(drawn.images[row], alone.image)
        assert drawn.factors[row] == alone.factors and drawn.targets[row] == alone.target


def test_one_thread_or_two_and_the_setting_is_left_as_it_was() -> None:
    threads = torch.get_num_threads()
    try:
        pictures = []
        for count in (1, 2):
            torch.set_num_threads(count)
            pictures.append(render_set(7, range(4), 100).images)
            assert torch.get_num_threads() == count
        assert torch.equal(*pictures)
    finally:
        torch.set_num_threads(threads)


def test_another_process_makes_the_same_bytes() -> None:
    code = (
        "import hashlib; from hotdog_lib.kitchen import render;"
        "print(hashlib.sha256(render(7, 2, 96).image.numpy().tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(render(7, 2, 96).image)


def test_several_processes_keep_the_order() -> None:
    shared = render_set(11, range(140), 64, workers=2)
    alone = render_set(11, range(140), 64, workers=1)
    assert torch.equal(shared.images, alone.images) and torch.equal(shared.targets, alone.targets)
    assert shared.factors == alone.factors


def test_a_helper_stays_for_the_next_set_and_a_lost_one_is_replaced(caplog) -> None:
    crew.dismiss()
    assert crew.useful_workers(100, 96) == 1, "to start a helper does not pay for a small set"
    alone = render_set(11, range(120), 32, workers=1).images
    helpers = []
    for _ in range(3):
        assert torch.equal(render_set(11, range(120), 32, workers=2).images, alone)
        helpers += crew._resting
        if len(helpers) == 2:
            helpers[-1].kill()
            helpers[-1].wait()
    first, second, third = (helper.pid for helper in helpers)
    assert first == second != third
    assert crew.useful_workers(100, 96) == min(2, crew.cores()), "it is at hand"
    crew.dismiss()
    assert helpers[-1].returncode is not None and not crew._resting
    assert not caplog.records


def test_the_random_state_of_the_caller_is_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    render(7, 0, 64)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_a_forked_process_that_lives_on_keeps_no_helper() -> None:
    code = """
        import os, time
        from hotdog_lib.kitchen import crew, render_set
        render_set(1, range(60), 32, workers=2)
        child = os.fork()
        if not child:
            assert crew._rested() is None, "they are the parent's"
            time.sleep(60)
            os._exit(0)
        helper = crew._resting[0].pid
        crew.dismiss()
        try:
            os.kill(helper, 0)
        except ProcessLookupError:
            print("gone")
        os.kill(child, 9)
    """
    run = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(run, capture_output=True, text=True, timeout=50).stdout == "gone\n"


def test_what_torch_is_told_of_precision_changes_nothing() -> None:
    before, precision = render(7, 1, 96).image, torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert torch.equal(render(7, 1, 96).image, before)
    finally:
        torch.set_float32_matmul_precision(precision)


@pytest.mark.parametrize("size", [50, 96, 200])
def test_filters_as_matrices_are_the_filters(size: int) -> None:
    corners = torch.rand(2, 9, 9, generator=Source("noise", 1).generator)
    wanted = functional.interpolate(corners[None], size, mode="bicubic", align_corners=True)[0]
    assert torch.allclose(smooth_noise(Source("noise", 1), size, 6, 2), wanted, atol=1e-5)

    def box_(x: torch.Tensor, width: int, stride: int = 1) -> torch.Tensor:
        padded = functional.pad(x, (min(2, width // 2),) * 4, mode="replicate")
        return functional.avg_pool2d(padded, width, stride)

    field = torch.rand(1, 1, light.CELLS, light.CELLS)
    near = box_(field, 5)
    wide = functional.interpolate(box_(box_(near, 6, 2), 5), scale_factor=2, mode="bilinear")
    wanted = torch.cat([near, wide, box_(field, 3)], dim=1)
    wanted = functional.interpolate(wanted, size, mode="bilinear")[0]
    rise = light._rise(size)
    assert torch.allclose((rise @ field[0].double() @ rise.mT).float(), wanted, atol=1e-5)


@pytest.mark.parametrize("index", [0, 1])
def test_the_scene_is_the_same_at_every_size(index: int) -> None:
    calm = Domain(noise=(0.0, 0.0), blur=(0.0, 0.0))
    small, middle, large = (render(7, index, size, domain=calm) for size in (64, 100, 512))
    assert small.factors == middle.factors == large.factors
    shrink = torch.nn.functional.interpolate
    for other in (middle, large):
        view = shrink(other.image[None].float(), size=(64, 64), mode="area")[0]
        assert (view - small.image).abs().mean() < 9, "mean difference in grey levels"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.115, 0.5, 1.0])
def test_the_share_of_hot_dogs_is_exact(share: float) -> None:
    count = 40
    targets = render_set(3, range(count), 32, positive_share=share).targets
    assert int((targets == 0).sum()) == int(count * share + 1e-9)


def test_kinds_say_what_they_are() -> None:
    assert len(NEGATIVE_KINDS) >= 24 and len(set(KINDS)) == len(KINDS)
    assert set(POSITIVE_KINDS).isdisjoint(NEGATIVE_KINDS)
    assert {"legs", "dachshund", "empty_bun", "eclair", "submarine"} <= set(NEGATIVE_KINDS)


def test_every_kind_renders_and_differs() -> None:
    seen = set()
    for kind in KINDS:
        picture = render(5, 1, 64, kind=kind)
        assert picture.factors["kind"] == kind
        assert picture.target == (0 if kind in POSITIVE_KINDS else 1)
        levels = picture.image.float()
        assert levels.std() > 4, f"{kind} is flat"
        assert 10 < levels.mean() < 250, f"{kind} is black or white"
        seen.add(digest(picture.image))
    assert len(seen) == len(KINDS)


def test_factors_are_plain_values() -> None:
    for index in range(6):
        factors = render(9, index, 64).factors
        assert json.loads(json.dumps(factors)) == factors
        assert {"kind", "view", "light", "ground", "carrier", "n_items", "blur"} <= factors.keys()


def test_the_setting_does_not_depend_on_the_class() -> None:
    """No background shortcut: the same index has the same surroundings with any food."""
    shared = ("view", "light", "ground", "carrier", "n_items", "clutter", "tilt", "blur")
    dog, roll = render(9, 0, 64, kind="classic"), render(9, 0, 64, kind="carrot_bun")
    assert [dog.factors[name] for name in shared] == [roll.factors[name] for name in shared]


def test_a_domain_shifts_the_world_on_purpose() -> None:
    night = Domain(lights=("dim",), views=("top",), grounds=("steel",), items=(2,))
    for index in range(4):
        factors = render(9, index, 64, domain=night).factors
        assert (factors["light"], factors["view"]) == ("dim", "top")
        assert (factors["ground"], factors["n_items"]) == ("steel", 2)
    only = Domain(kinds=("classic", "eclair"))
    kinds = {f["kind"] for f in render_set(9, range(6), 32, domain=only).factors}
    assert kinds == {"classic", "eclair"}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"size": 8}, "8"),
        ({"size": 5000}, "5000"),
        ({"kind": "hotdgo"}, "hotdgo"),
        ({"positive_share": 1.5}, "1.5"),
        ({"domain": Domain(kinds=("burger",)), "positive_share": 1.0}, "kinds"),
        ({"domain": Domain(grounds=("lava",))}, "lava"),
    ],
)
def test_wrong_wishes_get_a_clear_answer(wrong: dict, hint: str) -> None:
    with pytest.raises(HotdogError, match=hint) as raised:
        render(1, 0, **wrong)
    assert isinstance(raised.value, ValueError)


# ---- the drawing board ----------------------------------------------------------------------


def test_areas_of_shapes() -> None:
    grid = Grid.square(200)
    area = grid.pixel**2

    def covered(distance: torch.Tensor) -> float:
        return float(mask(distance, grid.pixel).sum()) * area

    assert covered(circle(grid, 0.5)) == pytest.approx(0.7854, abs=0.005)
    assert covered(box(grid.turn(0.3), 0.4, 0.2)) == pytest.approx(0.32, abs=0.005)
    assert covered(capsule(grid, 0.3, 0.2)) == pytest.approx(0.24 + 0.1257, abs=0.005)
    square = regular(4, 0.5)
    assert covered(polygon(grid, square)) == pytest.approx(0.5, abs=0.01)
    assert covered(convex(grid, square)) == pytest.approx(0.5, abs=0.01)
    assert covered(convex(grid, square[::-1])) == pytest.approx(0.5, abs=0.01)


def test_bending_keeps_the_length_and_bends_down() -> None:
    grid = Grid.square(200)
    bent = mask(capsule(grid.bend(0.8), 0.5, 0.1), grid.pixel)
    straight = mask(capsule(grid, 0.5, 0.1), grid.pixel)
    assert float(bent.sum()) == pytest.approx(float(straight.sum()), rel=0.02)
    rows = bent.nonzero()[:, 0].float()
    assert rows.max() > straight.nonzero()[:, 0].max()


def test_distances_have_unit_slope() -> None:
    grid = Grid.square(100)
    for distance in (
        segment(grid, (-0.4, -0.2), (0.3, 0.5), 0.1),
        zigzag(grid, 0.6, 0.2, 5, 0.05),
        arc(grid, 0.5, 1.0, 0.1),
    ):
        slope = torch.hypot(
            distance[1:-1, 2:] - distance[1:-1, :-2], distance[2:, 1:-1] - distance[:-2, 1:-1]
        ) / (2 * grid.pixel)
        assert slope.median() == pytest.approx(1.0, abs=0.02) and slope.max() < 1.02


def test_a_source_is_pure() -> None:
    assert Source("a", 1).random() == Source("a", 1).random() != Source("a", 2).random()
    noise = [value_noise(Grid.square(32), Source("n", 1), 4) for _ in range(2)]
    assert torch.equal(*noise) and 0 <= noise[0].min() and noise[0].max() <= 1


def test_the_raised_table_agrees_with_projection() -> None:
    camera = Camera(0.4, 0.8, 1.2, 0.1, -0.1, 0.15)
    height, point = 0.3, (0.21, -0.37)
    x, y, depth, _ = camera.project((*point, height))
    spot = Grid(torch.tensor([[x]]), torch.tensor([[y]]), 0.01)
    (table_x, table_y, table_depth), lift = camera.table(spot), camera.lift(height)
    k, dx, dy, rise, _ = lift
    assert float(table_x) * k + dx == pytest.approx(point[0], abs=1e-5)
    assert float(table_y) * k + dy == pytest.approx(point[1], abs=1e-5)
    assert (float(table_depth) + rise) / k == pytest.approx(depth, abs=1e-5)


def test_a_tube_seen_from_its_end_is_drawn() -> None:
    stage = Stage(48, Camera(perspective=0.0), Source("end", 1))
    stage.buffer[:8].zero_()
    stripes = Material((0.5, 0.1, 0.1), layers=((bars(5), (0.0, 0.0, 0.0)),))
    tube(stage, (0.0, 0.0, 0.1), (0.0, 0.0, 0.5), 0.2, stripes)
    colour = stage.buffer[:3]
    assert colour.isfinite().all() and colour.amax() > 0.1
