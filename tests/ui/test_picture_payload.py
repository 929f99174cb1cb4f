"""What the page is given of pictures, and how browsers get them."""

import asyncio
import io
import json
import re
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image as Pictures

from edgeslim.detections import Annotations, Detections
from edgeslim.ui.i18n import LANGUAGES, known
from edgeslim.ui.picture.component import PAGE, script, texts
from edgeslim.ui.picture.payload import ADDRESS, Item, Look, ModelTitle, Payload, flat_boxes, picture_data
from edgeslim.ui.picture.route import PICTURES, PictureCache, address, picture_routes

GREY = np.full((96, 144, 3), 90, np.uint8)
SEEN = Detections(
    np.array([[1.0, 2.126, 30.5, 40], [5, 5, 9, 9]], np.float32),
    np.array([0.7, 0.123456789], np.float32),
    np.array([3, 0]),
)


def nowhere(_: Any) -> str:
    return "/picture/x.png"


def test_boxes_are_flat_rounded_to_a_hundredth_and_keep_their_scores() -> None:
    flat = flat_boxes(SEEN)
    assert flat == [1.0, 2.13, 30.5, 40.0, 0.7, 3, 5.0, 5.0, 9.0, 9.0, 0.12345679, 0]
    assert np.array_equal(np.array(flat[4::6], np.float32), SEEN.scores)


def test_a_picture_carries_what_every_model_says_and_the_truth_apart_from_crowds() -> None:
    truth = Annotations(
        np.array([[0, 0, 9, 9], [1, 1, 5, 5]], np.float32),
        np.array([4, 5]),
        np.array([False, True]),
        np.zeros(2, np.float32),
    )
    found = picture_data(Item("scene", GREY, [SEEN, Detections.empty(), None], truth), nowhere)
    assert (found["width"], found["height"], found["url"]) == (144, 96, "/picture/x.png")
    assert [None if model is None else len(model["boxes"]) for model in found["models"]] == [12, 0, None]
    assert found["truth"] == [0.0, 0.0, 9.0, 9.0, 1.0, 4]
    assert found["crowd"] == [1.0, 1.0, 5.0, 5.0, 1.0, 5]
    assert found["label"] is None


def test_a_classified_picture_carries_its_most_probable_classes() -> None:
    item = Item("digit", np.zeros((8, 8, 3), np.uint8), [np.array([0.1, 0.6, 0.05, 0.25], np.float32)], 3)
    found = picture_data(item, nowhere)
    assert found["models"] == [{"classes": [[1, 0.6], [3, 0.25], [0, 0.1]]}]
    assert (found["label"], found["truth"]) == (3, None)


def test_the_payload_is_json_in_words_that_people_read() -> None:
    payload = Payload(
        pictures=[picture_data(Item("scene", GREY, [SEEN]), nowhere)],
        first=4,
        total=9,
        series="s",
        models=[ModelTitle("Original", "1 MB")],
        labels=["speed_30"],
        look=Look(picture=4, confidence=0.3),
        plain=Look(),
        linked=True,
        language="en",
        texts=texts("en"),
    )
    sent = json.loads(json.dumps(payload.json()))
    assert sent["labels"] == ["speed 30"]
    assert sent["look"] == {"picture": 4, "confidence": 0.3, "view": "side", "truth": False, "grid": False}
    assert sent["rule"] == {"same": 0.5, "moved": 0.75}
    assert set(sent["address"]) == set(sent["look"]), "every part of a look has its parameter"


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ({}, Look()),
        (
            {"image": "3", "confidence": "0.35", "view": "swipe", "truth": "1", "grid": "1"},
            Look(3, 0.35, "swipe", True, True),
        ),
        ({"image": "77"}, Look(9)),
        ({"image": "-2", "confidence": "nan", "view": "upside", "truth": "yes", "grid": ""}, Look()),
        ({"confidence": "2"}, Look()),
    ],
)  # fmt: skip
def test_an_address_is_read_and_what_makes_no_sense_is_left_out(
    parameters: dict[str, str], look: Look
) -> None:
    assert Look.read(parameters, Look(), total=10) == look


def test_an_address_can_unsay_what_a_plain_one_means() -> None:
    assert Look.read({ADDRESS["truth"]: "0"}, Look(truth=True), total=1).truth is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_all_the_words_it_asks_for(language: Any) -> None:
    """In the markup, in calls with a literal, and the states that are looked up by their names."""
    asked = set(re.findall(r"data-(?:text|label)=\"(\w+)\"", (PAGE / "picture.html").read_text()))
    asked |= set(re.findall(r"\.text\(\"(\w+)\"", script()))
    asked |= set(re.findall(r"^  (\w+): \{ color:", script(), re.MULTILINE))
    assert len(asked) > 40
    assert sorted(asked - set(texts(language))) == []
    # A word chosen by a condition stands in a literal, too.
    assert [key for key in texts(language) if f'"{key}"' not in script() and key not in asked] == []
    assert known(language, "picture.side")


def test_a_picture_is_encoded_once_and_named_by_its_content() -> None:
    cache = PictureCache()
    name = cache.add(GREY)
    assert re.fullmatch(r"[0-9a-f]{32}\.png", name)
    assert cache.add(GREY.copy()) == name
    assert cache.add(GREY + np.uint8(1)) != name
    assert cache.add(GREY.reshape(144, 96, 3)) != name, "the same bytes in another shape"
    content = cache.get(name)
    assert content is not None
    assert np.array_equal(np.asarray(Pictures.open(io.BytesIO(content))), GREY)


def test_large_pictures_are_sent_smaller_and_compressed() -> None:
    cache = PictureCache()
    name = cache.add(np.zeros((1500, 3000, 3), np.uint8))
    content = cache.get(name)
    assert name.endswith(".jpg") and content is not None
    assert Pictures.open(io.BytesIO(content)).size == (2000, 1000)


def test_the_cache_forgets_what_was_used_least_recently() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (100, 100, 3)).astype(np.uint8) for _ in range(4)]  # 30 KB each
    cache = PictureCache(limit=100_000)
    names = [cache.add(image) for image in noise[:3]]
    cache.add(noise[0])
    names.append(cache.add(noise[3]))
    assert [cache.get(name) is not None for name in names] == [True, False, True, True]


def fetched(path: str) -> tuple[int, dict[str, str], bytes]:
    """What the route answers to GET `path`; 0 where it does not match."""
    (route,) = picture_routes()
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    match, child = route.matches(scope)
    if match.value == 0:
        return 0, {}, b""
    sent: list[Any] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        await route.app({**scope, **child}, receive, send)

    asyncio.run(run())
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_the_route_serves_known_names_for_good_and_nothing_else() -> None:
    path = address(GREY)
    status, headers, content = fetched(path)
    assert (status, content) == (200, PICTURES.get(path.rpartition("/")[2]))
    assert headers["content-type"] == "image/png"
    assert "immutable" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    for unknown in ("/picture/0000.png", "/picture/..", "/picture/app.py"):
        assert fetched(unknown)[0] == 404
    assert fetched("/picture/a/b.png")[0] == 0


def test_addresses_and_route_lie_under_the_servers_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": "shown/here"}.get)
    assert address(GREY).startswith("/shown/here/picture/")
    assert fetched(address(GREY))[0] == 200
