"""JSON and YAML from outside: what is accepted can be walked through and written again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeslim.cli.main import main
from edgeslim.reading import MAX_DEPTH, parse_json, parse_yaml

HALF = '"\\ud800"'


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_nesting_is_bounded_and_what_is_within_it_is_read(parse) -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert str(parse(deepest)) == deepest
    for depth in (MAX_DEPTH + 1, 5_000, 200_000):
        with pytest.raises(ValueError, match=f"nested deeper than {MAX_DEPTH} levels"):
            parse("[" * depth + "]" * depth)


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
@pytest.mark.parametrize(
    "text", [HALF, f"[{HALF}]", f'{{"a": {{"b": {HALF}}}}}', f"{{{HALF}: 1}}", '["\\udc00\\ud800"]']
)
def test_half_a_surrogate_pair_is_refused_wherever_it_is(parse, text: str) -> None:
    with pytest.raises(ValueError, match="half a surrogate pair"):
        parse(text)


def test_whole_pairs_are_characters_and_bytes_may_be_in_any_utf() -> None:
    assert parse_json('"\\ud83d\\ude00"') == "😀"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert parse_json('{"name": "é"}'.encode(encoding)) == {"name": "é"}


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_whole_numbers_are_those_that_arrays_hold(parse) -> None:
    for number in (0, -(1 << 64) + 1, (1 << 64) - 1):
        assert parse(f"[{number}]") == [number]
    for number in (1 << 64, -(1 << 64), 10**400):
        with pytest.raises(ValueError, match="more than 64 bits"):
            parse(f"[[{number}]]")
    assert parse('["12345678901234567890123", 0.12345678901234567890123]')[0] == "12345678901234567890123"


def test_aliases_cost_what_they_say_and_not_what_they_stand_for() -> None:
    """24 levels of nine references each stand for 9^24 values; one that holds itself has no end."""
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 25))]
    assert len(parse_yaml("\n".join(lines))) == 25
    with pytest.raises(ValueError, match="nested deeper"):
        parse_yaml("&a [*a]")


@pytest.mark.parametrize(
    "text", ["!!bool x", "!!int ''", "!!timestamp x", "2001-99-99", "!!python/name:os.system", "a: b: c"]
)
def test_what_yaml_cannot_convert_is_no_valid_yaml(text: str) -> None:
    with pytest.raises(ValueError, match="not valid YAML"):
        parse_yaml(text)


@pytest.mark.parametrize(
    "content",
    [
        f'{{"name": {HALF}, "steps": []}}',
        '{"steps": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"steps": [{"step": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}]}",
    ],
)
def test_recipe_that_cannot_be_walked_through_or_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    recipe = tmp_path / "r.json"
    recipe.write_text(content)
    data = ["--model", "digits-mlp", "--data", "digits", "--recipe", str(recipe)]
    assert main(["compress", *data, "--out", str(tmp_path), "--store", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "recipe_file"


@pytest.mark.parametrize("labels", [f"[{HALF}]", "[" * 5_000 + "]" * 5_000])
def test_specification_that_cannot_be_walked_through_or_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: str
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(f'{{"labels": {labels}}}')
    assert main(["import-model", "x.onnx", "--spec", str(spec), "--store", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "spec_not_json"


def test_name_of_a_file_that_is_no_text_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "\udcff.onnx")
    assert main(["import-model", file, "--store", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["values"]["file"] == file
