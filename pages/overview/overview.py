"""The first screen: what a compressed detector costs, in one sentence, one chart and one pair of pictures."""

import streamlit as st

from edgeslim.report.info import headline, worth_it
from edgeslim.ui import data
from edgeslim.ui.components.gallery import before_and_after
from edgeslim.ui.components.headline import figures, sentence
from edgeslim.ui.components.navigation import PAGES, go
from edgeslim.ui.components.pareto import ChartChoice, show_pareto
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import selected_trial, t
from edgeslim.units import format_interval

LOSS = 0.015

st.title(t("overview.title"), anchor=False)
st.markdown(t("overview.lead"))

study = data.sample()
number = data.once(worth_it, study, LOSS) if study else None
trial = study.trial(number) if study else None
found = headline(study, number) if study and number is not None else None

if study is None or trial is None or found is None:
    st.info(t("overview.no_sample"), icon=":material/info:")
else:
    clicked = selected_trial()
    if clicked is not None:
        st.switch_page(PAGES["study"], query_params={"study": study.name, "trial": str(clicked)})
    metric, title = trial.primary_metric or "mAP", trial_title(trial)
    left, right = st.columns([11, 9], gap="large")
    with left:
        st.header(sentence(found, metric), anchor=False)
        sure = found.interval is not None and found.interval[0] >= -LOSS
        question = "question_like" if found.like_original else "question" if sure else "question_no_interval"
        st.markdown(
            t(
                f"overview.{question}",
                title=f"**{plain(title)}**",
                limit=f"{LOSS * 100:g}",
                images=study.images,
                interval=format_interval(found.interval, signed=True),
            )
        )
        show_pareto(
            study,
            ChartChoice("download", metric),
            key="overview_chart",
            labels={trial.number: title},
            height=430,
        )
        st.caption(t("overview.chart_note", model=plain(study.model), images=study.images))
    with right, boundary():
        before_and_after(study, trial.number)
    figures(study, trial.number)

st.subheader(t("overview.ways"), anchor=False)
ways = [
    ("teach", "new", {"model": "digits-cnn", "data": "digits"}),
    ("bring", "new", {"model_from": "file"}),
]
if study is not None:
    ways.insert(0, ("present", "study", {"study": study.name}))
for column, (way, page, parameters) in zip(st.columns(3), ways, strict=False):
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{t(f'overview.{way}')}**")
        st.markdown(t(f"overview.{way}_text"))
        go(page, t(f"overview.{way}_link"), icon=":material/arrow_forward:", **parameters)
