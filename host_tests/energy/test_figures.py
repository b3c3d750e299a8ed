"""Every figure of the energy model has a source, and its cases are in order."""

import pytest

from tools.build.common import ROOT
from tools.build.tree import board_data, board_names
from tools.energy.awake import BY_MODE, BY_SPEED
from tools.energy.figures import AWAKE_MA, CONVERTER_MA, FIGURES, IDLE_MA
from tools.energy.sources import ASSUMED, CLAIMED, DATA_SHEET, MEASURED, OURS, SOURCES

ALL = {
    **FIGURES,
    **{f"awake {name}": figure for name, figure in AWAKE_MA.items()},
    **{f"idle {name}": figure for name, figure in IDLE_MA.items() if figure},
    **{f"converter {name}": figure for name, figure in CONVERTER_MA.items()},
}
FALLING = ("efficiency",)  # a high one costs less


@pytest.mark.parametrize("name", ALL)
def test_a_figure_has_sources_and_its_cases_are_in_order(name):
    figure = ALL[name]
    assert figure.sources and set(figure.sources) <= set(SOURCES)
    order = sorted(figure.values, reverse=name in FALLING)
    assert list(figure.values) == order and min(figure.values) > 0


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_a_url(name):
    source = SOURCES[name]
    if source.kind in (CLAIMED, DATA_SHEET, MEASURED) and source.url.startswith("http"):
        assert source.url.split("/")[2].count(".") >= 1
    elif source.kind == ASSUMED:
        assert not source.url
    else:
        assert source.kind in (OURS, DATA_SHEET) and (ROOT / source.url).exists()


def test_no_source_is_unused():
    rows = (*ALL.values(), *BY_MODE, *BY_SPEED)
    assert {name for row in rows for name in row.sources} == set(SOURCES)


def test_each_board_with_a_chip_has_a_row_or_is_not_known():
    chips = {name for name in board_names() if board_data(name)["chip"] != "host"}
    assert set(IDLE_MA) == chips
    assert {board_data(name)["chip"] for name in chips} == set(AWAKE_MA)
