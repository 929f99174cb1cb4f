"""The languages say the same: keys, placeholders, and words for everything the core can name."""

import ast
import pickle
import re
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from edgeslim import errors
from edgeslim.errors import ErrorRecord, Notice, StudyError
from edgeslim.models.families import FAMILIES
from edgeslim.params import parameters
from edgeslim.records import decoded
from edgeslim.report.charts import TEXTS
from edgeslim.steps import STEPS
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.presets import PRESETS
from edgeslim.studies.study import check_objectives
from edgeslim.ui.i18n import (
    LANGUAGES,
    Language,
    error_text,
    known,
    locale,
    nearest_language,
    plain,
    translate,
)

ROOT = Path(__file__).parents[2]
SCREENS = sorted(
    [
        *(ROOT / "compression" / "edgeslim" / "ui").rglob("*.py"),
        *(ROOT / "pages").rglob("*.py"),
        ROOT / "app.py",
    ]
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


HELPS = {f"step.{step.name}.{item.name}.help": item.help for step in STEPS for item in parameters(step)}
"""Key of the help of each parameter → its English words, which stand at the declaration alone."""


def test_all_languages_have_the_same_keys_but_for_helps_of_parameters() -> None:
    assert set(locale("en")) | set(HELPS) == set(locale("zh"))
    assert not set(locale("en")) & set(HELPS)
    assert [key for key, text in HELPS.items() if not text.endswith(".")] == []


def test_a_text_has_the_same_placeholders_in_every_language() -> None:
    different = [
        key for key in locale("en") if len({frozenset(placeholders(locale(x)[key])) for x in LANGUAGES}) > 1
    ]
    assert different == []
    assert [key for language in LANGUAGES for key, text in locale(language).items() if not text.strip()] == []


NAMES = {
    "zip",
    "zstd",
    "float16",
    "float32",
    "int8",
    "tanh",
    "sigmoid",
    "softmax",
    "leaky",
    "ms",
    "safetensors",
}
"""Words that are written so in Chinese too, beside all with a capital letter, a digit or a hyphen inside."""


def test_chinese_texts_are_chinese() -> None:
    """Names that both languages share aside, no English is left in the Chinese screens."""
    latin = {
        text
        for text in locale("zh").values()
        if not re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", text)
        and any(
            word not in NAMES and not re.search(r"[A-Z0-9-]", word)
            for word in re.findall(r"[A-Za-z0-9-]+", text)
        )
    }
    assert latin == {"{metric} {points}"}


def used_keys() -> set[str]:
    """First arguments of t("…") that are plain strings."""
    found = set()
    for path in SCREENS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                for argument in ast.walk(node.args[0]):
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        found.add(argument.value)
    return {key for key in found if re.fullmatch(r"[a-z_]+\.[A-Za-z0-9_.]+", key)}


def test_every_text_that_a_screen_asks_for_exists() -> None:
    missing = {key for key in used_keys() if not known("en", key) and not key.endswith((".", "_"))}
    assert not missing
    assert len(used_keys()) > 150


def test_charts_have_their_words() -> None:
    assert [key for key in TEXTS if not known("en", key)] == []


def test_every_figure_has_its_name_and_what_a_budget_says_of_it() -> None:
    wanted = [f"axis.{figure.name}" for figure in FIGURES]
    for figure in (figure for figure in FIGURES if figure.limit):
        words = [f"{kind}.{figure.name}" for kind in ("budget", "limit", "missed")]
        wanted += [*words, f"budget.{figure.name}_help"]
    assert [key for key in wanted if not known("en", key)] == []


@pytest.mark.parametrize("name", STEPS.names())
def test_every_step_and_parameter_has_a_name(name: str) -> None:
    step = STEPS.get(name).describe()
    wanted = [f"step.{name}", f"group.{step.group}", *(f"need.{need}" for need in step.needs)]
    wanted.append(f"recipes.about.{name}")
    for parameter in step.parameters:
        key = f"step.{name}.{parameter.name}"
        wanted += [key, *(f"{key}.{choice}" for choice in parameter.choices or ())]
    assert [key for key in wanted if not known("en", key)] == []


def test_model_families_have_names() -> None:
    assert [name for name in FAMILIES.names() if not known("en", f"family.{name}")] == []


def test_presets_and_their_recipes_have_words() -> None:
    wanted = [f"{kind}.{preset.name}" for preset in PRESETS for kind in ("preset", "preset.help")]
    assert [key for key in wanted if not known("en", key)] == []
    names = {recipe["name"] for preset in PRESETS for recipe in preset.recipes}
    parts = {re.sub(r" \d+%$", "", part) for name in names for part in name.split(" + ")}
    assert {part for part in parts if not known("en", "recipe." + re.sub(r"\W+", "_", part))} == set()


MAKERS = {"Notice"} | {name for name in vars(errors) if name.endswith("Error")}


@cache
def made() -> Mapping[str, list[set[str | None]]]:
    """Key of the sentence of each error and notice → the values that it is given wherever it is made.

    A key that is put together in the code stands for all of the locale that begin so, and are not made elsewhere.
    """
    found: dict[str, list[set[str | None]]] = {}
    begun: dict[str, set[str | None]] = {}
    for path in sorted((ROOT / "compression").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            if node.func.id not in MAKERS:
                continue
            assert len(node.args) == 1, f"{path}:{node.lineno}: an error's words stand in the locales"
            code, values = node.args[0], {keyword.arg for keyword in node.keywords}
            prefix = "notice" if node.func.id == "Notice" else "error"
            if isinstance(code, ast.Constant):
                found.setdefault(f"{prefix}.{code.value}", []).append(values)
            elif isinstance(code, ast.JoinedStr) and isinstance(code.values[0], ast.Constant):
                begun[f"{prefix}.{code.values[0].value}"] = values
    for start, values in begun.items():
        for key in [key for key in locale("en") if key.startswith(start) and key not in found]:
            found[key] = [values]
    return found


def test_every_error_and_notice_has_its_sentence_and_the_values_that_it_formats() -> None:
    assert len(made()) > 270
    assert [key for key in made() if not known("en", key)] == []
    lacking = {
        key: placeholders(locale("en")[key]) - values
        for key, places in made().items()
        for values in places
        if None not in values
    }
    assert {key: names for key, names in lacking.items() if names} == {}


RETIRED = {"error.untold", "notice.unmatched_classes"}
"""Said of what another version has kept."""


def test_no_sentence_is_left_of_an_error_that_nobody_makes() -> None:
    source = "".join(path.read_text() for path in (ROOT / "compression").rglob("*.py"))
    sentences = {key for key in locale("en") if key.startswith(("error.", "notice."))} - RETIRED
    assert [key for key in sentences - set(made()) if f'"{key.partition(".")[2]}"' not in source] == []


def test_an_error_and_a_notice_never_share_a_code() -> None:
    """In JSON both are a code and values: the code alone tells whose words are meant."""
    errors_, notices = (
        {key.partition(".")[2] for key in locale("en") if key.startswith(prefix)}
        for prefix in ("error.", "notice.")
    )
    assert errors_ & notices == set()


def test_the_browser_chooses_the_first_language() -> None:
    assert [nearest_language(tag) for tag in ("zh-CN", "zh", "en-GB", "de", None, "")] == [
        "zh", "zh", "en", "en", "en", "en",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "record",
    [
        decoded(
            ErrorRecord,
            {"code": "never_heard_of", "problem": "It.", "remedy": "Do.", "values": {"name": "a*b"}},
        ),
        ErrorRecord("unknown_name", {"name": "a*b"}),
        Notice("never_heard_of", name="a*b"),
    ],
)
def test_what_another_version_has_kept_is_told_as_far_as_it_is_known(
    language: Language, record: ErrorRecord | Notice
) -> None:
    """Its code is not known here, or it lacks a value that the sentence needs."""
    assert f"{record.code}; name: a*b" in str(record)
    assert plain(f"{record.code}; name: a*b") in error_text(language, record)


def test_looking_a_sentence_up_is_cheap_and_lazy() -> None:
    error = StudyError("no_study", name="x")
    assert error.args == ("no_study",), "making an error reads no file"
    assert str(error) == str(error.record()) == translate("en", "error.no_study", name="x")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), again.code, again.values) == (StudyError, "no_study", {"name": "x"})


def test_a_refused_objective_is_named_in_the_languages_own_words() -> None:
    with pytest.raises(StudyError) as refused:
        check_objectives(("accuracy",))
    assert "下载体积、文件大小" in error_text("zh", refused.value.record())


def test_what_a_user_typed_cannot_format_the_screen() -> None:
    assert (
        plain("![x](http://h/i.png) *b* $y$ :red[z]") == r"\!\[x\]\(http\://h/i.png\) \*b\* \$y\$ \:red\[z\]"
    )
    error = ErrorRecord("unknown_name", {"kind": "step", "name": "[a](b)", "choices": "c"})
    assert r"\[a\]\(b\)" in error_text("en", error)


def test_classes_of_the_usual_sets_have_chinese_names_and_others_stay() -> None:
    from edgeslim.models.base import _COCO
    from edgeslim.ui.i18n import class_name

    named = {label: class_name("zh", label) for label in _COCO.split(",")}
    assert len(named) == 80
    assert [label for label, words in named.items() if words.isascii()] == []
    assert class_name("zh", "speed_30") == "限速 30"
    assert class_name("zh", "Traffic Light") == "红绿灯"
    assert (class_name("zh", "weld_seam"), class_name("en", "weld_seam")) == ("weld seam", "weld seam")


def test_chinese_values_follow_chinese_words_without_a_space_and_latin_ones_with_one() -> None:
    def weakest(label: str) -> str:
        return translate("zh", "front.weakest", label=label, change="−1.1")

    assert weakest("绿灯") == "绿灯类损失最大：−1.1 个百分点（无置信区间，可能属偶然）。"
    assert weakest("stop") == "stop 类损失最大：−1.1 个百分点（无置信区间，可能属偶然）。"
    assert translate("zh", "budget.at_most", figure="下载体积") == "下载体积上限"
